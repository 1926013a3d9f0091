package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/landfall-directory/landfall/planner"
)

func somePlan(t *testing.T) []byte {
	t.Helper()
	p := &planner.Plan{FormatVersion: planner.FormatVersion}
	for range 2000 {
		p.Changes = append(p.Changes, planner.Change{Address: "writeback.x", Name: strings.Repeat("name ", 20)})
	}
	p.Digest = p.ComputeDigest()
	encoded, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestPlanFilesAreCompressedByName(t *testing.T) {
	encoded := somePlan(t)
	plain, err := planBytes("plan.json", encoded)
	if err != nil || !bytes.Equal(plain, encoded) {
		t.Errorf("plan.json is not the plan's JSON: %v", err)
	}
	small, err := planBytes("plan.json.zst", encoded)
	if err != nil || len(small) > len(encoded)/10 {
		t.Errorf("%d bytes of %d: %v", len(small), len(encoded), err)
	}
	again, err := planBytes("other.zst", encoded)
	if err != nil || !bytes.Equal(small, again) {
		t.Errorf("the same plan makes other bytes: %v", err)
	}
	for _, file := range [][]byte{plain, small} {
		p, err := decodePlan(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Encode(); err != nil || !bytes.Equal(got, encoded) {
			t.Errorf("another plan comes back: %v", err)
		}
	}
}

func TestDamagedCompressedPlansAreRefused(t *testing.T) {
	small, err := planBytes("plan.json.zst", somePlan(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodePlan(small[:len(small)-5]); !errors.Is(err, planner.ErrPlanFile) {
		t.Errorf("truncated: %v", err)
	}
	for i := range small {
		flipped := bytes.Clone(small)
		flipped[i] ^= 0x10
		if p, err := decodePlan(flipped); err == nil {
			if got, _ := p.Encode(); !bytes.Equal(got, somePlan(t)) {
				t.Errorf("byte %d: another plan passes", i)
			}
		}
	}
}

func TestBombsAreRefused(t *testing.T) {
	bomb := func(known bool) []byte {
		zeros := make([]byte, 20<<20)
		if known {
			small, err := planBytes("x.zst", zeros)
			if err != nil {
				t.Fatal(err)
			}
			return small
		}
		var out bytes.Buffer
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for _, known := range []bool{true, false} {
		if _, err := unpacked(bomb(known), 10<<20); !errors.Is(err, errPlanTooLarge) || !errors.Is(err, planner.ErrPlanFile) {
			t.Errorf("a size that is known (%t): %v", known, err)
		}
		if data, err := unpacked(bomb(known), 20<<20); err != nil || len(data) != 20<<20 {
			t.Errorf("exactly the limit (%t): %d, %v", known, len(data), err)
		}
	}
}
