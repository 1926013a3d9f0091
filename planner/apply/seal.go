package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/landfall-directory/landfall/planner/backend"
)

// sealAttempts is how often the other run may be faster before sealing is given
// up; it would have to renew a lease that it does not have.
const sealAttempts = 100

// Seal ends the journal of a run whose lease was taken over. When it returns nil,
// that run can record nothing more, and so it sends nothing more, however late it
// wakes up. A journal that has an end already is left as it is.
func Seal(ctx context.Context, s backend.Storage, run string, by Sealed) error {
	for range sealAttempts {
		w, err := readParts(ctx, s, run)
		if errors.Is(err, fs.ErrNotExist) {
			w = written{part: 1} // it has not begun: it shall not
		} else if err != nil {
			return err
		}
		data, err := sealAfter(w.data, by)
		if err != nil || data == nil {
			return err
		}
		err = s.Append(ctx, partName(run, w.part), w.at, data)
		if !errors.Is(err, backend.ErrMoved) {
			return err
		}
	}
	return fmt.Errorf("the journal of run %s grows on and cannot be sealed; that run may still be writing", run)
}

// sealAfter is what to append to a journal; nil if it has its end.
func sealAfter(journal []byte, by Sealed) ([]byte, error) {
	begin := ""
	if len(journal) > 0 && !bytes.HasSuffix(journal, []byte("\n")) {
		begin = "\n" // after a line that was cut off, or that only lacks its end
		if json.Valid(journal[bytes.LastIndexByte(journal, '\n')+1:]) {
			journal = append(bytes.Clone(journal), '\n')
		}
	}
	l := line{Sealed: &by}
	if last := lastLine(journal); len(last) > 0 {
		var end line
		if err := json.Unmarshal(last, &end); err == nil && (end.Footer != nil || end.Sealed != nil) {
			return nil, nil
		}
		l.Prev = hashLine(last)
	}
	data, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	return []byte(begin + string(data) + "\n"), nil
}
