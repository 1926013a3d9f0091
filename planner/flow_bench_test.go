package planner

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// joining is a configuration in which every user of a forest becomes a person
// with the given flows.
func joining(t testing.TB, flows string) *lang.Config {
	t.Helper()
	text := `
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
sync_rule "users" {
  direction      = "inbound"
  provider       = provider.ad.corp
  object_type    = "user"
  metaverse_type = "person"
  link           = "provision"
  precedence     = 10
` + flows + "\n}\n"
	cfg, _, diags := lang.LoadFS(fstest.MapFS{"main.hcl": &fstest.MapFile{Data: []byte(text)}}, lang.LoadOptions{Version: "0.1.0"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

// manyUsers is a forest of n users. Of the attributes one is different for every
// user and the others are shared by some, as names of departments are.
func manyUsers(n int, attributes []string) Snapshot {
	s := NewSpace("provider.ad.corp", KindAD, schema.AD)
	few := make([][]string, len(attributes)) // the values to choose from
	for i, name := range attributes {
		a, _ := s.Schema.Lookup(name)
		for k := range 50 {
			few[i] = append(few[i], sample(a, k))
		}
	}
	for i := range n {
		number := strconv.Itoa(i)
		o := s.Add("user", fmt.Sprintf("00000000-0000-4000-8000-%012x", i), "CN=User Number "+number+",OU=People,DC=corp,DC=example,DC=com", Live)
		s.Set(o, "displayName", "  User Number "+number)
		for k, name := range attributes {
			if name != "displayName" {
				s.Set(o, name, few[k][i%50])
			}
		}
	}
	return Snapshot{s.Provider: s}
}

// sample is the k-th value of an attribute.
func sample(a schema.Attribute, k int) string {
	switch a.Syntax {
	case schema.Bool:
		return []string{"TRUE", "FALSE"}[k%2]
	case schema.Int:
		return strconv.Itoa(k)
	}
	return "value " + strconv.Itoa(k)
}

// BenchmarkFlow is what one flow costs for one object, on one core: the flow
// itself, and (flow-in) with deciding, and keeping the value in the metaverse.
func BenchmarkFlow(b *testing.B) {
	const users = 100000
	snap := manyUsers(users, nil)
	for _, bm := range []struct{ name, flow string }{
		{"direct", `from = "displayName"`},
		{"expression", `expression = "Left(Trim([displayName]),448)"`},
		{"hcl", `value = "${left(trimspace(source.displayName), 51)} (${lower(source.displayName)})"`},
	} {
		cfg := joining(b, "  flow \"displayName\" {\n    "+bm.flow+"\n  }")
		run := joined(b, cfg, snap)
		f, o := run.rules[0].flows[0], ObjectID(0)
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := run.flowInto(f, o); err != nil || len(got.values) != 1 {
					b.Fatal(got, err)
				}
				o = (o + 1) % users
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "flows/s")
		})
		b.Run(bm.name+"/flow-in", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f.into.cells, f.into.texts = f.into.cells[:0], f.into.texts[:0]
				run.flowIn(run.rules)
			}
			b.ReportMetric(float64(b.N)*users/b.Elapsed().Seconds(), "flows/s")
		})
	}
}

// joined is a run in which every object has its metaverse object.
func joined(t testing.TB, cfg *lang.Config, snap Snapshot) *build {
	t.Helper()
	b, err := newBuild(cfg, snap)
	if err != nil {
		t.Fatal(err)
	}
	b.inbound()
	return b
}

// TestDirectFlowsAllocateNothing: there are dozens of them for every object.
func TestDirectFlowsAllocateNothing(t *testing.T) {
	b := joined(t, joining(t, `copy = ["displayName", "title", "distinguishedName"]`), manyUsers(100, []string{"title"}))
	for _, f := range b.rules[0].flows {
		o := ObjectID(0)
		if n := testing.AllocsPerRun(100, func() {
			got, err := b.flowInto(f, o)
			if err != nil || len(got.values) != 1 {
				t.Fatal(got, err)
			}
			o = (o + 1) % 100
		}); n != 0 {
			t.Errorf("%s: %v allocations for each object", f.flow.Attribute, n)
		}
	}
	// Into the metaverse, the memory of the columns is there from the first time.
	if n := testing.AllocsPerRun(10, func() {
		for _, f := range b.rules[0].flows {
			f.into.cells, f.into.texts = f.into.cells[:0], f.into.texts[:0]
		}
		b.flowIn(b.rules)
	}); n >= 50 {
		t.Errorf("%v allocations for 100 objects with three flows each", n)
	}
}

// BenchmarkMillionUsers flows 68 attributes of 1,000,000 users into the
// metaverse, in one process and on one core.
func BenchmarkMillionUsers(b *testing.B) {
	if testing.Short() {
		b.Skip("takes gigabytes and a minute; not with -short")
	}
	names := copied(68)
	if len(names) != 68 {
		b.Fatalf("%d attributes", len(names))
	}
	cfg := joining(b, `copy = ["`+strings.Join(names, `", "`)+`"]`)
	snap := manyUsers(1000000, names)
	runtime.GC()
	read := resident()
	b.ResetTimer()
	for b.Loop() {
		if run := joined(b, cfg, snap); len(run.mv.types) != 1000000 {
			b.Fatalf("%d persons", len(run.mv.types))
		}
	}
	b.ReportMetric(68e6*float64(b.N)/b.Elapsed().Seconds(), "flows/s")
	b.ReportMetric(float64(b.Elapsed()/time.Millisecond)/1000/float64(b.N), "s/run")
	b.ReportMetric(float64(read), "MB-read")
	b.ReportMetric(float64(resident()), "MB-peak")
	runtime.KeepAlive(snap)
}

// copied are the first n attributes that persons take over as they are.
func copied(n int) []string {
	names := []string{"displayName"}
	for _, name := range schema.AD.Names() {
		from, _ := schema.AD.Lookup(name)
		into, ok := schema.Metaverse.Lookup(name)
		has := len(from.Types) == 0 || slices.Contains(from.Types, "user")
		if ok && has && len(names) < n && name != "displayName" && name != "distinguishedName" &&
			from.Syntax != schema.Reference && from.Syntax == into.Syntax && from.Multi == into.Multi {
			names = append(names, name)
		}
	}
	return names
}

// resident is the largest memory that the process had at once, in MB; 0 where
// the system does not say.
func resident() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.Atoi(fields[0])
	return kb / 1024
}
