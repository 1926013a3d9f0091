package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/landfall-directory/landfall/planner"
)

// mostPlanBytes is how large a plan may be. A plan of a million changes has about
// a gigabyte; a small file that unpacks to more is an attack.
const mostPlanBytes = 2 << 30

// errPlanTooLarge is an unusable plan file.
var errPlanTooLarge = fmt.Errorf("%w: it unpacks to more than %d bytes", planner.ErrPlanFile, int64(mostPlanBytes))

// planBytes is what a plan file of this name holds: JSON, or JSON in zstd when the
// name says so. The same plan makes the same bytes.
func planBytes(name string, encoded []byte) ([]byte, error) {
	if !strings.HasSuffix(name, ".zst") {
		return encoded, nil
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return z.EncodeAll(encoded, nil), nil
}

// decodePlan reads the content of a plan file, whatever its name is.
func decodePlan(data []byte) (*planner.Plan, error) {
	p, _, err := decodePlanJSON(data)
	return p, err
}

// decodePlanJSON is decodePlan, and the JSON as it stands in the file: a plan of a
// later version may say more than this program reads.
func decodePlanJSON(data []byte) (*planner.Plan, []byte, error) {
	data, err := unpacked(data, mostPlanBytes)
	if err != nil {
		return nil, nil, err
	}
	p, err := planner.Decode(data)
	return p, data, err
}

// unpacked is the JSON of a plan file, at most so many bytes of it.
func unpacked(data []byte, most int64) ([]byte, error) {
	var magic zstd.Header
	if magic.Decode(data) != nil || magic.Skippable {
		return data, nil
	}
	z, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(most)))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	plain, err := io.ReadAll(io.LimitReader(z, most+1))
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded), int64(len(plain)) > most:
		return nil, errPlanTooLarge
	case err != nil:
		return nil, fmt.Errorf("%w: it is damaged, or it was not written whole: %w", planner.ErrPlanFile, err)
	}
	return plain, nil
}

// readPlan reads a plan file, and gives its JSON, too.
func readPlan(name string) (*planner.Plan, []byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	p, text, err := decodePlanJSON(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, text, nil
}
