package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// powerful is a change of a privileged group.
func powerful(n int) planner.Change {
	c := group(n, fmt.Sprintf("Power %05d", n), planner.ActionMembers)
	c.Privileged = "nested"
	c.Notes = []string{`PRIVILEGED: whoever is in it has the rights of "Domain Admins" (CN=Domain Admins,CN=Users,DC=corp,DC=example,DC=com), because it is a member there, directly or through other groups`}
	c.Members = &planner.Members{Before: 3, After: 4, Add: added("ada@contoso.com")}
	return c
}

// powers is a plan with privileged groups among others; one of them is blocked.
func powers() *planner.Plan {
	assignable := group(201, "Role holders", planner.ActionCreate)
	assignable.Anchor, assignable.DN.Before = nil, nil
	assignable.Privileged = "role_assignable"
	assignable.Notes = []string{"PRIVILEGED: roles of Entra ID can be assigned to the cloud group (isAssignableToRole)"}
	guarded := group(202, "Guarded", planner.ActionUpdate)
	guarded.Privileged = "admin_count"
	guarded.Edits = []planner.Edit{edit("description", planner.Texts("old"), planner.Texts("new"), 31)}
	guarded.Blocked = &planner.Blocked{Code: "protected", By: "built-in", Detail: "AdminSDHolder guards it (adminCount is 1). landfall never changes such a group.", File: "main.hcl", Line: 40}
	ordinary := group(203, "Ordinary", planner.ActionUpdate)
	ordinary.Edits = []planner.Edit{edit("description", planner.Texts("old"), planner.Texts("new"), 31)}
	p := changesOf(ordinary, renamed(), powerful(200), assignable, guarded, deletion())
	p.Diagnostics = []planner.Diagnostic{{Severity: "warning", Code: "privileged", Summary: "Privileged objects are changed",
		Detail: `2 changes give or take power over a directory: "Power 00200", "Role holders". Look at each of them; the notes say why.`}}
	return p
}

func TestPrivilegedGolden(t *testing.T) {
	golden(t, "privileged.txt", text(t, powers(), TextOptions{}))
	golden(t, "privileged-summary.txt", text(t, powers(), TextOptions{View: ViewSummary}))
	golden(t, "privileged.md", markdownOf(t, powers(), MarkdownOptions{}))
	golden(t, "privileged.html", htmlOf(t, powers(), HTMLOptions{}))
	for _, format := range []string{"csv", "github.txt", "azuredevops.txt", "junit.xml", "sarif.json"} {
		golden(t, "privileged."+format, formatted(t, format, powers(), Source{Dir: "identity"}))
	}
}

// TestPrivilegedObjectsOf6000Stay: however large a plan is and however small a comment,
// privileged objects are named as long as there is room for names at all, and
// counted by themselves below.
func TestPrivilegedObjectsOf6000Stay(t *testing.T) {
	large(t)
	for _, p := range []*planner.Plan{crowd(6_000, 200, 150, 40), crowd(6_000, 4_000, 1_900, 300), crowd(500, 0, 0, 0)} {
		for n := range 30 {
			p.Changes = append(p.Changes, powerful(50_000+n))
		}
		comment, page := markdownOf(t, p, MarkdownOptions{}), text(t, p, TextOptions{})
		if len(comment) > DefaultBytes {
			t.Fatalf("%d bytes", len(comment))
		}
		for n := range 30 {
			name := fmt.Sprintf("Power %05d", 50_000+n)
			if !strings.Contains(comment, name) {
				t.Errorf("%s is missing in the comment of %d changes", name, len(p.Changes))
			}
			if !strings.Contains(page, "PRIVILEGED: change members of group \""+name+"\"") {
				t.Errorf("%s is missing in the text of %d changes", name, len(p.Changes))
			}
		}
		for _, out := range []string{comment, page} {
			if !strings.Contains(out, "30 of them PRIVILEGED") {
				t.Errorf("the answer does not say it:\n%.2000s", out)
			}
		}
	}
	p := crowd(100, 0, 0, 0)
	for n := range 6000 {
		p.Changes = append(p.Changes, powerful(50_000+n))
	}
	if out := markdownOf(t, p, MarkdownOptions{}); !strings.Contains(out, "**ad: change members of 6,000 PRIVILEGED groups** in `"+cloudOU+"`") {
		t.Errorf("not counted by themselves:\n%.3000s", out)
	}
	if out := markdownOf(t, p, MarkdownOptions{MaxBytes: LeastBytes}); !strings.Contains(out, "PRIVILEGED") && !strings.Contains(out, "privileged objects: 6,000") {
		t.Errorf("least:\n%s", out)
	}
}

// TestPrivilegedComesFirst: before deletes, and first among places.
func TestPrivilegedComesFirst(t *testing.T) {
	out := text(t, powers(), TextOptions{})
	power, gone, ordinary := strings.Index(out, `"Power 00200"`), strings.Index(out, `"Gone"`), strings.Index(out, `"Ordinary"`)
	if power < 0 || power > gone || gone > ordinary {
		t.Errorf("at %d, %d, %d:\n%s", power, gone, ordinary, out)
	}
	p := empty()
	for n := range 60 {
		for m := range 2 {
			c := group(2*n+m, "Ordinary", planner.ActionDelete)
			c.DN = planner.DNChange{Before: ptr(fmt.Sprintf("CN=Ordinary %d,OU=Unit %d,%s", m, n, cloudOU))}
			p.Changes = append(p.Changes, c)
		}
	}
	p.Changes = append(p.Changes, powerful(900))
	c := newComment(p, newTally(p), MarkdownOptions{MaxBytes: DefaultBytes}, ladder[len(ladder)-1])
	c.write(0)
	if out := c.out.String(); !strings.Contains(out, "PRIVILEGED group** in") {
		t.Errorf("lost among many places:\n%s", out)
	}
}
