package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/landfall-directory/landfall/planner/backend"
)

// Config says which bucket. Credentials come from where AWS's own tools look for
// them: the environment, the shared files, a web identity, the machine.
type Config struct {
	Bucket string // must exist
	Prefix string // of every object, without the slash after it; may be empty
	Region string // "": as the environment or the profile says

	// Endpoint is the URL of a server that is not AWS. Plain http is for one on this
	// machine. PathStyle names the bucket in the path and not in the host, as many
	// of these servers want it.
	Endpoint  string
	PathStyle bool
}

// Storage is a bucket, or the part of it below a prefix.
type Storage struct {
	objects objects
	where   string
	kept    int64 // how many leases before the last stay, for people to look at

	mu     sync.Mutex
	proven bool             // the server honours If-None-Match
	ends   map[string]int64 // where the logs end that we appended to last
}

var _ backend.Storage = (*Storage)(nil)

// bucketName is the rule for buckets, shortened: it keeps out what would change
// the address of a request.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// Open checks the configuration and that the bucket can be listed, so that a
// missing bucket or right is known before anything else is done.
func Open(ctx context.Context, cfg Config) (*Storage, error) {
	b, err := connect(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	return newStorage(b, b.where()), nil
}

func newStorage(o objects, where string) *Storage {
	return &Storage{objects: o, where: where, kept: 10, ends: map[string]int64{}}
}

func connect(ctx context.Context, cfg Config) (*bucket, error) {
	if !bucketName.MatchString(cfg.Bucket) {
		return nil, fmt.Errorf("%q is no name of a bucket: it has 3 to 63 lower-case letters, digits, hyphens and dots", cfg.Bucket)
	}
	if cfg.Prefix != "" && !backend.ValidName(cfg.Prefix) {
		return nil, fmt.Errorf("%q is no prefix: it has letters, digits, '.', '-' and '_' between single slashes, and no slash at an end", cfg.Prefix)
	}
	if cfg.Endpoint != "" {
		if err := checkEndpoint(cfg.Endpoint); err != nil {
			return nil, err
		}
	}
	loaded, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(patient()))
	if err != nil {
		return nil, fmt.Errorf("the configuration of AWS cannot be read: %w", err)
	}
	if cfg.Region != "" {
		loaded.Region = cfg.Region
	}
	if loaded.Region == "" && cfg.Endpoint != "" {
		loaded.Region = "us-east-1" // what servers that have no regions go by
	}
	if loaded.Region == "" {
		return nil, errors.New("no region is named: set region in the backend block, or AWS_REGION")
	}
	client := s3.NewFromConfig(loaded, func(o *s3.Options) {
		o.UsePathStyle = cfg.PathStyle
		if cfg.Endpoint == "" {
			return
		}
		o.BaseEndpoint = aws.String(cfg.Endpoint)
		// Checksums that AWS has added are unknown to many other servers.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	if e := client.Options().BaseEndpoint; e != nil { // it may be AWS_ENDPOINT_URL_S3
		if err := checkEndpoint(*e); err != nil {
			return nil, err
		}
	}
	b := &bucket{client: client, name: cfg.Bucket, prefix: cfg.Prefix, endpoint: cfg.Endpoint}
	if b.prefix != "" {
		b.prefix += "/"
	}
	return b, nil
}

// patient waits for an answer, but not for ever: the SDK asks again then.
func patient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = 20 * time.Second
		t.MaxIdleConnsPerHost = parallel
	})
}

// checkEndpoint allows plain http on this machine only.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("endpoint must be the URL of a server, such as https://minio.example.com, and holds no credentials: they come from the environment")
	}
	if u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()) {
		return nil
	}
	return fmt.Errorf("the endpoint %s://%s must be https: only a server on this machine may be reached over http", u.Scheme, u.Host)
}

// prove makes sure that the server creates conditionally: one that replaces an
// object in spite of If-None-Match would give a lock to everybody.
func (s *Storage) prove(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proven {
		return nil
	}
	for range 2 { // the object may be missing once
		created, err := s.objects.create(ctx, "probe", []byte("landfall tries here whether this server honours If-None-Match\n"))
		if err != nil {
			return err
		}
		if !created {
			s.proven = true
			return nil
		}
	}
	return fmt.Errorf("%s: this server replaces objects in spite of If-None-Match: no lock and no journal can be kept there; use a server that has conditional writes", s.where)
}

// Where is the address of the bucket and the prefix.
func (s *Storage) Where() string { return strings.TrimSuffix(s.where, "/") }

// Close does nothing.
func (s *Storage) Close() error { return nil }
