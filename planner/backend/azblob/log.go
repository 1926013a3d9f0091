package azblob

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/appendblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	azlease "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/landfall-directory/landfall/planner/backend"
)

// path is the blob of a log or file.
func (s *Storage) path(name string) (string, error) {
	if !backend.ValidName(name) || name == lockName {
		return "", fmt.Errorf("%q is no name of a log or file", name)
	}
	return s.prefix + name, nil
}

// quick is for requests with small bodies: a try that has no answer in time is
// given up and made again.
func quick(ctx context.Context) context.Context { return tries(ctx, 0) }

func tries(ctx context.Context, size int) context.Context {
	timeout := 20*time.Second + time.Duration(size>>20)*8*time.Second // 1 Mbit/s
	return policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: 3, RetryDelay: 500 * time.Millisecond, TryTimeout: timeout})
}

// Append appends a block, which Azure does as a whole or not at all; a log has at
// most 50,000 of them. The append blob of a new log is created first; when its
// creator died before the first block, the empty blob waits for whoever appends
// at 0 first, and counts as no log until then.
func (s *Storage) Append(ctx context.Context, name string, at int64, data []byte) error {
	path, err := s.path(name)
	switch {
	case err != nil:
		return err
	case len(data) == 0:
		return fmt.Errorf("%s: nothing to append", name)
	case len(data) > backend.MaxAppend:
		return fmt.Errorf("%s: %d bytes are more than one append takes (%d)", name, len(data), backend.MaxAppend)
	}
	log := s.container.NewAppendBlobClient(path)
	if at == 0 {
		absent := azcore.ETagAny
		_, err := log.Create(quick(ctx), &appendblob.CreateOptions{
			AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &absent}}})
		if err != nil && !bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet) {
			return s.fail("start the log", name, err)
		}
	}
	_, err = log.AppendBlock(tries(ctx, len(data)), streaming.NopCloser(bytes.NewReader(data)), &appendblob.AppendBlockOptions{
		AppendPositionAccessConditions: &appendblob.AppendPositionAccessConditions{AppendPosition: &at}})
	if bloberror.HasCode(err, bloberror.AppendPositionConditionNotMet) {
		return s.moved(ctx, name, at, data)
	}
	if err != nil {
		return s.fail("append to the log", name, err)
	}
	return nil
}

// moved tells what it means that a log does not end at the position of an append.
// The answer to an earlier try may have been lost, so that our own bytes are what
// is there: then they are the end of the log, and the append was made. Anything
// after them is another's, and then we must not go on either.
func (s *Storage) moved(ctx context.Context, name string, at int64, data []byte) error {
	tail, err := s.download(ctx, name, blob.HTTPRange{Offset: at, Count: int64(len(data)) + 1})
	switch {
	case bloberror.HasCode(err, bloberror.InvalidRange): // it is shorter
	case err != nil:
		return s.fail("read the end of the log", name, err)
	case bytes.Equal(tail.data, data):
		return nil
	}
	return fmt.Errorf("%s: %w: it does not end at byte %d", s.name(name), backend.ErrMoved, at)
}

// Finish does nothing: an append blob is packed already.
func (s *Storage) Finish(context.Context, string) error { return nil }

// Write uploads a block blob; above 256 MB in blocks that become the blob
// together.
func (s *Storage) Write(ctx context.Context, name string, data []byte) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if _, err := s.container.NewBlockBlobClient(path).UploadBuffer(tries(ctx, len(data)), data, nil); err != nil {
		return s.fail("write the file", name, err)
	}
	return nil
}

// Read downloads a blob.
func (s *Storage) Read(ctx context.Context, name string) ([]byte, error) {
	if _, err := s.path(name); err != nil {
		return nil, err
	}
	got, err := s.download(ctx, name, blob.HTTPRange{})
	if err != nil {
		return nil, s.fail("read it", name, err)
	}
	if got.kind == blob.BlobTypeAppendBlob && len(got.data) == 0 {
		return nil, fmt.Errorf("%s: %w: the log was created, and nothing was appended", s.name(name), fs.ErrNotExist)
	}
	return got.data, nil
}

// downloaded is a blob, or a part of it.
type downloaded struct {
	data   []byte
	kind   blob.BlobType
	leased bool
}

func (s *Storage) download(ctx context.Context, name string, part blob.HTTPRange) (downloaded, error) {
	resp, err := s.container.NewBlobClient(s.prefix+name).DownloadStream(ctx, &blob.DownloadStreamOptions{Range: part})
	if err != nil {
		return downloaded{}, err
	}
	body := resp.NewRetryReader(ctx, nil)
	defer body.Close()
	var length int64
	if resp.ContentLength != nil {
		length = *resp.ContentLength
	}
	buf := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead))
	if _, err := buf.ReadFrom(body); err != nil {
		return downloaded{}, err
	}
	got := downloaded{data: buf.Bytes()}
	if state := resp.LeaseState; state != nil {
		got.leased = *state == azlease.StateTypeLeased || *state == azlease.StateTypeBreaking
	}
	if resp.BlobType != nil {
		got.kind = *resp.BlobType
	}
	return got, nil
}

// List lists blobs.
func (s *Storage) List(ctx context.Context, prefix string) ([]backend.Item, error) {
	var items []backend.Item
	below := s.prefix + prefix
	pager := s.container.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &below})
	for pager.More() {
		page, err := pager.NextPage(quick(ctx))
		if err != nil {
			return nil, s.fail("list "+prefix, "", err)
		}
		for _, b := range page.Segment.BlobItems {
			if item, ok := s.item(b); ok {
				items = append(items, item)
			}
		}
	}
	slices.SortFunc(items, func(a, b backend.Item) int { return strings.Compare(a.Name, b.Name) })
	return items, nil
}

// item is nothing for what is no log or file of ours: the lock, an empty log, a
// folder of an account with a hierarchical namespace, and what others put there.
func (s *Storage) item(b *container.BlobItem) (backend.Item, bool) {
	if b.Name == nil || b.Properties == nil || b.Properties.ContentLength == nil {
		return backend.Item{}, false
	}
	item := backend.Item{Name: strings.TrimPrefix(*b.Name, s.prefix), Size: *b.Properties.ContentLength}
	kind, resource := b.Properties.BlobType, b.Properties.ResourceType
	switch {
	case !backend.ValidName(item.Name), item.Name == lockName:
		return backend.Item{}, false
	case kind != nil && *kind == blob.BlobTypeAppendBlob && item.Size == 0:
		return backend.Item{}, false
	case resource != nil && *resource == "directory":
		return backend.Item{}, false
	}
	return item, true
}

// name is what messages call a blob.
func (s *Storage) name(name string) string {
	if name == "" {
		return s.Where()
	}
	return s.at + "/" + s.prefix + name
}

// isAbsent tells whether a blob is missing in a container that exists.
func isAbsent(err error) bool { return bloberror.HasCode(err, bloberror.BlobNotFound) }
