package lang

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
)

func TestLoadBackend(t *testing.T) {
	local := &Backend{Kind: "local", Path: ".landfall"}
	tests := map[string]struct {
		text string
		vars map[string]string
		want *Backend
		err  string
	}{
		"no configuration": {"", nil, local, ""},
		"no backend":       {`landfall {}`, nil, local, ""},
		"a mistake elsewhere": {`
			variable "needed" {}
			sync_rule "broken" { direction = nonsense }
			landfall {
			  backend "azblob" {
			    account   = "contoso"
			    container = "landfall"
			  }
			}`, nil, &Backend{Kind: "azblob", Account: "contoso", Container: "landfall", LeaseSeconds: 60}, ""},
		"a variable": {`
			variable "bucket" {}
			landfall {
			  backend "s3" {
			    bucket        = "${var.bucket}-runs"
			    prefix        = "corp/prod/"
			    lease_seconds = 20
			  }
			}`, map[string]string{"bucket": "x"}, &Backend{Kind: "s3", Bucket: "x-runs", Prefix: "corp/prod", LeaseSeconds: 20}, ""},
		"a variable without a value": {`
			variable "bucket" {}
			landfall {
			  backend "s3" { bucket = var.bucket }
			}`, nil, nil, "bucket"},
		"postgres": {`
			landfall {
			  backend "postgres" {
			    host     = "/run/postgresql"
			    database = "landfall"
			    user     = "landfall"
			    sslmode  = "disable"
			  }
			}`, nil, &Backend{Kind: "postgres", Host: "/run/postgresql", Port: 5432, Database: "landfall", User: "landfall", SSLMode: "disable", Schema: "landfall", LeaseSeconds: 60}, ""},
		"an emulator": {`
			landfall {
			  backend "azblob" {
			    endpoint  = "http://127.0.0.1:10000/devstoreaccount1"
			    container = "landfall"
			  }
			}`, nil, &Backend{Kind: "azblob", Endpoint: "http://127.0.0.1:10000/devstoreaccount1", Container: "landfall", LeaseSeconds: 60}, ""},
		"a mistake here": {`
			landfall {
			  backend "s3" { bucket = 7 }
			}`, nil, nil, "bucket"},
		"no HCL": {`landfall {`, nil, nil, "Unclosed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if test.text != "" {
				if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(test.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, _, diags := LoadBackend(dir, LoadOptions{Vars: test.vars})
			if test.err != "" {
				if !diags.HasErrors() || got != nil || !strings.Contains(diags.Error(), test.err) {
					t.Fatalf("%+v, %v", got, diags)
				}
				return
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreTypes(hcl.Range{})); diff != "" || diags.HasErrors() {
				t.Errorf("%s\n%v", diff, diags)
			}
		})
	}
}
