package syncexpr

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang/value"
)

// certFunctions read X.509 certificates. They answer what .NET's
// X509Certificate2 answers, which is what Entra Connect asks.
var certFunctions = []function{
	{name: "IsCert", params: []param{certificate().orNull()}, result: tBool, f1: isCert},
	{name: "CertExtensionOids", params: []param{certificate()}, result: tString, card: many, f1: certExtensionOIDs},
	{name: "CertFormat", params: []param{certificate()}, result: tString, f1: ofCert(func(*cert) string { return "X509" })},
	{name: "CertFriendlyName", params: []param{certificate()}, result: tString, f1: ofCert(noText)},
	{name: "CertHashString", params: []param{certificate()}, result: tString, f1: ofCert((*cert).sha1)},
	{name: "CertIssuer", params: []param{certificate()}, result: tString, f1: ofCert((*cert).issuer)},
	{name: "CertIssuerDN", params: []param{certificate()}, result: tString, f1: ofCert((*cert).issuer)},
	{name: "CertIssuerOid", params: []param{certificate()}, result: tString, f1: ofCert(noText)},
	{name: "CertKeyAlgorithm", params: []param{certificate()}, result: tString, f1: ofCert((*cert).keyOID)},
	{name: "CertKeyAlgorithmParams", params: []param{certificate()}, result: tString, f1: ofCert((*cert).keyParameters)},
	{name: "CertNameInfo", params: []param{certificate(), text("x509NameType"), {name: "includesIssuerName", accept: tBool}}, result: tString, f3: certNameInfo},
	{name: "CertNotAfter", params: []param{certificate()}, result: tTime, f1: certNotAfter},
	{name: "CertNotBefore", params: []param{certificate()}, result: tTime, f1: certNotBefore},
	{name: "CertPublicKeyOid", params: []param{certificate()}, result: tString, f1: ofCert((*cert).keyOID)},
	{name: "CertPublicKeyParametersOid", params: []param{certificate()}, result: tString, f1: ofCert((*cert).keyOID)},
	{name: "CertSerialNumber", params: []param{certificate()}, result: tString, f1: ofCert((*cert).serial)},
	{name: "CertSignatureAlgorithmOid", params: []param{certificate()}, result: tString, f1: ofCert((*cert).signatureOID)},
	{name: "CertSubject", params: []param{certificate()}, result: tString, f1: ofCert((*cert).subject)},
	{name: "CertSubjectNameDN", params: []param{certificate()}, result: tString, f1: ofCert((*cert).subject)},
	{name: "CertSubjectNameOid", params: []param{certificate()}, result: tString, f1: ofCert(noText)},
	{name: "CertThumbprint", params: []param{certificate()}, result: tString, f1: ofCert((*cert).sha1)},
	{name: "CertVersion", params: []param{certificate()}, result: tString, f1: ofCert((*cert).version)},
}

func certificate() param {
	return param{name: "certificateRawData", accept: tBytes | tString}
}

// noText: .NET gives no friendly name to a certificate that comes without a
// store, and no object identifier to a name.
func noText(*cert) string { return "" }

// cert is a parsed certificate and what x509 does not keep of it.
type cert struct {
	*x509.Certificate
	signature, key algorithm
}

type algorithm struct {
	OID        asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

// parseCert reads DER, or base64 of it with or without PEM's lines.
func parseCert(v value.Value) (*cert, *Error) {
	raw := []byte(v.Text())
	if len(raw) == 0 || raw[0] != 0x30 {
		if block, _ := pem.Decode(raw); block != nil {
			raw = block.Bytes
		} else if der, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(raw))); err == nil {
			raw = der
		}
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		_, e := fail("this is no X.509 certificate (DER or base64)")
		return nil, e
	}
	c := &cert{Certificate: parsed}
	var outer struct {
		TBS       asn1.RawValue
		Algorithm algorithm
		Signature asn1.BitString
	}
	var key struct {
		Algorithm algorithm
		Key       asn1.BitString
	}
	// x509 has parsed both already; what it accepts is well-formed.
	_, err = asn1.Unmarshal(raw, &outer)
	if err == nil {
		_, err = asn1.Unmarshal(parsed.RawSubjectPublicKeyInfo, &key)
	}
	if err != nil {
		_, e := fail("this X.509 certificate has a malformed algorithm: %v", err)
		return nil, e
	}
	c.signature, c.key = outer.Algorithm, key.Algorithm
	return c, nil
}

// ofCert makes a function of a question to a certificate.
func ofCert(ask func(*cert) string) func(v value.Value) (value.Value, *Error) {
	return func(v value.Value) (value.Value, *Error) {
		c, err := parseCert(v)
		if err != nil {
			return value.Value{}, err
		}
		if s := ask(c); s != "" {
			return value.Str(s), nil
		}
		return value.Value{}, nil
	}
}

func isCert(v value.Value) (value.Value, *Error) {
	if v.IsNull() {
		return value.B(false), nil
	}
	_, err := parseCert(v)
	return value.B(err == nil), nil
}

func (c *cert) sha1() string {
	sum := sha1.Sum(c.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func (c *cert) issuer() string       { return formatName(c.RawIssuer) }
func (c *cert) subject() string      { return formatName(c.RawSubject) }
func (c *cert) keyOID() string       { return c.key.OID.String() }
func (c *cert) signatureOID() string { return c.signature.OID.String() }
func (c *cert) version() string      { return strconv.Itoa(c.Version) }

func (c *cert) keyParameters() string {
	return strings.ToUpper(hex.EncodeToString(c.key.Parameters.FullBytes))
}

// serial is the content of the number's encoding, with its leading zero.
func (c *cert) serial() string {
	b := c.SerialNumber.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return strings.ToUpper(hex.EncodeToString(b))
}

// certExtensionOIDs are those of the critical extensions, as documented.
func certExtensionOIDs(v value.Value) (value.Value, *Error) {
	c, err := parseCert(v)
	if err != nil {
		return value.Value{}, err
	}
	var out []value.Value
	for _, e := range c.Extensions {
		if e.Critical {
			out = append(out, value.Str(e.Id.String()))
		}
	}
	return value.ListOf(out), nil
}

func certNotAfter(v value.Value) (value.Value, *Error) {
	c, err := parseCert(v)
	if err != nil {
		return value.Value{}, err
	}
	return value.T(c.NotAfter), nil
}

func certNotBefore(v value.Value) (value.Value, *Error) {
	c, err := parseCert(v)
	if err != nil {
		return value.Value{}, err
	}
	return value.T(c.NotBefore), nil
}
