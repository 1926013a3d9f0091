package signature_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/landfall-directory/landfall/planner/signature"
)

func pair(t testing.TB, comment string) (private, public []byte) {
	t.Helper()
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, comment)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block), append(bytes.TrimSpace(ssh.MarshalAuthorizedKey(key)), " "+comment+"\n"...)
}

func TestSignAndVerify(t *testing.T) {
	private, public := pair(t, "ci@example.com")
	_, other := pair(t, "somebody@example.com")
	message := []byte(`{"plan": true}`)
	sig, err := signature.Sign(private, message)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := signature.Verify(append(other, public...), message, sig); err != nil || who != "ci@example.com" {
		t.Fatalf("got %q, %v", who, err)
	}
	if _, err := signature.Verify(other, message, sig); err == nil || !strings.Contains(err.Error(), "not among the trusted") {
		t.Errorf("another key: %v", err)
	}
	if _, err := signature.Verify([]byte("nonsense"), message, sig); err == nil {
		t.Error("no key at all was accepted")
	}
	for i := range message {
		changed := bytes.Clone(message)
		changed[i] ^= 1
		if _, err := signature.Verify(public, changed, sig); err == nil {
			t.Fatalf("byte %d of the message was changed, and nobody noticed", i)
		}
	}
	block, _ := pem.Decode(sig)
	for i := range block.Bytes {
		changed := &pem.Block{Type: block.Type, Bytes: bytes.Clone(block.Bytes)}
		changed.Bytes[i] ^= 1
		if _, err := signature.Verify(public, message, pem.EncodeToMemory(changed)); err == nil {
			t.Fatalf("byte %d of the signature was changed, and nobody noticed", i)
		}
	}
	if _, err := signature.Sign(public, message); err == nil {
		t.Error("a public key signed")
	}
}

// TestOpenSSHAgrees checks our signatures with ssh-keygen, and its with ours.
func TestOpenSSHAgrees(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed (Debian: openssh-client)")
	}
	dir := t.TempDir()
	private, public := pair(t, "ci")
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	message := []byte("a plan\n")
	sig, err := signature.Sign(private, message)
	if err != nil {
		t.Fatal(err)
	}
	signers := file("signers", append([]byte("ci "), public...))
	verify := exec.Command(keygen, "-Y", "verify", "-f", signers, "-I", "ci", "-n", signature.Namespace, "-s", file("ours.sig", sig))
	verify.Stdin = bytes.NewReader(message)
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("ssh-keygen refuses our signature: %s", out)
	}
	plan := file("plan", message)
	if out, err := exec.Command(keygen, "-Y", "sign", "-f", file("key", private), "-n", signature.Namespace, plan).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	theirs, err := os.ReadFile(plan + ".sig")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signature.Verify(public, message, theirs); err != nil {
		t.Errorf("we refuse ssh-keygen's signature: %v", err)
	}
}

func FuzzVerify(f *testing.F) {
	private, public := pair(f, "ci")
	sig, err := signature.Sign(private, []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sig)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := signature.Verify(public, []byte("another message"), data); err == nil {
			t.Error("accepted")
		}
	})
}
