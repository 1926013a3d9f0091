package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// tally is the plan, counted and sorted for reading.
type tally struct {
	label         map[string]string // provider address → how headings call it
	kind          map[string]planner.Kind
	blocked       int
	deletes       int // of the blocked ones
	allowed       int
	privileged    int                    // of the allowed ones
	actions       map[planner.Action]int // of the allowed ones
	membersAdd    int
	membersRemove int
	skipped       int
	errors        int
	warnings      int
	objects       int
	rows          []*row
}

// row is one line of the table: one object type of one directory.
type row struct {
	label         string
	actions       map[planner.Action]int
	membersAdd    int
	membersRemove int
	blocked       int
}

func newTally(p *planner.Plan) *tally {
	t := &tally{label: map[string]string{}, kind: map[string]planner.Kind{}, actions: map[planner.Action]int{}}
	t.directories(p)
	rows := map[string]*row{}
	for i := range p.Changes {
		c := &p.Changes[i]
		label := t.label[c.Provider] + " " + objectType(c.ObjectType)
		if rows[label] == nil {
			rows[label] = &row{label: label, actions: map[planner.Action]int{}}
			t.rows = append(t.rows, rows[label])
		}
		t.count(c, rows[label])
	}
	for i := range p.Skipped {
		t.skipped += len(p.Skipped[i].Members)
	}
	for i := range p.Diagnostics {
		if p.Diagnostics[i].Severity == "error" {
			t.errors++
		} else {
			t.warnings++
		}
	}
	slices.SortFunc(t.rows, func(a, b *row) int { return cmp.Compare(a.label, b.label) })
	return t
}

// directories names the providers: by kind, and by label, too, where a plan has
// several of one kind.
func (t *tally) directories(p *planner.Plan) {
	perKind := map[string]map[string]bool{}
	note := func(address, kind string) {
		if kind == "" {
			kind, _, _ = strings.Cut(strings.TrimPrefix(address, "provider."), ".")
		}
		if _, known := t.kind[address]; known {
			return
		}
		t.kind[address] = planner.Kind(kind)
		if perKind[kind] == nil {
			perKind[kind] = map[string]bool{}
		}
		perKind[kind][address] = true
	}
	for _, d := range p.Providers {
		note(d.Address, d.Kind)
		t.objects += d.Objects
	}
	for i := range p.Changes {
		note(p.Changes[i].Provider, "")
	}
	for address, kind := range t.kind {
		t.label[address] = string(kind)
		if len(perKind[string(kind)]) > 1 {
			t.label[address] += " " + address[strings.LastIndexByte(address, '.')+1:]
		}
	}
}

func (t *tally) count(c *planner.Change, r *row) {
	if c.Members != nil {
		t.skipped += len(c.Members.Skipped)
	}
	if c.Blocked != nil {
		t.blocked++
		r.blocked++
		if slices.Contains(c.Actions, planner.ActionDelete) {
			t.deletes++
		}
		return
	}
	t.allowed++
	if c.Privileged != "" {
		t.privileged++
	}
	for _, a := range c.Actions {
		t.actions[a]++
		r.actions[a]++
	}
	if c.Members != nil {
		t.membersAdd += len(c.Members.Add)
		t.membersRemove += len(c.Members.Remove)
		r.membersAdd += len(c.Members.Add)
		r.membersRemove += len(c.Members.Remove)
	}
}

// objectType is how people call it.
func objectType(t string) string {
	if t == "organizationalUnit" {
		return "ou"
	}
	return t
}

// danger ranks changes: what cannot be taken back easily comes first.
type danger int

const (
	dangerPrivileged danger = iota // whatever is done: it gives or takes power
	dangerDelete
	dangerType // another kind of group: the security bit
	dangerRestore
	dangerMove
	dangerRename
	dangerRemoval // of members
	dangerNone
)

func dangerOf(c *planner.Change) danger {
	has := func(a planner.Action) bool { return slices.Contains(c.Actions, a) }
	switch {
	case c.Privileged != "":
		return dangerPrivileged
	case has(planner.ActionDelete):
		return dangerDelete
	case typeChange(c) != nil:
		return dangerType
	case has(planner.ActionRestore):
		return dangerRestore
	case has(planner.ActionMove):
		return dangerMove
	case has(planner.ActionRename):
		return dangerRename
	case c.Members != nil && len(c.Members.Remove) > 0:
		return dangerRemoval
	default:
		return dangerNone
	}
}

// typeChange returns the edit that makes another kind of group out of one.
func typeChange(c *planner.Change) *planner.Edit {
	for i := range c.Edits {
		e := &c.Edits[i]
		if strings.EqualFold(e.Attribute, "groupType") && len(e.Before) > 0 {
			return e
		}
	}
	return nil
}

// typeOrder puts containers before what they contain.
func typeOrder(c *planner.Change) int {
	if c.ObjectType == "organizationalUnit" {
		return 0
	}
	return 1
}

// sorted lists the changes for reading: by danger, directory, type and name.
func (t *tally) sorted(p *planner.Plan, blocked bool) []*planner.Change {
	var out []*planner.Change
	for i := range p.Changes {
		if c := &p.Changes[i]; (c.Blocked != nil) == blocked {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, t.compare)
	return out
}

// compare orders changes by danger, directory, type and name.
func (t *tally) compare(a, b *planner.Change) int {
	return cmp.Or(
		cmp.Compare(dangerOf(a), dangerOf(b)),
		cmp.Compare(t.label[a.Provider], t.label[b.Provider]),
		cmp.Compare(typeOrder(a), typeOrder(b)),
		cmp.Compare(a.ObjectType, b.ObjectType),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Address, b.Address),
	)
}
