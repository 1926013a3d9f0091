package lang

import (
	"bytes"
	"testing"
)

func TestWholeLanguage(t *testing.T) {
	cfg, files, diags := Load("testdata/whole", LoadOptions{Version: "0.1.0"})
	var out bytes.Buffer
	if err := WriteDiagnostics(&out, files, diags, 100, false); err != nil {
		t.Fatal(err)
	}
	t.Log(out.String())
	if cfg == nil {
		t.Fatal("no config")
	}
	for _, r := range cfg.Rules {
		t.Log(r.Precedence, r.Address, r.Name, len(r.Flows))
	}
	t.Log(cfg.Digest)
}
