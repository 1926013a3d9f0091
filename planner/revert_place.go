package planner

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// settle gives up every place that cannot be had: a name that somebody else has by
// now, a container that is gone. What keeps its name for that may stand in the way
// of the next one.
func (v *reverter) settle() {
	v.spellOut()
	for again := true; again; {
		again = false
		claimed := map[string]*reverted{}
		for _, x := range v.list {
			if !x.placed() {
				continue
			}
			if why := v.obstacle(x, claimed); why != "" {
				x.unplace(why)
				again = true
			}
			claimed[siblingKey(x.s.Provider, x.dn)] = x
		}
	}
}

// spellOut takes the names of groups that come back as they are written.
func (v *reverter) spellOut() {
	for _, x := range v.list {
		if d, err := dn.Parse(x.dn); err == nil && d.Len() > 0 && (x.fate == fateMade || x.fate == fateRestored) {
			x.dn = d.String()
		}
	}
}

// placed reports whether the object gets a name that it does not have now.
func (x *reverted) placed() bool {
	switch x.fate {
	case fateMade, fateRestored:
		return true
	case fateStays:
		return x.s.Kind == KindAD && !sameName(x.dn, x.s.Name(x.o))
	}
	return false
}

// unplace leaves an object where, or as, it is.
func (x *reverted) unplace(why string) {
	x.v.cannot(x.who(), why)
	if x.fate == fateStays {
		x.dn = x.s.Name(x.o)
		return
	}
	x.fate = fateLeft
}

// obstacle says why an object cannot have its place, "" if it can. OUs that are
// missing above it are planned.
func (v *reverter) obstacle(x *reverted, claimed map[string]*reverted) string {
	t := v.target(x.s)
	d, err := dn.Parse(x.dn)
	if err != nil || t == nil || d.Len() < 2 {
		return "the journal has no usable name of its place before"
	}
	for _, o := range t.namesakes(d.Key()) {
		y := v.objects[HoldingKey{x.s.Provider, x.s.Anchor(o)}]
		switch {
		case o == x.o:
		case y != nil && y.placed() && y.o == o:
		case y != nil && y.fate == fateRemoved:
			return "its former name " + x.dn + " belongs to " + objectName(x.s, o) + " until this plan has deleted that one. Apply this plan, then take the run back again"
		default:
			return "its former name " + x.dn + " belongs to " + objectName(x.s, o) + " by now"
		}
	}
	if y := claimed[siblingKey(x.s.Provider, x.dn)]; y != nil && y != x {
		return "its former name " + x.dn + " goes to " + y.who()
	}
	return v.way(x.s, d.Parent())
}

// way plans the OUs that are missing on the way to a place; it says why they
// cannot be made.
func (v *reverter) way(s *Space, parent dn.DN) string {
	var missing []dn.DN
	for d := parent; !below(v.base(s), d.String()); d = d.Parent() {
		if o := s.named(d.Key()); o != NoObject && s.State(o) == Live {
			break
		}
		if _, planned := v.ous[placeKey(s.Provider, d.String())]; !planned {
			missing = append(missing, d)
		}
		if d.Len() == 0 {
			break // another domain's
		}
	}
	if len(missing) == 0 {
		return ""
	}
	m := v.mapping(s, missing[len(missing)-1])
	if m == nil || slices.ContainsFunc(missing, func(d dn.DN) bool { return !strings.EqualFold(d.Leaf().Type, "OU") }) {
		return "its former place " + parent.String() + " does not exist any more, or this identity does not see it"
	}
	for _, d := range missing {
		v.makeOU(newOU(m, s.Provider, d).Address, s, d)
	}
	return ""
}

// mapping is the OU mapping that makes OUs where d is, nil if there is none.
func (v *reverter) mapping(s *Space, d dn.DN) *lang.OUMapping {
	for _, m := range v.b.cfg.OUMappings {
		if root, err := dn.Parse(m.Root); err == nil && m.Create && d.IsBelow(root) && d.Len() > root.Len() && below(m.Root, v.base(s)) {
			return m
		}
	}
	return nil
}

// base is the base DN of an AD space.
func (v *reverter) base(s *Space) string {
	if t := v.target(s); t != nil {
		return t.provider.AD.BaseDN
	}
	return ""
}

// ouMade is an OU that the run made and that is still there.
type ouMade struct {
	op Recorded
	s  *Space
	o  ObjectID
}

// removals are the changes that take OUs away which the run made: only those that
// nobody touched since, and that hold nothing once the plan is carried out. tell
// says whether to list the others.
func (v *reverter) removals(made []ouMade, tell bool) []Change {
	reason := v.reason()
	byDepth := slices.Clone(made)
	slices.SortStableFunc(byDepth, func(x, y ouMade) int { return cmp.Compare(depthOf(y), depthOf(x)) })
	gone := map[HoldingKey]bool{}
	children := map[*Space]map[string][]ObjectID{}
	traffic := v.traffic()
	var out []Change
	for _, ou := range byDepth {
		name, anchor := ou.s.Name(ou.o), ou.s.Anchor(ou.o)
		if children[ou.s] == nil {
			children[ou.s] = childrenOf(ou.s)
		}
		why := traffic.whyKept(ou, children[ou.s][dn.Key(name)], gone)
		if why != "" {
			if tell {
				v.cannot(who(ou.op), "this run made the organizational unit, and it stays: "+why)
			}
			continue
		}
		gone[HoldingKey{ou.s.Provider, anchor}] = true
		out = append(out, Change{
			Address: ou.op.Address, Provider: ou.s.Provider, ObjectType: "organizationalUnit", Actions: []Action{ActionDelete},
			Name: ou.op.Name, Anchor: &anchor, DN: DNChange{Before: &name}, Reason: &reason, Notes: []string{"taken back: run " + v.run.ID + " made it, and it holds nothing"},
		})
	}
	return out
}

func depthOf(ou ouMade) int {
	d, _ := dn.Parse(ou.s.Name(ou.o))
	return d.Len()
}

// childrenOf are the objects below each place, by the key of its name. Objects
// that are known by name only count.
func childrenOf(s *Space) map[string][]ObjectID {
	out := map[string][]ObjectID{}
	for o := range ObjectID(s.Len()) {
		if d, err := dn.Parse(s.Name(o)); err == nil && d.Len() > 1 && s.State(o) != Deleted {
			key := d.Parent().Key()
			out[key] = append(out[key], o)
		}
	}
	return out
}

// traffic is what the plan takes away from its place, and what it puts where.
type traffic struct {
	leaves  map[HoldingKey]bool
	arrives map[string]string // by the placeKey of the parent: the name of one
}

func (v *reverter) traffic() traffic {
	t := traffic{leaves: map[HoldingKey]bool{}, arrives: map[string]string{}}
	for _, c := range v.b.plan.Changes {
		if c.Blocked != nil {
			continue
		}
		makes := c.Anchor == nil || slices.Contains(c.Actions, ActionRestore)
		if d, err := dn.Parse(dnAfter(&c)); err == nil && d.Len() > 1 && (makes || placed(&c)) {
			t.arrives[c.Provider+"\x00"+d.Parent().Key()] = c.Name
		}
		if c.Anchor != nil && (placed(&c) || slices.Contains(c.Actions, ActionDelete) && c.ObjectType != "organizationalUnit") {
			t.leaves[HoldingKey{c.Provider, *c.Anchor}] = true
		}
	}
	return t
}

// whyKept says why an OU is not removed, "" if it is.
func (t traffic) whyKept(ou ouMade, children []ObjectID, gone map[HoldingKey]bool) string {
	name := ou.s.Name(ou.o)
	made, changed := ou.s.First(ou.o, "uSNCreated"), ou.s.First(ou.o, "uSNChanged")
	switch {
	case !sameName(name, ou.op.DNAfter):
		return "somebody moved or renamed it since, to " + name
	case made == "" || changed == "":
		return "this identity cannot read whether somebody changed it since (uSNCreated, uSNChanged)"
	case made != changed:
		return "somebody changed it since (a description, a group policy, permissions, …)"
	}
	if who, ok := t.arrives[placeKey(ou.s.Provider, name)]; ok {
		return "this plan puts " + strconv.Quote(who) + " there"
	}
	var stay []string
	for _, o := range children {
		if key := (HoldingKey{ou.s.Provider, ou.s.Anchor(o)}); !t.leaves[key] && !gone[key] {
			stay = append(stay, ou.s.Name(o))
		}
	}
	if len(stay) > 0 {
		slices.Sort(stay)
		return "it is not empty any more: " + shortList(stay)
	}
	return ""
}

func dnAfter(c *Change) string {
	if c.DN.After == nil {
		return ""
	}
	return *c.DN.After
}

// keepFilled takes the removals of OUs out of the plan that hold something after
// all, because a change is blocked or left out.
func (v *reverter) keepFilled() {
	planned, still := map[string]bool{}, map[string]bool{}
	for _, c := range v.b.plan.Changes {
		if c.Blocked == nil && c.Anchor != nil {
			planned[c.Provider+"\x00"+*c.Anchor] = true
		}
	}
	made := slices.DeleteFunc(slices.Clone(v.made), func(ou ouMade) bool { return !planned[ou.s.Provider+"\x00"+ou.s.Anchor(ou.o)] })
	for _, c := range v.removals(made, false) {
		still[*c.Anchor] = true
	}
	v.b.plan.Changes = slices.DeleteFunc(v.b.plan.Changes, func(c Change) bool {
		ou := c.ObjectType == "organizationalUnit" && slices.Contains(c.Actions, ActionDelete)
		if ou && c.Blocked == nil && !still[*c.Anchor] {
			v.cannot("\""+c.Name+"\" ("+*c.DN.Before+")", "this run made the organizational unit, and it stays, because something in it is blocked or left out")
			return true
		}
		return false
	})
}
