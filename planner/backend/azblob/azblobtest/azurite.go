// Package azblobtest runs Azurite, Microsoft's emulator of Azure Storage, for
// tests. .ci/install takes it from npm; it runs on Node.js.
package azblobtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/landfall-directory/landfall/planner/backend/azblob"
)

// RequireVariable names the environment variable that, set to 1, makes a test
// fail where it would otherwise be skipped because there is no Azurite.
const RequireVariable = "LANDFALL_REQUIRE_BACKENDS"

// The account that every Azurite has.
const (
	Account = "devstoreaccount1"
	Key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Server is a running Azurite. What it holds is in memory.
type Server struct {
	Endpoint string // http://127.0.0.1:PORT/devstoreaccount1
	made     atomic.Int32
}

// program is where .ci/install puts Azurite, below the module.
const program = ".ci/tools/node_modules/azurite/dist/src/blob/main.js"

// run makes Azurite end with whoever holds its standard input, however that ends.
const run = `process.stdin.resume().on("end", () => process.exit(0)); process.argv.splice(1, 0, "azurite"); require(process.argv.pop())`

var listens = regexp.MustCompile(`successfully listens on (http://127\.0\.0\.1:\d+)`)

// Start runs Azurite until the test ends. Without it the test is skipped, or
// fails if RequireVariable is set.
func Start(t testing.TB) *Server {
	t.Helper()
	node, err := exec.LookPath("node")
	var main string
	if err == nil {
		main, err = find(program)
	}
	if err != nil {
		if os.Getenv(RequireVariable) == "1" {
			t.Fatalf("no Azurite: %v; .ci/install installs it", err)
		}
		t.Skipf("no Azurite to test against (.ci/install installs it): %v", err)
	}
	cmd := exec.Command(node, "-e", run, "--", "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence",
		"--disableTelemetry", "--skipApiVersionCheck", "--silent", main)
	cmd.Dir = t.TempDir()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // how it ended does not matter, it was told to
	})
	address, err := waitForAddress(output)
	if err != nil {
		t.Fatalf("Azurite does not start: %v", err)
	}
	return &Server{Endpoint: address + "/" + Account}
}

// find looks for a file of the module in the folders above the test.
func find(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			path := filepath.Join(dir, filepath.FromSlash(name))
			_, err := os.Stat(path)
			return path, err
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", errors.New("the test runs outside the module")
		}
		dir = above
	}
}

// waitForAddress reads what Azurite prints until it listens, and goes on reading.
func waitForAddress(output io.Reader) (string, error) {
	type found struct {
		address string
		said    []string
	}
	ready := make(chan found, 1)
	go func() {
		var said []string
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			said = append(said, lines.Text())
			if m := listens.FindStringSubmatch(lines.Text()); m != nil {
				ready <- found{address: m[1]}
				break
			}
		}
		_, _ = io.Copy(io.Discard, output)
		select {
		case ready <- found{said: said}:
		default:
		}
	}()
	select {
	case f := <-ready:
		if f.address == "" {
			return "", fmt.Errorf("it ended: %s", strings.Join(f.said, "\n"))
		}
		return f.address, nil
	case <-time.After(time.Minute):
		return "", errors.New("it does not listen after a minute")
	}
}

// Config is that of a new, empty container, with the key of the account.
func (s *Server) Config(t testing.TB) azblob.Config {
	t.Helper()
	cfg := azblob.Config{Account: Account, Endpoint: s.Endpoint, Container: fmt.Sprintf("test-%d", s.made.Add(1)), Environment: azblob.Environment{Key: Key}}
	if _, err := Container(t, cfg).Create(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Container is a client of a container for what a Storage does not do.
func Container(t testing.TB, cfg azblob.Config) *container.Client {
	t.Helper()
	key, err := container.NewSharedKeyCredential(Account, Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := container.NewClientWithSharedKeyCredential(cfg.Endpoint+"/"+cfg.Container, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
