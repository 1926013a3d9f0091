// Package signature signs plan files and checks signatures, so that a plan that
// was tampered with on its way is refused. Keys are SSH keys (ed25519), and the
// signatures have OpenSSH's format: "ssh-keygen -Y verify -n landfall-plan"
// checks them, too.
package signature

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// Namespace keeps signatures of plans apart from those that the same key made
// for other purposes.
const Namespace = "landfall-plan"

const (
	magic    = "SSHSIG"
	hashName = "sha512"
	pemType  = "SSH SIGNATURE"
)

// envelope is the signature file (OpenSSH's PROTOCOL.sshsig).
type envelope struct {
	Magic     [6]byte
	Version   uint32
	PublicKey string
	Namespace string
	Reserved  string
	Hash      string
	Signature string
}

// signedData is what is signed in place of the message.
type signedData struct {
	Magic     [6]byte
	Namespace string
	Reserved  string
	Hash      string
	Digest    string
}

func toSign(message []byte) []byte {
	digest := sha512.Sum512(message)
	d := signedData{Namespace: Namespace, Hash: hashName, Digest: string(digest[:])}
	copy(d.Magic[:], magic)
	return ssh.Marshal(d)
}

// Sign signs a message with a private key in OpenSSH's format, without a
// passphrase. The result is armoured text.
func Sign(privateKey, message []byte) ([]byte, error) {
	signer, err := ssh.ParsePrivateKey(privateKey)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, errors.New("the private key is protected by a passphrase; use one without, from the secret store of the pipeline")
	case err != nil:
		return nil, fmt.Errorf("the private key is not in OpenSSH's format: %w", err)
	case signer.PublicKey().Type() != ssh.KeyAlgoED25519:
		return nil, fmt.Errorf("the private key is of type %s; make one with: ssh-keygen -t ed25519", signer.PublicKey().Type())
	}
	sig, err := signer.Sign(rand.Reader, toSign(message))
	if err != nil {
		return nil, err
	}
	e := envelope{Version: 1, PublicKey: string(signer.PublicKey().Marshal()), Namespace: Namespace, Hash: hashName, Signature: string(ssh.Marshal(sig))}
	copy(e.Magic[:], magic)
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: ssh.Marshal(e)}), nil
}

// Verify checks that one of the public keys (lines of an authorized_keys file)
// signed the message. It returns the comment of that key.
func Verify(publicKeys, message, signature []byte) (string, error) {
	block, rest := pem.Decode(signature)
	if block == nil || block.Type != pemType || len(bytes.TrimSpace(rest)) > 0 {
		return "", errors.New("the signature is not in OpenSSH's format")
	}
	var e envelope
	if err := ssh.Unmarshal(block.Bytes, &e); err != nil {
		return "", fmt.Errorf("the signature is damaged: %w", err)
	}
	if string(e.Magic[:]) != magic || e.Version != 1 || e.Hash != hashName {
		return "", errors.New("the signature is of a kind that landfall does not make")
	}
	if e.Namespace != Namespace {
		return "", fmt.Errorf("the signature was made for %q and not for a plan", e.Namespace)
	}
	var sig ssh.Signature
	if err := ssh.Unmarshal([]byte(e.Signature), &sig); err != nil {
		return "", fmt.Errorf("the signature is damaged: %w", err)
	}
	for n := 0; ; n++ {
		key, comment, _, next, err := ssh.ParseAuthorizedKey(publicKeys)
		if err != nil {
			if n == 0 {
				return "", errors.New("there is no public key to check with; a line looks like: ssh-ed25519 AAAA… name")
			}
			return "", errors.New("the signature was made with a key that is not among the trusted ones")
		}
		publicKeys = next
		if key.Type() == ssh.KeyAlgoED25519 && string(key.Marshal()) == e.PublicKey {
			if err := key.Verify(toSign(message), &sig); err != nil {
				return "", errors.New("the signature does not fit the file: one of them was changed")
			}
			return comment, nil
		}
	}
}
