package tenant

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"
)

// server is the part of a tenant that listens.
type server struct {
	ca       []byte
	listener net.Listener
	http     *http.Server
	done     chan struct{}
}

// Start listens on a loopback address ("127.0.0.1:0" chooses a port) and serves
// until Close.
func (t *Tenant) Start(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("sandbox tenant %s: %w", t.name, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("sandbox tenant %s: %s is not a loopback address; the sandbox serves this machine only", t.name, host)
	}
	ca, certificate, err := newCertificate(time.Now())
	if err != nil {
		return fmt.Errorf("sandbox tenant %s: certificate: %w", t.name, err)
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("sandbox tenant %s: %w", t.name, err)
	}
	t.server = server{
		ca: ca, listener: listener, done: make(chan struct{}),
		http: &http.Server{
			Handler:           http.HandlerFunc(t.handle),
			TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       time.Minute,
			IdleTimeout:       2 * time.Minute,
			ErrorLog:          log.New(io.Discard, "", 0), // a client that hangs up is no news
		},
	}
	go func() {
		defer close(t.done)
		_ = t.http.ServeTLS(listener, "", "") // ends with Close
	}()
	return nil
}

// URL is the root of the service, without a version: https://127.0.0.1:port.
func (t *Tenant) URL() string { return "https://" + t.listener.Addr().String() }

// CA is the certificate, in PEM, that the server's own was issued by.
func (t *Tenant) CA() []byte { return t.ca }

// Close stops serving. Requests under way get a moment to finish.
func (t *Tenant) Close() error {
	if t.http == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := t.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = t.http.Close()
	}
	<-t.done
	return err
}

// newCertificate makes a CA and a certificate for loopback that it issued.
func newCertificate(now time.Time) (caPEM []byte, leaf tls.Certificate, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, leaf, err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "landfall sandbox CA (Graph)"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, leaf, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, leaf, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, leaf, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, leaf, err
	}
	caPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return caPEM, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
