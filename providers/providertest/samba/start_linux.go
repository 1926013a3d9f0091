package samba

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// startTimeout bounds how long a controller may take until it answers.
const startTimeout = 60 * time.Second

func start(o Options) (*DC, error) {
	server, err := findServer()
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	domain, err := template(cache, server)
	if err != nil {
		return nil, err
	}
	place, err := takePlace(cache)
	if err != nil {
		return nil, err
	}
	dc, err := startIn(place, server, domain, o)
	if err != nil {
		place.leave()
		return nil, err
	}
	return dc, nil
}

// startIn copies the domain to the place and runs it there.
func startIn(p place, server, domain string, o Options) (*DC, error) {
	if out, err := exec.Command("cp", "-a", domain, p.dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("samba: copy the domain: %w: %s", err, out)
	}
	if err := writeConfig(p.dir, p.address); err != nil {
		return nil, err
	}
	authority, err := writeCertificates(filepath.Join(p.dir, "tls"), p.address)
	if err != nil {
		return nil, err
	}
	if o.LDIF != nil {
		if err := load(p.dir, o.LDIF); err != nil {
			return nil, err
		}
	}
	controller, err := run(server, p.dir)
	if err != nil {
		return nil, err
	}
	if err := controller.ready(p.address, authority); err != nil {
		controller.end()
		return nil, err
	}
	account := func(name string) Account {
		return Account{Name: name + "@" + strings.ToLower(Realm), Password: accountPassword}
	}
	return &DC{
		URL: "ldaps://" + p.address, PlainURL: "ldap://" + p.address,
		CA: authority, CAFile: filepath.Join(p.dir, "tls", "ca.pem"),
		BaseDN: BaseDN,
		Admin:  account("Administrator"), Writer: account(writerName), Reader: account(readerName),
		System: "ldapi://" + filepath.Join(p.dir, "private", "ldap_priv", "ldapi"),
		stop:   func() { controller.end(); p.leave() },
	}, nil
}

func load(dir string, records io.Reader) error {
	text, err := io.ReadAll(records)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "load.ldif")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	return runScript("load the records", loadScript, configFile(dir), file)
}

// place is an address and a directory that this process has for itself.
type place struct {
	address string
	dir     string
	lock    *os.File
}

// longestSocket is the limit of a Unix socket's path.
const longestSocket = 107

// takePlace finds a free address. What a dead test process left in the place is
// ended and removed.
func takePlace(cache string) (place, error) {
	for n := 1; n < 255; n++ {
		p := place{address: fmt.Sprintf("127.77.0.%d", n)}
		p.dir = filepath.Join(cache, p.address)
		if len(p.dir)+len("/private/ldap_priv/ldapi") > longestSocket {
			return place{}, fmt.Errorf("samba: %s is too long for a socket: set XDG_CACHE_HOME to a shorter directory", p.dir)
		}
		var err error
		p.lock, err = lockFile(p.dir+".lock", syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue
		}
		if err != nil {
			return place{}, err
		}
		if err := endAbandoned(p.dir); err != nil {
			p.lock.Close()
			return place{}, err
		}
		if portsFree(p.address) {
			return p, nil
		}
		p.lock.Close()
	}
	return place{}, errors.New("samba: no free address in 127.77.0.0/24")
}

// leave removes the directory and gives the address back.
func (p place) leave() {
	os.RemoveAll(p.dir)
	p.lock.Close()
}

func portsFree(address string) bool {
	for _, port := range []string{"389", "636", "3268", "3269"} {
		l, err := net.Listen("tcp", net.JoinHostPort(address, port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
