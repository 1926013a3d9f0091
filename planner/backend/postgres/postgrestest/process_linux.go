package postgrestest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 15 * time.Second
)

// errPortTaken is a start that another program's port prevented.
var errPortTaken = errors.New("the port is taken")

// process is a server that this process started.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it is gone
}

// serve starts the server and waits until it takes connections.
func serve(s *Server) (*process, error) {
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{exited: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", strconv.Itoa(s.Port))
	p.cmd.Dir = s.folder
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.cmd.SysProcAttr, err = attributes(); err != nil {
		return nil, err
	}
	started := make(chan error)
	go func() {
		// Pdeathsig means the death of the thread that started the process, so that
		// thread has to live as long.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended does not matter, it was told to
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start postgres: %w", err)
	}
	if err := p.ready(s); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// ready waits until the server says in its file that it takes connections; then it
// listens on its port and its socket.
func (p *process) ready(s *Server) error {
	deadline := time.After(startTimeout)
	for {
		if status(s.data()) == "ready" && s.listens() {
			return nil
		}
		select {
		case <-p.exited:
			log := read(filepath.Join(s.folder, "log"))
			if strings.Contains(log, "could not bind IPv4 address") {
				return errPortTaken
			}
			return fmt.Errorf("postgres ended while starting:\n%s", log)
		case <-deadline:
			return fmt.Errorf("postgres is not ready after %s:\n%s", startTimeout, read(filepath.Join(s.folder, "log")))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// status is the last line of the server's file about itself.
func status(data string) string {
	lines := strings.Split(read(filepath.Join(data, "postmaster.pid")), "\n")
	if len(lines) < 8 {
		return ""
	}
	return strings.TrimSpace(lines[7])
}

func (s *Server) listens() bool {
	conn, err := net.Dial("tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

// stop ends the server: connections are closed, everything is written.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		p.kill()
	}
}

// kill ends the server at once: PostgreSQL calls it an immediate shutdown. Nothing
// is written, and the next start recovers as after a crash.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}
