package apply

import (
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// discreet is an error in whose text the redacted values are not to be read.
type discreet struct {
	error
	text string
}

func (d *discreet) Error() string { return d.text }
func (d *discreet) Unwrap() error { return d.error }

// hush takes the redacted values of edits, which are known here because they are
// written, out of a text that a server or a provider made of them.
func hush(err error, edits []planner.Edit) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, e := range edits {
		for _, data := range [][]planner.Datum{e.Before, e.After} {
			for _, d := range data {
				if d.Hash != "" && d.Text != "" {
					quoted := strconv.Quote(d.Text)
					text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], "(redacted)")
					text = strings.ReplaceAll(text, d.Text, "(redacted)")
				}
			}
		}
	}
	if text == err.Error() {
		return err
	}
	return &discreet{err, text}
}
