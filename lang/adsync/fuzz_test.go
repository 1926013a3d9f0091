package adsync

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// seeds adds the inputs of the golden tests with one of the endings.
func seeds(f *testing.F, endings ...string) {
	archives, err := filepath.Glob("testdata/import/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			for _, ending := range endings {
				if extension(file.Name) == ending {
					f.Add(string(file.Data))
				}
			}
		}
	}
}

// imported reads one file and, when that goes well, makes everything of it.
func imported(t *testing.T, name, text string, more fstest.MapFS) {
	fsys := fstest.MapFS{name: {Data: []byte(text)}}
	for k, v := range more {
		fsys[k] = v
	}
	export, _, diags := readFS(fsys, Options{})
	if (export == nil) != diags.HasErrors() {
		t.Fatalf("an export and errors at once, or neither: %v", diags)
	}
	if export == nil {
		return
	}
	first := Generate(export)
	if again := Generate(export); first.Report != again.Report || len(first.Files) != len(again.Files) {
		t.Fatal("two imports of one export differ")
	}
	WriteXML(export)
}

func FuzzPowerShell(f *testing.F) {
	seeds(f, ".ps1", ".txt")
	f.Add("New-ADSyncRule -Name \"a$($b.c[0])${d}`\n\" @p | & { x }\n@'\n'@ @\"\n$x\n\"@ [a[b]]::c(1).d")
	f.Fuzz(func(t *testing.T, text string) { imported(t, "a.ps1", text, nil) })
}

func FuzzXML(f *testing.F) {
	seeds(f, ".xml")
	files, err := filepath.Glob(exampleExport + "/*/*.xml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		imported(t, "a.xml", text, fstest.MapFS{"c.xml": {Data: []byte(minimalConnector)}})
	})
}

func FuzzDocuments(f *testing.F) {
	seeds(f, ".yml", ".json")
	f.Fuzz(func(t *testing.T, text string) {
		imported(t, "a.yml", text, nil)
		imported(t, "a.json", text, nil)
	})
}
