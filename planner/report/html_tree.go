package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// branch is one node of a directory's tree: an OU, a container or the domain.
type branch struct {
	label    string
	children map[string]*branch
	before   int // objects of this plan that are here now
	after    int // and that will be
	leave    int
	arrive   int
	isNew    bool // made by this plan
}

func newBranch(label string) *branch { return &branch{label: label, children: map[string]*branch{}} }

// tree collects where the objects of one directory are and will be.
type tree struct {
	root     *branch
	unplaced int // changes whose names are no DNs
}

// at returns the branch of a container, made if it is not there; nil for what is
// no DN. The domain is one branch, however many parts its name has.
func (t *tree) at(d planner.DN) *branch {
	rdns := slices.Clone(d.RDNs())
	slices.Reverse(rdns)
	b := t.root
	domain := 0
	for domain < len(rdns) && strings.EqualFold(rdns[domain].Type, "DC") {
		domain++
	}
	step := func(key, label string) {
		if b.children[key] == nil {
			b.children[key] = newBranch(label)
		}
		b = b.children[key]
	}
	if domain > 0 {
		var parts []string
		for _, r := range slices.Backward(rdns[:domain]) {
			parts = append(parts, r.String())
		}
		label := strings.Join(parts, ",")
		step(planner.DNKey(label), label)
	}
	for _, r := range rdns[domain:] {
		step(planner.DNKey(r.String()), r.String())
	}
	return b
}

// add notes one change.
func (t *tree) add(c *planner.Change) {
	before, after := c.DN.Before, c.DN.After
	if c.Blocked != nil {
		after = before
	}
	parse := func(text *string) (planner.DN, bool) {
		if text == nil {
			return planner.DN{}, false
		}
		d, err := planner.ParseDN(*text)
		if err != nil {
			t.unplaced++
		}
		return d, err == nil && d.Len() > 0
	}
	from, was := parse(before)
	to, will := from, was
	if before == nil || after == nil || *before != *after {
		to, will = parse(after)
	}
	if c.ObjectType == "organizationalUnit" {
		if will && !was {
			t.at(to).isNew = true
		}
		return
	}
	var source, target *branch
	if was {
		source = t.at(from.Parent())
		source.before++
	}
	if will {
		target = t.at(to.Parent())
		target.after++
	}
	if source != target {
		if source != nil {
			source.leave++
		}
		if target != nil {
			target.arrive++
		}
	}
}

// htmlTrees is one directory's tree before and after.
type htmlTrees struct {
	Directory, Left string
	Before, After   htmlTree
	Table           []htmlContainer
}

type htmlTree struct {
	Title, Alt    string
	Width, Height int
	Rows          []htmlBranch
}

type htmlBranch struct {
	Class, Label, Note, Line string
	X, Y, TextX, TextY       int
}

type htmlContainer struct {
	Name, Before, After, Leave, Arrive, Remark string
}

// mostBranches is how many containers a picture has room for.
const mostBranches = 400

// htmlTrees draws the containers of every directory that has a tree.
func (r *page) htmlTrees() []htmlTrees {
	var order []string
	trees := map[string]*tree{}
	for i := range r.plan.Changes {
		c := &r.plan.Changes[i]
		if c.DN.Before == nil && c.DN.After == nil {
			continue
		}
		if trees[c.Provider] == nil {
			trees[c.Provider] = &tree{root: newBranch("")}
			order = append(order, c.Provider)
		}
		trees[c.Provider].add(c)
	}
	slices.Sort(order)
	var out []htmlTrees
	for _, provider := range order {
		t := trees[provider]
		if len(t.root.children) == 0 {
			continue
		}
		h := htmlTrees{Directory: r.show(r.tally.label[provider]), Before: r.drawing("Before", t, false), After: r.drawing("After", t, true)}
		r.containers(&h.Table, t.root, "")
		if t.unplaced > 0 {
			h.Left = string(count(t.unplaced, "name is", "names are")) + " left out, because they are no distinguished names."
		}
		if n := len(h.Table); n > mostBranches {
			h.Left += " The pictures have room for " + thousands(mostBranches) + " of " + thousands(n) + " containers; the table has all."
		}
		out = append(out, h)
	}
	return out
}

// sortedBranches are the children of a branch by name.
func (b *branch) sortedBranches() []*branch {
	out := make([]*branch, 0, len(b.children))
	for _, c := range b.children {
		out = append(out, c)
	}
	slices.SortFunc(out, func(x, y *branch) int {
		return cmp.Or(cmp.Compare(strings.ToLower(x.label), strings.ToLower(y.label)), cmp.Compare(x.label, y.label))
	})
	return out
}

// containers lists the branches for the table.
func (r *page) containers(rows *[]htmlContainer, b *branch, above string) {
	for _, c := range b.sortedBranches() {
		whole := c.label
		if above != "" {
			whole += "," + above
		}
		remark := ""
		if c.isNew {
			remark = "new"
		}
		*rows = append(*rows, htmlContainer{r.show(whole), cell(c.before), cell(c.after), cell(c.leave), cell(c.arrive), remark})
		r.containers(rows, c, whole)
	}
}

// The measures of a picture, in pixels.
const (
	branchHeight = 24
	branchIndent = 20
)

// drawing lays out one tree. Before, it has the containers that exist; after, all
// of them.
func (r *page) drawing(title string, t *tree, after bool) htmlTree {
	h := htmlTree{Title: title}
	total, made, moved := 0, 0, 0
	var walk func(b *branch, depth, parentY int)
	walk = func(b *branch, depth, parentY int) {
		for _, c := range b.sortedBranches() {
			if !after && c.isNew {
				continue
			}
			total++
			if c.isNew {
				made++
			}
			moved += c.leave
			if len(h.Rows) >= mostBranches {
				walk(c, depth+1, parentY)
				continue
			}
			y := len(h.Rows) * branchHeight
			row := htmlBranch{X: 4 + depth*branchIndent, Y: y + 7, TextX: 20 + depth*branchIndent, TextY: y + 17, Label: r.show(cut(c.label, 60))}
			row.Class, row.Note = branchNote(c, after)
			if depth > 0 {
				row.Line = fmt.Sprintf("M%d %dV%dH%d", row.X-branchIndent+5, parentY, y+12, row.X)
			}
			h.Rows = append(h.Rows, row)
			h.Width = max(h.Width, row.TextX+textWidth(row.Label+row.Note)+12)
			walk(c, depth+1, y+17)
		}
	}
	walk(t.root, 0, 0)
	h.Height = len(h.Rows)*branchHeight + 4
	h.Alt = string(count(total, "container", "containers"))
	if after {
		h.Alt += fmt.Sprintf(", %s new", thousands(made))
	}
	h.Alt += fmt.Sprintf("; %s leave their container. The table below says the same.", count(moved, "object", "objects"))
	return h
}

// branchNote says what happens in a container: in words, and by colour.
func branchNote(b *branch, after bool) (class, note string) {
	n, what, class := b.before, "leaves", "from"
	moving := b.leave
	if after {
		n, what, class, moving = b.after, "arrives", "to", b.arrive
	}
	var parts []string
	if after && b.isNew {
		parts = append(parts, "new")
	}
	if n > 0 {
		parts = append(parts, string(count(n, "object", "objects")))
	}
	switch {
	case moving == 1:
		parts = append(parts, "1 "+what)
	case moving > 1:
		parts = append(parts, thousands(moving)+" "+strings.TrimSuffix(what, "s"))
	}
	switch {
	case after && b.isNew:
		class = "new"
	case moving == 0:
		class = ""
	}
	if len(parts) == 0 {
		return class, ""
	}
	return class, "  " + strings.Join(parts, ", ")
}

// textWidth is about how wide a text is in the picture's font.
func textWidth(s string) int {
	width := 0
	for _, r := range s {
		if r < 0x1100 {
			width += 8
		} else {
			width += 15
		}
	}
	return width
}
