package ad

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// issue makes a certificate authority and a certificate by it.
func issue(t *testing.T, until time.Time, names ...string) (ca []byte, certificate tls.Certificate) {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	sign := func(template, parent *x509.Certificate, public, private *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &public.PublicKey, private)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	from := until.AddDate(-2, 0, 0)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Corp CA"}, NotBefore: from, NotAfter: until.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootKey, leafKey := key(), key()
	rootDER := sign(root, root, rootKey, rootKey)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "dc"}, NotBefore: from, NotAfter: until, DNSNames: names,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	certificate = tls.Certificate{Certificate: [][]byte{sign(leaf, root, leafKey, rootKey)}, PrivateKey: leafKey}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}), certificate
}

// answerWith serves every connection with f and returns the address.
func answerWith(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				f(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestConnectionErrors(t *testing.T) {
	handshake := func(certificate tls.Certificate) func(net.Conn) {
		return func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}}).Handshake()
		}
	}
	ca, good := issue(t, time.Now().AddDate(1, 0, 0), "dc1.corp.example.com")
	otherCA, _ := issue(t, time.Now().AddDate(1, 0, 0), "dc1.corp.example.com")
	oldCA, expired := issue(t, time.Now().AddDate(-1, 0, 0), "dc1.corp.example.com")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	startTLS := func(answer string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 100))
			_, _ = conn.Write([]byte(answer))
			_, _ = conn.Read(make([]byte, 100))
		}
	}
	for name, c := range map[string]struct {
		url  string
		ca   []byte
		want string
	}{
		"unreachable":   {"ldaps://" + closed.Addr().String(), ca, "Check url"},
		"wrong CA":      {"ldaps://" + answerWith(t, handshake(good)), otherCA, "ca_file"},
		"expired":       {"ldaps://" + answerWith(t, handshake(expired)), oldCA, time.Now().AddDate(-1, 0, 0).UTC().Format(time.DateOnly)},
		"not TLS":       {"ldaps://" + answerWith(t, func(conn net.Conn) { _, _ = conn.Write([]byte("220 hello this is not TLS at all")) }), ca, "636"},
		"hangs up":      {"ldaps://" + answerWith(t, func(net.Conn) {}), ca, "certificate"},
		"no StartTLS":   {"ldap://" + answerWith(t, startTLS("0\x0c\x02\x01\x01x\x07\x0a\x01\x34\x04\x00\x04\x00")), ca, "LDAP 52 unavailable"},
		"odd StartTLS":  {"ldap://" + answerWith(t, startTLS("0\x0c\x02\x01\x01a\x07\x0a\x01\x00\x04\x00\x04\x00")), ca, "start TLS"},
		"not loopback":  {"ldap://192.0.2.1", ca, "start_tls"},
		"no PEM":        {"ldaps://127.0.0.1", []byte("DER"), "PEM"},
		"URL with path": {"ldaps://dc/DC=x", ca, "only"},
		"URL":           {"dc1", ca, "not an LDAP URL"},
		"password":      {"ldaps://u:p4ss@dc/", ca, "only"},
		"name":          {"ldaps://" + answerWith(t, handshake(good)), ca, "dc1.corp.example.com"},
	} {
		config := Config{Address: "provider.ad.corp", URL: c.url, CA: c.ca, BaseDN: "DC=corp,DC=example,DC=com", Username: "u", Password: "secret",
			Timeout: 5 * time.Second, Schema: planner.ADSchema, ServerName: "dc1.corp.example.com", StartTLS: strings.Contains(name, "StartTLS")}
		if name == "name" {
			config.ServerName = ""
		}
		_, err := Open(t.Context(), config)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "p4ss") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
