package samba

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed provision.py
var provisionScript string

//go:embed load.py
var loadScript string

//go:embed schema.txt
var schemaTable string

//go:embed smb.conf
var configTemplate string

// interpreter is the one that Debian's python3-samba belongs to, not whichever
// comes first in PATH.
const interpreter = "/usr/bin/python3"

// schemaFiles are part of samba-ad-provision.
const schemaFiles = "/usr/share/samba/setup/ad-schema"

const (
	accountPassword = "Landfall-Test-2026"
	writerName      = "svc-landfall"
	readerName      = "svc-reader"
)

// parameters are handed to provision.py.
type parameters struct {
	Realm     string `json:"realm"`
	Domain    string `json:"domain"`
	DomainSID string `json:"domain_sid"`
	FirstRID  int    `json:"first_rid"`
	Password  string `json:"password"`
	Writer    string `json:"writer"`
	Reader    string `json:"reader"`
}

// findServer returns the path of the samba program if everything that a
// controller needs is there.
func findServer() (string, error) {
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("%w: it needs root for port 389", errUnavailable)
	}
	path, err := exec.LookPath("samba")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/samba")
	}
	if err != nil {
		return "", fmt.Errorf("%w: no program samba", errUnavailable)
	}
	for _, file := range []string{schemaFiles, interpreter} {
		if _, err := os.Stat(file); err != nil {
			return "", fmt.Errorf("%w: no %s", errUnavailable, file)
		}
	}
	return path, nil
}

// cacheDir is where templates and running copies live.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	dir := filepath.Join(base, "landfall", "samba")
	return dir, os.MkdirAll(dir, 0o700)
}

// template returns the directory of a provisioned domain that never ran, and
// makes it if no test process has done so before.
func template(cache, server string) (string, error) {
	version, err := exec.Command(server, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%w: samba --version: %w", errUnavailable, err)
	}
	p, err := json.Marshal(parameters{
		Realm: Realm, Domain: Domain, DomainSID: DomainSID, FirstRID: FirstRID,
		Password: accountPassword, Writer: writerName, Reader: readerName,
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(version), provisionScript, schemaTable, configTemplate, string(p)}, "\x00")))
	dir := filepath.Join(cache, "template-"+hex.EncodeToString(sum[:8]))

	// Whoever comes second waits here until the first has finished.
	lock, err := lockFile(dir+".lock", syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return "", err
	}
	if err := provision(unfinished, string(p)); err != nil {
		return "", err
	}
	return dir, os.Rename(unfinished, dir)
}

func provision(dir, p string) error {
	for _, sub := range []string{"private", "state", "cache", "lock", "run", "log", "sysvol/scripts"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	if err := writeConfig(dir, "127.0.0.1"); err != nil {
		return err
	}
	schema := filepath.Join(dir, "schema.txt")
	if err := os.WriteFile(schema, []byte(schemaTable), 0o600); err != nil {
		return err
	}
	return runScript("provision the domain", provisionScript, configFile(dir), schema, p)
}

func configFile(dir string) string { return filepath.Join(dir, "smb.conf") }

func writeConfig(dir, address string) error {
	values := map[string]string{"REALM": Realm, "DOMAIN": Domain, "ADDRESS": address, "DIR": dir}
	text := os.Expand(configTemplate, func(name string) string { return values[name] })
	return os.WriteFile(configFile(dir), []byte(text), 0o600)
}

// runScript runs a Python program on a stopped domain.
func runScript(what, script string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, interpreter, append([]string{"-c", script}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("samba: %s: %w\n%s", what, err, out)
	}
	return nil
}

// lockFile opens path and locks it until the file is closed or the process
// ends. With LOCK_NB it fails at once when another process has it.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}
