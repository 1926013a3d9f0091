package dn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name string
		want []RDN
		text string // as String writes it; name when empty
	}{
		{name: "", want: []RDN{}},
		{name: "DC=com", want: []RDN{{"DC", "com"}}},
		{name: "CN=Anna Ü,OU=People,DC=corp,DC=com", want: []RDN{{"CN", "Anna Ü"}, {"OU", "People"}, {"DC", "corp"}, {"DC", "com"}}},
		{name: `CN=a\,b\+c\"d\\e\<f\>g\;h\=i,DC=com`, want: []RDN{{"CN", `a,b+c"d\e<f>g;h=i`}, {"DC", "com"}}},
		{name: `CN=\ #lead\ ,DC=com`, want: []RDN{{"CN", " #lead "}, {"DC", "com"}}},
		{name: `CN=\#lead,DC=com`, want: []RDN{{"CN", "#lead"}, {"DC", "com"}}},
		{name: "CN=a=b,DC=com", want: []RDN{{"CN", "a=b"}, {"DC", "com"}}, text: `CN=a\=b,DC=com`},
		{name: " CN = a , DC = com ", want: []RDN{{"CN", "a"}, {"DC", "com"}}, text: "CN=a,DC=com"},
		{name: "CN=a;DC=com", want: []RDN{{"CN", "a"}, {"DC", "com"}}, text: "CN=a,DC=com"},
		{name: `CN=a\0ADEL:1,DC=com`, want: []RDN{{"CN", "a\nDEL:1"}, {"DC", "com"}}},
		{name: "CN=a\x7f,DC=com", want: []RDN{{"CN", "a\x7f"}, {"DC", "com"}}, text: `CN=a\7F,DC=com`},
		{name: "2.5.4.3=a,DC=com", want: []RDN{{"2.5.4.3", "a"}, {"DC", "com"}}},
	} {
		got, err := Parse(tt.name)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, append([]RDN{}, got.RDNs()...)); diff != "" {
			t.Errorf("Parse(%q):\n%s", tt.name, diff)
		}
		if tt.text == "" {
			tt.text = tt.name
		}
		if got.String() != tt.text {
			t.Errorf("Parse(%q).String() is %q, want %q", tt.name, got.String(), tt.text)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, name := range []string{
		"x", ",", "=", "CN=", "=a", "CN=a,", ",CN=a", "CN=a,,DC=com", "CN=a+OU=b,DC=com", `CN=a\`, `CN=a\zz,DC=com`,
		"CN=a<b,DC=com", `CN="a",DC=com`, "CN=a\x00b,DC=com", "CN=#zz,DC=com", `\ =0`, `C\,N=a`, "Ü=a",
	} {
		if d, err := Parse(name); err == nil {
			t.Errorf("Parse(%q) is %q, want an error", name, d)
		}
	}
}

// TestKey: names that Active Directory takes for one have one key, others have not.
func TestKey(t *testing.T) {
	same := [][]string{
		{"CN=Anna,OU=People,DC=com", "cn=anna,ou=people,dc=COM", " CN=Anna , OU=People,DC=com", `CN=\41nna,OU=People,DC=com`, "CN=ANNA;OU=People;DC=com"},
		{"CN=Ärger,DC=com", "cn=äRGER,DC=com", `CN=\C3\84rger,DC=com`},
		{`CN=a\,b,DC=com`, `cn=A\2Cb,DC=com`},
		{"CN=a=b,DC=com", `CN=A\=B,DC=com`},
		{"CN=\u212aelvin,DC=com", "CN=kelvin,DC=com"}, // KELVIN SIGN
		{"no name", "NO NAME"},
	}
	seen := map[string]string{}
	for _, names := range same {
		key := Key(names[0])
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q have one key: %q", names[0], other, key)
		}
		seen[key] = names[0]
		for _, n := range names[1:] {
			if got := Key(n); got != key {
				t.Errorf("Key(%q) is %q, and Key(%q) is %q", n, got, names[0], key)
			}
		}
	}
}

func TestIsBelow(t *testing.T) {
	for _, tt := range []struct {
		name, base string
		want       bool
	}{
		{"CN=a,OU=People,DC=com", "ou=PEOPLE,dc=com", true},
		{"OU=People,DC=com", "OU=People,DC=com", true},
		{"CN=a,OU=People,DC=com", "", true},
		{"OU=People,DC=com", "CN=a,OU=People,DC=com", false},
		{"CN=a,OU=People2,DC=com", "OU=People,DC=com", false},
		{"CN=a,OU=Peopl\u00e9,DC=com", "OU=PEOPL\u00c9,DC=com", true},
		{"CN=a,OU=Peopl\u00e9,DC=com", "OU=People,DC=com", false},
		{"CN=a,OU=\u212a,DC=com", "OU=k,DC=com", true},
		{"CN=a,CN=People,DC=com", "OU=People,DC=com", false},
	} {
		if got := MustParse(tt.name).IsBelow(MustParse(tt.base)); got != tt.want {
			t.Errorf("IsBelow(%q, %q) is %v", tt.name, tt.base, got)
		}
	}
}

// text is any text, with more of what means something in a name.
func text() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]string{"CN=", "OU=", "DC=com", ",", "=", " ", "#", "+", ";", `"`, `\`, `\,`, `\41`, `\C3\84`, "<", ">", "\x00", "\x7f", "\n", "\xff", "ß", "ẞ", "ı", "ſ", "\u212a", "É", "é", "a", "A", "1.2-x"}),
			rapid.String(),
		), 0, 10).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

// slowKey is Key without the short way for plain names.
func slowKey(s string) string {
	d, err := parse(s)
	if err != nil {
		return lowerASCII(s)
	}
	return d.Key()
}

func checkShortWay(t interface{ Fatalf(string, ...any) }, s string) {
	slow, slowErr := parse(s)
	fast, fastErr := Parse(s)
	if (slowErr == nil) != (fastErr == nil) {
		t.Fatalf("%q: the long way says %v, Parse says %v", s, slowErr, fastErr)
	}
	if diff := cmp.Diff(slow, fast, cmp.AllowUnexported(DN{})); slowErr == nil && diff != "" {
		t.Fatalf("%q: %s", s, diff)
	}
	key := Key(s)
	if want := slowKey(s); key != want {
		t.Fatalf("Key(%q) is %q, and %q the long way", s, key, want)
	}
	if again := Key(key); again != key {
		t.Fatalf("the key of %q is %q, and the key of that %q", s, key, again)
	}
	if slowErr == nil {
		again, err := Parse(slow.String())
		if err != nil || !again.Equal(slow) || again.Key() != slow.Key() {
			t.Fatalf("%q is written as %q, which is read as %q (%v)", s, slow.String(), again.String(), err)
		}
	}
}

// TestShortWay: the short way for plain names gives what the long way gives.
func TestShortWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkShortWay(t, text().Draw(t, "name")) })
}

func TestSameFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := text().Draw(t, "x")
		y := rapid.OneOf(text(), rapid.Just(strings.ToUpper(x)), rapid.Just(strings.ToLower(x)), rapid.Just(x+"a")).Draw(t, "y")
		if got, want := sameFold(x, y), Fold(x) == Fold(y); got != want {
			t.Fatalf("sameFold(%q, %q) is %v", x, y, got)
		}
		if got, want := Fold(x), strings.ToLower(strings.ToUpper(x)); got != want {
			t.Fatalf("Fold(%q) is %q, want %q", x, got, want)
		}
	})
}

func FuzzShortWay(f *testing.F) {
	for _, s := range []string{
		"CN=a,DC=com", `CN=a\,b,DC=com`, " CN = a , DC = com ", "CN=a+OU=b", "CN=#04026869", "CN=\xff", "CN=Ä,DC=com", "CN=a ,DC=com", "CN= a", "CN=a=b", "=", ",", "CN=a,", "\u212aCN=CN=",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkShortWay(t, s) })
}

func BenchmarkKey(b *testing.B) {
	const name = "CN=User Number 4711,OU=Unit 7,OU=People,DC=corp,DC=example,DC=com"
	b.ReportAllocs()
	for b.Loop() {
		if Key(name) == name {
			b.Fatal("not folded")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if MustParse("CN=User Number 4711,OU=Unit 7,OU=People,DC=corp,DC=example,DC=com").Len() != 6 {
			b.Fatal("not parsed")
		}
	}
}
