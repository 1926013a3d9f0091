package planner

import (
	"fmt"
	"slices"
	"strings"
)

// restrict applies -only and -except: addresses, prefixes of them, or patterns
// with *. The plan says that it is partial and how much it leaves out. OUs stay
// in when a change that stays needs them. A pattern that no block can have is an
// error: a misspelt -except would let through what it was to leave out.
func (b *build) restrict() error {
	if len(b.options.Only)+len(b.options.Except) == 0 {
		return nil
	}
	for _, p := range slices.Concat(b.options.Only, b.options.Except) {
		if !b.addressable(p) {
			return fmt.Errorf("-only or -except names %q, and nothing in this configuration has an address that begins like that. Addresses begin with %s",
				p, strings.Join(b.blocks(), ", "))
		}
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
	needed := parents(kept)
	for _, c := range b.plan.Changes {
		if c.ObjectType == "organizationalUnit" && !keep(c.Address) && needed[placeKey(c.Provider, *c.DN.After)] {
			kept = append(kept, c)
		}
	}
	b.plan.Partial = &Partial{
		Only: nonNil(b.options.Only), Except: nonNil(b.options.Except), LeftOut: len(b.plan.Changes) - len(kept),
	}
	b.plan.Changes = kept
	return nil
}

// blocks are the addresses that those of changes begin with.
func (b *build) blocks() []string {
	var out []string
	for _, w := range b.cfg.Writebacks {
		out = append(out, w.Address())
	}
	for _, m := range b.cfg.OUMappings {
		out = append(out, m.Address())
	}
	for _, p := range b.cfg.Providers {
		out = append(out, p.Address())
	}
	return out
}

// addressable reports whether a change could match a pattern.
func (b *build) addressable(pattern string) bool {
	literal, _, _ := strings.Cut(pattern, "*")
	return slices.ContainsFunc(b.blocks(), func(block string) bool {
		rest, inside := strings.CutPrefix(literal, block)
		return strings.HasPrefix(block, literal) || inside && strings.HasPrefix(rest, "[")
	})
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
