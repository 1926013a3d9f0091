package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/report"
	"github.com/landfall-directory/landfall/providers/sandbox"
)

var update = flag.Bool("update", false, "rewrite the expected output in scripts and examples")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"landfall": followedMain})
}

// TestScripts runs the program from outside. Beside testscript's own commands
// there is "ad", which does by hand what an administrator does to the sandbox's
// forest, and "plan", which checks a plan file.
func TestScripts(t *testing.T) {
	followed := t.TempDir()
	t.Cleanup(func() { checkFollowed(t, followed) })
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TERM", "dumb")
			e.Setenv(followVariable, followed)
			return os.CopyFS(filepath.Join(e.WorkDir, "quickstart"), os.DirFS("../../examples/quickstart"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ad": adCommand, "plan": planCommand, "plain": plainCommand, "status": statusCommand, "await": awaitCommand, "unpack": unpackCommand, "reseal": resealCommand,
		},
	})
}

// statusCommand runs landfall and checks its exit status:
// status 5 apply plan.json.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status NUMBER ARGS…")
	}
	err := ts.Exec("landfall", args[1:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// unpackCommand writes what a zstd file holds: unpack FILE OUT.
func unpackCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack FILE OUT")
	}
	z, err := zstd.NewReader(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	defer z.Close()
	plain, err := io.ReadAll(z)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), plain, 0o600))
}

// awaitCommand waits until a file is there: await FILE.
func awaitCommand(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		if _, err := os.Stat(name); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not appear", args[0])
		}
	}
}

// plainCommand takes what differs from run to run out of a file:
// plain FILE.
func plainCommand(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(name, []byte(plain(ts.ReadFile(args[0]))), 0o600))
}

var varying = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d UTC|\d{8}T\d{6}Z-[0-9a-f]{6}`)

func plain(text string) string { return varying.ReplaceAllString(text, "<time>") }

// planCommand checks a plan file: plan FILE ADDRESS-PART action,action … where
// each pair must be a change of the plan, and nothing else may be.
func planCommand(ts *testscript.TestScript, _ bool, args []string) {
	p, err := planner.Decode([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	var got, want []string
	for _, c := range p.Changes {
		var words []string
		for _, a := range c.Actions {
			words = append(words, string(a))
		}
		line := c.Name + ": " + strings.Join(words, ",")
		if c.Blocked != nil {
			line += " blocked " + c.Blocked.Code
		}
		got = append(got, line)
	}
	want = append(want, args[1:]...)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("changes (-want +got):\n%s", diff)
	}
}

// resealCommand replaces text in a plan file and gives it the checksum that fits,
// without the code that is tested: reseal FILE OLD NEW.
func resealCommand(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	edited := strings.Replace(text, args[1], args[2], 1)
	if edited == text {
		ts.Fatalf("%s has no %s", args[0], args[1])
	}
	checksum := regexp.MustCompile(`"checksum":"sha256:[0-9a-f]{64}",`)
	rest := strings.TrimSuffix(checksum.ReplaceAllString(edited, ""), "\n")
	edited = checksum.ReplaceAllString(edited, fmt.Sprintf(`"checksum":"sha256:%x",`, sha256.Sum256([]byte(rest))))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(edited), 0o600))
}

// adCommand works on the sandbox's forest of the current directory by hand.
//
//	ad show DN [ATTRIBUTE…]      prints attributes, sorted
//	ad set DN ATTRIBUTE [VALUE]  replaces
//	ad move DN NEWDN
//	ad delete DN
//	ad join GROUP MEMBER, ad part GROUP MEMBER
//	ad create CLASS DN [ATTRIBUTE=VALUE…]
func adCommand(ts *testscript.TestScript, neg bool, args []string) {
	err := withForest(ts.MkAbs("."), func(c *ldap.Conn) error { return byHand(c, ts.Stdout(), args) })
	if neg {
		if err == nil {
			ts.Fatalf("ad %s: should have failed", strings.Join(args, " "))
		}
		return
	}
	ts.Check(err)
}

func byHand(c *ldap.Conn, out io.Writer, args []string) error {
	arg := func(i int) string { return append(args, make([]string, 8)...)[i] }
	switch arg(0) {
	case "show":
		return show(c, out, arg(1), args[2:])
	case "set":
		m := ldap.NewModifyRequest(arg(1), nil)
		m.Replace(arg(2), args[3:])
		return c.Modify(m)
	case "join", "part":
		m := ldap.NewModifyRequest(arg(1), nil)
		if arg(0) == "join" {
			m.Add("member", []string{arg(2)})
		} else {
			m.Delete("member", []string{arg(2)})
		}
		return c.Modify(m)
	case "move":
		rdn, parent, _ := strings.Cut(arg(2), ",")
		return c.ModifyDN(ldap.NewModifyDNRequest(arg(1), rdn, true, parent))
	case "delete":
		return c.Del(ldap.NewDelRequest(arg(1), nil))
	case "create":
		a := ldap.NewAddRequest(arg(2), nil)
		a.Attribute("objectClass", []string{arg(1)})
		for _, pair := range args[3:] {
			name, v, _ := strings.Cut(pair, "=")
			a.Attribute(name, []string{v})
		}
		return c.Add(a)
	}
	return fmt.Errorf("no such verb: %q", args)
}

func show(c *ldap.Conn, out io.Writer, name string, attributes []string) error {
	res, err := c.Search(ldap.NewSearchRequest(name, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", attributes, nil))
	if err != nil {
		return err
	}
	var lines []string
	for _, a := range res.Entries[0].Attributes {
		for _, v := range a.Values {
			lines = append(lines, a.Name+": "+v)
		}
	}
	slices.Sort(lines)
	_, err = fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// withForest starts the sandbox's forest of a configuration and connects to it.
func withForest(dir string, f func(*ldap.Conn) error) error {
	cfg, _, diags := lang.Load(dir, lang.LoadOptions{Version: version})
	if diags.HasErrors() {
		return diags
	}
	o := sandboxOptions(cfg, 0, 0)
	o.Entra, o.StateDir = nil, filepath.Join(dir, sandboxDir)
	for i := range o.AD {
		o.AD[i].File = filepath.Join(dir, o.AD[i].File)
	}
	s, err := sandbox.Start(context.Background(), o)
	if err != nil {
		return err
	}
	e := s.AD[o.AD[0].Label]
	c, err := dialSandbox(e)
	if err == nil {
		err = f(c)
		c.Close()
	}
	if closeErr := s.Close(); err == nil {
		err = closeErr
	}
	return err
}

func dialSandbox(e sandbox.ADEndpoint) (*ldap.Conn, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(e.CA)
	c, err := ldap.DialURL(e.URL, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, ServerName: e.ServerName}))
	if err != nil {
		return nil, err
	}
	c.SetTimeout(time.Minute)
	if err := c.Bind(e.Username, e.Password); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// TestExamples plans every example and compares with its plan.txt; then it
// applies the plan and plans again, which must find nothing to do.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../../examples/*/main.hcl")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, main := range dirs {
		source := filepath.Dir(main)
		t.Run(filepath.Base(source), func(t *testing.T) {
			work := t.TempDir()
			if err := os.CopyFS(work, os.DirFS(source)); err != nil {
				t.Fatal(err)
			}
			got := plain(strings.ReplaceAll(landfall(t, work, 0, "plan"), " -chdir "+work, ""))
			golden := filepath.Join(source, "plan.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			checkPage(t, source, work)
			landfall(t, work, 0, "apply", "-auto-approve")
			landfall(t, work, 0, "plan", "-detailed-exitcode")
		})
	}
}

// checkPage compares the plan as a web page with an example's plan.html, if it has
// one. Its times are those of the program's first day.
func checkPage(t *testing.T, source, work string) {
	t.Helper()
	golden := filepath.Join(source, "plan.html")
	want, err := os.ReadFile(golden)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	saved := filepath.Join(t.TempDir(), "plan.json.zst")
	landfall(t, work, 0, "plan", "-out", saved)
	p, _, err := readPlan(saved)
	if err != nil {
		t.Fatal(err)
	}
	const day = "2026-11-23T00:00:00Z"
	p.Created = day
	for i := range p.Providers {
		p.Providers[i].ReadAt = day
	}
	var got strings.Builder
	if err := report.HTML(&got, p, report.HTMLOptions{Target: "the " + filepath.Base(source) + " example"}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

// landfall runs the program in a directory within this process and returns what
// it prints.
func landfall(t *testing.T, dir string, status int, args ...string) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(here)
	var stdout, stderr strings.Builder
	environ := append(os.Environ(), "TERM=dumb", "NO_COLOR=1", "LC_ALL=C.UTF-8")
	got := run(append([]string{"-chdir", dir}, args...), strings.NewReader(""), &stdout, &stderr, environ)
	if got != status {
		t.Fatalf("landfall %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, status, stdout.String(), stderr.String())
	}
	return stdout.String()
}
