package s3

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// objects is what we need of a bucket. Keys are without the prefix. A write that
// was answered is seen by every read and listing that begins after; one that
// failed may have been made, or be made later.
type objects interface {
	// get and modified return an error that wraps fs.ErrNotExist if there is none.
	get(ctx context.Context, key string) (object, error)
	modified(ctx context.Context, key string) (time.Time, error)
	// create writes an object if there is none under this key. That it did not may
	// mean that an earlier try of the same request did.
	create(ctx context.Context, key string, data []byte) (created bool, err error)
	put(ctx context.Context, key string, data []byte) error
	// list returns what begins with prefix and is greater than after, sorted; with
	// flat, only what has no further slash.
	list(ctx context.Context, prefix, after string, flat bool) ([]entry, error)
	remove(ctx context.Context, key string) error
}

type object struct {
	data     []byte
	modified time.Time // whole seconds, by the server's clock
}

type entry struct {
	key  string
	size int64
}

// bucket is S3.
type bucket struct {
	client   *s3.Client
	name     string
	prefix   string // "" or with a slash at its end
	endpoint string
}

var _ objects = (*bucket)(nil)

func (b *bucket) where() string {
	if b.endpoint != "" {
		return strings.TrimSuffix(b.endpoint, "/") + "/" + b.name + "/" + b.prefix
	}
	return "s3://" + b.name + "/" + b.prefix
}

func (b *bucket) key(key string) *string { return aws.String(b.prefix + key) }

func (b *bucket) check(ctx context.Context) error {
	_, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &b.prefix, MaxKeys: aws.Int32(1)})
	if err != nil {
		return b.fail("open it", "", err)
	}
	return nil
}

func (b *bucket) get(ctx context.Context, key string) (object, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: b.key(key)})
	if err != nil {
		return object{}, b.fail("read it", key, err)
	}
	defer out.Body.Close()
	buf := bytes.NewBuffer(make([]byte, 0, max(0, aws.ToInt64(out.ContentLength))+bytes.MinRead))
	if _, err := buf.ReadFrom(out.Body); err != nil {
		return object{}, b.fail("read it", key, err)
	}
	if out.LastModified == nil {
		return object{}, fmt.Errorf("%s%s: the server does not say when it was modified", b.where(), key)
	}
	return object{data: buf.Bytes(), modified: *out.LastModified}, nil
}

func (b *bucket) modified(ctx context.Context, key string) (time.Time, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: b.key(key)})
	if err != nil {
		return time.Time{}, b.fail("look at it", key, err)
	}
	if out.LastModified == nil {
		return time.Time{}, fmt.Errorf("%s%s: the server does not say when it was modified", b.where(), key)
	}
	return *out.LastModified, nil
}

func (b *bucket) create(ctx context.Context, key string, data []byte) (bool, error) {
	for try := 1; ; try++ {
		_, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: b.key(key), Body: bytes.NewReader(data), IfNoneMatch: aws.String("*")})
		switch status := statusOf(err); {
		case err == nil:
			return true, nil
		case status == http.StatusPreconditionFailed:
			return false, nil
		case status != http.StatusConflict || try == 6:
			return false, b.fail("create it", key, err)
		}
		// 409: another request for this object was under way; S3 wants it again.
		select {
		case <-time.After(time.Duration(try)*50*time.Millisecond + rand.N(50*time.Millisecond)):
		case <-ctx.Done():
			return false, b.fail("create it", key, ctx.Err())
		}
	}
}

func (b *bucket) put(ctx context.Context, key string, data []byte) error {
	if _, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: b.key(key), Body: bytes.NewReader(data)}); err != nil {
		return b.fail("write it", key, err)
	}
	return nil
}

func (b *bucket) list(ctx context.Context, prefix, after string, flat bool) ([]entry, error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: b.key(prefix)}
	if after != "" {
		in.StartAfter = b.key(after)
	}
	if flat {
		in.Delimiter = aws.String("/")
	}
	var entries []entry
	for pages := s3.NewListObjectsV2Paginator(b.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.fail("list it", prefix, err)
		}
		for _, o := range page.Contents {
			entries = append(entries, entry{key: strings.TrimPrefix(aws.ToString(o.Key), b.prefix), size: aws.ToInt64(o.Size)})
		}
	}
	return entries, nil
}

func (b *bucket) remove(ctx context.Context, key string) error {
	if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: b.key(key)}); err != nil {
		return b.fail("delete it", key, err)
	}
	return nil
}
