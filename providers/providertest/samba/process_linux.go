package samba

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// stopTimeout is how long a controller has between the request to end and the
// end.
const stopTimeout = 15 * time.Second

// controller is a samba process that this process started.
type controller struct {
	dir    string
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone
}

// run starts samba in dir.
func run(server, dir string) (*controller, error) {
	out, err := os.Create(filepath.Join(dir, "log", "output"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	c := &controller{dir: dir, exited: make(chan struct{})}
	c.cmd = exec.Command(server, "--foreground", "--no-process-group", "--model=prefork", "--configfile="+configFile(dir))
	c.cmd.Stdout, c.cmd.Stderr = out, out
	// A process group of its own keeps the terminal's interrupt away from it: it
	// ends when we say so, or when we die.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go func() {
		// Pdeathsig means the death of the thread that started the process, so
		// that thread has to live as long.
		runtime.LockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			_ = c.cmd.Wait() // how it ended does not matter, it was told to
			close(c.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("samba: start: %w", err)
	}
	return c, nil
}

// ready waits until the controller answers over TLS.
func (c *controller) ready(address string, authority []byte) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	deadline := time.After(startTimeout)
	var last error
	for {
		if last = ask(address, roots); last == nil {
			return nil
		}
		select {
		case <-c.exited:
			return fmt.Errorf("samba: the server ended while starting:\n%s", c.logs())
		case <-deadline:
			return fmt.Errorf("samba: no answer from %s after %s: %w\n%s", address, startTimeout, last, c.logs())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ask reads the rootDSE.
func ask(address string, roots *x509.CertPool) error {
	conn, err := ldap.DialURL("ldaps://"+address, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, ServerName: address}))
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetTimeout(5 * time.Second)
	_, err = conn.Search(&ldap.SearchRequest{Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"defaultNamingContext"}})
	return err
}

// logs are the last lines of what the server wrote.
func (c *controller) logs() string {
	var b strings.Builder
	for _, name := range []string{"output", "samba.log"} {
		text, err := os.ReadFile(filepath.Join(c.dir, "log", name))
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		if n := len(lines) - 20; n > 0 {
			lines = lines[n:]
		}
		fmt.Fprintf(&b, "%s:\n%s\n", name, strings.Join(lines, "\n"))
	}
	return b.String()
}

// end stops the controller and waits for it.
func (c *controller) end() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
		<-c.exited
	}
}

// endAbandoned ends the controller that runs in dir, if one does, and removes
// dir. The caller holds the place's lock, so its owner is dead.
func endAbandoned(dir string) error {
	if pid := abandoned(dir); pid > 0 {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return fmt.Errorf("samba: end the abandoned server %d: %w", pid, err)
		}
		for deadline := time.Now().Add(stopTimeout); abandoned(dir) == pid; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("samba: the abandoned server %d in %s does not end", pid, dir)
			}
		}
	}
	return os.RemoveAll(dir)
}

// abandoned is the process id of a server that runs in dir, 0 if none does. Samba
// holds a lock on its pid file; the number in the file alone would prove nothing,
// it may belong to another program by now.
func abandoned(dir string) int {
	f, err := os.Open(filepath.Join(dir, "run", "samba.pid"))
	if err != nil {
		return 0
	}
	defer f.Close()
	lock := syscall.Flock_t{Type: syscall.F_RDLCK}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil || lock.Type == syscall.F_UNLCK {
		return 0
	}
	return int(lock.Pid)
}
