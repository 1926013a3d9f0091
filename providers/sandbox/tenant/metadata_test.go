package tenant

import (
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// metadataFile is the metadata of Graph v1.0, which is not part of this
// repository.
const metadataFile = "../../../../shared/data/graph/v1.0.csdl.xml"

type csdl struct {
	Schemas []struct {
		Namespace string `xml:"Namespace,attr"`
		Entities  []struct {
			Name       string         `xml:"Name,attr"`
			Base       string         `xml:"BaseType,attr"`
			Properties []csdlProperty `xml:"Property"`
			Navigation []csdlProperty `xml:"NavigationProperty"`
		} `xml:"EntityType"`
		Complex []struct {
			Name       string         `xml:"Name,attr"`
			Properties []csdlProperty `xml:"Property"`
		} `xml:"ComplexType"`
		Enums []struct {
			Name    string `xml:"Name,attr"`
			Members []struct {
				Name string `xml:"Name,attr"`
			} `xml:"Member"`
		} `xml:"EnumType"`
		Containers []struct {
			Sets []struct {
				Name string `xml:"Name,attr"`
				Type string `xml:"EntityType,attr"`
			} `xml:"EntitySet"`
		} `xml:"EntityContainer"`
	} `xml:"DataServices>Schema"`
}

type csdlProperty struct {
	Name string `xml:"Name,attr"`
	Type string `xml:"Type,attr"`
}

// metadata is what the tests ask of the CSDL, of namespace microsoft.graph.
type metadata struct {
	entities map[string]map[string]string // entity → property → type, with inherited ones
	relation map[string]map[string]string
	complex  map[string]map[string]string
	enums    map[string][]string
	sets     map[string]string
}

func readMetadata(t *testing.T) *metadata {
	t.Helper()
	data, err := os.ReadFile(metadataFile)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped: the metadata of Microsoft Graph is not at %s, so names and types are not compared with it", metadataFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	var doc csdl
	if err := xml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	m := &metadata{entities: map[string]map[string]string{}, relation: map[string]map[string]string{},
		complex: map[string]map[string]string{}, enums: map[string][]string{}, sets: map[string]string{}}
	base := map[string]string{}
	for _, s := range doc.Schemas {
		if s.Namespace != "microsoft.graph" {
			continue
		}
		for _, e := range s.Entities {
			m.entities[e.Name], m.relation[e.Name] = types(e.Properties), types(e.Navigation)
			base[e.Name] = strings.TrimPrefix(e.Base, "graph.")
		}
		for _, c := range s.Complex {
			m.complex[c.Name] = types(c.Properties)
		}
		for _, e := range s.Enums {
			for _, member := range e.Members {
				m.enums[e.Name] = append(m.enums[e.Name], member.Name)
			}
		}
		for _, c := range s.Containers {
			for _, set := range c.Sets {
				m.sets[set.Name] = strings.TrimPrefix(set.Type, "microsoft.graph.")
			}
		}
	}
	for name := range m.entities {
		for b := base[name]; b != ""; b = base[b] {
			for p, typ := range m.entities[b] {
				m.entities[name][p] = typ
			}
		}
	}
	if len(m.entities) == 0 {
		t.Fatal("the metadata has no entities of microsoft.graph; has its form changed?")
	}
	return m
}

func types(properties []csdlProperty) map[string]string {
	out := map[string]string{}
	for _, p := range properties {
		out[p.Name] = p.Type
	}
	return out
}

// TestMetadata holds everything that the tenant can emit against the metadata of
// Graph v1.0.
func TestMetadata(t *testing.T) {
	m := readMetadata(t)
	undeclaredSeen := map[string]bool{}
	for _, e := range entities {
		declared, ok := m.entities[e.name]
		if !ok {
			t.Errorf("Graph has no entity type %s", e.name)
			continue
		}
		if got := strings.TrimPrefix(m.sets[e.set], "graph."); got != e.name {
			t.Errorf("Graph's entity set %s has type %q, not %s", e.set, got, e.name)
		}
		for _, p := range e.properties {
			name := e.name + "." + p.name
			typ, ok := declared[p.name]
			if p.name == "id" {
				typ = "Edm.String" // the key of entity
			}
			if reason := undeclared[name]; reason != "" {
				undeclaredSeen[name] = true
				if ok {
					t.Errorf("%s is declared after all; the table undeclared says: %s", name, reason)
				}
				continue
			}
			switch {
			case !ok:
				t.Errorf("Graph has no property %s", name)
			case typ != p.typ && !sameEnum(m, typ, p.typ):
				t.Errorf("%s has type %s in Graph, %s here", name, typ, p.typ)
			case p.betaOnly:
				t.Errorf("%s is not beta only", name)
			}
		}
	}
	for name := range undeclared {
		if !undeclaredSeen[name] {
			t.Errorf("the table undeclared has %s, which no entity has", name)
		}
	}
	for _, relation := range []string{"members", "owners", "transitiveMembers", "memberOf"} {
		if got := m.relation["group"][relation]; got != "Collection(graph.directoryObject)" {
			t.Errorf("group.%s has type %q in Graph", relation, got)
		}
	}
}

func sameEnum(m *metadata, graph, ours string) bool {
	return graph == ours && len(m.enums[strings.TrimPrefix(graph, "graph.")]) > 0
}

func TestMetadataOfComplexTypes(t *testing.T) {
	m := readMetadata(t)
	for name, fields := range complexTypes {
		short := strings.TrimPrefix(name, "graph.")
		if name == "graph.groupWritebackConfiguration" {
			if _, ok := m.complex[short]; ok {
				t.Error("groupWritebackConfiguration is in v1.0 now")
			}
			continue
		}
		declared, ok := m.complex[short]
		if !ok {
			t.Errorf("Graph has no complex type %s", short)
			continue
		}
		ours := map[string]string{}
		for _, f := range fields {
			ours[f.name] = f.typ
		}
		if d := cmp.Diff(declared, ours); d != "" {
			t.Errorf("%s differs from Graph's:\n%s", short, d)
		}
	}
	for name, members := range enumTypes {
		if d := cmp.Diff(m.enums[strings.TrimPrefix(name, "graph.")], members); d != "" {
			t.Errorf("%s differs from Graph's:\n%s", name, d)
		}
	}
}

// TestEveryTypeIsKnown finds types in the tables that nothing checks values of.
func TestEveryTypeIsKnown(t *testing.T) {
	known := []string{"Edm.String", "Edm.Boolean", "Edm.Int32", "Edm.DateTimeOffset", "Edm.Guid", "Edm.Binary"}
	for name := range complexTypes {
		known = append(known, name)
	}
	for name := range enumTypes {
		known = append(known, name)
	}
	for _, e := range entities {
		for _, p := range e.properties {
			if !slices.Contains(known, p.elem) {
				t.Errorf("%s.%s has type %s, which is not described", e.name, p.name, p.typ)
			}
		}
	}
}

// TestAnswersKeepToTheirTables reads everything of every entity and compares
// the properties that came with the tables.
func TestAnswersKeepToTheirTables(t *testing.T) {
	c := start(t, Options{MemberReadHidden: true})
	for _, version := range []string{"v1.0", "beta"} {
		for _, e := range entities {
			for _, p := range e.properties {
				a := c.get("/" + version + "/" + e.set + "?$select=" + p.name)
				switch {
				case p.betaOnly && version == "v1.0", p.single:
					if a.status != 400 {
						t.Errorf("%s %s.%s: %d", version, e.name, p.name, a.status)
					}
					continue
				case a.status != 200:
					t.Errorf("%s %s.%s: %s", version, e.name, p.name, a.text)
					continue
				}
				for _, v := range a.values() {
					if len(v) != 1 {
						t.Errorf("%s %s.%s: %v", version, e.name, p.name, v)
					}
					if text := v[p.name]; p.collection != isList(text) {
						t.Errorf("%s %s.%s: %v", version, e.name, p.name, text)
					}
				}
			}
		}
	}
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}
