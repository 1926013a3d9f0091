package lang

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// The later of these sources wins: default, environment, *.auto.vars.hcl in
// order of names, -var-file in order given, -var.
func TestPrecedenceOfVariableSources(t *testing.T) {
	fsys := fstest.MapFS{
		"main.hcl": {Data: []byte(`
variable "v" {
  default = "OU=default"
}
protect {
  dns = [var.v]
}
`)},
		"one.vars.hcl": {Data: []byte("v = \"OU=one\"\n")},
		"two.vars.hcl": {Data: []byte("v = \"OU=two\"\n")},
	}
	auto := func(name string) {
		fsys[name] = &fstest.MapFile{Data: []byte("v = \"OU=" + strings.TrimSuffix(name, ".auto.vars.hcl") + "\"\n")}
	}
	opts := LoadOptions{}
	want := func(dn string) {
		t.Helper()
		cfg, text := rendered(t, fsys, opts)
		if cfg == nil {
			t.Fatal(text)
		}
		if got := cfg.Protected[0].DN; got != dn {
			t.Errorf("got %s, want %s", got, dn)
		}
	}
	want("OU=default")
	opts.Environ = []string{"HOME=/root", "LANDFALL_VAR_v=OU=env", "LANDFALL_VAR_other=x"}
	want("OU=env")
	auto("b.auto.vars.hcl")
	auto("a.auto.vars.hcl")
	want("OU=b")
	opts.VarFiles = []string{"two.vars.hcl", "one.vars.hcl"}
	want("OU=one")
	opts.Vars = map[string]string{"v": "OU=var"}
	want("OU=var")
}

// Simple types take the text of -var as it is, others as an expression.
func TestTypesOfVariables(t *testing.T) {
	src := `
variable "number" {
  type = number
}
variable "flag" {
  type = bool
}
variable "names" {
  type = list(string)
}
variable "object" {
  type = object({ a = string, b = optional(number, 3) })
}
variable "text" {
  type = string
}
guard "g" {
  action    = "delete"
  max_count = var.number + var.object.b
}
protect {
  dns = concat(var.names, [var.object.a, var.text])
}
settings {
  staging_mode = var.flag
}
`
	cfg, text := rendered(t, fstest.MapFS{"main.hcl": {Data: []byte(src)}}, LoadOptions{Vars: map[string]string{
		"number": "4", "flag": "true", "names": `["OU=b", "OU=a"]`, "object": `{ a = "OU=c" }`, "text": `OU=${x}`,
	}})
	if cfg == nil {
		t.Fatal(text)
	}
	if *cfg.Guards[0].MaxCount != 7 || !cfg.Settings.StagingMode || len(cfg.Protected) != 4 || cfg.Protected[0].DN != `OU=${x}` {
		t.Errorf("got %s", dump(cfg))
	}
}

// Variable files are found relative to the configuration, and by full path.
func TestVariableFilesOfDirectories(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "main.hcl"), "variable \"a\" {}\nvariable \"b\" {}\nprotect {\n  dns = [var.a, var.b]\n}\n")
	write(filepath.Join(dir, "near.vars.hcl"), "a = \"OU=near\"\n")
	write(filepath.Join(other, "far.hcl"), "b = \"OU=far\"\n")
	cfg, _, diags := Load(dir, LoadOptions{VarFiles: []string{"near.vars.hcl", filepath.Join(other, "far.hcl")}})
	if cfg == nil {
		t.Fatal(diags)
	}
	if cfg.Protected[0].DN != "OU=far" || cfg.Protected[1].DN != "OU=near" {
		t.Errorf("got %v", cfg.Protected)
	}
	if _, _, diags = Load(filepath.Join(dir, "missing"), LoadOptions{}); !diags.HasErrors() || !strings.Contains(diags[0].Detail, "missing") {
		t.Errorf("got %v", diags)
	}
	if _, _, diags = Load(dir, LoadOptions{VarFiles: []string{"missing.vars.hcl"}}); !diags.HasErrors() {
		t.Errorf("a missing variable file is no error")
	}
}

// The digest changes with what a configuration says, and never shows a secret.
func TestDigest(t *testing.T) {
	digest := func(file, src string, opts LoadOptions) string {
		t.Helper()
		cfg, text := rendered(t, fstest.MapFS{file: {Data: []byte(src)}}, opts)
		if cfg == nil {
			t.Fatal(text)
		}
		return cfg.Digest
	}
	src := "variable \"a\" {\n  sensitive = true\n}\n"
	with := func(value, key string) LoadOptions {
		return LoadOptions{Vars: map[string]string{"a": value}, DigestKey: []byte(key)}
	}
	base := digest("main.hcl", src, with("x", "key"))
	if base != digest("main.hcl", src, with("x", "key")) {
		t.Error("the same input has another digest")
	}
	for name, other := range map[string]string{
		"file name": digest("other.hcl", src, with("x", "key")),
		"content":   digest("main.hcl", src+"\n", with("x", "key")),
		"value":     digest("main.hcl", src, with("y", "key")),
		"key":       digest("main.hcl", src, with("x", "other key")),
		"no key":    digest("main.hcl", src, with("x", "")),
	} {
		if other == base {
			t.Errorf("another %s has the same digest", name)
		}
	}
	plain := strings.Replace(src, "true", "false", 1)
	if digest("main.hcl", plain, with("x", "key")) != digest("main.hcl", plain, with("x", "other key")) {
		t.Error("the key matters without a sensitive variable")
	}
}
