package s3_test

import (
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner/backend/s3"
)

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  s3.Config
		want string // a part of the error
	}{
		{"no bucket", s3.Config{Region: "eu-west-1"}, "is no name of a bucket"},
		{"a hostile bucket", s3.Config{Region: "eu-west-1", Bucket: "a/../b"}, "is no name of a bucket"},
		{"a bucket as a URL", s3.Config{Region: "eu-west-1", Bucket: "s3://landfall"}, "is no name of a bucket"},
		{"a prefix above", s3.Config{Region: "eu-west-1", Bucket: "landfall", Prefix: "../x"}, "is no prefix"},
		{"a prefix with a slash", s3.Config{Region: "eu-west-1", Bucket: "landfall", Prefix: "x/"}, "is no prefix"},
		{"no region", s3.Config{Bucket: "landfall"}, "no region is named"},
		{"plain http", s3.Config{Bucket: "landfall", Endpoint: "http://minio.contoso.com"}, "must be https"},
		{"http that looks local", s3.Config{Bucket: "landfall", Endpoint: "http://localhost.evil.com"}, "must be https"},
		{"a password in the endpoint", s3.Config{Bucket: "landfall", Endpoint: "https://u:hunter2@minio.contoso.com"}, "holds no credentials"},
		{"no URL", s3.Config{Bucket: "landfall", Endpoint: "minio.contoso.com"}, "must be the URL of a server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s3.Open(t.Context(), c.cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}

	t.Run("plain http in the environment", func(t *testing.T) {
		t.Setenv("AWS_ENDPOINT_URL_S3", "http://minio.contoso.com")
		if _, err := s3.Open(t.Context(), s3.Config{Bucket: "landfall", Region: "eu-west-1"}); err == nil || !strings.Contains(err.Error(), "must be https") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nobody signed in", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		_, err := s3.Open(t.Context(), s3.Config{Bucket: "landfall", Endpoint: "http://127.0.0.1:9"})
		if err == nil || !strings.Contains(err.Error(), "sign in") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
	})
}
