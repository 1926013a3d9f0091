package azblob

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	azlease "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/landfall-directory/landfall/planner/backend"
)

// lockName is the blob that the lease is on.
const lockName = "apply.lock"

// record is the content of the lock's blob. Only who has the lease can write it.
type record struct {
	Holder   backend.Holder `json:"holder"`
	Released bool           `json:"released"` // the holder gave the lease back
}

// TryAcquire takes Azure's lease under an id of its own, reads whose it was, and
// writes whose it is. A crash in between leaves a lease that runs out, and the
// record of the holder before, which stays true.
func (s *Storage) TryAcquire(ctx context.Context, h backend.Holder) (backend.Lease, error) {
	if h.TTL < backend.MinTTL || h.TTL > backend.MaxTTL {
		return nil, fmt.Errorf("azblob: a lease lasts %s to %s, not %s", backend.MinTTL, backend.MaxTTL, h.TTL)
	}
	blobs := s.container.NewBlockBlobClient(s.prefix + lockName)
	client, err := azlease.NewBlobClient(blobs, nil)
	if err != nil {
		return nil, err
	}
	l := &lease{storage: s, blob: blobs, client: client}
	if err := l.acquire(ctx, h.TTL); err != nil {
		return nil, err
	}
	before, err := s.lock(ctx)
	if err != nil {
		l.abandon(ctx)
		return nil, err
	}
	if !before.record.Released {
		l.previous = &before.record.Holder
	}
	h.Token = before.record.Holder.Token + 1
	l.holder = h
	if err := l.write(ctx, record{Holder: h}); err != nil {
		l.abandon(ctx)
		if isLost(err) {
			return nil, &backend.Taken{} // we slept, and another was faster
		}
		return nil, s.fail("take the lock", lockName, err)
	}
	return l, nil
}

// acquire takes the lease, and creates the blob that it is on first where there
// is none. Asking again under the same id is safe, so retries of the SDK are.
func (l *lease) acquire(ctx context.Context, ttl time.Duration) error {
	seconds := int32((ttl + time.Second - 1) / time.Second)
	_, err := l.client.AcquireLease(quick(ctx), seconds, nil)
	if isAbsent(err) {
		if err := l.create(ctx); err != nil {
			return err
		}
		_, err = l.client.AcquireLease(quick(ctx), seconds, nil)
	}
	if err == nil {
		return nil
	}
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) { // the lease may be ours: nobody heard the answer
		l.abandon(ctx)
		return l.storage.fail("take the lock", lockName, err)
	}
	if answer.StatusCode != http.StatusConflict || !strings.HasPrefix(answer.ErrorCode, "Lease") {
		return l.storage.fail("take the lock", lockName, err)
	}
	now, err := l.storage.lock(ctx)
	if err != nil {
		return err
	}
	if now.record.Released { // who has it has not yet written so
		return &backend.Taken{}
	}
	return &backend.Taken{Holder: now.record.Holder}
}

// create makes the blob of the lock, unless somebody else does.
func (l *lease) create(ctx context.Context) error {
	absent := azcore.ETagAny
	err := l.upload(ctx, record{Released: true}, &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &absent}})
	if err == nil || bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet) {
		return nil
	}
	var answer *azcore.ResponseError
	if errors.As(err, &answer) && strings.HasPrefix(answer.ErrorCode, "Lease") { // it exists, and is leased
		return nil
	}
	return l.storage.fail("create the lock", lockName, err)
}

// locked is the lock as it is now.
type locked struct {
	record record
	leased bool
}

func (s *Storage) lock(ctx context.Context) (locked, error) {
	got, err := s.download(quick(ctx), lockName, blob.HTTPRange{})
	if isAbsent(err) {
		return locked{record: record{Released: true}}, nil
	}
	if err != nil {
		return locked{}, s.fail("read the lock", lockName, err)
	}
	l := locked{leased: got.leased}
	if err := json.Unmarshal(got.data, &l.record); err != nil {
		return locked{}, fmt.Errorf("%s: this is no lock of landfall, something else wrote it: delete the blob when no run is under way", s.name(lockName))
	}
	return l, nil
}

// Holder reads the lock.
func (s *Storage) Holder(ctx context.Context) (*backend.Holder, error) {
	now, err := s.lock(ctx)
	if err != nil || !now.leased {
		return nil, err
	}
	if now.record.Released { // who has it has not yet written so
		return &backend.Holder{}, nil
	}
	return &now.record.Holder, nil
}

type lease struct {
	storage  *Storage
	blob     *blockblob.Client
	client   *azlease.BlobClient
	holder   backend.Holder
	previous *backend.Holder
	ended    bool
}

func (l *lease) Token() int64              { return l.holder.Token }
func (l *lease) Previous() *backend.Holder { return l.previous }

// Renew renews Azure's lease. Azure renews one that ran out, too, if nobody took
// it since.
func (l *lease) Renew(ctx context.Context) error {
	if l.ended {
		return backend.ErrLost
	}
	_, err := l.client.RenewLease(quick(ctx), nil)
	switch {
	case err == nil:
		return nil
	case isLost(err):
		return fmt.Errorf("%s: %w", l.storage.name(lockName), backend.ErrLost)
	}
	return l.storage.fail("renew the lock", lockName, err)
}

// Release writes that the lease was given back, so that nobody looks for the end
// of this run, and gives it back. It renews the lease first, for only a lease that
// has not run out can write.
func (l *lease) Release(ctx context.Context) error {
	err := l.Renew(ctx)
	if errors.Is(err, backend.ErrLost) {
		l.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	err = l.write(ctx, record{Holder: l.holder, Released: true})
	if err == nil {
		_, err = l.client.ReleaseLease(quick(ctx), nil)
	}
	if err != nil && !isLost(err) {
		return l.storage.fail("give the lock back", lockName, err)
	}
	l.ended = true
	return nil
}

// abandon gives back what nobody will use, as far as that is possible: the context
// may have ended, and the lease may not be ours. Otherwise it runs out.
func (l *lease) abandon(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, _ = l.client.ReleaseLease(policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1}), nil)
}

// write changes the record, which Azure allows with the active lease only.
func (l *lease) write(ctx context.Context, r record) error {
	return l.upload(ctx, r, &blob.AccessConditions{LeaseAccessConditions: &blob.LeaseAccessConditions{LeaseID: l.client.LeaseID()}})
}

func (l *lease) upload(ctx context.Context, r record, when *blob.AccessConditions) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = l.blob.Upload(quick(ctx), streaming.NopCloser(bytes.NewReader(data)), &blockblob.UploadOptions{AccessConditions: when})
	return err
}

// isLost tells whether Azure says that the lease of a request is not active: it
// ran out, is another's, or its blob is gone.
func isLost(err error) bool {
	var answer *azcore.ResponseError
	return isAbsent(err) || errors.As(err, &answer) && strings.HasPrefix(answer.ErrorCode, "Lease")
}
