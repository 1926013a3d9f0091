package lang

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files")

// rendered is what Load says of a file system, as people see it.
func rendered(t *testing.T, fsys fs.FS, opts LoadOptions) (*Config, string) {
	t.Helper()
	cfg, files, diags := LoadFS(fsys, opts)
	if (cfg == nil) != diags.HasErrors() {
		t.Errorf("LoadFS: a config and errors at once, or neither: %v", diags)
	}
	var out bytes.Buffer
	if err := WriteDiagnostics(&out, files, diags, 100, false); err != nil {
		t.Fatal(err)
	}
	return cfg, out.String()
}

// golden compares with a file, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-update writes it): -want +got\n%s", file, d)
	}
}

// TestDiagnostics runs testdata/diagnostics/*.txtar: source in, rendered
// diagnostics out. A line "base" in the comment adds testdata/base.hcl; the file
// "options" has lines "var NAME=VALUE", "env NAME=VALUE", "file NAME".
func TestDiagnostics(t *testing.T) {
	archives, err := filepath.Glob("testdata/diagnostics/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	base, err := os.ReadFile("testdata/base.hcl")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			if strings.Contains(string(archive.Comment), "\nbase\n") {
				fsys["base.hcl"] = &fstest.MapFile{Data: base}
			}
			opts := LoadOptions{Version: "0.1.0", Vars: map[string]string{}}
			kept := archive.Files[:0]
			for _, f := range archive.Files {
				switch f.Name {
				case "diagnostics.txt":
					continue
				case "options":
					addOptions(&opts, string(f.Data))
				default:
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
				}
				kept = append(kept, f)
			}
			_, got := rendered(t, fsys, opts)
			if strings.Contains(file, "sensitive") {
				for _, secret := range []string{"hunter", "HUNTER", "4711", "s3cr3t"} {
					if strings.Contains(strings.ReplaceAll(got, `default   = "hunter5"`, ""), secret) {
						t.Errorf("the diagnostics show %s", secret)
					}
				}
			}
			archive.Files = append(kept, txtar.File{Name: "diagnostics.txt", Data: []byte(got)})
			golden(t, file, string(txtar.Format(archive)))
		})
	}
}

func addOptions(opts *LoadOptions, text string) {
	for line := range strings.Lines(text) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "var":
			name, value, _ := strings.Cut(rest, "=")
			opts.Vars[name] = value
		case "env":
			opts.Environ = append(opts.Environ, rest)
		case "file":
			opts.VarFiles = append(opts.VarFiles, rest)
		}
	}
}

func TestWholeLanguage(t *testing.T) {
	cfg, text := rendered(t, os.DirFS("testdata/whole"), LoadOptions{Version: "0.1.0"})
	if text != "" {
		t.Errorf("diagnostics: %s", text)
	}
	if cfg == nil {
		t.FailNow()
	}
	golden(t, "testdata/whole/config.txt", dump(cfg))
}

func readBase(t testing.TB) *fstest.MapFile {
	t.Helper()
	base, err := os.ReadFile("testdata/base.hcl")
	if err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: base}
}
