package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// yamlFile parses a file into a tree; a key that comes twice is an error.
func yamlFile(t *testing.T, name string) *yaml.Node {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var anything map[string]yaml.Node
	if err := doc.Decode(&anything); err != nil && doc.Content[0].Kind == yaml.MappingNode {
		t.Fatalf("%s: %v", name, err)
	}
	return doc.Content[0]
}

// at follows keys down a tree; nil if there is nothing.
func at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		if n == nil || n.Kind != yaml.MappingNode {
			return nil
		}
		var next *yaml.Node
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				next = n.Content[i+1]
			}
		}
		n = next
	}
	return n
}

// text is the scalar below keys, or "".
func text(n *yaml.Node, keys ...string) string {
	if n = at(n, keys...); n == nil {
		return ""
	}
	return n.Value
}

// entries calls f with each key and value of a mapping, or "" and each item.
func entries(n *yaml.Node, f func(key string, value *yaml.Node)) {
	switch {
	case n == nil:
	case n.Kind == yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			f(n.Content[i].Value, n.Content[i+1])
		}
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			f("", item)
		}
	}
}

// walk visits every value of a tree with its key.
func walk(n *yaml.Node, f func(key string, value *yaml.Node)) {
	entries(n, func(key string, value *yaml.Node) {
		f(key, value)
		walk(value, f)
	})
}

var (
	pinned  = regexp.MustCompile(`^[\w.-]+/[\w./-]+@v\d+(\.\d+)*$`)
	invoked = regexp.MustCompile(`ci/steps/([\w-]+\.sh)`)
	secret  = regexp.MustCompile(`(?i)(password|secret|token|key)$`)
	handed  = regexp.MustCompile(`^\$\{\{ github\.token \}\}$|^\$\(System\.AccessToken\)$`)
)

// TestPipelineFiles holds the example files and this repository's own workflow to
// the rules of the hosts that a parser of YAML does not know.
func TestPipelineFiles(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../../examples/ci/github/*.yml")
	if err != nil || len(names) != 4 {
		t.Fatalf("workflows: %v, %v", names, err)
	}
	for _, name := range append(names, "../../.github/workflows/ci.yml") {
		checkWorkflow(t, name, yamlFile(t, name))
	}
	names = append(names, "../../examples/ci/azure-pipelines.yml", "../../examples/ci/gitlab-ci.yml")
	used := map[string]bool{"github-api.sh": true, "github-find-comment.sh": true} // called by others
	for _, name := range names {
		root := yamlFile(t, name)
		walk(root, func(key string, value *yaml.Node) {
			if value.Kind != yaml.ScalarNode {
				return
			}
			for _, match := range invoked.FindAllStringSubmatch(value.Value, -1) {
				used[match[1]] = true
			}
			if secret.MatchString(key) && !handed.MatchString(value.Value) && value.Tag == "!!str" && key != "id-token" {
				t.Errorf("%s:%d: %s holds a secret in plain text", name, value.Line, key)
			}
			if strings.Contains(value.Value, "secrets.") {
				t.Errorf("%s:%d: a stored secret; the examples need none", name, value.Line)
			}
		})
	}
	checkSteps(t, used)
}

// checkWorkflow: every job says its permissions, how long it may take and where it
// runs; nothing that the event brings gets into a shell command; actions have a tag.
func checkWorkflow(t *testing.T, name string, root *yaml.Node) {
	t.Helper()
	if n := at(root, "permissions"); n == nil || n.Kind != yaml.MappingNode || len(n.Content) != 0 {
		t.Errorf("%s: permissions: {} is missing at the top", name)
	}
	if at(root, "on") == nil || at(root, "on", "pull_request_target") != nil || text(root, "name") == "" || at(root, "concurrency") == nil {
		t.Errorf("%s: on, name or concurrency is missing, or pull_request_target is there, which gives forks the secrets", name)
	}
	ids := 0
	entries(at(root, "jobs"), func(job string, n *yaml.Node) {
		ids++
		permissions := at(n, "permissions")
		if permissions == nil || permissions.Kind != yaml.MappingNode || text(permissions, "contents") != "read" {
			t.Errorf("%s: job %s must name its permissions, and only read contents", name, job)
		}
		if at(n, "runs-on") == nil || text(n, "timeout-minutes") == "" {
			t.Errorf("%s: job %s has no runs-on or timeout-minutes", name, job)
		}
		// Only a job of a protected environment may get a token for Entra ID.
		if text(permissions, "id-token") == "write" && text(n, "environment") == "" {
			t.Errorf("%s: job %s may get a token for Entra ID without an environment", name, job)
		}
		entries(at(n, "steps"), func(_ string, step *yaml.Node) {
			checkStep(t, name, step)
		})
	})
	if ids == 0 {
		t.Errorf("%s has no jobs", name)
	}
}

func checkStep(t *testing.T, name string, step *yaml.Node) {
	t.Helper()
	uses, run := at(step, "uses"), at(step, "run")
	switch {
	case (uses == nil) == (run == nil):
		t.Errorf("%s:%d: a step has either uses or run", name, step.Line)
	case uses != nil && !pinned.MatchString(uses.Value):
		t.Errorf("%s:%d: %s has no tag", name, uses.Line, uses.Value)
	case uses != nil && strings.HasPrefix(uses.Value, "actions/checkout@") && text(step, "with", "persist-credentials") != "false":
		t.Errorf("%s:%d: the token would stay in the clone", name, uses.Line)
	case run != nil && strings.Contains(run.Value, "${{"):
		t.Errorf("%s:%d: an expression in a shell command; use env", name, run.Line)
	case run != nil && strings.Contains(run.Value, "\n"):
		t.Errorf("%s:%d: more than a line belongs into a script", name, run.Line)
	}
}

// checkSteps: the files use every script, no other, and shellcheck has nothing to say.
func checkSteps(t *testing.T, used map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(stepsDir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, file := range files {
		name := filepath.Base(file)
		have = append(have, name)
		if !used[name] {
			t.Errorf("%s is not used", name)
		}
		if info, err := os.Stat(file); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s is not executable (%v)", name, err)
		}
	}
	for name := range used {
		if !slices.Contains(have, name) {
			t.Errorf("there is no script %s", name)
		}
	}
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Log("shellcheck is not installed")
		return
	}
	if out, err := exec.Command("shellcheck", files...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}

// TestPipelineApproval: what carries a plan out runs on the main branch alone, in
// an environment that people guard, and gets the digest of the plan they saw.
func TestPipelineApproval(t *testing.T) {
	t.Parallel()
	apply := at(yamlFile(t, "../../examples/ci/github/landfall-apply.yml"), "jobs", "apply")
	if text(apply, "environment") != "landfall-apply" || text(apply, "needs") != "approved" {
		t.Error("GitHub: the job apply is not guarded")
	}
	azure := yamlFile(t, "../../examples/ci/azure-pipelines.yml")
	stage := at(azure, "stages").Content[1]
	job := at(stage, "jobs").Content[0]
	if text(stage, "dependsOn") != "plan" || !strings.Contains(text(stage, "condition"), "refs/heads/main") || text(job, "environment") != "landfall-apply" ||
		!strings.Contains(text(job, "variables", "APPROVED"), "plan.plan.outputs['plan.digest']") {
		t.Error("Azure Pipelines: the stage apply is not guarded")
	}
	gitlab := yamlFile(t, "../../examples/ci/gitlab-ci.yml")
	rules := at(gitlab, "apply", "rules").Content
	if text(gitlab, "apply", "environment", "name") != "landfall-apply" || text(gitlab, "apply", "resource_group") == "" ||
		len(rules) != 1 || text(rules[0], "when") != "manual" || !strings.Contains(text(rules[0], "if"), "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH") {
		t.Error("GitLab: the job apply is not guarded")
	}
	stages := at(gitlab, "stages").Content
	entries(gitlab, func(name string, job *yaml.Node) {
		if at(job, "script") == nil {
			return
		}
		if !slices.ContainsFunc(stages, func(s *yaml.Node) bool { return s.Value == text(job, "stage") }) || at(job, "rules") == nil ||
			at(gitlab, text(job, "extends"), "id_tokens", "LANDFALL_ID_TOKEN", "aud") == nil {
			t.Errorf("GitLab: job %s has no stage, no rules or no ID token", name)
		}
	})
}

// TestPreCommitHooks: the hooks call commands that exist, with flags that exist.
func TestPreCommitHooks(t *testing.T) {
	t.Parallel()
	hooks := yamlFile(t, "../../.pre-commit-hooks.yaml")
	if hooks.Kind != yaml.SequenceNode || len(hooks.Content) != 2 {
		t.Fatal("two hooks are wanted")
	}
	for _, hook := range hooks.Content {
		words := strings.Fields(text(hook, "entry"))
		if text(hook, "id") == "" || text(hook, "name") == "" || text(hook, "language") != "golang" || len(words) < 2 {
			t.Errorf("hook %s lacks something", text(hook, "id"))
			continue
		}
		if _, err := regexp.Compile(text(hook, "files")); err != nil {
			t.Error(err)
		}
		cmd := exec.Command("landfall", words[1:]...)
		cmd.Dir = "../../examples/quickstart"
		if text(hook, "pass_filenames") != "false" {
			cmd.Args = append(cmd.Args, "main.hcl")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", text(hook, "entry"), err, out)
		}
	}
}

// TestDockerfile reads the image's recipe: a static program in an empty image, with
// certificates, for a user without rights.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var last string // instruction lines of the last stage
	joined := strings.ReplaceAll(string(data), "\\\n", " ")
	for line := range strings.Lines(joined) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "FROM ") {
			last = ""
		}
		if line != "" && line[0] != '#' {
			last += line + "\n"
		}
	}
	for _, part := range []string{"CGO_ENABLED=0", "-trimpath", "-X main.version=", "/rootfs/usr/local/bin/landfall ./cmd/landfall", "ca-certificates.crt /rootfs/etc/ssl/certs/", "mkdir -m 1777 /rootfs/tmp"} {
		if !strings.Contains(joined, part) {
			t.Errorf("the build stage has no %s", part)
		}
	}
	for _, part := range []string{"FROM scratch\n", "COPY --from=build /rootfs/ /\n", "USER 65532:65532\n", `ENTRYPOINT ["/usr/local/bin/landfall"]`,
		"org.opencontainers.image.source=", "org.opencontainers.image.licenses=\"Apache-2.0\"", "org.opencontainers.image.version="} {
		if !strings.Contains(last, part) {
			t.Errorf("the last stage has no %s:\n%s", part, last)
		}
	}
	if strings.Contains(last, "RUN ") {
		t.Error("there is no shell in the last stage")
	}
	gomod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	image := regexp.MustCompile(`golang:(\d+\.\d+)`).FindStringSubmatch(joined)
	if image == nil || !strings.Contains(string(gomod), "\ngo "+image[1]) {
		t.Errorf("the image of Go %v is not the one of go.mod", image)
	}
}
