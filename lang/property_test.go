package lang

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/landfall-directory/landfall/lang/value"
)

// The order of top-level blocks and of files never matters.
func TestOrderOfBlocksDoesNotMatter(t *testing.T) {
	src, err := os.ReadFile("testdata/shuffle.hcl")
	if err != nil {
		t.Fatal(err)
	}
	f, diags := hclsyntax.ParseConfig(src, "shuffle.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var blocks []string
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		blocks = append(blocks, string(b.Range().SliceBytes(src)))
	}
	opts := LoadOptions{Version: "0.1.5"}
	cfg, text := rendered(t, fstest.MapFS{"shuffle.hcl": {Data: src}}, opts)
	if cfg == nil || text != "" {
		t.Fatal(text)
	}
	want := withoutRanges(dump(cfg))
	golden(t, "testdata/shuffle.txt", want)
	rapid.Check(t, func(rt *rapid.T) {
		order := rapid.Permutation(blocks).Draw(rt, "order")
		fsys := fstest.MapFS{}
		for _, block := range order {
			name := fmt.Sprintf("%c.hcl", rapid.RuneFrom([]rune("abcd")).Draw(rt, "file"))
			if fsys[name] == nil {
				fsys[name] = &fstest.MapFile{}
			}
			fsys[name].Data = append(fsys[name].Data, block+"\n\n"...)
		}
		cfg, _, diags := LoadFS(fsys, opts)
		if cfg == nil {
			rt.Fatal(diags)
		}
		if d := cmp.Diff(want, withoutRanges(dump(cfg))); d != "" {
			rt.Fatal(d)
		}
	})
}

// FuzzLoad: Load never panics, every diagnostic points into a file, and what was
// compiled evaluates or fails.
func FuzzLoad(f *testing.F) {
	base := readBase(f).Data
	for _, pattern := range []string{"testdata/*.hcl", "testdata/whole/*.hcl"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src), "a = 1")
		}
	}
	archives, _ := filepath.Glob("testdata/diagnostics/*.txtar")
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if strings.HasSuffix(part.Name, ".hcl") {
				f.Add(string(base)+string(part.Data), "container = \"x\"\nnumber = 1")
			}
		}
	}
	f.Add(`locals { a = "${"${"${`+"`\n}", "")
	f.Add("locals {\n  a = "+strings.Repeat("(", 3000)+"\n}", strings.Repeat("!", 100))
	f.Fuzz(func(t *testing.T, src, vars string) {
		fsys := fstest.MapFS{"main.hcl": {Data: []byte(src)}, "x.auto.vars.hcl": {Data: []byte(vars)}}
		cfg, files, diags := LoadFS(fsys, LoadOptions{Version: "0.1.0"})
		if (cfg == nil) != diags.HasErrors() {
			t.Fatalf("config %v, diagnostics %v", cfg != nil, diags)
		}
		for _, d := range diags {
			checkRange(t, files, d)
		}
		if err := WriteDiagnostics(new(strings.Builder), files, diags, 80, true); err != nil {
			t.Fatal(err)
		}
		Format([]byte(src))
		if cfg != nil {
			evaluateAll(cfg)
		}
	})
}

func checkRange(t *testing.T, files Sources, d *hcl.Diagnostic) {
	if d.Subject == nil {
		return
	}
	file := files[d.Subject.Filename]
	if file == nil {
		if strings.HasSuffix(d.Subject.Filename, ".vars.hcl") || strings.HasPrefix(d.Subject.Filename, "main.hcl") || strings.HasPrefix(d.Subject.Filename, "x.auto") {
			return // not kept, or refused before it was parsed
		}
		t.Fatalf("%s: no such file", d.Subject)
	}
	if d.Subject.Start.Byte < 0 || d.Subject.End.Byte < d.Subject.Start.Byte || d.Subject.End.Byte > len(file.Bytes) || d.Subject.Start.Line < 1 {
		t.Fatalf("%s %q: the range is outside the file of %d bytes: %#v", d.Summary, d.Detail, len(file.Bytes), *d.Subject)
	}
}

// evaluateAll evaluates every expression over an object that has nothing.
func evaluateAll(cfg *Config) {
	exprs := []*Expr{}
	for _, r := range cfg.Rules {
		for _, g := range r.Scope {
			exprs = append(exprs, g.When)
		}
		for _, f := range r.Flows {
			exprs = append(exprs, f.Value)
		}
	}
	for _, m := range cfg.OUMappings {
		exprs = append(exprs, m.Default)
		for _, r := range m.Rules {
			exprs = append(exprs, r.When, r.OU)
		}
	}
	for _, w := range cfg.Writebacks {
		exprs = append(exprs, w.When, w.CN, w.SAMAccountName)
	}
	for _, e := range exprs {
		if e != nil {
			_, _ = e.Eval(make([]value.Value, len(e.Uses)))
		}
	}
}
