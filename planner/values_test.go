package planner

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/lang/value"
)

// Every kind of value into every syntax: what is written, or the error.
func TestSpellEverySyntax(t *testing.T) {
	when := value.T(time.Date(2026, 11, 23, 12, 0, 1, 0, time.UTC))
	values := []value.Value{value.Str("TrUe"), value.Str("0042"), value.Str("aGk="), value.Str("2026-11-23T13:00:01+01:00"), value.Str("20261123120001.0Z"),
		value.Str("?"), value.Str(""), value.B(false), value.I(-7), value.Octets("h\xff"), when, value.Reference("CN=Ada")}
	const no = "error"
	for syntax, want := range map[schema.Syntax][]string{
		schema.Text:      {"TrUe", "0042", "aGk=", "2026-11-23T13:00:01+01:00", "20261123120001.0Z", "?", "", "False", "-7", "aP8=", "20261123120001.0Z", "CN=Ada"},
		schema.Exact:     {"TrUe", "0042", "aGk=", "2026-11-23T13:00:01+01:00", "20261123120001.0Z", "?", "", "False", "-7", "aP8=", "20261123120001.0Z", "CN=Ada"},
		schema.Reference: {"TrUe", "0042", "aGk=", "2026-11-23T13:00:01+01:00", "20261123120001.0Z", "?", "", "False", "-7", "aP8=", "20261123120001.0Z", "CN=Ada"},
		schema.Bool:      {"TRUE", no, no, no, no, no, no, "FALSE", no, no, no, no},
		schema.Int:       {no, "42", no, no, no, no, "", no, "-7", no, no, no},
		schema.Octets:    {"N\xb5\x1e", "\xd3\x4e\x36", "hi", no, no, no, "", no, no, "h\xff", no, no},
		schema.Time:      {no, no, no, "20261123120001.0Z", "20261123120001.0Z", no, "", no, no, no, "20261123120001.0Z", no},
	} {
		for i, v := range values {
			got, err := spellOne(schema.Attribute{Name: "attr", Syntax: syntax}, v)
			if (err != nil) != (want[i] == no) || err == nil && got != want[i] {
				t.Errorf("%v %q into syntax %d: %q, %v; want %q", v.Kind(), v.Display(), syntax, got, err, want[i])
			}
			if err != nil && (!strings.Contains(err.Error(), "attr takes ") || !strings.Contains(err.Error(), v.Kind().String())) {
				t.Errorf("the error does not help: %v", err)
			}
		}
	}
}

func TestSpellSets(t *testing.T) {
	one, many := schema.Attribute{Name: "one"}, schema.Attribute{Name: "many", Multi: true}
	list := value.ListOf([]value.Value{value.Str("a"), value.Str(""), value.Str("b")})
	if got, err := spell(many, list); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("several values: %q, %v", got, err)
	}
	if got, err := spell(one, list); err == nil || !strings.Contains(err.Error(), "one holds one value, and 2 came out") {
		t.Errorf("several values into one: %q, %v", got, err)
	}
	if got, err := spell(one, value.ListOf([]value.Value{value.Str(""), value.Str("b")})); err != nil || !slices.Equal(got, []string{"b"}) {
		t.Errorf("empty texts do not count: %q, %v", got, err)
	}
	for _, none := range []value.Value{{}, value.Str(""), value.ListOf(nil)} {
		if got, err := spell(one, none); err != nil || got != nil {
			t.Errorf("nothing: %q, %v", got, err)
		}
	}
	if _, err := spell(schema.Attribute{Name: "n", Syntax: schema.Int, Multi: true}, list); err == nil {
		t.Error("text into numbers")
	}
}

// What a directory holds is read as what its schema says, and written back as it was.
func TestTypedEverySyntax(t *testing.T) {
	for _, test := range []struct {
		syntax schema.Syntax
		text   string
		kind   value.Kind
	}{
		{schema.Text, "x", value.String}, {schema.Exact, "x", value.String}, {schema.Reference, "CN=Ada", value.Ref},
		{schema.Bool, "TRUE", value.Bool}, {schema.Bool, "FALSE", value.Bool}, {schema.Int, "-9223372036854775808", value.Int}, {schema.Octets, "\x00\xff", value.Bytes},
		{schema.Time, "20261123120001.0Z", value.Time},
	} {
		a := schema.Attribute{Name: "a", Syntax: test.syntax}
		v := typed(a, []string{test.text})
		if v.Kind() != test.kind {
			t.Errorf("%q of syntax %d is a %v", test.text, test.syntax, v.Kind())
		}
		if back, err := spell(a, v); err != nil || !slices.Equal(back, []string{test.text}) {
			t.Errorf("%q of syntax %d comes back as %q, %v", test.text, test.syntax, back, err)
		}
		a.Multi = true
		if v := typed(a, []string{test.text}); v.Kind() != value.List || len(v.Items()) != 1 || v.Items()[0].Kind() != test.kind {
			t.Errorf("several of syntax %d: %v", test.syntax, v)
		}
		if v := typed(a, nil); v.Kind() != value.List || len(v.Items()) != 0 {
			t.Errorf("none of several of syntax %d: %v", test.syntax, v)
		}
	}
	if v := typed(schema.Attribute{Syntax: schema.Bool}, []string{"true"}); !v.Truth() {
		t.Error("true in small letters")
	}
	if v := typed(schema.Attribute{}, nil); !v.IsNull() {
		t.Errorf("an absent value is %v", v)
	}
	// What does not fit the schema stays the text that it is.
	for _, syntax := range []schema.Syntax{schema.Int, schema.Time} {
		if v := typedOne(syntax, "later"); v.Kind() != value.String || v.Text() != "later" {
			t.Errorf("syntax %d: %v", syntax, v)
		}
	}
	for _, s := range []string{"20261123120001.0Z", "20261123120001Z", "20261123120001.123Z"} {
		if got, err := ParseTime(s); err != nil || got.Format("2006-01-02T15:04:05") != "2026-11-23T12:00:01" {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseTime("yesterday"); err == nil {
		t.Error("yesterday is a generalized time")
	}
}

func TestRecordsOfASpace(t *testing.T) {
	s := NewSpace("provider.ad.corp", KindAD, schema.AD)
	ada := s.Add("user", "1", "CN=Ada,DC=corp", Live)
	g := s.Add("group", "2", "CN=G,DC=corp", Live)
	s.Set(ada, "proxyAddresses", "a", "b")
	s.SetReferences(g, "member", []ObjectID{ada})
	r := spaceRecord{s, ada}
	for _, name := range []string{"dn", "DN", "distinguishedName"} {
		if got := r.texts(name); !slices.Equal(got, []string{"CN=Ada,DC=corp"}) || r.count(name) != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
	if a := r.schemaOf("noSuchAttribute"); a.Name != "noSuchAttribute" || a.Syntax != schema.Text {
		t.Errorf("an unknown attribute: %+v", a)
	}
	if r.count("proxyAddresses") != 2 || r.count("mail") != 0 || (spaceRecord{s, g}).count("member") != 1 {
		t.Error("counts")
	}
	if v := (spaceRecord{s, g}).attribute("member"); len(v.Items()) != 1 || v.Items()[0].Text() != "CN=Ada,DC=corp" || v.Items()[0].Kind() != value.Ref {
		t.Errorf("references: %v", v.Items())
	}
	// In Entra ID a name is an id, not a DN.
	e := NewSpace("provider.entra.contoso", KindEntra, schema.Entra)
	if got := (spaceRecord{e, e.Add("user", "3", "3", Live)}).texts("dn"); got != nil {
		t.Errorf("a DN in Entra ID: %q", got)
	}
}
