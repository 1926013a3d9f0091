package syncexpr

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/landfall-directory/landfall/lang/value"
)

// certificates are a root (RSA), a user's (EC, every kind of name), one without
// common name, and one whose name is empty and whose alternative name is broken.
func certificates(t *testing.T) object {
	t.Helper()
	o := object{"junk": value.Octets("0junk"), "text": value.Str("no certificate")}
	for _, name := range []string{"root", "user", "poor", "bare"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(data)
		o[name] = value.Octets(string(block.Bytes))
		o[name+"PEM"] = value.Octets(string(data))
		o[name+"Base64"] = value.Str(base64.StdEncoding.EncodeToString(block.Bytes))
	}
	o["all"] = value.ListOf([]value.Value{o["root"], o["user"]})
	return o
}

const notCert = `this is no X.509 certificate (DER or base64)`

var certVectors = []vector{
	{`IsCert([user])`, `True`}, {`IsCert([userPEM])`, `True`}, {`IsCert([userBase64])`, `True`},
	{`IsCert([junk])`, `False`}, {`IsCert([text])`, `False`}, {`IsCert([absent])`, `False`},
	{`CertExtensionOids([root])`, `["2.5.29.15" "2.5.29.19"]`}, {`CertExtensionOids([user])`, `["2.5.29.15"]`}, {`CertExtensionOids([poor])`, `NULL`}, {`CertExtensionOids([text])`, `error: CertExtensionOids: ` + notCert},
	{`CertFormat([root])`, `"X509"`}, {`CertFormat([junk])`, `error: CertFormat: ` + notCert},
	{`CertFriendlyName([root])`, `NULL`}, {`CertFriendlyName([text])`, `error: CertFriendlyName: ` + notCert},
	{`CertHashString([root])`, `"FFE9293F08A76C6F8AC3723C0C463EB16FF17F9F"`}, {`CertHashString([absent])`, `NULL`},
	{`CertIssuer([user])`, `"CN=Contoso Root, O=""Contoso, Ltd."", S=WA, C=US"`}, {`CertIssuer([absent])`, `NULL`},
	{`CertIssuerDN([userBase64])`, `"CN=Contoso Root, O=""Contoso, Ltd."", S=WA, C=US"`}, {`CertIssuerDN([text])`, `error: CertIssuerDN: ` + notCert},
	{`CertIssuerOid([user])`, `NULL`}, {`CertIssuerOid([text])`, `error: CertIssuerOid: ` + notCert},
	{`CertKeyAlgorithm([root])`, `"1.2.840.113549.1.1.1"`}, {`CertKeyAlgorithm([user])`, `"1.2.840.10045.2.1"`},
	{`CertKeyAlgorithmParams([root])`, `"0500"`}, {`CertKeyAlgorithmParams([user])`, `"06082A8648CE3D030107"`},
	{`CertNameInfo([user],"SimpleName",False)`, `"Pat"`}, {`CertNameInfo([user],"SimpleName",True)`, `"Contoso Root"`},
	{`CertNameInfo([poor],"SimpleName",False)`, `"Unit"`}, {`CertNameInfo([bare],"SimpleName",False)`, `NULL`},
	{`CertNameInfo([user],"EmailName",False)`, `"pat.lee@contoso.com"`}, {`CertNameInfo([user],"EmailName",True)`, `"ca@contoso.com"`},
	{`CertNameInfo([user],"UpnName",False)`, `"pat@contoso.com"`}, {`CertNameInfo([poor],"UpnName",True)`, `NULL`}, {`CertNameInfo([bare],"UpnName",True)`, `NULL`},
	{`CertNameInfo([user],"DnsName",False)`, `"pat.contoso.com"`}, {`CertNameInfo([root],"DnsName",False)`, `"Contoso Root"`},
	{`CertNameInfo([user],"DnsFromAlternativeName",True)`, `"ca.contoso.com"`}, {`CertNameInfo([root],"DnsFromAlternativeName",False)`, `NULL`},
	{`CertNameInfo([user],"UrlName",False)`, `"https://pat.contoso.com/"`}, {`CertNameInfo([user],"UrlName",[absent])`, `NULL`},
	{`CertNameInfo([user],"Name",False)`, `error: CertNameInfo: "Name" is none of SimpleName, EmailName, UpnName, DnsName, DnsFromAlternativeName, UrlName`},
	{`CertNameInfo([text],"SimpleName",False)`, `error: CertNameInfo: ` + notCert},
	{`CertNotAfter([user])`, `2025-01-02T03:04:05Z`}, {`CertNotAfter([text])`, `error: CertNotAfter: ` + notCert},
	{`CertNotBefore([user])`, `2024-01-02T03:04:05Z`}, {`CertNotBefore([text])`, `error: CertNotBefore: ` + notCert},
	{`CertPublicKeyOid([root])`, `"1.2.840.113549.1.1.1"`}, {`CertPublicKeyOid([absent])`, `NULL`},
	{`CertPublicKeyParametersOid([user])`, `"1.2.840.10045.2.1"`}, {`CertPublicKeyParametersOid([absent])`, `NULL`},
	{`CertSerialNumber([root])`, `"01"`}, {`CertSerialNumber([user])`, `"00A1B2C3"`}, {`CertSerialNumber([bare])`, `"0080"`}, {`CertSerialNumber([poor])`, `"7F"`},
	{`CertSignatureAlgorithmOid([user])`, `"1.2.840.113549.1.1.11"`}, {`CertSignatureAlgorithmOid([junk])`, `error: CertSignatureAlgorithmOid: ` + notCert},
	{`CertSubject([root])`, `"CN=Contoso Root, O=""Contoso, Ltd."", S=WA, C=US"`},
	{`CertSubject([user])`, `"CN=Pat, OID.1.2.3.4=x, SERIALNUMBER=42 + OU=Büro, O="" Acme """"A+B"""" "", DC=contoso"`},
	{`CertSubject([bare])`, `NULL`},
	{`CertSubjectNameDN([poor])`, `"OU=Unit"`}, {`CertSubjectNameDN([absent])`, `NULL`},
	{`CertSubjectNameOid([poor])`, `NULL`}, {`CertSubjectNameOid([junk])`, `error: CertSubjectNameOid: ` + notCert},
	{`CertThumbprint([user])`, `"186140C6904CAEDAAB24352734C38A79E3C313C9"`}, {`CertThumbprint([userPEM])`, `"186140C6904CAEDAAB24352734C38A79E3C313C9"`},
	{`CertVersion([user])`, `"3"`}, {`CertVersion([junk])`, `error: CertVersion: ` + notCert},
	{`Count(Where($item,[all],CertNotAfter($item)>CDate("2030-01-01")))`, `1`},
	{`CertSerialNumber([all])`, `["01" "00A1B2C3"]`},
	{`CertVersion(5)`, `compile: Wrong type`},
}

func TestCertFunctions(t *testing.T) { check(t, certificates(t), certVectors) }
