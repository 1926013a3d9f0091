package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// htmlShort is one line of what a plan comes to: what is dangerous first. Link is
// where it stands on the page.
type htmlShort struct {
	Class, Symbol, Text, Link string
}

// shortList collects the lines.
type shortList struct {
	*page
	types           []map[string]int // of the objects to which something of a kind is done
	sections        []int            // how many changes stand under each kind
	losing, gaining int              // groups
	lines           []htmlShort
}

// short says in plain words what the plan comes to.
func (r *page) short() []htmlShort {
	t := r.tally
	s := &shortList{page: r, types: make([]map[string]int, len(kinds)), sections: make([]int, len(kinds))}
	s.number()
	if t.errors > 0 {
		s.add("blocked", "!", "errors", count(t.errors, "error: what it concerns is left out", "errors: what they concern is left out")+", and the plan is not complete")
	}
	if t.blocked > 0 {
		text := count(t.blocked, "change is", "changes are") + " blocked and will not be carried out"
		if t.deletes > 0 {
			text += ", among them " + count(t.deletes, "delete", "deletes")
		}
		s.add("blocked", "!", "blocked", text)
	}
	if t.privileged > 0 {
		s.add("power", "!", "privileged", count(t.privileged, "privileged object is", "privileged objects are")+" changed: what is done to them gives or takes power over a directory")
	}
	s.kind(kindDeleted, "del", "-", "is deleted", "are deleted")
	for _, text := range r.alarms() {
		s.add("del", "!", "", text)
	}
	if t.membersRemove > 0 {
		s.add("del", "-", s.where(kindReduced), count(t.membersRemove, "member is", "members are")+" removed from "+count(s.losing, "group", "groups"))
	}
	if len(s.lines) == 0 && t.allowed > 0 {
		s.add("good", "✓", "", "Nothing is deleted, no member is removed, nothing is blocked")
	}
	s.kind(kindRetyped, "chg", "~", "becomes another kind of group", "become another kind of group")
	s.kind(kindRestored, "new", "+", "is restored", "are restored")
	s.kind(kindMoved, "chg", "~", "moves to another container", "move to other containers")
	s.kind(kindRenamed, "chg", "~", "gets another name", "get other names")
	s.kind(kindCreated, "new", "+", "is created", "are created")
	if t.membersAdd > 0 {
		s.add("new", "+", s.where(kindExtended), count(t.membersAdd, "member is", "members are")+" added to "+count(s.gaining, "group", "groups"))
	}
	s.kind(kindUpdated, "chg", "~", "gets other values", "get other values")
	s.mention(t.skipped, "skipped", "member of a cloud group is skipped", "members of cloud groups are skipped")
	s.mention(len(r.plan.NotWritten), "not-written", "object is not written", "objects are not written")
	s.mention(len(r.plan.Frozen), "frozen", "object is left as it is", "objects are left as they are")
	s.mention(len(r.plan.Withdrawn), "withdrawn", "change is withdrawn", "changes are withdrawn")
	s.mention(t.warnings, "warnings", "warning", "warnings")
	return s.lines
}

func (s *shortList) add(class, symbol, link string, text safe) {
	s.lines = append(s.lines, htmlShort{class, symbol, string(text), link})
}

// mention adds what is not done, if there is any.
func (s *shortList) mention(n int, link, one, many string) {
	if n > 0 {
		s.add("", "·", link, count(n, one, many))
	}
}

// number counts what will be done.
func (s *shortList) number() {
	for i := range s.plan.Changes {
		c := &s.plan.Changes[i]
		if c.Blocked != nil {
			continue
		}
		s.sections[kindOf(c)]++
		for _, k := range done(c) {
			if s.types[k] == nil {
				s.types[k] = map[string]int{}
			}
			s.types[k][objectType(c.ObjectType)]++
		}
		if c.Members != nil && len(c.Members.Remove) > 0 {
			s.losing++
		}
		if c.Members != nil && len(c.Members.Add) > 0 {
			s.gaining++
		}
	}
}

// done is all that is done to an object, members apart.
func done(c *planner.Change) []kind {
	var out []kind
	for _, one := range []struct {
		kind   kind
		action planner.Action
	}{
		{kindDeleted, planner.ActionDelete}, {kindRestored, planner.ActionRestore}, {kindMoved, planner.ActionMove},
		{kindRenamed, planner.ActionRename}, {kindCreated, planner.ActionCreate}, {kindUpdated, planner.ActionUpdate},
	} {
		if slices.Contains(c.Actions, one.action) {
			out = append(out, one.kind)
		}
	}
	if typeChange(c) != nil {
		out = append(out, kindRetyped)
	}
	return out
}

// where is the part of the page with a kind of change; without one, other kinds
// include it.
func (s *shortList) where(k kind) string {
	if s.sections[k] > 0 {
		return kinds[k].id
	}
	return "allowed"
}

// kind adds how many objects a kind of change has: 4 groups and 2 OUs are created.
func (s *shortList) kind(k kind, class, symbol string, one, many safe) {
	var things []safe
	total := 0
	for _, objects := range slices.Sorted(maps.Keys(s.types[k])) {
		n := s.types[k][objects]
		total += n
		word := s.word(objects)
		if objects == "ou" {
			word = "OU"
		}
		things = append(things, count(n, string(word), string(word)+"s"))
	}
	switch total {
	case 0:
	case 1:
		s.add(class, symbol, s.where(k), enumerate(things)+" "+one)
	default:
		s.add(class, symbol, s.where(k), enumerate(things)+" "+many)
	}
}

// alarms are the urgent notes of what will be done, each once, with how many
// objects have it; of notes that begin alike and differ in the rest, the
// beginning.
func (r *page) alarms() []safe {
	type found struct {
		text    string
		n       int
		differs bool
	}
	at := map[string]int{}
	var all []found
	for i := range r.plan.Changes {
		c := &r.plan.Changes[i]
		if c.Blocked != nil {
			continue
		}
		for _, n := range c.Notes {
			label := alarm(n)
			if label == "" || strings.HasPrefix(string(standing(c)), label) {
				continue
			}
			i, ok := at[label]
			if !ok {
				i = len(all)
				at[label] = i
				all = append(all, found{text: n})
			}
			all[i].n++
			all[i].differs = all[i].differs || all[i].text != n
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.n, a.n) })
	var out []safe
	for _, f := range all {
		text := f.text
		if f.differs {
			text = alarm(f.text)
		}
		out = append(out, r.text("%s: %s", count(f.n, "object", "objects"), text))
	}
	return out
}
