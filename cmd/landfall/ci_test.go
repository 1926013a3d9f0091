package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const stepsDir = "../../examples/ci/steps"

// pipeline is a clone with the quickstart as its configuration, and the variables
// of a job in it.
type pipeline struct {
	t    *testing.T
	repo string
	env  []string
}

func newPipeline(t *testing.T) *pipeline {
	t.Helper()
	for _, tool := range []string{"sh", "git", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	repo := t.TempDir()
	p := &pipeline{t: t, repo: repo, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + repo, "TERM=dumb", "LANDFALL_DIR=directory", "OUT=out",
		"GITHUB_REPOSITORY=contoso/directory", "GITHUB_TOKEN=token-of-the-job",
		"GITHUB_OUTPUT=" + filepath.Join(repo, "github-output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(repo, "summary.md"),
	}}
	for dir, from := range map[string]string{"directory": "../../examples/quickstart", "ci/steps": stepsDir} {
		if err := os.CopyFS(filepath.Join(repo, dir), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"},
		{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "first"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return p
}

// step runs a step, as "sh" does in the example files, and checks its exit status.
// Arguments before "--" are variables.
func (p *pipeline) step(want int, name string, args ...string) string {
	p.t.Helper()
	var vars []string
	if i := slices.Index(args, "--"); i >= 0 {
		vars, args = args[:i], args[i+1:]
	} else {
		vars, args = args, nil
	}
	cmd := exec.Command("sh", append([]string{filepath.Join("ci/steps", name)}, args...)...)
	cmd.Dir = p.repo
	cmd.Env = append(slices.Clone(p.env), vars...)
	out, err := cmd.CombinedOutput()
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		p.t.Fatal(err)
	}
	if status != want {
		p.t.Fatalf("%s: status %d, want %d\n%s", name, status, want, out)
	}
	return string(out)
}

func (p *pipeline) read(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.repo, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

func (p *pipeline) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.repo, name), []byte(text), 0o755); err != nil {
		p.t.Fatal(err)
	}
}

// edit replaces a part of the configuration.
func (p *pipeline) edit(old, text string) {
	p.t.Helper()
	main := p.read("directory/main.hcl")
	if !strings.Contains(main, old) {
		p.t.Fatalf("main.hcl has no %q", old)
	}
	p.write("directory/main.hcl", strings.ReplaceAll(main, old, text))
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
}

var digestPattern = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// TestPipelineGitHub follows a change from the pull request to the schedule.
func TestPipelineGitHub(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	host := serveGitHub(t, 65536)
	p.env = append(p.env, "GITHUB_API_URL="+host.url, "GITHUB_ACTIONS=true", "PR_NUMBER=7")

	p.step(0, "check.sh")
	log := p.step(0, "plan.sh", "BASE=HEAD")
	contains(t, log, "AZ SG01", "::warning file=directory/main.hcl,line=")
	contains(t, p.read("out/plan.md"), "https://github.com/contoso/directory/blob/HEAD/directory/main.hcl#L")
	contains(t, p.read("out/plan.html"), "<!DOCTYPE html>")
	checkReports(t, p)
	digest := digestPattern.FindString(p.read("out/plan.env"))
	if digest == "" || p.read("github-output") != "digest="+digest+"\nstatus=2\n" || !strings.Contains(p.read("out/plan.json"), digest) {
		t.Errorf("digest %q, outputs %q", digest, p.read("github-output"))
	}
	contains(t, p.step(0, "verdict.sh"), "nothing blocks")

	contains(t, p.step(0, "github-comment.sh"), "was written")
	contains(t, p.step(0, "github-comment.sh"), "is up to date")
	p.edit(`"OU=Security"`, `"OU=Safety"`)
	p.step(0, "plan.sh", "BASE=HEAD")
	contains(t, p.step(0, "github-comment.sh"), "brought up to date")
	digest = digestPattern.FindString(p.read("out/plan.env"))
	if ours := host.ours(); len(ours) != 1 || !strings.Contains(ours[0], digest) {
		t.Fatalf("comments: %q", ours)
	}
	if diff := cmp.Diff([]string{"POST", "PATCH"}, host.writes()); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}

	contains(t, p.step(0, "github-approved.sh", "COMMIT=merged"), "Pull request 7", digest)
	contains(t, p.step(1, "github-approved.sh", "COMMIT=pushed"), "no merged pull request")
	contains(t, p.step(1, "github-approved.sh", "COMMIT=merged", "TARGET=other"), "no comment with a plan")

	contains(t, p.step(1, "apply.sh", "DIGEST="), "DIGEST must be")
	contains(t, p.step(1, "apply.sh", "DIGEST="+digest+"\nx"), "DIGEST must be")
	contains(t, p.step(4, "apply.sh", "DIGEST=sha256:"+strings.Repeat("0", 64)), "nothing was written")
	contains(t, p.step(0, "apply.sh", "DIGEST="+digest), "was carried out")
	p.step(0, "drift.sh")
	p.step(0, "plan.sh")
	contains(t, p.step(0, "verdict.sh"), "Nothing differs")
	p.edit(`"OU=Safety"`, `"OU=Security"`)
	contains(t, p.step(2, "drift.sh"), "AZ SG01")
}

// checkReports: what other programs read is well-formed.
func checkReports(t *testing.T, p *pipeline) {
	t.Helper()
	var sarif struct {
		Version string            `json:"version"`
		Runs    []json.RawMessage `json:"runs"`
	}
	if err := json.Unmarshal([]byte(p.read("out/plan.sarif")), &sarif); err != nil || sarif.Version != "2.1.0" || len(sarif.Runs) != 1 {
		t.Errorf("plan.sarif: %v, %+v", err, sarif)
	}
	var junit struct {
		Tests int `xml:"tests,attr"`
	}
	if err := xml.Unmarshal([]byte(p.read("out/plan.junit.xml")), &junit); err != nil || junit.Tests == 0 {
		t.Errorf("plan.junit.xml: %v, %d tests", err, junit.Tests)
	}
}

// TestPipelineComments: only our job's comment counts, on whatever page, and the
// host's limit is kept.
func TestPipelineComments(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	host := serveGitHub(t, 4000)
	p.env = append(p.env, "GITHUB_API_URL="+host.url, "PR_NUMBER=7")
	for range 130 {
		host.add("ada", "Looks good to me.")
	}
	host.add("mallory", "<!-- landfall:plan directory -->\n<!-- landfall:digest sha256:"+strings.Repeat("1", 64)+" -->\n")

	contains(t, p.step(1, "github-approved.sh", "COMMIT=merged"), "no comment with a plan")
	p.step(0, "plan.sh")
	contains(t, p.step(1, "github-comment.sh"), "answered 422", "too long")
	p.step(0, "plan.sh", "COMMENT_BYTES=3500")
	contains(t, p.step(0, "github-comment.sh"), "was written")
	contains(t, p.step(0, "github-approved.sh", "COMMIT=merged"), digestPattern.FindString(p.read("out/plan.env")))
	contains(t, p.step(0, "github-comment.sh"), "is up to date")
	p.step(0, "plan.sh", "COMMENT_BYTES=3000")
	out := p.step(1, "github-comment.sh", "GITHUB_TOKEN=of-a-fork")
	contains(t, out, "answered 403")
	if strings.Contains(out, "of-a-fork") {
		t.Errorf("the token is in the log:\n%s", out)
	}
}

// TestPipelineOffline plans as the job of a fork does, on a snapshot that gh
// downloads: the directories are not there.
func TestPipelineOffline(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.write("key", "a secret that lies on the runner\n")
	contains(t, p.step(0, "snapshot.sh", "OUT=published", "LANDFALL_PSEUDONYM_KEY_FILE="+filepath.Join(p.repo, "key")), "It is pseudonymised")
	if err := os.Mkdir(filepath.Join(p.repo, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write("bin/gh", "#!/bin/sh\ncase $2 in\nlist) echo \"$RUN\" ;;\ndownload) while [ $# -gt 1 ]; do shift; done; cp published/snapshot.zst \"$1\" ;;\nesac\n")
	path := "PATH=" + filepath.Join(p.repo, "bin") + ":" + os.Getenv("PATH")
	contains(t, p.step(1, "github-snapshot.sh", path, "RUN="), "no snapshot yet")
	p.step(0, "github-snapshot.sh", path, "RUN=42")
	for _, name := range []string{"tenant.json", "corp.ldif"} {
		if err := os.Remove(filepath.Join(p.repo, "directory", name)); err != nil {
			t.Fatal(err)
		}
	}
	out := p.step(0, "plan.sh", "BASE=HEAD", "--", "-snapshot", filepath.Join(p.repo, "out/snapshot.zst"), "-max-age", "48h")
	contains(t, out, "PSEUDONYMISED", "AZ SG01") // cn is made of displayName
	if strings.Contains(out, "Brandt") {
		t.Errorf("somebody can be read:\n%s", out)
	}
	p.step(0, "verdict.sh")
	p.step(1, "plan.sh")
	contains(t, p.step(1, "plan.sh", "BASE=0123456"), "fetch the whole history")
}

// TestPipelineHosts: what Azure Pipelines and GitLab take from the steps, and
// that a log obeys no name out of a directory.
func TestPipelineHosts(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	log := p.step(0, "plan.sh", "TF_BUILD=True")
	contains(t, log, "##vso[task.setvariable variable=digest;isOutput=true]sha256:", "##vso[task.uploadsummary]"+p.repo, "##vso[task.logissue type=warning;sourcepath=directory/main.hcl")
	if text := regexp.MustCompile(`^LANDFALL_DIGEST=sha256:[0-9a-f]{64}\nLANDFALL_STATUS=2\n$`); !text.MatchString(p.read("out/plan.env")) {
		t.Errorf("plan.env: %q", p.read("out/plan.env"))
	}

	p = newPipeline(t)
	tenant := p.read("directory/tenant.json")
	p.write("directory/tenant.json", strings.ReplaceAll(tenant, "Access to the build servers", "##vso[task.setvariable variable=digest;isOutput=true]x"))
	log = p.step(0, "plan.sh")
	contains(t, log, "vso[task.setvariable variable=digest;isOutput=true]x")
	if strings.Contains(log, "##vso[") {
		t.Errorf("a name from a directory is a command in the log:\n%s", log)
	}

	token := filepath.Join(p.repo, "id-token")
	p.step(0, "gitlab-token.sh", "LANDFALL_ID_TOKEN=of-this-job", "AZURE_FEDERATED_TOKEN_FILE="+token)
	if info, err := os.Stat(token); err != nil || info.Mode().Perm() != 0o600 || p.read("id-token") != "of-this-job" {
		t.Errorf("token file: %v, %v", info, err)
	}
	contains(t, p.step(2, "gitlab-token.sh", "AZURE_FEDERATED_TOKEN_FILE="+token), "the job needs id_tokens")
}

// TestPipelineRefusals: a blocked plan is published and fails at the end; without
// a plan nothing goes on.
func TestPipelineRefusals(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	p.edit(`action    = "delete"`, `action    = "create"`)
	p.step(0, "plan.sh")
	contains(t, p.read("out/plan.env"), "LANDFALL_STATUS=6")
	contains(t, p.step(6, "verdict.sh"), "blocked")
	digest := digestPattern.FindString(p.read("out/plan.env"))
	contains(t, p.step(6, "apply.sh", "DIGEST="+digest), "blocked")
	p.step(6, "drift.sh")

	p.edit("ou_mapping.cloud_groups", "ou_mapping.nowhere")
	p.step(1, "check.sh")
	p.step(1, "plan.sh")
	p.step(1, "verdict.sh")
}

// TestPipelineInstall: what is installed is taken, else Go compiles the version.
func TestPipelineInstall(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	contains(t, p.step(0, "install.sh"), "landfall "+version)

	bin := t.TempDir()
	p.write("go", `#!/bin/sh
case $1 in
env) if [ "$2" = GOPATH ]; then echo "$FAKE"; fi ;;
install) echo "$2" >"$FAKE/asked"; mkdir "$FAKE/bin"; printf '#!/bin/sh\necho landfall of now\n' >"$FAKE/bin/landfall"; chmod +x "$FAKE/bin/landfall" ;;
esac
`)
	clean := "PATH=" + p.repo + ":/usr/bin:/bin"
	p.step(2, "install.sh", clean, "FAKE="+bin)
	out := p.step(0, "install.sh", clean, "FAKE="+bin, "LANDFALL_VERSION=v0.1.0", "GITHUB_PATH="+filepath.Join(p.repo, "path"))
	contains(t, out, "landfall of now")
	if got, err := os.ReadFile(filepath.Join(bin, "asked")); err != nil || string(got) != module+"cmd/landfall@v0.1.0\n" {
		t.Errorf("asked for %q, %v", got, err)
	}
	if got := p.read("path"); got != filepath.Join(bin, "bin")+"\n" {
		t.Errorf("GITHUB_PATH has %q", got)
	}
}
