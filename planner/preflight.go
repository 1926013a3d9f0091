package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
)

// What a plan needs of the identity that carries it out, and how far it has it.
// Needs is a function of the plan; a directory answers for itself (Inspector,
// provider.go); nobody writes anything.

// Right is one kind of thing that an identity must be allowed to do.
type Right string

// The rights. To move an object takes three: to write its name, to take it out
// of its container (delete), and to create such an object in the other one.
const (
	RightCreate   Right = "create"    // an object of ObjectType in Parent
	RightWrite    Right = "write"     // Attributes of the object Anchor
	RightWriteNew Right = "write_new" // Attributes of objects that the plan creates in Parent
	RightDelete   Right = "delete"    // the object Anchor, or take it out of its container
	RightRestore  Right = "restore"   // the deleted object Anchor
)

// Need is one right that a plan needs in a directory.
type Need struct {
	Right      Right
	ObjectType string
	Anchor     string // of an object that exists; "" otherwise
	DN         string // of that object, as it is now
	Parent     string // DN
	Attributes []string
	Deleted    bool // the object lies in the Recycle Bin
	Uses       []Use
}

// Use says what needs a right.
type Use struct {
	Address string `json:"address"`
	Name    string `json:"name"` // for people
	File    string `json:"file"`
	Line    int    `json:"line"`
}

// Needs lists what a plan needs in one directory, in the order of the plan. What
// is blocked needs nothing. Needs of several changes that are the same are one.
func Needs(p *Plan, provider string) []Need {
	n := needList{}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Provider == provider && c.Blocked == nil {
			n.change(c)
		}
	}
	return n.list
}

type needList struct{ list []Need }

// add merges needs that do not name an object.
func (n *needList) add(need Need, c *Change, why Reason) {
	use := Use{Address: c.Address, Name: c.Name, File: why.File, Line: why.Line}
	slices.Sort(need.Attributes)
	need.Attributes = slices.Compact(need.Attributes)
	for i := range n.list {
		old := &n.list[i]
		if need.Anchor == "" && old.Anchor == "" && old.Right == need.Right && old.ObjectType == need.ObjectType &&
			DNKey(old.Parent) == DNKey(need.Parent) && slices.Equal(old.Attributes, need.Attributes) {
			old.Uses = append(old.Uses, use)
			return
		}
	}
	need.Uses = []Use{use}
	n.list = append(n.list, need)
}

func (n *needList) change(c *Change) {
	var why Reason
	if c.Reason != nil {
		why = *c.Reason
	}
	has := func(a Action) bool { return slices.Contains(c.Actions, a) }
	object := Need{ObjectType: c.ObjectType, Anchor: deref(c.Anchor), DN: deref(c.DN.Before), Deleted: has(ActionRestore)}
	with := func(r Right, attributes ...string) Need {
		need := object
		need.Right, need.Attributes = r, attributes
		return need
	}
	parent := parentOf(deref(c.DN.After))
	inside := func(r Right, attributes ...string) Need {
		return Need{Right: r, ObjectType: c.ObjectType, Parent: parent, Attributes: attributes}
	}
	var written []string
	if has(ActionMove) || has(ActionRename) {
		written = append(written, nameAttribute, namingAttribute(deref(c.DN.After)))
	}
	if !has(ActionCreate) {
		for _, e := range c.Edits {
			written = append(written, e.Attribute)
		}
	}
	if m := c.Members; m != nil && len(m.Add)+len(m.Remove) > 0 {
		written = append(written, memberAttribute)
	}
	switch {
	case has(ActionCreate):
		n.add(inside(RightCreate), c, why)
		if len(written) > 0 {
			n.add(inside(RightWriteNew, written...), c, why)
		}
		return
	case has(ActionRestore):
		n.add(with(RightRestore), c, why)
		n.add(inside(RightCreate), c, why)
	case has(ActionMove):
		n.add(with(RightDelete), c, why)
		n.add(inside(RightCreate), c, why)
	case has(ActionDelete):
		n.add(with(RightDelete), c, why)
	}
	if len(written) > 0 {
		if len(c.Edits) > 0 {
			why = c.Edits[0].Reason
		}
		n.add(with(RightWrite, written...), c, why)
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func parentOf(name string) string {
	d, err := ParseDN(name)
	if err != nil || d.Len() == 0 {
		return ""
	}
	return d.Parent().String()
}

// namingAttribute is the attribute that an object is named by: cn, ou.
func namingAttribute(name string) string {
	d, err := ParseDN(name)
	if err != nil || d.Len() == 0 {
		return "cn"
	}
	return strings.ToLower(d.Leaf().Type)
}

// CheckStatus says whether an identity may do what is needed.
type CheckStatus string

// The outcomes, in the order in which people should read them.
const (
	CheckMissing  CheckStatus = "missing"
	CheckUnknown  CheckStatus = "unknown"
	CheckExcess   CheckStatus = "excess"   // it may do more than landfall needs
	CheckOptional CheckStatus = "optional" // it may not, and landfall does without
	CheckOK       CheckStatus = "ok"
)

// CheckStatuses lists the outcomes in that order.
var CheckStatuses = []CheckStatus{CheckMissing, CheckUnknown, CheckExcess, CheckOptional, CheckOK}

// Check is one row of a preflight: something that is needed and what became of it.
type Check struct {
	Status  CheckStatus `json:"status"`
	What    string      `json:"what"`
	Objects int         `json:"objects"` // how many objects it concerns; 0: it is not about objects
	Detail  string      `json:"detail"`  // why it is so; may be ""
	Fix     string      `json:"fix"`     // what to do, as exact as possible; may be ""
	Uses    []Use       `json:"needed_by"`
}

// Fact is something that a directory says of the connection or of us.
type Fact struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Warning string `json:"warning"` // "" when there is nothing to worry about
}

// ProviderPreflight is what became of one directory.
type ProviderPreflight struct {
	Address string  `json:"address"`
	Kind    string  `json:"kind"`
	Facts   []Fact  `json:"facts"`
	Checks  []Check `json:"checks"`
}

// Preflight is the answer of landfall preflight.
type Preflight struct {
	Plan      string              `json:"plan"` // digest of the plan whose needs were looked at; "" if there is none
	Providers []ProviderPreflight `json:"providers"`
	Summary   map[string]int      `json:"summary"` // checks by status
}

// Finish sorts and counts the checks.
func (p *Preflight) Finish() {
	p.Summary = map[string]int{}
	for _, s := range CheckStatuses {
		p.Summary[string(s)] = 0
	}
	for i := range p.Providers {
		v := &p.Providers[i]
		v.Facts, v.Checks = nonNil(v.Facts), nonNil(v.Checks)
		slices.SortStableFunc(v.Checks, func(a, b Check) int {
			return cmp.Compare(slices.Index(CheckStatuses, a.Status), slices.Index(CheckStatuses, b.Status))
		})
		for j := range v.Checks {
			v.Checks[j].Uses = nonNil(v.Checks[j].Uses)
			p.Summary[string(v.Checks[j].Status)]++
		}
	}
}

// Root is a container below which a writeback of the configuration writes.
type Root struct {
	DN        string
	CreateOUs bool
	Deletes   bool // the writeback may delete objects
	Use       Use  // the writeback
}

// Roots lists where a configuration writes groups in one directory.
func Roots(cfg *lang.Config, provider string) []Root {
	var out []Root
	for _, w := range cfg.Writebacks {
		if w.To == nil || w.OU == nil || w.To.Address() != provider {
			continue
		}
		out = append(out, Root{
			DN: w.OU.Root, CreateOUs: w.OU.Create, Deletes: w.Absent || w.OnOutOfScope == "delete" || w.OnSourceDeleted == "delete",
			Use: Use{Address: w.Address(), File: w.Range.Filename, Line: w.Range.Start.Line},
		})
	}
	return out
}

// Writes reports whether a configuration writes in a directory: by a rule, or by
// the state of a writeback.
func Writes(cfg *lang.Config, provider string) bool {
	for _, r := range cfg.Rules {
		if r.Direction == lang.Outbound && !r.Disabled && r.Provider.Address() == provider {
			return true
		}
	}
	return slices.ContainsFunc(cfg.Writebacks, func(w *lang.Writeback) bool {
		return w.State != "" && w.From != nil && w.From.Address() == provider
	})
}
