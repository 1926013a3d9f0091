// Package s3test runs the Versity S3 Gateway over a folder for tests: a server
// that speaks S3, signatures and conditional writes included. .ci/install builds
// it from its Go module.
package s3test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/landfall-directory/landfall/planner/backend/s3"
)

// RequireVariable names the environment variable that, set to 1, makes a test
// fail where it would otherwise be skipped because there is no gateway.
const RequireVariable = "LANDFALL_REQUIRE_BACKENDS"

// What the gateway takes for a sign-in.
const (
	AccessKey = "landfall"
	SecretKey = "landfall-secret"
	Region    = "us-east-1"
)

// environment is what a process needs to sign in, and to look nowhere else.
var environment = map[string]string{
	"AWS_ACCESS_KEY_ID": AccessKey, "AWS_SECRET_ACCESS_KEY": SecretKey, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
	"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
}

// Server is a running gateway.
type Server struct {
	Endpoint string // http://127.0.0.1:PORT
	made     atomic.Int32
}

// program is where .ci/install puts the gateway, below the module.
const program = ".ci/tools/bin/versitygw"

// keeper ends the gateway when whoever holds its standard input ends, however that
// happens.
const keeper = `exec 3<&0
"$@" </dev/null 3<&- &
child=$!
trap 'kill $child' TERM
{ cat <&3 >/dev/null; kill $child; } 2>/dev/null >&2 &
exec 3<&-
wait $child`

// SignIn sets the environment of this process: for a TestMain.
func SignIn() error {
	for name, value := range environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Environ is the same for another process.
func Environ() []string {
	var environ []string
	for name, value := range environment {
		environ = append(environ, name+"="+value)
	}
	return environ
}

// Start runs a gateway until the test ends. Without it the test is skipped, or
// fails if RequireVariable is set.
func Start(t testing.TB) *Server {
	t.Helper()
	gateway, err := find(program)
	if err != nil {
		if os.Getenv(RequireVariable) == "1" {
			t.Fatalf("no S3 server: %v; .ci/install builds it", err)
		}
		t.Skipf("no S3 server to test against (.ci/install builds it): %v", err)
	}
	dir, err := os.MkdirTemp("", "landfall-s3-") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, name := range []string{"buckets", "metadata"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "socket")
	cmd := exec.Command("sh", "-c", keeper, "sh", gateway, "--port", socket, "--access", AccessKey, "--secret", SecretKey, "--region", Region,
		"--quiet", "--keep-alive", "posix", "--sidecar", filepath.Join(dir, "metadata"), filepath.Join(dir, "buckets"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait() // how it ended does not matter, it was told to
	})
	endpoint, err := forward(t, socket)
	if err != nil {
		_ = stdin.Close()
		_ = cmd.Wait()
		t.Fatalf("the S3 server does not start: %v\n%s", err, said.String())
	}
	return &Server{Endpoint: endpoint}
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

// forward gives the gateway, which cannot choose a free port, one: it passes
// connections on to its socket as soon as it listens there.
func forward(t testing.TB, socket string) (string, error) {
	for start := time.Now(); ; {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Since(start) > time.Minute {
			return "", err
		}
		time.Sleep(10 * time.Millisecond)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client, socket)
		}
	}()
	return "http://" + listener.Addr().String(), nil
}

func pass(client net.Conn, socket string) {
	defer client.Close()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close() // the other direction ends, too
			_ = way[1].Close()
		})
	}
	both.Wait()
}

// Config is that of a new, empty bucket.
func (s *Server) Config(t testing.TB) s3.Config {
	t.Helper()
	cfg := s3.Config{Bucket: fmt.Sprintf("test-%d", s.made.Add(1)), Endpoint: s.Endpoint, Region: Region, PathStyle: true}
	if _, err := s.Client().CreateBucket(context.Background(), &awss3.CreateBucketInput{Bucket: &cfg.Bucket}); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Client is a client for what a Storage does not do.
func (s *Server) Client() *awss3.Client {
	return awss3.New(awss3.Options{
		BaseEndpoint: &s.Endpoint, Region: Region, UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	})
}
