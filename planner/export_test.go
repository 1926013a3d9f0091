package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/landfall-directory/landfall/planner"
)

// userRule flows an attribute of persons to AD users.
func userRule(unmarked string) string {
	return `
sync_rule "note" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "user"
  metaverse_type = "person"
  link           = "join"
  precedence     = 40
  unmarked       = "` + unmarked + `"
  scope {
    clause {
      attribute = "cloudAnchor"
      operator  = "ISNOTNULL"
    }
  }
  flow "info" {
    value = "in the cloud as ${source.cloudAnchor}"
  }
}
`
}

func TestRulesReachUnmarkedObjectsOnlyWhereTheySaySo(t *testing.T) {
	w := newWorld()
	ada := w.person("Ada")
	w.group("G", ada.id)
	w.add("user", "CN=Nobody,OU=People,"+base, nil)
	protected := w.find("CN=Ada,OU=People," + base)

	p := build(t, load(t, preamble+writebackBlock(""), userRule("report")), w, planner.Options{})
	if i := slices.IndexFunc(p.NotWritten, func(n planner.NotWritten) bool { return n.Reason == "unmarked" }); i < 0 || p.NotWritten[i].Name != "Ada" {
		t.Errorf("report: %s", dump(p))
	}
	cfg := load(t, preamble+writebackBlock(""), userRule("write"))
	p = build(t, cfg, w, planner.Options{})
	var users []planner.Change
	for _, c := range p.Changes {
		if c.ObjectType == "user" {
			users = append(users, c)
		}
	}
	if len(users) != 1 || users[0].Name != "Ada" || len(users[0].Edits) != 1 || users[0].Edits[0].After[0].Text != "in the cloud as User_"+ada.id {
		t.Fatalf("write: %s", dump(p))
	}
	w.apply(t, p)
	if p := build(t, cfg, w, planner.Options{}); len(p.Changes) > 0 {
		t.Errorf("not stable: %s", dump(p))
	}
	protected.attrs["info"], protected.attrs["adminCount"] = nil, []string{"1"}
	p = build(t, cfg, w, planner.Options{})
	if len(p.Changes) != 1 || p.Changes[0].Blocked == nil || p.Changes[0].Blocked.Code != "protected" {
		t.Errorf("a protected user: %s", dump(p))
	}
}

// noFlowRule is the coexistence rule of the migration to Cloud Sync: groups
// whose name begins with "Coexist" are kept, and nothing but members flows.
const noFlowRule = `
sync_rule "coexist" {
  direction      = "outbound"
  provider       = provider.ad.corp
  object_type    = "group"
  metaverse_type = "group"
  link           = "join_no_flow"
  precedence     = 30
  scope {
    clause {
      attribute = "displayName"
      operator  = "STARTSWITH"
      value     = "Coexist"
    }
  }
  join {
    match {
      space     = "adminDescription"
      metaverse = "cloudAnchor"
    }
  }
}
`

func TestJoinNoFlowKeepsTheObject(t *testing.T) {
	w, plan := settled(t, `on_out_of_scope = "delete"`, func(w *world) {
		w.group("Coexist", w.person("Ada").id)
		w.group("Other")
		w.person("Bruno")
	})
	g, other := w.groups[0], w.groups[1]
	g.name, g.description, other.description = "Coexist renamed", "new", "new"
	g.members = append(g.members, w.users[1].id)
	p := plan(noFlowRule)
	if c := find1(t, p, address(g)); !slices.Equal(c.Actions, []planner.Action{planner.ActionMembers}) || len(p.Changes) != 2 {
		t.Errorf("only members flow: %s", dump(p))
	}
	g.enabled = "FALSE"
	p = plan(noFlowRule)
	if p.Summary.Delete != 0 || p.Summary.Frozen != 1 {
		t.Errorf("leaving scope does not delete: %s", dump(p))
	}
	late := w.group("Coexist late")
	p = plan(noFlowRule)
	if slices.ContainsFunc(p.Changes, func(c planner.Change) bool { return strings.Contains(c.Address, late.id) }) {
		t.Errorf("nothing is made: %s", dump(p))
	}
}
