package adsync

import (
	"bytes"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/landfall-directory/landfall/lang"
)

var update = flag.Bool("update", false, "write the golden files")

// rendered are diagnostics as people see them.
func rendered(t testing.TB, sources Sources, diags hcl.Diagnostics) string {
	t.Helper()
	var out bytes.Buffer
	if err := lang.WriteDiagnostics(&out, sources, diags, 100, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// readFS reads an export from a file system.
func readFS(fsys fs.FS, opts Options) (*Export, Sources, hcl.Diagnostics) {
	var names []string
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	return read(fsys, names, "export", opts)
}

// mustRead is readFS for an export without mistakes.
func mustRead(t testing.TB, fsys fs.FS) *Export {
	t.Helper()
	export, sources, diags := readFS(fsys, Options{})
	if diags.HasErrors() {
		t.Fatal(rendered(t, sources, diags))
	}
	return export
}

// filesFS is what WriteXML wrote.
func filesFS(files map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// TestImports runs testdata/import/*.txtar: an export in, diagnostics and the
// files of the import out. A line "var NAME=VALUE" in the comment gives a value.
func TestImports(t *testing.T) {
	archives, err := filepath.Glob("testdata/import/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts := Options{Vars: map[string]string{}}
			for line := range strings.Lines(string(archive.Comment)) {
				if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "var "); ok {
					name, value, _ := strings.Cut(rest, "=")
					opts.Vars[name] = value
				}
			}
			fsys := fstest.MapFS{}
			var kept []txtar.File
			for _, f := range archive.Files {
				if f.Name != "diagnostics.txt" && !strings.HasPrefix(f.Name, "out/") {
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
					kept = append(kept, f)
				}
			}
			export, sources, diags := readFS(fsys, opts)
			if (export == nil) != diags.HasErrors() {
				t.Errorf("an export and errors at once, or neither: %v", diags)
			}
			kept = append(kept, txtar.File{Name: "diagnostics.txt", Data: []byte(rendered(t, sources, diags))})
			if export != nil {
				result := Generate(export)
				for _, name := range slices.Sorted(maps.Keys(result.Files)) {
					kept = append(kept, txtar.File{Name: "out/" + name, Data: []byte(result.Files[name])})
				}
				kept = append(kept, txtar.File{Name: "out/" + ReportName, Data: []byte(result.Report)})
			}
			archive.Files = kept
			golden(t, file, string(txtar.Format(archive)))
		})
	}
}

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

// folder are the files of a folder by name.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const exampleExport = "../../examples/from-entra-connect/export"

func TestImportWritesWholeFoldersOnly(t *testing.T) {
	base := t.TempDir()
	out := filepath.Join(base, "deep", "out")
	first, sources, diags := Import(exampleExport, out, Options{})
	if len(diags) > 0 {
		t.Fatal(rendered(t, sources, diags))
	}
	files := folder(t, out)
	if files[ReportName] != first {
		t.Errorf("the report in the folder is not the one that is printed")
	}

	// Case 4: once more, and the same bytes; into a folder that is there and empty.
	again := filepath.Join(base, "again")
	if err := os.Mkdir(again, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, sources, diags := Import(exampleExport, again, Options{}); len(diags) > 0 {
		t.Fatal(rendered(t, sources, diags))
	}
	if d := cmp.Diff(files, folder(t, again)); d != "" {
		t.Errorf("a second import differs: %s", d)
	}

	// A folder with something in it stays as it is.
	if _, _, diags := Import(exampleExport, out, Options{}); !diags.HasErrors() {
		t.Error("an import into a folder with files is not refused")
	}
	if d := cmp.Diff(files, folder(t, out)); d != "" {
		t.Errorf("the refused import changed the folder: %s", d)
	}

	// Nothing is left of an import that fails.
	broken := filepath.Join(base, "broken")
	if err := os.CopyFS(broken, os.DirFS(exampleExport)); err != nil {
		t.Fatal(err)
	}
	rules, _ := filepath.Glob(filepath.Join(broken, "SynchronizationRules", "*.xml"))
	if err := os.WriteFile(rules[3], []byte("<synchronizationRule><name>half"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, diags = Import(broken, filepath.Join(base, "none"), Options{})
	if !diags.HasErrors() || diags[0].Subject == nil || !strings.Contains(diags[0].Subject.Filename, "SynchronizationRule_") {
		t.Errorf("a broken file is not reported at its place: %v", diags)
	}
	entries, err := os.ReadDir(base)
	if err != nil || len(entries) != 3 {
		t.Errorf("%d entries are left, want the three folders: %v %v", len(entries), entries, err)
	}
}

func TestReadRefusesWhatIsNoExport(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("nothing of interest"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "absent"), dir, filepath.Join(dir, "notes.txt")} {
		if export, _, diags := Read(path, Options{}); export != nil || !diags.HasErrors() {
			t.Errorf("%s: got %v, %v", path, export, diags)
		}
	}
}

// The example is an export and what the importer makes of it. Its provider and
// variable files lie in a folder of their own, because main.hcl, which starts the
// embedded directories, takes their place.
func TestExample(t *testing.T) {
	const example = "../../examples/from-entra-connect"
	out := filepath.Join(t.TempDir(), "out")
	if _, sources, diags := Import(exampleExport, out, Options{}); len(diags) > 0 {
		t.Fatal(rendered(t, sources, diags))
	}
	files := folder(t, out)
	for name, text := range files {
		if name == "providers.hcl" || name == "variables.hcl" {
			name = "replaced/" + name
		}
		golden(t, filepath.Join(example, name), text)
	}
	for name := range folder(t, example) {
		imported := strings.TrimPrefix(name, "replaced/")
		if strings.HasSuffix(name, ".hcl") && name != "main.hcl" && files[imported] == "" {
			t.Errorf("%s is not what the importer makes of the export", name)
		}
	}
	checkSecrets(t, files, []string{"MSOL_", "Sync_SYNC01", "bm90IG", "DC7", "SYNC01"})
}

// Import, write as XML, import: the same rules, the same files.
func TestExampleAsXML(t *testing.T) {
	export := mustRead(t, os.DirFS(exampleExport))
	again := mustRead(t, filesFS(WriteXML(export)))
	if d := cmp.Diff(string(canonical(t, export)), string(canonical(t, again))); d != "" {
		t.Errorf("rules differ: %s", d)
	}
	if d := cmp.Diff(Generate(export).Files, Generate(again).Files); d != "" {
		t.Errorf("imports differ: %s", d)
	}
	if d := cmp.Diff(WriteXML(export), WriteXML(again)); d != "" {
		t.Errorf("the XML differs: %s", d)
	}
}
