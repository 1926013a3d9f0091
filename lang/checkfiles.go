package lang

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
)

// CheckFiles reports files that the configuration in dir names and that are not
// there or cannot be read. Load does not ask for them: they are opened when
// something connects.
func CheckFiles(dir string, cfg *Config) hcl.Diagnostics {
	var diags hcl.Diagnostics
	check := func(argument, what, name string, at hcl.Range) {
		if name == "" {
			return
		}
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		f, err := os.Open(path)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			diags = append(diags, problem(at, "File not readable", "%s in %s is %q: %s.", argument, what, name, err))
		}
	}
	for _, p := range cfg.Providers {
		what := fmt.Sprintf("provider %q %q", p.Kind, p.Label)
		switch p.Kind {
		case KindEntra:
			check("sandbox", what, p.Entra.Sandbox, p.Range)
			check("ca_file", what, p.Entra.CAFile, p.Range)
		case KindAD:
			check("sandbox", what, p.AD.Sandbox, p.Range)
			check("ca_file", what, p.AD.CAFile, p.Range)
		}
	}
	check("ca_file", fmt.Sprintf("backend %q", cfg.Backend.Kind), cfg.Backend.CAFile, cfg.Backend.Range)
	return diags
}
