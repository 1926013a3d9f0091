package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The plan that README.md shows is a part of the one that the example makes.
func TestReadmeShowsThePlan(t *testing.T) {
	readme := slurp(t, "../../README.md")
	_, after, _ := strings.Cut(readme, "## A plan\n\n```\n")
	shown, _, found := strings.Cut(after, "```\n")
	if !found || !strings.Contains(slurp(t, "../../examples/tenant-migration/plan.txt"), "\n"+shown+"\n") {
		t.Errorf("this is not in examples/tenant-migration/plan.txt:\n%s", shown)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:href|src|srcset)="([^"]+)"`)
	fences  = regexp.MustCompile("(?ms)^```.*?^```$")
	spans   = regexp.MustCompile("`[^`\n]*`")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// Links between the pages lead to files and headings that are there.
func TestLinksOfThePages(t *testing.T) {
	root := os.DirFS("../..")
	links := 0
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if path.Ext(name) != ".md" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(spans.ReplaceAllString(fences.ReplaceAllString(string(text), ""), ""), -1) {
			to := m[1] + m[2]
			if strings.Contains(to, ":") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(to, "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if _, err := fs.Stat(root, target); err != nil {
				t.Errorf("%s links to %s: %v", name, to, err)
			} else if anchor != "" && !hasHeading(t, root, target, anchor) {
				t.Errorf("%s links to %s: there is no such heading", name, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
}

// hasHeading reports whether a page has a heading with that anchor, as GitHub
// makes them.
func hasHeading(t *testing.T, root fs.FS, name, anchor string) bool {
	t.Helper()
	text, err := fs.ReadFile(root, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range heading.FindAllStringSubmatch(fences.ReplaceAllString(string(text), ""), -1) {
		id := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z':
				return r
			case r > 0x7f:
				return r
			}
			return -1
		}, strings.ToLower(m[1]))
		if id == anchor {
			return true
		}
	}
	return false
}

func slurp(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
