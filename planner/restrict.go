package planner

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/landfall-directory/landfall/lang/dn"
)

// restrict applies -only and -except. A change stays when one of -only takes it,
// or there is none, and none of -except does. Changes stay or go whole. What stays
// can be carried out: the OUs that it needs stay with it, and members that a
// change makes which goes are held back (see onlyMade). The plan says that it is
// partial, and what it leaves out.
func (b *build) restrict() error {
	if len(b.options.Only)+len(b.options.Except) == 0 {
		return nil
	}
	only, err := b.selectors("-only", b.options.Only)
	if err != nil {
		return err
	}
	except, err := b.selectors("-except", b.options.Except)
	if err != nil {
		return err
	}
	b.warnOfIdle(slices.Concat(only, except))
	taken := func(by []selector, c *Change) bool {
		return slices.ContainsFunc(by, func(s selector) bool { return s.takes(c) })
	}
	part := partition{plan: &b.plan}
	for i := range b.plan.Changes {
		c := &b.plan.Changes[i]
		part.stays = append(part.stays, (len(only) == 0 || taken(only, c)) && !taken(except, c))
		part.named = append(part.named, part.stays[i] && len(only) > 0)
	}
	part.needOUs()
	b.plan.Partial = &Partial{Only: nonNil(b.options.Only), Except: nonNil(b.options.Except), LeftOutActions: map[Action]int{}, Needed: nonNil(part.needed)}
	b.ahead, b.leftOut = part.ahead, map[string]bool{}
	kept := b.plan.Changes[:0:0]
	for i, c := range b.plan.Changes {
		if part.stays[i] {
			kept = append(kept, c)
			continue
		}
		b.plan.Partial.LeftOut++
		for _, a := range c.Actions {
			b.plan.Partial.LeftOutActions[a]++
		}
		if it := b.itemOf(&c); it != nil && !it.exists() {
			b.leftOut[c.Provider+"\x00"+it.mark()] = true
		}
	}
	b.plan.Changes = kept
	return nil
}

// warnOfIdle names the selectors that take nothing: they may be out of date.
func (b *build) warnOfIdle(all []selector) {
	for _, s := range all {
		takes := func(c Change) bool { return s.takes(&c) }
		if !slices.ContainsFunc(b.plan.Changes, takes) {
			b.diagnose("warning", "selector_matched_nothing", "A selector takes nothing",
				s.flag+" "+s.text+" takes none of the changes that there are to make, so it has no effect on what the plan has. Look at \"landfall plan\" without it.", hcl.Range{})
		}
	}
}

// partition says of every change of a plan whether it stays.
type partition struct {
	plan   *Plan
	stays  []bool
	named  []bool          // by -only
	needed []string        // addresses of OUs that stay although they were not selected
	ahead  map[string]bool // OUs that stay although only what goes needs them
}

// needOUs keeps the OUs that changes which stay need, and lets those go that
// nothing needs any more. One that -only names stays: making OUs ahead of their
// groups is a thing to ask for.
func (p *partition) needOUs() {
	ous := map[string]int{}
	var stay []Change
	for i, c := range p.plan.Changes {
		switch {
		case c.ObjectType == "organizationalUnit" && c.DN.After != nil:
			ous[placeKey(c.Provider, *c.DN.After)] = i
		case p.stays[i]:
			stay = append(stay, c)
		}
	}
	needed := parents(stay)
	p.ahead = map[string]bool{}
	for key, i := range ous {
		if p.named[i] && !needed[key] {
			c := p.plan.Changes[i]
			d, err := dn.Parse(*c.DN.After)
			for ; err == nil && d.Len() > 0; d = d.Parent() { // and those above it
				if above := c.Provider + "\x00" + d.Key(); !needed[above] {
					p.ahead[above] = true
				}
			}
		}
	}
	for key, i := range ous {
		needs := needed[key] || p.ahead[key]
		if needs && !p.stays[i] {
			p.needed = append(p.needed, p.plan.Changes[i].Address)
		}
		p.stays[i] = needs
	}
	slices.SortFunc(p.needed, strings.Compare)
}
