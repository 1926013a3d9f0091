package entra

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang/schema"
	"github.com/landfall-directory/landfall/planner"
)

func attribute(t testing.TB, name string) planner.Attribute {
	t.Helper()
	a, ok := schema.Entra.Lookup(name)
	if !ok {
		t.Fatalf("no attribute %s", name)
	}
	return a
}

func TestValues(t *testing.T) {
	tests := []struct {
		attr, object string
		want         []string
		err          string
	}{
		{"displayName", `{"displayName":"Finance"}`, []string{"Finance"}, ""},
		{"displayName", `{"displayName":null}`, nil, ""},
		{"displayName", `{}`, nil, ""},
		{"displayName", `{"displayName":""}`, nil, ""},
		{"displayName", `{"displayName":true}`, nil, "unexpected type"},
		{"displayName", `{"displayName":{"a":1}}`, nil, "unexpected type"},
		{"displayName", `{"displayName":["a"]}`, nil, "one value instead of several"},
		{"securityEnabled", `{"securityEnabled":true}`, []string{"TRUE"}, ""},
		{"securityEnabled", `{"securityEnabled":false}`, []string{"FALSE"}, ""},
		{"securityEnabled", `{"securityEnabled":"true"}`, nil, "unexpected type"},
		{"securityEnabled", `{"securityEnabled":0}`, nil, "unexpected type"},
		{"groupTypes", `{"groupTypes":["Unified","DynamicMembership"]}`, []string{"Unified", "DynamicMembership"}, ""},
		{"groupTypes", `{"groupTypes":[]}`, nil, ""},
		{"groupTypes", `{"groupTypes":["",null,"x"]}`, []string{"x"}, ""},
		{"groupTypes", `{"groupTypes":"Unified"}`, nil, "one value instead of several"},
		{"createdDateTime", `{"createdDateTime":"2024-02-29T23:59:58Z"}`, []string{"20240229235958.0Z"}, ""},
		{"createdDateTime", `{"createdDateTime":"2024-03-01T01:59:58.1234567+02:00"}`, []string{"20240229235958.0Z"}, ""},
		{"createdDateTime", `{"createdDateTime":"yesterday"}`, nil, "not a time"},
		{"extensionAttribute7", `{"onPremisesExtensionAttributes":{"extensionAttribute7":"x"}}`, []string{"x"}, ""},
		{"extensionAttribute7", `{"onPremisesExtensionAttributes":{"extensionAttribute7":null}}`, nil, ""},
		{"extensionAttribute7", `{"onPremisesExtensionAttributes":null}`, nil, ""},
		{"extensionAttribute7", `{"onPremisesExtensionAttributes":"x"}`, nil, "not an object"},
		{"writebackConfiguration/isEnabled", `{"writebackConfiguration":{"isEnabled":null}}`, nil, ""},
		{"writebackConfiguration/isEnabled", `{"writebackConfiguration":{"isEnabled":false}}`, []string{"FALSE"}, ""},
		{"writebackConfiguration/isEnabled", `{"writebackConfiguration":{}}`, nil, ""},
		{"writebackConfiguration/isEnabled", `{"writebackConfiguration":null}`, nil, ""},
		{"writebackConfiguration/isEnabled", `{}`, nil, ""},
	}
	for _, test := range tests {
		var o object
		if err := decode([]byte(test.object), &o); err != nil {
			t.Fatal(err)
		}
		got, err := values(o, attribute(t, test.attr))
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s of %s: got %v, want an error with %q", test.attr, test.object, err, test.err)
			}
		case err != nil:
			t.Errorf("%s of %s: %v", test.attr, test.object, err)
		default:
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s of %s: %s", test.attr, test.object, diff)
			}
		}
	}
}

// What is written reads back as it was.
func TestGraphValueRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom([]string{"displayName", "securityEnabled", "proxyAddresses", "createdDateTime", "extensionAttribute1", "writebackConfiguration/isEnabled"}).Draw(t, "attribute")
		attr, _ := schema.Entra.Lookup(a)
		text := rapid.StringOfN(rapid.RuneFrom([]rune("aB \"\\<é\u202e\x1b😀")), 1, 8, -1)
		var texts []string
		switch {
		case attr.Multi:
			texts = rapid.SliceOfN(text, 0, 4).Draw(t, "texts")
		case attr.Syntax == planner.SyntaxBool:
			texts = rapid.SliceOfN(rapid.SampledFrom([]string{"TRUE", "FALSE"}), 0, 1).Draw(t, "texts")
		case attr.Syntax == planner.SyntaxTime:
			texts = rapid.SliceOfN(rapid.SampledFrom([]string{"20240229235958.0Z", "19700101000000.0Z"}), 0, 1).Draw(t, "texts")
		default:
			texts = rapid.SliceOfN(text, 0, 1).Draw(t, "texts")
		}
		v, err := graphValue(attr, texts)
		if err != nil {
			t.Fatal(err)
		}
		property, member := place(attr.Name)
		sent := map[string]any{property: v}
		if member != "" {
			sent = map[string]any{property: map[string]any{member: v}}
		}
		data, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := decode(data, &o); err != nil {
			t.Fatal(err)
		}
		got, err := values(o, attr)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, texts) {
			t.Fatalf("%q came back as %q", texts, got)
		}
	})
}

func TestGraphValueRefuses(t *testing.T) {
	for attr, texts := range map[string][]string{
		"displayName":     {"a", "b"},
		"securityEnabled": {"true"},
		"createdDateTime": {"2024-01-01T00:00:00Z"},
	} {
		if v, err := graphValue(attribute(t, attr), texts); err == nil {
			t.Errorf("%s = %q became %v", attr, texts, v)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, bad := range []string{"", "{", `{"a":1`, `{"a":1}x`, `{"a":1}{"a":2}`, "<html>", `[`, "\x00"} {
		var o object
		if err := decode([]byte(bad), &o); err == nil {
			t.Errorf("decode(%q) gave %v", bad, o)
		}
	}
}

func FuzzValues(f *testing.F) {
	f.Add([]byte(`{"id":"1f0c2d3e-0000-4000-8000-00000000000a","displayName":"x","groupTypes":["Unified"],"writebackConfiguration":{"isEnabled":true}}`))
	f.Add([]byte(`{"id":5,"createdDateTime":"x","onPremisesExtensionAttributes":[]}`))
	v := newView(schema.Entra, kindGroup, schema.Entra.Names())
	f.Fuzz(func(t *testing.T, data []byte) {
		var o object
		if decode(data, &o) != nil {
			return
		}
		s := planner.NewSpace("provider.entra.x", planner.KindEntra, schema.Entra)
		at, err := put(s, v, o, planner.Live)
		if err == nil && !isGUID(s.Anchor(at)) {
			t.Errorf("an object with the anchor %q was added", s.Anchor(at))
		}
	})
}

func TestIsGUID(t *testing.T) {
	for s, want := range map[string]bool{
		"1f0c2d3e-0000-4000-8000-00000000000a": true,
		"1F0C2D3E-0000-4000-8000-00000000000A": true,
		"1f0c2d3e-0000-4000-8000-00000000000g": false,
		"1f0c2d3e-0000-4000-8000-0000000000":   false,
		"1f0c2d3e000040008000000000000000000a": false,
		"../../users?$top=999&x=0000000000000": false,
		"":                                     false,
	} {
		if isGUID(s) != want {
			t.Errorf("isGUID(%q) is %v", s, !want)
		}
	}
}

func TestNewView(t *testing.T) {
	v := newView(schema.Entra, kindGroup, []string{"displayname", "member", "cloudAnchor", "extensionAttribute3", "extensionAttribute4", "userPrincipalName", "nonsense"})
	want := []string{"displayName", "groupTypes", "id", "mailNickname", "onPremisesExtensionAttributes", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "visibility"}
	if diff := cmp.Diff(want, v.selects); diff != "" || v.beta {
		t.Errorf("beta %v, %s", v.beta, diff)
	}
	for _, attr := range []string{"writebackConfiguration/isEnabled", "writebackConfiguration/onPremisesGroupType", "targetWritebackType", "reasonFiltered"} {
		v = newView(schema.Entra, kindGroup, []string{attr})
		if !v.beta || !slices.Contains(v.selects, "writebackConfiguration") || !slices.ContainsFunc(v.attrs, func(a planner.Attribute) bool { return a.Name == attrEnabled }) {
			t.Errorf("%s: beta %v, %v", attr, v.beta, v.selects)
		}
	}
	for _, kind := range []string{kindUser, kindDevice, kindContact, kindServicePrincipal} {
		if v := newView(schema.Entra, kind, schema.Entra.Names()); v.beta {
			t.Errorf("%s is read from beta", kind)
		}
	}
}

// Every property that is asked for exists in Graph's metadata, and every
// attribute of the schema that exists there can be asked for.
func TestPropertiesExist(t *testing.T) {
	const file = "../../../shared/data/graph/v1.0.csdl.xml"
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("Graph's metadata is not here: " + file)
	}
	var metadata struct {
		Schemas []struct {
			Namespace string       `xml:",attr"`
			Entities  []entityType `xml:"EntityType"`
		} `xml:"DataServices>Schema"`
	}
	if err := xml.Unmarshal(data, &metadata); err != nil {
		t.Fatal(err)
	}
	types := map[string]entityType{}
	for _, s := range metadata.Schemas {
		if s.Namespace == "microsoft.graph" {
			for _, e := range s.Entities {
				types[e.Name] = e
			}
		}
	}
	for kind, graphType := range map[string]string{kindGroup: "group", kindUser: "user", kindDevice: "device", kindServicePrincipal: "servicePrincipal", kindContact: "orgContact"} {
		properties := map[string]string{"id": "Edm.String"}
		for _, p := range slices.Concat(types[graphType].Properties, types["directoryObject"].Properties) {
			properties[p.Name] = p.Type
		}
		known := strings.Fields(existing(kind))
		for _, name := range schema.Entra.Names() {
			a := attribute(t, name)
			if a.Derived || a.Beta || a.Syntax == planner.SyntaxReference {
				continue
			}
			property, _ := place(name)
			typ, there := properties[property]
			there = there && (len(a.Types) == 0 || slices.Contains(a.Types, kind))
			if got := exists(a, kind, known); got != there {
				t.Errorf("%s of a %s: existing says %v, the metadata %v", name, kind, got, there)
			}
			if there && strings.HasPrefix(typ, "Collection(") != a.Multi {
				t.Errorf("%s of a %s is %s in the metadata", name, kind, typ)
			}
		}
	}
}

type entityType struct {
	Name       string `xml:",attr"`
	Properties []struct {
		Name string `xml:",attr"`
		Type string `xml:",attr"`
	} `xml:"Property"`
}

func TestDerive(t *testing.T) {
	const id = "1f0c2d3e-0000-4000-8000-00000000000a"
	tests := []struct {
		name, kind, object string
		state              planner.State
		want               map[string]string
	}{
		{"security group", kindGroup, `{"displayName":"A","mailNickname":"a","groupTypes":[]}`, planner.Live,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "TRUE", "alias": "a", "commonName": "A"}},
		{"synchronised group", kindGroup, `{"onPremisesSyncEnabled":true,"onPremisesSecurityIdentifier":"S-1-5-21-1-2-3-4"}`, planner.Live,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "FALSE", "onPremiseSecurityIdentifier": "S-1-5-21-1-2-3-4"}},
		{"no longer synchronised", kindGroup, `{"onPremisesSyncEnabled":false}`, planner.Live,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "TRUE"}},
		{"Microsoft 365 group with a type", kindGroup, `{"groupTypes":["unified"],"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":"universalSecurityGroup"}}`, planner.Live,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "TRUE", "targetWritebackType": "universalSecurityGroup"}},
		{"Microsoft 365 group, never set", kindGroup, `{"groupTypes":["Unified"],"writebackConfiguration":{"isEnabled":null,"onPremisesGroupType":null}}`, planner.Live,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "TRUE"}},
		{"security group with a type", kindGroup, `{"groupTypes":[],"writebackConfiguration":{"isEnabled":true,"onPremisesGroupType":"universalSecurityGroup"}}`, planner.Live,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "TRUE"}},
		{"writeback off", kindGroup, `{"writebackConfiguration":{"isEnabled":false}}`, planner.Live,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "TRUE", "reasonFiltered": "WriteBackOutOfScope"}},
		{"soft-deleted", kindGroup, `{"writebackConfiguration":{"isEnabled":false}}`, planner.Deleted,
			map[string]string{"cloudAnchor": "Group_" + id, "cloudMastered": "TRUE", "reasonFiltered": "SoftDelete"}},
		{"synchronised user", kindUser, `{"displayName":"U","onPremisesSyncEnabled":true,"onPremisesImmutableId":"AbCd=="}`, planner.Live,
			map[string]string{"cloudAnchor": "User_" + id, "cloudMastered": "FALSE", "commonName": "U", "sourceAnchor": "AbCd=="}},
		{"device", kindDevice, `{"displayName":"PC"}`, planner.Live,
			map[string]string{"cloudAnchor": "Device_" + id, "cloudMastered": "TRUE", "commonName": "PC"}},
		{"contact", kindContact, `{}`, planner.Live, map[string]string{"cloudAnchor": "Contact_" + id, "cloudMastered": "TRUE"}},
		{"service principal", kindServicePrincipal, `{"displayName":"App"}`, planner.Live, map[string]string{"commonName": "App"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := planner.NewSpace("provider.entra.x", planner.KindEntra, schema.Entra)
			var o object
			if err := decode([]byte(test.object), &o); err != nil {
				t.Fatal(err)
			}
			o["id"] = strings.ToUpper(id)
			at, err := put(s, newView(schema.Entra, test.kind, []string{attrEnabled}), o, test.state)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, name := range schema.Entra.Names() {
				if a := attribute(t, name); a.Derived && s.First(at, name) != "" {
					got[name] = s.First(at, name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if s.Anchor(at) != id || s.Name(at) != id || s.First(at, "id") != id {
				t.Errorf("anchor %s, name %s, id %s", s.Anchor(at), s.Name(at), s.First(at, "id"))
			}
		})
	}
}

func TestDeriveForgets(t *testing.T) {
	s := planner.NewSpace("provider.entra.x", planner.KindEntra, schema.Entra)
	v := newView(schema.Entra, kindGroup, []string{attrEnabled})
	o := object{"id": "1f0c2d3e-0000-4000-8000-00000000000a", "mailNickname": "a", "writebackConfiguration": map[string]any{"isEnabled": false}}
	at, err := put(s, v, o, planner.Live)
	if err != nil {
		t.Fatal(err)
	}
	o["mailNickname"], o["writebackConfiguration"] = nil, nil
	if _, err := put(s, v, o, planner.Live); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"alias", "mailNickname", "reasonFiltered", attrEnabled} {
		if got := s.Values(at, name); got != nil {
			t.Errorf("%s is still %q", name, got)
		}
	}
}
