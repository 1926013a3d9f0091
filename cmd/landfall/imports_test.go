package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/landfall-directory/landfall/"

// arrows says which packages of the module a folder may import (with everything
// below them); folders that are not named may import what their parent may. The
// picture is that of README.md: cmd → providers → planner → lang.
var arrows = map[string][]string{
	"lang":                     {"lang"},
	"planner":                  {"lang"},
	"planner/refresh":          {"lang", "planner"},
	"planner/sqlite":           {"lang", "planner"},
	"planner/apply":            {"planner", "planner/backend"},
	"planner/report":           {"planner", "planner/apply", "lang/schema"},
	"planner/events":           {"planner", "planner/apply"},
	"planner/signature":        {},
	"planner/backend":          {"planner/backend", "planner/lock"},
	"providers/ad":             {"planner"},
	"providers/entra":          {"planner"},
	"providers/sandbox/forest": {"planner"},
	"providers/sandbox/tenant": {"planner"},
	"providers/sandbox":        {"planner", "providers/sandbox"},
	"providers/providertest":   {"planner", "providers"},
	"cmd":                      {""},
	"bench":                    {""},
}

// only names packages from outside that few folders may import.
var only = map[string][]string{
	"github.com/microsoftgraph/": {"providers/entra"},
	"github.com/microsoft/":      {"providers/entra"},
	"github.com/Azure/":          {"providers/entra", "planner/backend/azblob"},
	"github.com/aws/":            {"planner/backend/s3"},
	"github.com/jackc/":          {"planner/backend/postgres"},
	"github.com/spf13/cobra":     {"cmd"},
}

// impure are packages that the planner must not know: it has no network, no
// clock of its own, no files and no randomness. (time is there for values.)
var impure = []string{"net", "net/http", "os", "os/exec", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "sync"}

func TestArrows(t *testing.T) {
	fsys := os.DirFS("../..")
	files := 0
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files++
		checkImports(t, name, file)
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: has an init function; wire by hand, in view", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("only %d files were read: the test looks at the wrong folder", files)
	}
}

func checkImports(t *testing.T, name string, file *ast.File) {
	t.Helper()
	folder := path.Dir(name)
	allowed, known := allowedFor(folder)
	if !known {
		t.Errorf("%s: no arrow is drawn for this folder", name)
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if spec.Name != nil && spec.Name.Name == "_" && imported != "embed" {
			t.Errorf("%s: blank import of %s", name, imported)
		}
		for prefix, homes := range only {
			if strings.HasPrefix(imported, prefix) && !slices.ContainsFunc(homes, func(home string) bool { return below(folder, home) }) {
				t.Errorf("%s: imports %s, which only %s may", name, imported, strings.Join(homes, ", "))
			}
		}
		if folder == "planner" && slices.Contains(impure, imported) {
			t.Errorf("%s: imports %s; the planner is pure", name, imported)
		}
		own, inside := strings.CutPrefix(imported, module)
		if inside && !below(own, folder) && !slices.ContainsFunc(allowed, func(a string) bool { return below(own, a) }) {
			t.Errorf("%s: imports %s, against the arrows", name, own)
		}
	}
}

// allowedFor finds what the nearest folder above is allowed.
func allowedFor(folder string) ([]string, bool) {
	for f := folder; f != "."; f = path.Dir(f) {
		if allowed, ok := arrows[f]; ok {
			return allowed, true
		}
	}
	return nil, false
}

func below(folder, root string) bool {
	return root == "" || folder == root || strings.HasPrefix(folder, root+"/")
}
