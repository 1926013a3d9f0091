package report

import (
	"slices"

	"github.com/landfall-directory/landfall/planner"
)

// htmlSection is a part of the page with changes: what is blocked, or what has one
// cause.
type htmlSection struct {
	ID, Name, Count, Text string
	Sets                  []htmlSet
}

// htmlSet are changes of one kind, or blocked for one reason. They are cut into
// pieces, of which a browser lays out only those that are in view.
type htmlSet struct {
	ID, Title, Count, Text string
	Blocked                *htmlBlocked
	Notes                  []htmlNote
	Pieces                 [][]htmlChange
}

// pieceSize is how many changes a piece has; the style sheet counts on it.
const pieceSize = 50

// kind is what a reader wants to know of a change that will be done.
type kind int

const (
	kindPrivileged kind = iota
	kindDeleted
	kindRetyped
	kindRestored
	kindMoved
	kindRenamed
	kindReduced
	kindCreated
	kindExtended
	kindUpdated
)

// kinds says for each kind what to call it, and what it means.
var kinds = []struct{ id, title, text string }{
	kindPrivileged: {"privileged", "Privileged", "They give power over a directory. Whatever is done to them gives or takes it."},
	kindDeleted:    {"deleted", "Deleted", "Access that was granted to these objects ends."},
	kindRetyped:    {"retyped", "Another kind of group", "A group that stops being a security group gives access to nothing any more."},
	kindRestored:   {"restored", "Restored", "Deleted objects come back, with the identity that access was granted to."},
	kindMoved:      {"moved", "Moved", "To another container, where other policies and other delegated rights may apply."},
	kindRenamed:    {"renamed", "Renamed", "Another name in the same place."},
	kindReduced:    {"reduced", "Members removed", "These members lose what the groups give access to. Some of the groups get new members, too."},
	kindCreated:    {"created", "New", "Objects that do not exist yet."},
	kindExtended:   {"extended", "Members added", "These members get what the groups give access to."},
	kindUpdated:    {"updated", "Other values", "Attributes only."},
}

// kindOf is under which kind a change stands: the gravest that it is of.
func kindOf(c *planner.Change) kind {
	switch dangerOf(c) {
	case dangerPrivileged:
		return kindPrivileged
	case dangerDelete:
		return kindDeleted
	case dangerType:
		return kindRetyped
	case dangerRestore:
		return kindRestored
	case dangerMove:
		return kindMoved
	case dangerRename:
		return kindRenamed
	case dangerRemoval:
		return kindReduced
	}
	switch {
	case slices.Contains(c.Actions, planner.ActionCreate):
		return kindCreated
	case c.Members != nil && len(c.Members.Add) > 0:
		return kindExtended
	default:
		return kindUpdated
	}
}

// sections are all changes: what is blocked, then what is done, by cause if there
// is a base, and dangerous first.
func (c *htmlChanges) sections() []htmlSection {
	var out []htmlSection
	if blocked := c.tally.sorted(c.plan, true); len(blocked) > 0 {
		out = append(out, htmlSection{
			ID: "blocked", Name: "Blocked", Count: thousands(len(blocked)),
			Text: "landfall does not carry these out. What stands in the way is named with each.",
			Sets: c.blockedSets(blocked),
		})
	}
	used := map[string]int{}
	unique := func(id string) string { // the first one has the name that links have
		used[id]++
		if n := used[id]; n > 1 {
			id += thousands(n)
		}
		return id
	}
	for _, g := range c.byCause(c.tally.sorted(c.plan, false)) {
		if len(g.changes) == 0 {
			continue
		}
		s := htmlSection{ID: unique("allowed"), Name: string(g.heading), Count: thousands(len(g.changes))}
		byKind := make([][]*planner.Change, len(kinds))
		for _, one := range g.changes {
			k := kindOf(one)
			byKind[k] = append(byKind[k], one)
		}
		for k, changes := range byKind {
			if len(changes) > 0 {
				s.Sets = append(s.Sets, htmlSet{
					ID: unique(kinds[k].id), Title: kinds[k].title, Count: thousands(len(changes)), Text: kinds[k].text, Pieces: c.pieces(changes, false),
				})
			}
		}
		out = append(out, s)
	}
	return out
}

// blockedSets puts changes that are stopped by one and the same limit under one
// heading that says so; the others say it themselves.
func (c *htmlChanges) blockedSets(changes []*planner.Change) []htmlSet {
	var sets []htmlSet
	var alone []*planner.Change
	for _, g := range together(changes, false) {
		if len(g) == 1 {
			alone = append(alone, g[0])
			continue
		}
		s := htmlSet{Title: string(c.word(c.tally.label[g[0].Provider]) + ": " + c.page.number(g)), Blocked: c.htmlBlocked(g[0].Blocked)}
		shared := sharedNotes(g)
		for _, n := range shared {
			s.Notes = append(s.Notes, c.note(n))
		}
		s.Pieces = c.pieces(g, true, shared...)
		sets = append(sets, s)
	}
	if len(alone) > 0 {
		s := htmlSet{Pieces: c.pieces(alone, false)}
		if len(sets) > 0 {
			s.Title, s.Count = "Others", thousands(len(alone))
		}
		sets = append(sets, s)
	}
	return sets
}

// sharedNotes are the notes that all of several changes have.
func sharedNotes(changes []*planner.Change) []string {
	order, number := noteNumbers(changes)
	return slices.DeleteFunc(order, func(n string) bool { return number[n] < len(changes) })
}

// pieces turns changes into what the template shows. If told is set, what stands
// above them says what blocks them, and the notes.
func (c *htmlChanges) pieces(changes []*planner.Change, told bool, notes ...string) [][]htmlChange {
	var out [][]htmlChange
	for some := range slices.Chunk(changes, pieceSize) {
		piece := make([]htmlChange, len(some))
		for i, one := range some {
			piece[i] = c.change(one)
			if told {
				piece[i].Blocked = nil
				piece[i].Notes = slices.DeleteFunc(piece[i].Notes, func(n htmlNote) bool {
					return slices.ContainsFunc(notes, func(text string) bool { return c.show(text) == n.Text })
				})
			} else if c.opened < few && piece[i].State[0] != 'o' && !piece[i].Late {
				piece[i].Open = true
				c.opened++
			}
		}
		out = append(out, piece)
	}
	return out
}
