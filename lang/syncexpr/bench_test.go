package syncexpr

import (
	"testing"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// What a sync rule costs per object. The attributes are typed, as in a real
// configuration.
func BenchmarkEval(b *testing.B) {
	o := object{
		"displayName": value.Str("  Finance department, all of it  "), "mailNickname": value.Str("finance"), "cn": value.Str("Finance"),
		"groupType": value.I(-2147483640), "objectGUID": value.Octets("0123456789abcdef"),
		"proxyAddresses": texts("SMTP:finance@contoso.com", "smtp:fin@contoso.com", "x500:/o=contoso/cn=finance"),
		"objectSid":      value.Octets("\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x51\x04\x00\x00"),
	}
	for _, bm := range []struct{ name, text string }{
		{"attribute", `[displayName]`},
		{"typical", `Left(Trim([displayName]),448)`},
		{"fallback", `IIF(IsNullOrEmpty([displayName]),[cn],[displayName])`},
		{"condition", `IIF(IsPresent([mailNickname]) && Left([mailNickname],4) = "CAS_" && InStr([mailNickname],"}") > 0,True,NULL)`},
		{"bits", `CBool(BitAnd([groupType],-2147483648))`},
		{"concat", `"CN=" & [cn] & "," & [displayName]`},
		{"base64", `ConvertToBase64([objectGUID])`},
		{"sid", `StringFromSid([objectSid])`},
		{"multivalued", `Trim([proxyAddresses])`},
		{"filter", `IIF(InStr([proxyAddresses],"x500:")=1,NULL,[proxyAddresses])`},
	} {
		b.Run(bm.name, func(b *testing.B) {
			p := mustCompile(b, bm.text, Options{Source: schema.AD})
			args := make([]value.Value, len(p.Inputs))
			for i, in := range p.Inputs {
				args[i] = o[in.Name]
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustCompile(b, `IIF(IsNullOrEmpty([description]),NULL,Left(Trim(Item([description],1)),448))`, Options{Source: schema.AD})
	}
}
