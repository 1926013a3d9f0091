package planner

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/value"
)

// maxRDN is AD's limit of a common name and of the name of an OU, in UTF-16 units.
const maxRDN = 64

// name decides where every written object will be, and as what, and finds
// collisions before anything is written.
func (b *build) name() {
	for _, t := range b.targets {
		var named []*item
		for _, it := range b.items {
			if it.t == t && it.verdict == verdictWrite && !it.failed {
				if b.nameOne(it) {
					named = append(named, it)
				}
			}
		}
		b.collideDN(t, named)
		b.nameAccounts(t, named)
	}
}

// nameOne computes the desired DN of one item and applies the policies on
// drift and renames. It reports whether the item can be written.
func (b *build) nameOne(it *item) bool {
	want, err := b.desiredDN(it)
	if err == nil && it.exists() && it.before.Len() == 0 {
		err = &objectError{it.w.Address(), it.w.Range, fmt.Errorf("its object has the name %q, which is not a distinguished name of Active Directory", it.t.space.Name(it.object))}
	}
	if err != nil {
		b.fail(it, *err)
		return false
	}
	it.after = want
	b.foreignWriter(it)
	if !it.exists() {
		if owner, ok := b.convertedAuthority(it); ok {
			it.block("collision", it.w.Address(), "an unmarked group of Active Directory has the same security identifier: "+owner+
				". Its authority was converted to the cloud; it must be taken over, not created twice. Add to the writeback: adopt = { "+
				fmt.Sprintf("%q = %q", it.mark(), owner)+" }", it.w.Range.Filename, it.w.Range.Start.Line)
		}
		return true
	}
	if b.noFlow(it) {
		it.after = it.before
		return true
	}
	parent := it.before.Parent()
	leaf := it.before.Leaf()
	switch {
	case !it.before.IsBelow(b.roots[it.w]):
		b.outsideRoot(it)
	case parent.Equal(want.Parent()):
	case it.w.OUDrift != "move_back":
		if it.w.OUDrift == "report" {
			b.diagnose("warning", "ou_drift", "An object is in another OU than the mapping says",
				"\""+it.label+"\" is in "+parent.String()+", and "+it.w.OU.Address()+" says "+want.Parent().String()+
					". It stays there, because ou_drift = \"report\".", it.w.Range)
		}
		it.after = parent.Child(want.Leaf().Type, want.Leaf().Value)
	}
	if it.after.Parent().Equal(parent) {
		it.after = parent.Child(it.after.Leaf().Type, it.after.Leaf().Value) // the directory's own spelling
	}
	suffixed := suffix(it.after.Leaf().Value, it.id, maxRDN)
	if it.w.OnRename == "keep" || it.w.OnCollision == "suffix" && dn.Fold(leaf.Value) == dn.Fold(suffixed) {
		it.after = it.after.Parent().Child(leaf.Type, leaf.Value)
	}
	return true
}

// outsideRoot applies outside_root = "block" to an object that is not below the
// root of its writeback.
func (b *build) outsideRoot(it *item) {
	if it.w.OutsideRoot == "block" {
		it.block("outside_root", it.w.Address(), "the object lies outside "+it.w.OU.Root+
			" and outside_root = \"block\". Move it back by hand, or allow landfall to (outside_root = \"move_back\").",
			it.w.Range.Filename, it.w.Range.Start.Line)
	}
}

// convertedAuthority finds an unmarked AD group that is this very group: its
// SID is the one that Entra remembers from before its authority was converted.
func (b *build) convertedAuthority(it *item) (string, bool) {
	s, _ := b.space(it.w.From)
	sid := s.First(it.source, "onPremisesSecurityIdentifier")
	raw, ok := parseSID(sid)
	if !ok {
		return "", false
	}
	o, ok := it.t.sids[raw]
	if !ok {
		return "", false
	}
	return it.t.space.Name(o), true
}

func (b *build) foreignWriter(it *item) {
	const attr = "msDS-ExternalDirectoryObjectId"
	o := it.present()
	if o == NoObject || it.adopted {
		return
	}
	if v := it.t.space.First(o, attr); v != "" {
		if _, declared := adoption(it.w, it.mark()); !declared {
			it.block("foreign_writer", it.w.Address(), attr+" is "+b.shown(attr, v)+": Entra Cloud Sync writes this object, too, and two writers would fight. "+
				"Take the group out of Cloud Sync's scope, then name it in adopt.", it.w.Range.Filename, it.w.Range.Start.Line)
		}
	}
}

// shown is a value of an attribute in a message.
func (b *build) shown(attribute, text string) string {
	if b.redacted(attribute) {
		return "(redacted)"
	}
	return strconv.Quote(text)
}

// desiredDN evaluates cn and the OU mapping, or the dn flow of a rule that wins
// over both.
func (b *build) desiredDN(it *item) (dn.DN, *objectError) {
	src := mvRecord{b, it.m}
	if d, oe := b.flowedDN(it, src); oe != nil || d.Len() > 0 {
		return d, oe
	}
	cn, err := b.text(it, it.w.CN, src)
	switch {
	case err != nil:
		err = fmt.Errorf("cn: %w", err)
	case cn == "":
		err = errors.New("cn is empty, and an object needs a name")
	case strings.ContainsAny(cn, "\x00\n"):
		err = errors.New("cn holds a line break or a NUL character, which Active Directory does not take in names")
	default:
		err = fits(dn.RDN{Type: "cn", Value: cn})
	}
	if err != nil {
		return dn.DN{}, &objectError{it.w.Address(), it.w.CN.Range, err}
	}
	parent, oe := b.desiredParent(it, src)
	if oe != nil {
		return dn.DN{}, oe
	}
	return parent.Child("CN", cn), nil
}

// fits checks the length of one component of a name. Samba takes longer ones
// than Active Directory.
func fits(r dn.RDN) error {
	if n := dn.Units(r.Value); n > maxRDN {
		return fmt.Errorf("%s is %d characters (UTF-16 units) long, and Active Directory takes %d: %q", r.Type, n, maxRDN, r.Value)
	}
	return nil
}

func (b *build) desiredParent(it *item, src record) (dn.DN, *objectError) {
	m := it.w.OU
	expr := m.Default
	for _, r := range m.Rules {
		ok, err := b.holds(r.When, src, b.params[it.w.To])
		if err != nil {
			return dn.DN{}, &objectError{m.Address(), r.Range, fmt.Errorf("rule %q, when: %w", r.Name, err)}
		}
		if ok {
			expr = r.OU
			break
		}
	}
	text, err := b.text(it, expr, src)
	if err == nil {
		var ou, root dn.DN
		if root, err = dn.Parse(m.Root); err == nil {
			ou, err = dn.Parse(text)
		}
		if err == nil {
			if !ou.IsBelow(root) {
				if slices.ContainsFunc(ou.RDNs(), func(r dn.RDN) bool { return strings.EqualFold(r.Type, "DC") }) {
					err = fmt.Errorf("%s lies outside the root %s", text, m.Root)
				}
				ou = ou.Under(root)
			}
			for _, r := range ou.RDNs() {
				if err == nil {
					err = fits(r)
				}
			}
			if err == nil {
				return ou, nil
			}
		}
	}
	return dn.DN{}, &objectError{m.Address(), expr.Range, fmt.Errorf("ou: %w", err)}
}

// text evaluates an expression to a string; null is "".
func (b *build) text(it *item, e *lang.Expr, src record) (string, error) {
	v, err := b.evaluate(e, src, b.params[it.w.To])
	if err != nil {
		return "", err
	}
	if v.Kind() == value.List {
		return "", fmt.Errorf("a list came out where one value is needed")
	}
	return v.LDAP(), nil
}

// flowedDN is the name that a rule flows: one of 0-99, which wins over cn and ou
// by its precedence, or an imported provision rule, which keeps its own dn. A
// rule without a value leaves the name to the next one, and in the end to the
// writeback; the result is empty then.
func (b *build) flowedDN(it *item, src mvRecord) (dn.DN, *objectError) {
	for _, r := range b.cfg.Rules {
		i := slices.IndexFunc(r.Flows, func(f *lang.Flow) bool { return strings.EqualFold(f.Attribute, "dn") })
		if i < 0 || !b.applies(r, it) || r.Precedence > it.w.Rule.Precedence && r.Link != lang.Provision {
			continue
		}
		f := r.Flows[i]
		if f.Once && it.present() != NoObject {
			continue
		}
		ok, err := b.inScope(r, src)
		if err != nil {
			return dn.DN{}, &objectError{r.Name, r.Range, err}
		}
		if !ok || !b.joins(r, it, src) {
			continue
		}
		got, err := b.flow(r, f, src, Attribute{Name: "dn"})
		if err == nil && len(got.values) == 0 && !got.null {
			continue
		}
		var d dn.DN
		if err == nil {
			d, err = b.checkDN(it, got.values)
		}
		if err != nil {
			return dn.DN{}, &objectError{r.Name, f.Range, fmt.Errorf("dn: %w", err)}
		}
		return d, nil
	}
	return dn.DN{}, nil
}

// checkDN reads a name that a rule gave to a group.
func (b *build) checkDN(it *item, values []string) (dn.DN, error) {
	if len(values) == 0 {
		return dn.DN{}, errors.New("it is empty, and an object needs a name")
	}
	d, err := dn.Parse(values[0])
	switch {
	case err != nil:
		return d, err
	case !strings.EqualFold(d.Leaf().Type, "CN"):
		return d, fmt.Errorf("the name of a group begins with CN=, and %s does not", d)
	case !d.Parent().IsBelow(b.roots[it.w]):
		return d, fmt.Errorf("%s lies outside the root %s", d, it.w.OU.Root)
	}
	for _, r := range d.RDNs() {
		if err := fits(r); err != nil {
			return d, err
		}
	}
	return d, nil
}

// suffix appends "_" and the last 12 characters of the object id, within limit
// UTF-16 units.
func suffix(name, id string, limit int) string {
	tail := "_" + id[max(0, len(id)-12):]
	room := limit - dn.Units(tail)
	cut, n := len(name), 0
	for i, r := range name {
		n += dn.Units(string(r))
		if n > room {
			cut = i
			break
		}
	}
	return strings.TrimRight(name[:cut], " ") + tail
}

// collideDN finds names that are taken, by an object that stays or by another
// claimant. The present holder keeps its name. A claimant that is blocked keeps
// the name that it has, so whoever counts on that one is looked at again.
func (b *build) collideDN(t *target, named []*item) {
	claims := map[string][]*item{}
	for _, it := range named {
		claims[it.after.Key()] = append(claims[it.after.Key()], it)
	}
	for queue := sortedKeys(claims); len(queue) > 0; queue = queue[1:] {
		key := queue[0]
		group := claims[key]
		slices.SortFunc(group, func(x, y *item) int { return cmp.Compare(x.id, y.id) })
		holder := b.holder(t, key)
		if holder == "" && len(group) == 1 {
			continue
		}
		for _, it := range slices.Clone(group) {
			if it.blocked != nil || it.exists() && it.before.Key() == key {
				continue
			}
			if other, ok := b.suffixed(t, it, claims); ok {
				claims[key] = slices.DeleteFunc(claims[key], func(x *item) bool { return x == it })
				it.after, it.suffixed = other, true
				claims[other.Key()] = []*item{it}
				continue
			}
			b.collision(it, holder, group)
			if it.exists() {
				queue = append(queue, it.before.Key())
			}
		}
	}
}

// holder names the object that has the name and keeps it, "" if the name is
// free or becomes free in this plan.
func (b *build) holder(t *target, key string) string {
	for _, o := range t.namesakes(key) {
		if it := t.items[o]; it != nil && it.verdict == verdictWrite && !it.failed && it.blocked == nil && it.after.Key() != key {
			continue // it moves away
		}
		return t.space.Name(o)
	}
	return ""
}

// namesakes are the objects that have a name: siblings differ by value, whatever
// the naming attribute.
func (t *target) namesakes(key string) []ObjectID {
	var out []ObjectID
	_, rest, _ := strings.Cut(key, "=")
	for _, naming := range []string{"cn=", "ou="} {
		if o := t.space.named(naming + rest); o != NoObject && t.space.State(o) != Deleted {
			out = append(out, o)
		}
	}
	return out
}

// suffixed is the other name that on_collision = "suffix" gives, if nobody has
// or claims that one.
func (b *build) suffixed(t *target, it *item, claims map[string][]*item) (dn.DN, bool) {
	if it.w.OnCollision != "suffix" || it.suffixed {
		return dn.DN{}, false
	}
	other := it.after.Parent().Child(it.after.Leaf().Type, suffix(it.after.Leaf().Value, it.id, maxRDN))
	return other, b.holder(t, other.Key()) == "" && len(claims[other.Key()]) == 0
}

func (b *build) collision(it *item, holder string, group []*item) {
	detail := "the name " + it.after.String() + " is taken by " + holder
	if holder == "" {
		var others []string
		for _, o := range group {
			if o != it {
				others = append(others, "\""+o.label+"\" ("+o.mark()+")")
			}
		}
		detail = "the name " + it.after.String() + " is claimed by " + shortList(others) + ", too"
	}
	advice := ". Make cn unique, or set on_collision = \"suffix\"."
	if slices.ContainsFunc(it.t.namesakes(it.after.Key()), func(o ObjectID) bool { return b.isLeaving(it.t, o) }) {
		advice = ", which this plan is to delete. The name becomes free with that, and the next plan takes it."
	}
	it.block("collision", it.w.Address(), detail+advice,
		it.w.CN.Range.Filename, it.w.CN.Range.Start.Line)
}
