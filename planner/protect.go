package planner

import (
	"fmt"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// builtinSID is what sidRID returns of the groups of CN=Builtin: of S-1-5-32-x,
// everything but x.
const builtinSID = "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00"

// protect blocks changes to what nothing may touch: the groups that Windows
// itself made (by well-known RID), those that AdminSDHolder guards
// (adminCount), and everything below the DNs that the configuration protects.
func (b *build) protect() {
	for i := range b.plan.Changes {
		c := &b.plan.Changes[i]
		if c.Blocked != nil {
			continue
		}
		if it := b.itemOf(c); it != nil && it.present() != NoObject {
			if _, why := wellKnown(it.t.space, it.present()); why != "" {
				c.Blocked = &Blocked{Code: "protected", By: "built-in", Detail: why + ". landfall never changes such a group.",
					File: it.w.Range.Filename, Line: it.w.Range.Start.Line}
				continue
			}
		}
		if t := b.joinedTarget(c); t != nil {
			if _, why := wellKnown(t.space, t.space.ByAnchor(*c.Anchor)); why != "" {
				c.Blocked = &Blocked{Code: "protected", By: "built-in", Detail: why + ". landfall never changes such an object.",
					File: c.Reason.File, Line: c.Reason.Line}
				continue
			}
		}
		c.Blocked = protecting(b.cfg, c)
	}
}

// protecting says which protect block a change runs into, nil if none.
func protecting(cfg *lang.Config, c *Change) *Blocked {
	for _, p := range cfg.Protected {
		root, err := dn.Parse(p.DN)
		if err == nil && (inside(c.DN.Before, root) || inside(c.DN.After, root)) {
			return &Blocked{Code: "protected", By: "protect", Detail: "it lies at or below " + p.DN + ", which the configuration protects.",
				File: p.Range.Filename, Line: p.Range.Start.Line}
		}
	}
	return nil
}

// CheckProtected refuses a saved plan that touches what the configuration
// protects by now.
func CheckProtected(cfg *lang.Config, p *Plan) error {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Blocked != nil {
			continue
		}
		if by := protecting(cfg, c); by != nil {
			return fmt.Errorf("the plan changes %q, and %s (%s:%d). That is newer than the plan; make the plan again", c.Name, strings.TrimSuffix(by.Detail, "."), by.File, by.Line)
		}
	}
	return nil
}

// joinedTarget is the AD space of a change to a joined object that belongs to no
// writeback, nil for all others.
func (b *build) joinedTarget(c *Change) *target {
	for _, t := range b.targets {
		if t.space.Provider == c.Provider && strings.HasPrefix(c.Address, c.Provider+"[") && c.Anchor != nil {
			return t
		}
	}
	return nil
}

func inside(name *string, root dn.DN) bool {
	if name == nil {
		return false
	}
	d, err := dn.Parse(*name)
	return err == nil && d.IsBelow(root)
}
