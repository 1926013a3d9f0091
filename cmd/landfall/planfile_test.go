package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/ssh"

	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/signature"
)

func somePlan(t *testing.T) []byte {
	t.Helper()
	p := &planner.Plan{FormatVersion: planner.FormatVersion}
	for i := range 300 {
		p.Changes = append(p.Changes, planner.Change{Address: "writeback.x", Name: strings.Repeat("name ", i)})
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

// TestDamagedCompressedPlansAreRefused: a flipped byte is noticed, or it is one that
// means nothing, and the same plan comes out.
func TestDamagedCompressedPlansAreRefused(t *testing.T) {
	want := somePlan(t)
	small, err := planBytes("plan.json.zst", want)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodePlan(small[:len(small)-5]); !errors.Is(err, planner.ErrPlanFile) {
		t.Errorf("truncated: %v", err)
	}
	refused := 0
	for i := range small {
		for bit := range 8 {
			flipped := bytes.Clone(small)
			flipped[i] ^= 1 << bit
			_, text, err := decodePlanJSON(flipped)
			switch {
			case errors.Is(err, planner.ErrPlanFile):
				refused++
			case err != nil:
				t.Errorf("byte %d: not marked as a plan file's error: %v", i, err)
			case !bytes.Equal(text, want):
				t.Errorf("byte %d: another plan passes", i)
			}
		}
	}
	if refused < 8*len(small)*9/10 {
		t.Errorf("only %d of %d flips are noticed", refused, 8*len(small))
	}
	if _, err := decodePlan(append(bytes.Clone(small), small...)); !errors.Is(err, planner.ErrPlanFile) {
		t.Errorf("twice: %v", err)
	}
}

// TestDamagedSignedPlansAreRefused: of a file that was signed, no byte can change.
func TestDamagedSignedPlansAreRefused(t *testing.T) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plan.json", "plan.json.zst"} {
		file, err := planBytes(name, somePlan(t)[:2000])
		if err != nil {
			t.Fatal(err)
		}
		sig, err := signature.Sign(pem.EncodeToMemory(private), file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range file {
			file[i] ^= 1 << (i % 8)
			if _, err := signature.Verify(ssh.MarshalAuthorizedKey(public), file, sig); err == nil {
				t.Errorf("%s: byte %d is flipped, and the signature holds", name, i)
			}
			file[i] ^= 1 << (i % 8)
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
