package planner

import (
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
	"github.com/landfall-directory/landfall/lang/schema"
)

// leastKey is how many octets a key of pseudonyms must have: whoever can guess it
// can try out names.
const leastKey = 16

// CheckPseudonymKey refuses a key that could be found by trying.
func CheckPseudonymKey(key []byte) error {
	if len(key) < leastKey {
		return fmt.Errorf("the key for pseudonyms has %d characters, and needs %d at least, or names could be found by trying keys. Make one with: openssl rand -base64 32", len(key), leastKey)
	}
	return nil
}

// Pseudonyms replaces what a snapshot says of people and groups. It is made for
// one snapshot, whose values it has seen.
type Pseudonyms struct {
	policy    *policy
	readable  map[readableKey]bool // true: of ours only
	mac       hash.Hash
	kept      map[string]bool // folded texts, GUIDs, octets after a NUL
	prefixes  []string        // folded
	cuts      []int
	names     map[string]bool   // keys of DNs that stay
	blobs     map[string]bool   // octets that some object holds
	originals map[string]bool   // folded short texts
	used      map[string]bool   // short pseudonyms
	short     map[string]string // folded short text → its pseudonym
	spellings map[string]bool   // short texts as they are spelt
	spelled   map[string]string // see cased
	memo      map[string]string
}

type readableKey struct{ provider, objectType, attribute string } // lower case

// NewPseudonyms collects what must stay, and the values of which two may not have
// one pseudonym. The same key and snapshot give the same pseudonyms; with another
// snapshot only those of short values may be others.
func NewPseudonyms(cfg *lang.Config, snap Snapshot, key []byte, keep []string) (*Pseudonyms, error) {
	if err := CheckPseudonymKey(key); err != nil {
		return nil, err
	}
	policy, err := newPolicy(cfg, keep)
	if err != nil {
		return nil, err
	}
	p := &Pseudonyms{
		policy: policy, readable: map[readableKey]bool{}, mac: newMAC(key), cuts: policy.Cuts,
		kept: map[string]bool{"true": true, "false": true}, names: map[string]bool{}, blobs: map[string]bool{}, originals: map[string]bool{},
		used: map[string]bool{}, short: map[string]string{}, spellings: map[string]bool{}, spelled: map[string]string{}, memo: map[string]string{},
	}
	for _, r := range policy.Readable {
		k := readableKey{r.Provider, strings.ToLower(r.Type), strings.ToLower(r.Attribute)}
		p.readable[k] = r.Ours
	}
	for _, prefix := range policy.Prefixes {
		p.prefixes = append(p.prefixes, dn.Fold(prefix))
	}
	for _, text := range policy.Texts {
		p.keep(text)
	}
	for _, name := range policy.Names {
		for d, err := dn.Parse(name); err == nil && d.Len() > 0; d = d.Parent() {
			p.names[d.Key()] = true
			if !strings.EqualFold(d.Leaf().Type, "DC") {
				p.keep(d.Leaf().Value)
			}
		}
	}
	for _, address := range sortedKeys(snap) {
		p.learn(snap[address])
	}
	for _, text := range slices.Sorted(maps.Keys(p.spellings)) {
		p.Text(text) // in order, so that nothing depends on that of the reading
	}
	return p, nil
}

// Policy says what stays as it is.
func (p *Pseudonyms) Policy() *Pseudonymity { return &p.policy.Pseudonymity }

// keep lets a value stay as it is, wherever it stands.
func (p *Pseudonyms) keep(v string) {
	_, core, _ := parted(v)
	if m := guidShape.FindStringSubmatch(core); m != nil {
		p.kept[strings.ToLower(m[3])] = true
		return
	}
	if raw := decoded(core); len(core) == 24 && len(raw) == 16 {
		p.kept[FormatGUID(raw)] = true
	}
	p.kept[dn.Fold(core)] = true
}

// keepOctets is keep for a value that is no text.
func (p *Pseudonyms) keepOctets(raw string) {
	if text := formatSID(raw); text != "" {
		p.keep(text)
	}
	if len(raw) == 16 {
		p.kept[FormatGUID(raw)] = true
	}
	p.kept["\x00"+raw] = true
}

// stays reports whether an attribute of an object keeps its values.
func (p *Pseudonyms) stays(s *Space, o ObjectID, attribute string) bool {
	for _, objectType := range []string{strings.ToLower(s.Type(o)), "*"} {
		ours, ok := p.readable[readableKey{s.Provider, objectType, strings.ToLower(attribute)}]
		if ok && (!ours || isMark(s.First(o, markAttribute)) || p.belowRoot(s.Name(o))) {
			return true
		}
	}
	return false
}

// belowRoot reports a name below the root of a mapping.
func (p *Pseudonyms) belowRoot(name string) bool {
	return slices.ContainsFunc(p.policy.cfg.OUMappings, func(m *lang.OUMapping) bool { return below(name, m.Root) })
}

// learn looks at every value of a space: which stay, and which are short.
func (p *Pseudonyms) learn(s *Space) {
	attributes := s.attributes()
	for o := range ObjectID(s.Len()) {
		for _, name := range attributes {
			a, known := s.Schema.Lookup(name)
			values := s.Values(o, name)
			if len(values) == 0 {
				continue
			}
			stays := p.stays(s, o, name)
			for _, v := range values {
				switch {
				case known && a.Syntax == schema.Octets && stays:
					p.keepOctets(v)
				case known && a.Syntax == schema.Octets:
					p.blobs[v] = true
				case known && code(a) && !strings.EqualFold(name, "memberCount"), stays:
					p.keep(v)
				default:
					p.see(v)
				}
			}
		}
		p.learnName(s, o)
	}
	for pair := range s.absent {
		if pair[0] == "samaccountname" { // asked for what a writeback computes
			p.keep(pair[1])
		}
	}
	for pair := range s.found {
		if pair[0] == "samaccountname" {
			p.keep(pair[1])
		}
	}
}

// learnName looks at the parts of an object's name.
func (p *Pseudonyms) learnName(s *Space, o ObjectID) {
	if s.Kind != KindAD {
		p.see(s.Name(o))
		return
	}
	d, err := dn.Parse(s.Name(o))
	if err != nil || d.Len() == 0 {
		return
	}
	if p.stays(s, o, "name") || p.readableName(s, o) {
		name, _, _ := strings.Cut(d.Leaf().Value, "\nDEL:")
		p.keep(name)
	}
	if strings.EqualFold(s.Type(o), "organizationalUnit") && slices.ContainsFunc(p.policy.allOUs, d.IsBelow) {
		p.names[d.Key()] = true
	}
	for _, r := range d.RDNs() {
		name, _, _ := strings.Cut(r.Value, "\nDEL:")
		p.see(name)
	}
}

// readableName reports an object below a root whose name a computed one of ours may
// collide with, whatever its type is.
func (p *Pseudonyms) readableName(s *Space, o ObjectID) bool {
	for k := range p.readable {
		if k.provider == s.Provider && k.attribute == "name" {
			return p.belowRoot(s.Name(o))
		}
	}
	return false
}

// see notes the short texts in a value.
func (p *Pseudonyms) see(v string) {
	_, core, _ := parted(v)
	core = core[len(schemeOf(core)):]
	if at := strings.IndexByte(core, '@'); at > 0 && mailShape.MatchString(core) {
		core = core[:at]
	}
	for core != "" && !p.kept[dn.Fold(core)] {
		head := p.head(core)
		if rest := core[len(head):]; dn.Units(rest) < shortText {
			p.spellings[core] = true
			if shape := p.shapeOf(core); head == "" && (shape == shapeText || shape == shapeNumber) {
				p.originals[dn.Fold(core)] = true
			}
		}
		_, core, _ = parted(head)
	}
}

// Snapshot is snap with pseudonyms in it. Objects keep their ids, types, states and
// references.
func (p *Pseudonyms) Snapshot(snap Snapshot) (Snapshot, error) {
	out := Snapshot{}
	for _, address := range sortedKeys(snap) {
		s, err := p.space(snap[address])
		if err != nil {
			return nil, err
		}
		out[address] = s
	}
	return out, nil
}

func (p *Pseudonyms) space(s *Space) (*Space, error) {
	out := NewSpace(s.Provider, s.Kind, s.Schema)
	out.ReadAt, out.RecycleBin, out.HasAttribute, out.Pseudonyms = s.ReadAt, s.RecycleBin, s.HasAttribute, p.Policy()
	for _, w := range s.Warnings { // their texts name objects
		out.Warnings = append(out.Warnings, Diagnostic{Severity: w.Severity, Code: w.Code,
			Summary: "A warning of the read of " + s.Provider, Detail: "What it says is left out, because this snapshot is pseudonymised."})
	}
	for o := range ObjectID(s.Len()) {
		name, at := p.objectName(s, o), NoObject
		if s.State(o) == Placeholder {
			at = out.Reference(name)
		} else {
			at = out.Add(s.Type(o), p.Text(s.Anchor(o)), name, s.State(o))
		}
		if at != o {
			return nil, fmt.Errorf("%s: two objects have one name, or would have one pseudonym; one of them is %q", s.Provider, s.Name(o))
		}
	}
	attributes := s.attributes()
	for o := range ObjectID(s.Len()) {
		p.values(out, s, o, attributes)
	}
	for pair := range s.absent {
		out.ProveAbsent(pair[0], p.asked(pair))
	}
	for pair, objects := range s.found {
		out.SetFound(pair[0], p.asked(pair), objects...)
	}
	return out, nil
}

func (p *Pseudonyms) objectName(s *Space, o ObjectID) string {
	if s.Kind == KindAD {
		return p.Name(s.Name(o))
	}
	return p.Text(s.Name(o))
}

// values gives an object its pseudonymised values, and its references.
func (p *Pseudonyms) values(out, s *Space, o ObjectID, attributes []string) {
	for _, name := range attributes {
		values := s.Values(o, name)
		if len(values) == 0 {
			continue
		}
		a, known := s.Schema.Lookup(name)
		if known && code(a) || p.stays(s, o, name) || s.State(o) == Deleted && strings.EqualFold(name, "whenChanged") {
			out.Set(o, name, values...)
			continue
		}
		changed := make([]string, len(values))
		for i, v := range values {
			if known && a.Syntax == schema.Octets {
				changed[i] = p.Octets(v)
			} else {
				changed[i] = p.Text(v)
			}
		}
		out.Set(o, name, changed...)
	}
	for name := range s.refs {
		if ids, read := s.References(o, name); read {
			out.SetReferences(o, name, slices.Clone(ids))
		}
	}
	for name := range s.hidden[o] {
		out.SetUnreadable(o, name)
	}
}

// asked is the pseudonym of a value that was looked up.
func (p *Pseudonyms) asked(pair [2]string) string {
	if pair[0] == "distinguishedname" {
		return p.Name(pair[1])
	}
	return p.Text(pair[1])
}
