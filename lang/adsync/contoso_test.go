package adsync

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/lang"
)

// The configuration of a real server is not ours to copy; the tests read it where
// it is.
const (
	contosoFolder = "../../../shared/data/aadconnect/contoso"
	contosoRules  = "../../../shared/data/aadconnect/contoso-rules.json"
)

func contoso(t *testing.T) *Export {
	t.Helper()
	if _, err := os.Stat(contosoFolder); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is absent: the import of a real server's configuration is not checked", contosoFolder)
	}
	export, sources, diags := Read(contosoFolder, Options{})
	if len(diags) > 0 {
		t.Fatal(rendered(t, sources, diags))
	}
	return export
}

// decoded is JSON as values.
func decoded(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func canonical(t testing.TB, e *Export) []byte {
	t.Helper()
	data, err := Canonical(e.Rules)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Acceptance case 1: all rules in the normalised form, and again after they were
// written back as XML.
func TestCase1ContosoRules(t *testing.T) {
	export := contoso(t)
	want, err := os.ReadFile(contosoRules)
	if err != nil {
		t.Fatal(err)
	}
	if len(export.Rules) != 62 {
		t.Errorf("%d rules, want 62", len(export.Rules))
	}
	if d := cmp.Diff(decoded(t, want), decoded(t, canonical(t, export))); d != "" {
		t.Errorf("rules differ: -want +got\n%s", d)
	}
	again := mustRead(t, filesFS(WriteXML(export)))
	if d := cmp.Diff(string(canonical(t, export)), string(canonical(t, again))); d != "" {
		t.Errorf("rules differ after they were written and read again: %s", d)
	}
	if d := cmp.Diff(Generate(export).Files, Generate(again).Files); d != "" {
		t.Errorf("the imports differ after writing and reading: %s", d)
	}
}

// loadFiles loads what an import made.
func loadFiles(t *testing.T, files map[string]string) *lang.Config {
	t.Helper()
	cfg, sources, diags := lang.LoadFS(filesFS(files), lang.LoadOptions{})
	if len(diags) > 0 {
		t.Fatal(rendered(t, Sources(sources), diags))
	}
	return cfg
}

// The HCL says what the rules say: everything that a rule has and landfall acts
// on, read back from the configuration as it is loaded.
func TestContosoConfigurationSaysTheRules(t *testing.T) {
	export := contoso(t)
	cfg := loadFiles(t, Generate(export).Files)
	converted := conversions(adapt(export))
	if len(converted) != 13 {
		t.Errorf("%d flows are converted or left out, want 13: %v", len(converted), slices.Sorted(maps.Keys(converted)))
	}
	var want, got []saying
	for _, r := range export.Rules {
		want = append(want, sayRule(export, r, converted))
	}
	texts := map[string]bool{}
	for _, r := range cfg.Rules {
		got = append(got, sayLoaded(r, converted))
		for _, f := range r.Flows {
			if f.Value != nil && !f.Value.Const {
				texts[strings.TrimSuffix(f.Value.Text, "\n")] = true
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rules differ: -export +configuration\n%s", d)
	}
	for _, r := range export.Rules {
		for _, m := range r.Mappings {
			if m.Expression != nil && !texts[*m.Expression] {
				t.Errorf("the expression %s of %s was not compiled", *m.Expression, r.Name)
			}
		}
	}
}

// Acceptance case 3: nothing secret, and nothing of the server's state.
func TestCase3ContosoSecrets(t *testing.T) {
	export := contoso(t)
	result := Generate(export)
	var secrets []string
	err := filepath.WalkDir(contosoFolder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".xml") {
			secrets = append(secrets, secretsOf(t, name)...)
		}
		return err
	})
	if err != nil || len(secrets) < 5 {
		t.Fatalf("%d secrets in the export: %v", len(secrets), err)
	}
	result.Files[ReportName] = result.Report
	checkSecrets(t, result.Files, secrets)
	checkSecrets(t, WriteXML(export), secrets)
}

// checkSecrets finds secrets, and the words for them, in files.
func checkSecrets(t *testing.T, files map[string]string, secrets []string) {
	t.Helper()
	for name, text := range files {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %.40q of the export", name, secret)
			}
		}
		if extension(name) != ".hcl" {
			continue // the report says that these are left out, and a schema may have attributes of such names
		}
		for _, word := range []string{"cookie", "water-mark", "watermark", "encrypted", "login-user", "login_user", "forest-login"} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
				t.Errorf("%s mentions %s", name, word)
			}
		}
	}
}

// secretsOf are the texts in a file that must not come out again.
func secretsOf(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	d := xml.NewDecoder(f)
	secret := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch v := token.(type) {
		case xml.StartElement:
			secret = false
			for _, word := range []string{"cookie", "water-mark", "encrypted-attributes", "password", "forest-login-user", "last-dc", "adal-authority"} {
				secret = secret || v.Name.Local == word
			}
			for _, a := range v.Attr {
				switch a.Value {
				case "UserName", "Password", "password", "cookie", "last-dc", "forest-login-user":
					secret = true
				}
				if a.Name.Local == "server" {
					out = append(out, a.Value)
				}
			}
		case xml.EndElement:
			secret = false
		case xml.CharData:
			if text := strings.TrimSpace(string(v)); secret && len(text) > 4 {
				out = append(out, text[:min(len(text), 40)])
			}
		}
	}
}

// Acceptance case 5: on another server the connector has another GUID, and
// nothing else differs.
func TestCase5ConnectorIDs(t *testing.T) {
	folders := map[string]string{exampleExport: "6f0a2c1e-5b7d-4e19-9c3a-2d8f4b6a1e70"}
	if _, err := os.Stat(contosoFolder); err == nil {
		folders[contosoFolder] = "ae4db4cc-b16b-4eb2-acf5-837ca84e4d7d"
	} else {
		t.Logf("%s is absent: only the example is compared", contosoFolder)
	}
	for dir, id := range folders {
		change := strings.NewReplacer(id, "11111111-2222-4333-8444-555555555555", strings.ToUpper(id), "11111111-2222-4333-8444-555555555555")
		other := map[string]string{}
		for name, text := range folder(t, dir) {
			other[change.Replace(name)] = change.Replace(text)
		}
		before, after := Generate(mustRead(t, os.DirFS(dir))), Generate(mustRead(t, filesFS(other)))
		if d := cmp.Diff(before, after); d != "" {
			t.Errorf("%s: imports differ: %s", dir, d)
		}
	}
}
