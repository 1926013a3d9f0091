package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang/dn"
)

// nameAccounts evaluates declared sAMAccountNames, sanitises them and finds
// collisions: a name is unique among all security principals of the domain.
func (b *build) nameAccounts(t *target, named []*item) {
	claims := map[string][]*item{}
	for _, it := range named {
		if it.w.SAMAccountName == nil {
			continue
		}
		text, err := b.text(it, it.w.SAMAccountName, mvRecord{b, it.m})
		if err == nil && text != "" {
			if it.sam = sanitiseSAM(text); it.sam == "" {
				err = fmt.Errorf("nothing of %q is left once the characters that Active Directory forbids are taken out", text)
			}
		}
		if err != nil {
			b.fail(it, objectError{it.w.Address(), it.w.SAMAccountName.Range, fmt.Errorf("sam_account_name: %w", err)})
			continue
		}
		if it.sam == "" {
			continue
		}
		if it.exists() && it.w.OnCollision == "suffix" &&
			strings.EqualFold(t.space.First(it.object, "sAMAccountName"), suffix(it.sam, it.id, maxSAM)) {
			it.sam = t.space.First(it.object, "sAMAccountName")
		}
		claims[dn.Fold(it.sam)] = append(claims[dn.Fold(it.sam)], it)
	}
	for _, key := range sortedKeys(claims) {
		b.resolveAccounts(t, claims[key], claims)
	}
}

func (b *build) resolveAccounts(t *target, group []*item, claims map[string][]*item) {
	slices.SortFunc(group, func(x, y *item) int { return cmp.Compare(x.id, y.id) })
	for _, it := range group {
		holders := b.accountHolders(it, it.sam)
		if slices.Contains(holders, it.object) || len(holders) == 0 && len(group) == 1 {
			continue
		}
		if it.w.OnCollision == "suffix" {
			if other := suffix(it.sam, it.id, maxSAM); len(b.accountHolders(it, other)) == 0 && len(claims[dn.Fold(other)]) == 0 {
				it.sam = other
				continue
			}
		}
		detail := "the sAMAccountName " + b.shown("sAMAccountName", it.sam)
		if len(holders) > 0 {
			detail += " is taken by " + t.space.Name(holders[0])
		} else {
			detail += " is claimed by " + fmt.Sprint(len(group)) + " groups of this plan"
		}
		it.block("collision", it.w.Address(), detail+". Make it unique, or set on_collision = \"suffix\".",
			it.w.SAMAccountName.Range.Filename, it.w.SAMAccountName.Range.Start.Line)
	}
}

// accountHolders are the live objects that carry a sAMAccountName, within the
// scope in which the item's must be unique.
func (b *build) accountHolders(it *item, sam string) []ObjectID {
	t := it.t
	var out []ObjectID
	for _, o := range t.accounts()[dn.Fold(sam)] {
		if t.space.State(o) == Live && (it.w.SAMAccountNameScope == "forest" || domainOf(t.space.Name(o)) == domainOf(t.provider.AD.BaseDN)) {
			out = append(out, o)
		}
	}
	return out
}

// domainOf is the name of the domain that a name ends in.
func domainOf(name string) string {
	d, err := dn.Parse(name)
	for err == nil && d.Len() > 0 && !strings.EqualFold(d.Leaf().Type, "DC") {
		d = d.Parent()
	}
	return d.Key()
}

// accounts indexes the sAMAccountNames of a target, once.
func (t *target) accounts() map[string][]ObjectID {
	if t.sams == nil {
		t.sams = map[string][]ObjectID{}
		for o := range ObjectID(t.space.Len()) {
			if sam := t.space.First(o, "sAMAccountName"); sam != "" {
				t.sams[dn.Fold(sam)] = append(t.sams[dn.Fold(sam)], o)
			}
		}
	}
	return t.sams
}

// maxSAM is AD's limit of a group's sAMAccountName, in UTF-16 units.
const maxSAM = 256

// sanitiseSAM takes out what AD forbids in a sAMAccountName (sync-engine §7.2).
func sanitiseSAM(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || strings.ContainsRune(`"/\[]:;|=,+*?<>`, r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	for dn.Units(s) > maxSAM {
		r := []rune(s)
		s = string(r[:len(r)-1])
	}
	return strings.Trim(strings.TrimRight(s, ". "), " ")
}
