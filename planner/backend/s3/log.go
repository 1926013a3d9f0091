package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/landfall-directory/landfall/planner/backend"
)

// parallel is how many requests are under way at once for a log of many pieces.
const parallel = 16

// numberWidth is that of offsets and tokens in keys, so that they sort by value.
const numberWidth = 20

func number(n int64) string { return fmt.Sprintf("%0*d", numberWidth, n) }

// parseNumber reads what number writes.
func parseNumber(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && number(n) == text
}

func pieceKey(name string, at int64) string { return "log/" + name + "/" + number(at) }
func fileKey(name string) string            { return "file/" + name }

func checkName(name string) error {
	if !backend.ValidName(name) {
		return fmt.Errorf("%q is no name of a log or file", name)
	}
	return nil
}

// Append creates the piece at this offset, after a look at where the log ends
// unless the end is our own.
func (s *Storage) Append(ctx context.Context, name string, at int64, data []byte) error {
	switch err := checkName(name); {
	case err != nil:
		return err
	case len(data) == 0:
		return fmt.Errorf("%s: nothing to append", name)
	case len(data) > backend.MaxAppend:
		return fmt.Errorf("%s: %d bytes are more than one append takes (%d)", name, len(data), backend.MaxAppend)
	}
	s.mu.Lock()
	end, own := s.ends[name]
	s.mu.Unlock()
	own = own && end == at
	if !own {
		if err := s.prove(ctx); err != nil {
			return err
		}
		if err := s.checkEnd(ctx, name, at); err != nil {
			return err
		}
	}
	created, err := s.objects.create(ctx, pieceKey(name, at), data)
	if err != nil {
		return err
	}
	if !created {
		ours, err := s.isOurs(ctx, name, at, data)
		if err != nil {
			return err
		}
		if !ours {
			return s.moved(name, at)
		}
	}
	if !own {
		finished, err := s.exists(ctx, fileKey(name))
		if err != nil {
			return err
		}
		if finished {
			_ = s.objects.remove(ctx, pieceKey(name, at)) // nobody reads it
			return s.moved(name, at)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends[name] = at + int64(len(data))
	return nil
}

func (s *Storage) moved(name string, at int64) error {
	return fmt.Errorf("%s%s: %w: it does not end at byte %d", s.where, name, backend.ErrMoved, at)
}

// checkEnd refuses an append where creating the piece would not be refused and yet
// the log does not end.
func (s *Storage) checkEnd(ctx context.Context, name string, at int64) error {
	if at == 0 {
		return nil
	}
	pieces, err := s.pieces(ctx, name)
	if err != nil {
		return err
	}
	if len(pieces) == 0 {
		finished, err := s.exists(ctx, fileKey(name))
		if err == nil && !finished {
			return fmt.Errorf("%s%s: %w", s.where, name, fs.ErrNotExist)
		}
		if err != nil {
			return err
		}
		return s.moved(name, at)
	}
	last := pieces[len(pieces)-1]
	if last.end() == at || slices.ContainsFunc(pieces, func(p piece) bool { return p.at == at }) {
		return nil
	}
	return s.moved(name, at)
}

// isOurs tells whether a piece that was there already is what an earlier try of
// the same append created, and still the last. Anything after it is another's,
// and then we must not go on either.
func (s *Storage) isOurs(ctx context.Context, name string, at int64, data []byte) (bool, error) {
	there, err := s.objects.get(ctx, pieceKey(name, at))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !bytes.Equal(there.data, data) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	after, err := s.exists(ctx, pieceKey(name, at+int64(len(data))))
	return err == nil && !after, err
}

func (s *Storage) exists(ctx context.Context, key string) (bool, error) {
	_, err := s.objects.modified(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// piece is a part of a log that was not finished.
type piece struct {
	key      string
	at, size int64
}

func (p piece) end() int64 { return p.at + p.size }

// pieces lists a log.
func (s *Storage) pieces(ctx context.Context, name string) ([]piece, error) {
	prefix := "log/" + name + "/"
	entries, err := s.objects.list(ctx, prefix, "", true)
	if err != nil {
		return nil, err
	}
	var pieces []piece
	for _, e := range entries {
		if at, ok := parseNumber(strings.TrimPrefix(e.key, prefix)); ok {
			pieces = append(pieces, piece{key: e.key, at: at, size: e.size})
		}
	}
	return pieces, nil
}

// join reads the pieces of a log.
func (s *Storage) join(ctx context.Context, name string, pieces []piece) ([]byte, error) {
	var end int64
	for _, p := range pieces {
		if p.at != end {
			return nil, fmt.Errorf("%s%s: there is no piece of this log at byte %d: something else than landfall deleted it", s.where, name, end)
		}
		end = p.end()
	}
	whole := make([]byte, end)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, p := range pieces {
		g.Go(func() error {
			part, err := s.objects.get(ctx, p.key)
			if err == nil && int64(len(part.data)) != p.size {
				err = fmt.Errorf("%s%s: it has %d bytes, and was listed with %d", s.where, p.key, len(part.data), p.size)
			}
			if err == nil {
				copy(whole[p.at:], part.data)
			}
			return err
		})
	}
	return whole, g.Wait()
}

// Finish makes one file of the pieces of a log.
func (s *Storage) Finish(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.ends, name)
	s.mu.Unlock()
	pieces, err := s.pieces(ctx, name)
	if err != nil || len(pieces) == 0 {
		return err
	}
	packed, err := s.exists(ctx, fileKey(name))
	if err != nil {
		return err
	}
	if !packed {
		closed, err := s.pack(ctx, name, pieces)
		if err != nil || !closed {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, p := range pieces {
		g.Go(func() error { return s.objects.remove(ctx, p.key) })
	}
	g.Go(func() error { return s.objects.remove(ctx, pieceKey(name, pieces[len(pieces)-1].end())) })
	return g.Wait()
}

// pack closes a log and writes its file. It leaves a log alone that somebody
// sealed: what it says of its end is that.
func (s *Storage) pack(ctx context.Context, name string, pieces []piece) (closed bool, err error) {
	if last := pieces[len(pieces)-1]; last.size > 0 {
		key := pieceKey(name, last.end())
		created, err := s.objects.create(ctx, key, nil)
		if err != nil {
			return false, err
		}
		if !created { // by an earlier try of ours, or by somebody else?
			there, err := s.objects.get(ctx, key)
			if err != nil || len(there.data) > 0 {
				return false, err
			}
		}
	}
	whole, err := s.join(ctx, name, pieces)
	if err != nil {
		return false, err
	}
	created, err := s.objects.create(ctx, fileKey(name), whole)
	if err != nil || created {
		return err == nil, err
	}
	there, err := s.objects.get(ctx, fileKey(name))
	if err == nil && !bytes.Equal(there.data, whole) {
		err = fmt.Errorf("%s%s: there is a file that does not hold the log of this name", s.where, fileKey(name))
	}
	return err == nil, err
}

// Write writes a file.
func (s *Storage) Write(ctx context.Context, name string, data []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	return s.objects.put(ctx, fileKey(name), data)
}

// Read reads a file or a log.
func (s *Storage) Read(ctx context.Context, name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	file, err := s.objects.get(ctx, fileKey(name))
	if !errors.Is(err, fs.ErrNotExist) {
		return file.data, err
	}
	pieces, err := s.pieces(ctx, name)
	if err != nil {
		return nil, err
	}
	whole, joinErr := s.join(ctx, name, pieces)
	if finished, err := s.exists(ctx, fileKey(name)); err != nil {
		return nil, err
	} else if finished { // while we read
		file, err := s.objects.get(ctx, fileKey(name))
		return file.data, err
	}
	if len(pieces) == 0 {
		return nil, fmt.Errorf("%s%s: %w", s.where, name, fs.ErrNotExist)
	}
	return whole, joinErr
}

// List adds pieces up. It lists the files after them: a log that is finished in
// between is in either, or in both, and then the file counts.
func (s *Storage) List(ctx context.Context, prefix string) ([]backend.Item, error) {
	sizes := map[string]int64{}
	pieces, err := s.objects.list(ctx, "log/"+prefix, "", false)
	if err != nil {
		return nil, err
	}
	for _, e := range pieces {
		dir, base := path.Split(strings.TrimPrefix(e.key, "log/"))
		if _, ok := parseNumber(base); ok {
			sizes[strings.TrimSuffix(dir, "/")] += e.size
		}
	}
	files, err := s.objects.list(ctx, "file/"+prefix, "", false)
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		sizes[strings.TrimPrefix(e.key, "file/")] = e.size
	}
	var items []backend.Item
	for name, size := range sizes {
		if backend.ValidName(name) && strings.HasPrefix(name, prefix) {
			items = append(items, backend.Item{Name: name, Size: size})
		}
	}
	slices.SortFunc(items, func(a, b backend.Item) int { return strings.Compare(a.Name, b.Name) })
	return items, nil
}
