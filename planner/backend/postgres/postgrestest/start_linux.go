package postgrestest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// configuration of the cluster. The journal of the server (WAL) is written at a commit
// and otherwise as rarely as possible, so that what a commit did not write is lost
// when the server is killed.
const configuration = `
listen_addresses = '%s'
unix_socket_directories = '%s'
ssl = on
ssl_cert_file = '%s/server.crt'
ssl_key_file = '%s/server.key'
max_connections = 200
shared_buffers = 16MB
fsync = off
full_page_writes = off
wal_writer_delay = 10s
wal_writer_flush_after = 1GB
logging_collector = off
`

func start() (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, Host: "127.0.0.1"}
	s.folder, err = os.MkdirTemp("", "landfall-pg-")
	if err != nil {
		return nil, err
	}
	s.Socket = s.folder
	s.CAFile = filepath.Join(s.folder, "ca.crt")
	if err := s.create(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.folder))
	}
	return s, nil
}

// create makes the cluster and starts it.
func (s *Server) create() error {
	if err := writeCertificates(s.folder); err != nil {
		return err
	}
	password := filepath.Join(s.folder, "password")
	if err := os.WriteFile(password, []byte(Password+"\n"), 0o600); err != nil {
		return err
	}
	if err := s.handOver(); err != nil {
		return err
	}
	initdb := exec.Command(filepath.Join(s.bin, "initdb"), "--pgdata="+s.data(), "--username="+User, "--pwfile="+password,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir = s.folder
	var err error
	if initdb.SysProcAttr, err = attributes(); err != nil {
		return err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	text := fmt.Sprintf(configuration, s.Host, s.Socket, s.folder, s.folder)
	if err := os.WriteFile(filepath.Join(s.data(), "postgresql.auto.conf"), []byte(text), 0o600); err != nil {
		return err
	}
	if err := s.handOver(); err != nil {
		return err
	}
	return s.run()
}

// run starts the server, the first time on a port that is free now. Another
// program may take it in between; then another one is tried.
func (s *Server) run() error {
	for first := s.Port == 0; ; {
		if first {
			l, err := net.Listen("tcp", net.JoinHostPort(s.Host, "0"))
			if err != nil {
				return err
			}
			s.Port = l.Addr().(*net.TCPAddr).Port
			if err := l.Close(); err != nil {
				return err
			}
		}
		var err error
		s.process, err = serve(s)
		if !first || !errors.Is(err, errPortTaken) {
			return err
		}
	}
}

// standby copies the data of a server that does not run and starts it as a replica
// that has nobody to follow.
func (s *Server) standby() (*Server, error) {
	folder, err := os.MkdirTemp("", "landfall-pg-")
	if err != nil {
		return nil, err
	}
	c := &Server{bin: s.bin, Host: "127.0.0.2", Port: s.Port, folder: folder, Socket: folder, CAFile: s.CAFile}
	out, err := exec.Command("cp", "-a", s.data(), c.data()).CombinedOutput()
	if err == nil {
		err = os.WriteFile(filepath.Join(c.data(), "standby.signal"), nil, 0o600)
	}
	if err == nil {
		text := fmt.Sprintf(configuration, c.Host, c.Socket, s.folder, s.folder)
		err = os.WriteFile(filepath.Join(c.data(), "postgresql.auto.conf"), []byte(text), 0o600)
	}
	if err == nil {
		err = c.handOver()
	}
	if err == nil {
		err = c.run()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("standby: %w: %s", err, out), os.RemoveAll(folder))
	}
	return c, nil
}

// programs is the folder of PostgreSQL's programs. Debian keeps them out of PATH,
// one folder for each version; the newest is taken.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("%w: neither initdb in PATH nor /usr/lib/postgresql", errUnavailable)
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

func version(path string) int {
	n, err := strconv.Atoi(strings.Split(path, "/")[4])
	if err != nil {
		return 0
	}
	return n
}

// account is who runs the server: we, or the account of Debian's package, because
// PostgreSQL refuses to run as root.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w: it does not run as root, and the account postgres is missing: %w", errUnavailable, err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

func attributes() (*syscall.SysProcAttr, error) {
	credential, err := account()
	// A process group of its own keeps the terminal's interrupt away: the server
	// ends when we say so, or when we die.
	return &syscall.SysProcAttr{Credential: credential, Setpgid: true, Pdeathsig: syscall.SIGQUIT}, err
}

// handOver gives all files to the account that runs the server.
func (s *Server) handOver() error {
	who, err := account()
	if err != nil || who == nil {
		return err
	}
	return filepath.WalkDir(s.folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(who.Uid), int(who.Gid))
	})
}
