package planner

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// selector is one value of -only or -except: what it takes. A change is taken
// whole, whatever else it does besides.
type selector struct {
	flag, text string
	takes      func(*Change) bool
}

// selectorKinds are the words before the equals sign; without one of them it is
// an address.
var selectorKinds = []string{"rule", "ou", "action"}

// selectorActions are what action=WORD takes: the actions of a change, and those
// that guards know besides.
var selectorActions = []string{
	string(ActionCreate), string(ActionRestore), string(ActionMove), string(ActionRename), string(ActionUpdate), string(ActionMembers), string(ActionDelete),
	"member_add", "member_remove", "type_change",
}

// selectors parses the values of one flag. A word that nothing in this
// configuration can have is an error: a misspelt -except would let through what it
// was to leave out.
func (b *build) selectors(flag string, texts []string) ([]selector, error) {
	var out []selector
	for _, text := range texts {
		takes, err := b.selector(text)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", flag, text, err)
		}
		out = append(out, selector{flag, text, takes})
	}
	return out, nil
}

func (b *build) selector(text string) (func(*Change) bool, error) {
	kind, word, ok := strings.Cut(text, "=")
	if !ok || !isWord(kind) {
		return b.byAddress(text)
	}
	switch kind {
	case "rule":
		return b.byRule(word)
	case "ou":
		return b.byOU(word)
	case "action":
		return byAction(word)
	}
	if _, err := dn.Parse(text); err == nil && strings.Contains(word, "=") {
		return nil, fmt.Errorf("to name what lies below an OU, write ou=%s", text)
	}
	return nil, fmt.Errorf("it is neither an address nor rule=NAME, ou=DN or action=WORD.%s", lang.DidYouMean(kind, selectorKinds))
}

// isWord: an address has a dot, a star or a bracket before its first equals sign.
func isWord(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '_' && r != '-' }) < 0
}

// byAddress takes addresses, prefixes of them, or patterns with *.
func (b *build) byAddress(pattern string) (func(*Change) bool, error) {
	planned := slices.ContainsFunc(b.plan.Changes, func(c Change) bool { return matchAddress(pattern, c.Address) })
	if !b.addressable(pattern) && !planned && !b.options.Base {
		return nil, fmt.Errorf("nothing in this configuration has an address that begins like that. Addresses begin with %s.%s",
			strings.Join(b.blocks(), ", "), lang.DidYouMean(pattern, b.blocks()))
	}
	return func(c *Change) bool { return matchAddress(pattern, c.Address) }, nil
}

// byRule takes what a rule decides: the change itself, one of its attributes, or
// its members. Rules go by name, by address, or by a pattern with *.
func (b *build) byRule(pattern string) (func(*Change) bool, error) {
	type key struct {
		name       string
		precedence int
	}
	wanted := map[key]bool{}
	var names []string
	known := func(k key, forms ...string) {
		for _, f := range forms {
			if f == pattern || strings.Contains(pattern, "*") && matchAddress(pattern, f) {
				wanted[k] = true
			}
		}
		names = append(names, forms...)
	}
	for _, r := range b.cfg.Rules {
		reason := reasonOf(r, r.Range)
		known(key{reason.Rule, reason.Precedence}, reason.Rule, r.Address)
	}
	for _, m := range b.cfg.OUMappings {
		known(key{m.Address(), 0}, m.Address())
	}
	if len(wanted) == 0 && !b.options.Base {
		return nil, fmt.Errorf("this configuration has no such rule.%s \"landfall rules list\" shows them", lang.DidYouMean(pattern, names))
	}
	of := func(r *Reason) bool { return r != nil && wanted[key{r.Rule, r.Precedence}] }
	return func(c *Change) bool {
		return of(c.Reason) || of(b.memberReason(c)) || slices.ContainsFunc(c.Edits, func(e Edit) bool { return of(&e.Reason) })
	}, nil
}

// memberReason is the rule whose flow decides the members of a change, nil if none
// does.
func (b *build) memberReason(c *Change) *Reason {
	if c.Members == nil {
		return nil
	}
	it := b.itemOf(c)
	if it == nil || it.memberFlow.rule == nil {
		return nil
	}
	return ptr(reasonOf(it.memberFlow.rule, it.memberFlow.flow.Range))
}

// byOU takes what is in an OU, or will be; the OU itself, too.
func (b *build) byOU(name string) (func(*Change) bool, error) {
	root, err := dn.Parse(name)
	if err != nil || root.Len() == 0 {
		return nil, fmt.Errorf("%q is not a distinguished name, as in ou=OU=Finance,DC=example,DC=com", name)
	}
	var bases []string
	for _, p := range b.cfg.Providers {
		if p.AD == nil {
			continue
		}
		bases = append(bases, p.AD.BaseDN)
		if base, err := dn.Parse(p.AD.BaseDN); err == nil && (root.IsBelow(base) || base.IsBelow(root)) {
			return func(c *Change) bool { return inside(c.DN.Before, root) || inside(c.DN.After, root) }, nil
		}
	}
	if len(bases) == 0 {
		return nil, errors.New("this configuration has no provider \"ad\", and only Active Directory has OUs")
	}
	return nil, fmt.Errorf("%s does not lie below %s, so nothing can be in it. Write the whole distinguished name", name, strings.Join(bases, " or "))
}

// byAction takes changes that have an action, among others.
func byAction(word string) (func(*Change) bool, error) {
	if !slices.Contains(selectorActions, word) {
		return nil, fmt.Errorf("an action is one of %s.%s", strings.Join(selectorActions, ", "), lang.DidYouMean(word, selectorActions))
	}
	return func(c *Change) bool {
		switch word {
		case "member_add":
			return c.Members != nil && len(c.Members.Add) > 0
		case "member_remove":
			return c.Members != nil && len(c.Members.Remove) > 0
		}
		return hasGuardAction(c, word)
	}, nil
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
