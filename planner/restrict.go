package planner

import (
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
)

// restrict applies -only and -except: addresses, prefixes of them, or patterns
// with *. The plan says that it is partial and how much it leaves out. OUs stay
// in when a change that stays needs them.
func (b *build) restrict() {
	if len(b.options.Only)+len(b.options.Except) == 0 {
		return
	}
	keep := func(address string) bool {
		in := len(b.options.Only) == 0
		for _, p := range b.options.Only {
			in = in || matchAddress(p, address)
		}
		for _, p := range b.options.Except {
			in = in && !matchAddress(p, address)
		}
		return in
	}
	kept := b.plan.Changes[:0:0]
	for _, c := range b.plan.Changes {
		if keep(c.Address) {
			kept = append(kept, c)
		}
	}
	for _, c := range b.plan.Changes {
		if c.ObjectType == "organizationalUnit" && !keep(c.Address) && neededOU(c, kept) {
			kept = append(kept, c)
		}
	}
	b.plan.Partial = &Partial{
		Only: nonNil(b.options.Only), Except: nonNil(b.options.Except), LeftOut: len(b.plan.Changes) - len(kept),
	}
	b.plan.Changes = kept
}

// neededOU reports whether some change that is not blocked puts an object below
// the OU.
func neededOU(ou Change, changes []Change) bool {
	root, err := dn.Parse(*ou.DN.After)
	if err != nil {
		return false
	}
	for _, c := range changes {
		if c.Blocked == nil && c.ObjectType != "organizationalUnit" && c.Provider == ou.Provider && inside(c.DN.After, root) {
			return true
		}
	}
	return false
}

func matchAddress(pattern, address string) bool {
	if !strings.Contains(pattern, "*") {
		return strings.HasPrefix(address, pattern)
	}
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(address, parts[0]) {
		return false
	}
	rest := address[len(parts[0]):]
	for i, part := range parts[1:] {
		if i == len(parts)-2 {
			return strings.HasSuffix(rest, part)
		}
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}
