package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/sqlite"
)

const config = `
provider "entra" "contoso" {
  tenant_id = "5d1c7a52-0000-4000-8000-000000000001"
  sandbox   = "tenant.json"
}
provider "ad" "corp" {
  base_dn = "DC=corp,DC=example,DC=com"
  sandbox = "corp.ldif"
}
settings {
  redact = ["mail"]
}
standard_rules "group_writeback" {
  entra = provider.entra.contoso
  ad    = provider.ad.corp
}
`

func load(t testing.TB) *lang.Config {
	t.Helper()
	cfg, _, diags := lang.LoadFS(fstest.MapFS{"main.hcl": {Data: []byte(config)}}, lang.LoadOptions{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}

// names that try to get out of a statement, or that are not what text should be.
var names = []string{`'; DROP TABLE objects; --`, `"`, "a\x00b", "\xff\xfe", "", "line\nline", "x\u202e", strings.Repeat("long ", 10_000), "%s ?1 :a @b $c"}

// metaverse has one group for each name, each a member of the one before.
func metaverse(t testing.TB, cfg *lang.Config, names []string) *planner.MetaverseView {
	t.Helper()
	snap := planner.Snapshot{}
	for _, p := range cfg.Providers {
		snap[p.Address()] = planner.NewSpace(p.Address(), planner.Kind(p.Kind), p.Schema)
	}
	s := snap["provider.entra.contoso"]
	s.ReadAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i, n := range names {
		id := fmt.Sprintf("10000000-0000-4000-8000-%012d", i)
		o := s.Add("group", id, id, planner.Live)
		s.Set(o, "displayName", n)
		s.Set(o, "cloudAnchor", "Group_"+id)
		s.Set(o, "cloudMastered", "TRUE")
		s.Set(o, "mail", "secret@example.com")
		s.Set(o, "proxyAddresses", "SMTP:a@example.com", "smtp:b@example.com")
		s.SetReferences(o, "member", []planner.ObjectID{s.Reference(fmt.Sprintf("10000000-0000-4000-8000-%012d", i+1))})
	}
	v, err := planner.Metaverse(cfg, snap, planner.Options{RedactKey: []byte("key")})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestExportHoldsTheMetaverse(t *testing.T) {
	cfg := load(t)
	v := metaverse(t, cfg, names)
	file := filepath.Join(t.TempDir(), "a b'?#%.sqlite")
	if err := os.WriteFile(file, []byte("what was there before"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Export(file, cfg, v, "0.1.0"); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for number := 1; number <= v.Len(); number++ {
		o := v.Object(number)
		want := map[string]string{}
		for _, a := range o.Attributes {
			for i, d := range a.Values {
				want[fmt.Sprint(a.Attribute, i)] = d.Text + d.Hash
				if d.Hash != "" {
					want[fmt.Sprint(a.Attribute, i)] = d.Hash
				}
			}
			want[a.Attribute] = fmt.Sprint(a.By.Rule, a.By.Precedence, a.By.File, a.By.Line)
		}
		for _, r := range o.References {
			want[r.Attribute] = fmt.Sprint(r.By.Rule, r.By.Precedence, r.By.File, r.By.Line)
			for i, to := range r.Objects {
				want[fmt.Sprint(r.Attribute, "ref", i)] = fmt.Sprint(to.Number, to.Object.ID)
			}
		}
		for _, c := range o.Connectors {
			want[c.Provider] = c.ID + c.Name + c.Role
		}
		got := collect(t, db, number)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-view +database):\n%s", o.Name, diff)
		}
	}
	for table, want := range map[string]int{"objects": len(names), "rules": len(cfg.Rules), "providers": 2, "run": 2, "refs": len(names)} {
		var got int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&got); err != nil || got != want {
			t.Errorf("%s has %d rows, want %d; %v", table, got, want, err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, want only its owner to read it; %v", info.Mode(), err)
	}
}

// collect reads one object back.
func collect(t *testing.T, db *sql.DB, number int) map[string]string {
	t.Helper()
	got := map[string]string{}
	each := func(query string, columns int, put func(v []sql.NullString)) {
		rows, err := db.Query(query, number)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			v := make([]sql.NullString, columns)
			into := make([]any, columns)
			for i := range v {
				into[i] = &v[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			put(v)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	each("SELECT attribute, ordinal, value, hash FROM attributes WHERE object_id = ?", 4, func(v []sql.NullString) { got[v[0].String+v[1].String] = v[2].String + v[3].String })
	each("SELECT attribute, rule, precedence, file, line FROM lineage WHERE object_id = ?", 5, func(v []sql.NullString) {
		got[v[0].String] = v[1].String + v[2].String + v[3].String + v[4].String
	})
	i := 0
	each("SELECT attribute, coalesce(to_object_id, 0), id FROM refs WHERE object_id = ? ORDER BY rowid", 3, func(v []sql.NullString) {
		got[fmt.Sprint(v[0].String, "ref", i)] = v[1].String + v[2].String
		i++
	})
	each("SELECT provider, id, name, role FROM joins WHERE object_id = ?", 4, func(v []sql.NullString) { got[v[0].String] = v[1].String + v[2].String + v[3].String })
	return got
}

// What fails leaves what was there, and nothing else.
func TestExportIsWholeOrNotAtAll(t *testing.T) {
	cfg := load(t)
	v := metaverse(t, cfg, names[:1])
	dir := t.TempDir()
	if err := sqlite.Export(filepath.Join(dir, "nowhere", "x.sqlite"), cfg, v, ""); err == nil {
		t.Error("a file in a directory that does not exist was written")
	}
	target := filepath.Join(dir, "x.sqlite")
	if err := os.Mkdir(target, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Export(target, cfg, v, ""); err == nil {
		t.Error("a directory was replaced by a file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func BenchmarkExport(b *testing.B) {
	cfg := load(b)
	many := make([]string, 20_000)
	for i := range many {
		many[i] = fmt.Sprint("Group ", i)
	}
	v := metaverse(b, cfg, many)
	for b.Loop() {
		if err := sqlite.Export(filepath.Join(b.TempDir(), "x.sqlite"), cfg, v, ""); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(many))*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}
