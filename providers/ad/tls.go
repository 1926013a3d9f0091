package ad

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// target is where and how to connect.
type target struct {
	url      string // as configured, for messages
	host     string
	addr     string // host:port
	tls      *tls.Config
	startTLS bool
	loopback bool // without TLS, so only to this machine
}

// ports are the usual ones of a service.
type ports struct{ plain, secure string }

// newTarget reads an LDAP URL with the provider's TLS settings.
func newTarget(rawURL string, usual ports, c Config) (target, error) {
	t := target{url: rawURL, startTLS: c.StartTLS}
	u, err := url.Parse(rawURL)
	if err != nil || u.Hostname() == "" {
		return t, fmt.Errorf("%q is not an LDAP URL. Write ldaps://HOST or, with start_tls = true, ldap://HOST", printable(rawURL))
	}
	if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return t, fmt.Errorf("the URL %q must name a scheme, a host and a port only", printable(u.Redacted()))
	}
	port := u.Port()
	switch u.Scheme {
	case "ldaps":
		t.startTLS = false
		port = orDefault(port, usual.secure)
	case "ldap":
		port = orDefault(port, usual.plain)
		if !c.StartTLS && !c.Plaintext {
			return t, fmt.Errorf("%s would send the password readable. Use ldaps://, or set start_tls = true", printable(rawURL))
		}
		t.loopback = !c.StartTLS
	default:
		return t, fmt.Errorf("%q has the scheme %q. Use ldaps://, or ldap:// with start_tls = true", printable(rawURL), printable(u.Scheme))
	}
	t.host, t.addr = u.Hostname(), net.JoinHostPort(u.Hostname(), port)
	if t.loopback {
		return t, nil
	}
	t.tls = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: orDefault(c.ServerName, t.host)}
	if c.CA != nil {
		t.tls.RootCAs = x509.NewCertPool()
		if !t.tls.RootCAs.AppendCertsFromPEM(c.CA) {
			return t, errors.New("ca_file holds no certificate. It must be PEM text with the certificate of the CA that issued the domain controller's")
		}
	}
	return t, nil
}

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// dial connects to addr, which is the target's or the address that it had the
// first time, and secures the connection. It returns the connection to speak
// LDAP on and the raw one below it.
func (t target) dial(ctx context.Context, addr string) (secured, raw net.Conn, err error) {
	raw, err = (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, nil, newFault("reach", t.url, err, dialHint(err))
	}
	if t.loopback {
		if ip, ok := raw.RemoteAddr().(*net.TCPAddr); !ok || !ip.IP.IsLoopback() {
			raw.Close()
			return nil, nil, fmt.Errorf("%s is not this machine, so the password would travel readable. Use ldaps://, or set start_tls = true", printable(t.url))
		}
		return raw, raw, nil
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	if t.startTLS {
		if err = requestTLS(raw); err != nil {
			err = newFault("start TLS with", t.url, err, "The server may have no certificate, or not speak LDAP on this port")
		}
	}
	secure := tls.Client(raw, t.tls)
	if err == nil {
		if err = secure.HandshakeContext(ctx); err != nil {
			err = newFault("make a secure connection to", t.url, err, t.tlsHint(err))
		}
	}
	if !stop() && err != nil && ctx.Err() != nil {
		err = newFault("make a secure connection to", t.url, context.Cause(ctx), "")
	}
	if err != nil {
		raw.Close()
		return nil, nil, err
	}
	return secure, raw, nil
}

func dialHint(err error) string {
	if errors.Is(err, context.Canceled) {
		return ""
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "The name in url is not known here: check its spelling and this machine's DNS"
	}
	return "Check url, that the domain controller runs, and that no firewall is in between (LDAPS is port 636, StartTLS 389)"
}

// requestTLS sends StartTLS and reads the answer. It is not go-ldap's, because
// that one loses the reason why a certificate is refused; and it reads not one
// octet past the answer, so nothing that came in clear is taken as secured.
func requestTLS(raw net.Conn) error {
	request := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(1), ""))
	extended := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "")
	extended.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "1.3.6.1.4.1.1466.20037", ""))
	request.AppendChild(extended)
	if _, err := raw.Write(request.Bytes()); err != nil {
		return err
	}
	answer, err := ber.ReadPacket(raw)
	if err != nil {
		return err
	}
	if len(answer.Children) < 2 || answer.Children[1].Tag != ldap.ApplicationExtendedResponse {
		return errors.New("the answer to StartTLS is not one")
	}
	return ldap.GetLDAPError(answer)
}

// tlsHint says what is wrong with a certificate and what to do.
func (t target) tlsHint(err error) string {
	var authority x509.UnknownAuthorityError
	if errors.As(err, &authority) {
		issuer := ""
		if authority.Cert != nil {
			issuer = " (" + authority.Cert.Issuer.String() + ")"
		}
		return "The certificate was issued by an authority" + issuer + " that is not trusted here: set ca_file to that authority's certificate in PEM form"
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil {
		return fmt.Sprintf("The certificate is valid from %s to %s only: renew it on the domain controller, or mend this machine's clock",
			invalid.Cert.NotBefore.UTC().Format(time.DateOnly), invalid.Cert.NotAfter.UTC().Format(time.DateOnly))
	}
	var name x509.HostnameError
	if errors.As(err, &name) {
		names := append([]string(nil), name.Certificate.DNSNames...)
		for _, ip := range name.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		if len(names) == 0 {
			names = []string{"no name"}
		}
		return fmt.Sprintf("The certificate is for %s and not for %s: use that name in url, or set server_name to it",
			strings.Join(names, ", "), t.tls.ServerName)
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return "The server does not speak TLS on this port: LDAPS is port 636; for port 389 use ldap:// with start_tls = true"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "The server closed the connection: a domain controller without a certificate does so on port 636"
	}
	return "Check the domain controller's certificate"
}
