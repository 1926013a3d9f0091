package planner

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/schema"
)

// SnapshotInfo says what a snapshot is: the first line of its file.
type SnapshotInfo struct {
	FormatVersion   string `json:"format_version"` // "1.0"
	LandfallVersion string `json:"landfall_version"`
	Created         string `json:"created"` // RFC 3339, UTC
	ConfigDigest    string `json:"config_digest"`
	// Requests are what was read of every provider, by address. A configuration
	// that needs more cannot be planned on the snapshot.
	Requests map[string]Request `json:"requests"`
	// Pseudonymised says that the values are pseudonyms, and which are not.
	Pseudonymised *Pseudonymity `json:"pseudonymised,omitempty"`
}

// snapshotLine is one line of a snapshot file; exactly one field is set.
type snapshotLine struct {
	Info   *SnapshotInfo   `json:"info,omitempty"`
	Space  *snapshotSpace  `json:"space,omitempty"`
	Object *snapshotObject `json:"object,omitempty"`
	Proofs *snapshotProofs `json:"proofs,omitempty"`
	End    *snapshotEnd    `json:"end,omitempty"`
}

// snapshotSpace begins a space; its objects follow, in the order of their ids.
type snapshotSpace struct {
	Provider     string       `json:"provider"`
	Kind         Kind         `json:"kind"`
	ReadAt       time.Time    `json:"read_at"`
	RecycleBin   RecycleBin   `json:"recycle_bin"`
	HasAttribute []string     `json:"has_attribute"` // null: not asked
	Warnings     []Diagnostic `json:"warnings,omitempty"`
}

type snapshotObject struct {
	Type       string                `json:"type,omitempty"`
	Anchor     string                `json:"anchor,omitempty"`
	Name       string                `json:"name"`
	State      State                 `json:"state"`
	Text       map[string][]string   `json:"text,omitempty"`
	Octets     map[string][]string   `json:"octets,omitempty"` // base64
	References map[string][]ObjectID `json:"references,omitempty"`
	Unreadable []string              `json:"unreadable,omitempty"`
}

// snapshotProofs are the answers of direct look-ups: attribute, value, and for
// what was found the objects.
type snapshotProofs struct {
	Absent [][2]string     `json:"absent"`
	Found  []snapshotFound `json:"found"`
}

type snapshotFound struct {
	Attribute string     `json:"attribute"`
	Value     string     `json:"value"`
	Objects   []ObjectID `json:"objects"`
}

// snapshotEnd proves that the file is whole.
type snapshotEnd struct {
	Lines int `json:"lines"`
}

// snapshotFormat is the version that this program writes; any 1.x is read.
const snapshotFormat = "1.0"

// EncodeSnapshot writes a snapshot: one JSON object a line.
func EncodeSnapshot(w io.Writer, snap Snapshot, info SnapshotInfo) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	lines := 0
	write := func(l snapshotLine) error {
		lines++
		return enc.Encode(l)
	}
	info.FormatVersion = snapshotFormat
	err := write(snapshotLine{Info: &info})
	for _, address := range sortedKeys(snap) {
		s := snap[address]
		if err == nil {
			err = write(snapshotLine{Space: spaceLine(s)})
		}
		for o := range ObjectID(s.Len()) {
			if err == nil {
				err = write(snapshotLine{Object: objectLine(s, o)})
			}
		}
		if err == nil {
			err = write(snapshotLine{Proofs: proofsLine(s)})
		}
	}
	if err == nil {
		err = write(snapshotLine{End: &snapshotEnd{Lines: lines}})
	}
	return errors.Join(err, out.Flush())
}

func spaceLine(s *Space) *snapshotSpace {
	l := &snapshotSpace{Provider: s.Provider, Kind: s.Kind, ReadAt: s.ReadAt.UTC(), RecycleBin: s.RecycleBin, Warnings: s.Warnings}
	if s.HasAttribute != nil {
		l.HasAttribute = []string{}
		for _, name := range sortedKeys(s.HasAttribute) {
			if s.HasAttribute[name] {
				l.HasAttribute = append(l.HasAttribute, name)
			}
		}
	}
	return l
}

func objectLine(s *Space, o ObjectID) *snapshotObject {
	l := &snapshotObject{Type: s.Type(o), Anchor: s.Anchor(o), Name: s.Name(o), State: s.State(o), Unreadable: sortedKeys(s.hidden[o])}
	for name := range s.columns {
		values := s.Values(o, name)
		if len(values) == 0 || name != strings.ToLower(name) {
			continue
		}
		a, _ := s.Schema.Lookup(name)
		if a.Syntax != schema.Octets && !slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			put(&l.Text, name, values)
			continue
		}
		encoded := make([]string, len(values))
		for i, v := range values {
			encoded[i] = base64.StdEncoding.EncodeToString([]byte(v))
		}
		put(&l.Octets, name, encoded)
	}
	for name := range s.refs {
		if ids, read := s.References(o, name); read && name == strings.ToLower(name) {
			put(&l.References, name, nonNil(ids))
		}
	}
	return l
}

func put[V any](m *map[string]V, name string, v V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[name] = v
}

func proofsLine(s *Space) *snapshotProofs {
	p := &snapshotProofs{Absent: [][2]string{}, Found: []snapshotFound{}}
	for pair := range s.absent {
		p.Absent = append(p.Absent, pair)
	}
	for pair, objects := range s.found {
		p.Found = append(p.Found, snapshotFound{pair[0], pair[1], objects})
	}
	slices.SortFunc(p.Absent, func(x, y [2]string) int { return slices.Compare(x[:], y[:]) })
	slices.SortFunc(p.Found, func(x, y snapshotFound) int {
		return slices.Compare([]string{x.Attribute, x.Value}, []string{y.Attribute, y.Value})
	})
	return p
}

// ErrSnapshot marks everything that makes a snapshot unusable.
var ErrSnapshot = errors.New("unusable snapshot")

// maxSnapshotLine bounds one object: a group with millions of members fits.
const maxSnapshotLine = 256 << 20

// DecodeSnapshot reads a snapshot for a configuration. It refuses one that is
// cut off or damaged, or that lacks something the configuration needs.
func DecodeSnapshot(r io.Reader, cfg *lang.Config) (Snapshot, SnapshotInfo, error) {
	d := snapshotDecoder{cfg: cfg, snap: Snapshot{}}
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 64<<10), maxSnapshotLine)
	for in.Scan() {
		if err := d.line(in.Bytes()); err != nil {
			return nil, SnapshotInfo{}, fmt.Errorf("%w: line %d: %w", ErrSnapshot, d.lines+1, err)
		}
		d.lines++
	}
	if err := in.Err(); err != nil {
		return nil, SnapshotInfo{}, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if !d.ended {
		return nil, SnapshotInfo{}, fmt.Errorf("%w: it ends in the middle; it was not written whole. Make it again", ErrSnapshot)
	}
	if err := errors.Join(covers(d.info, cfg), d.info.Pseudonymised.covers(cfg)); err != nil {
		return nil, SnapshotInfo{}, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return d.snap, d.info, nil
}

type snapshotDecoder struct {
	cfg   *lang.Config
	snap  Snapshot
	info  SnapshotInfo
	space *Space
	next  ObjectID
	refs  []func() error // references are set when all objects are there
	lines int
	ended bool
}

func (d *snapshotDecoder) line(data []byte) error {
	var l snapshotLine
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	switch {
	case d.ended:
		return errors.New("something follows the end")
	case d.lines == 0:
		return d.begin(l.Info)
	case l.Space != nil:
		return d.newSpace(l.Space)
	case l.Object != nil && d.space != nil:
		return d.object(l.Object)
	case l.Proofs != nil && d.space != nil:
		return d.proofs(l.Proofs)
	case l.End != nil:
		d.ended = true
		if len(d.refs) > 0 {
			return errors.New("a space does not end")
		}
		if l.End.Lines != d.lines {
			return fmt.Errorf("it should have %d lines, and has %d", l.End.Lines, d.lines)
		}
		return nil
	}
	return errors.New("this is no line of a snapshot")
}

func (d *snapshotDecoder) begin(info *SnapshotInfo) error {
	if info == nil {
		return errors.New("it does not begin as a snapshot of landfall does")
	}
	if major, _, ok := splitVersion(info.FormatVersion); !ok || major != 1 {
		return fmt.Errorf("its format_version is %q; this landfall reads 1.x", info.FormatVersion)
	}
	d.info = *info
	return nil
}

func (d *snapshotDecoder) newSpace(l *snapshotSpace) error {
	if d.snap[l.Provider] != nil || len(d.refs) > 0 {
		return fmt.Errorf("%s begins twice, or before another space ended", l.Provider)
	}
	i := slices.IndexFunc(d.cfg.Providers, func(p *lang.Provider) bool { return p.Address() == l.Provider })
	sch := schema.New(string(l.Kind))
	if i >= 0 {
		sch = d.cfg.Providers[i].Schema
	}
	d.space, d.next = NewSpace(l.Provider, l.Kind, sch), 0
	d.space.ReadAt, d.space.RecycleBin, d.space.Warnings, d.space.Pseudonyms = l.ReadAt, l.RecycleBin, l.Warnings, d.info.Pseudonymised
	if l.HasAttribute != nil {
		d.space.HasAttribute = map[string]bool{}
		for _, name := range l.HasAttribute {
			d.space.HasAttribute[name] = true
		}
	}
	d.snap[l.Provider] = d.space
	return nil
}

func (d *snapshotDecoder) object(l *snapshotObject) error {
	s := d.space
	var o ObjectID
	if l.State == Placeholder {
		o = s.Reference(l.Name)
	} else {
		o = s.Add(l.Type, l.Anchor, l.Name, l.State)
	}
	if o != d.next {
		return fmt.Errorf("object %q is there twice", l.Name)
	}
	d.next++
	for name, values := range l.Text {
		s.Set(o, name, values...)
	}
	for name, values := range l.Octets {
		raw := make([]string, len(values))
		for i, v := range values {
			octets, err := base64.StdEncoding.DecodeString(v)
			if err != nil {
				return err
			}
			raw[i] = string(octets)
		}
		s.Set(o, name, raw...)
	}
	for _, name := range l.Unreadable {
		s.SetUnreadable(o, name)
	}
	for name, ids := range l.References {
		d.refs = append(d.refs, func() error {
			if slices.ContainsFunc(ids, func(id ObjectID) bool { return int(id) >= s.Len() }) {
				return fmt.Errorf("%s of %q names an object that is not there", name, l.Name)
			}
			s.SetReferences(o, name, ids)
			return nil
		})
	}
	return nil
}

func (d *snapshotDecoder) proofs(l *snapshotProofs) error {
	for _, set := range d.refs {
		if err := set(); err != nil {
			return err
		}
	}
	d.refs = nil
	for _, pair := range l.Absent {
		d.space.ProveAbsent(pair[0], pair[1])
	}
	for _, f := range l.Found {
		if slices.ContainsFunc(f.Objects, func(id ObjectID) bool { return int(id) >= d.space.Len() }) {
			return errors.New("a look-up found an object that is not there")
		}
		d.space.SetFound(f.Attribute, f.Value, f.Objects...)
	}
	return nil
}

// covers compares what was read with what a configuration needs.
func covers(info SnapshotInfo, cfg *lang.Config) error {
	needs := Requests(cfg)
	for _, address := range sortedKeys(needs) {
		have, ok := info.Requests[address]
		if !ok {
			return fmt.Errorf("it has nothing of %s. Make it again with this configuration", address)
		}
		for _, root := range needs[address].Subtrees {
			if !slices.ContainsFunc(have.Subtrees, func(h string) bool { return below(root, h) }) {
				return fmt.Errorf("nothing below %s of %s was read for it. Make it again with this configuration", root, address)
			}
		}
		for _, need := range needs[address].Types {
			i := slices.IndexFunc(have.Types, func(t TypeRequest) bool { return strings.EqualFold(t.Type, need.Type) })
			if i < 0 || need.All && !have.Types[i].All {
				return fmt.Errorf("objects of type %s of %s were not read for it. Make it again with this configuration", need.Type, address)
			}
			for _, attr := range slices.Concat(need.Attributes, need.References) {
				if !slices.Contains(have.Types[i].Attributes, attr) && !slices.Contains(have.Types[i].References, attr) {
					return fmt.Errorf("the attribute %s of %s objects of %s was not read for it. Make it again with this configuration", attr, need.Type, address)
				}
			}
		}
	}
	return nil
}

// CheckSnapshot reports whether a snapshot answers what the planner asks in the
// later steps of a read: memberships of the groups in scope, and look-ups.
func CheckSnapshot(cfg *lang.Config, snap Snapshot) error {
	references, err := NeededReferences(cfg, snap)
	if err != nil {
		return err
	}
	for _, address := range sortedKeys(references) {
		s := snap[address]
		for _, o := range references[address].Objects {
			for _, attr := range references[address].Attributes {
				if _, read := s.References(o, attr); !read && attr == "member" && strings.EqualFold(s.Type(o), "group") && !s.Unreadable(o, attr) {
					return fmt.Errorf("%w: the members of %q of %s are not in it, because it was made with a configuration that does not write this group. Make it again with this configuration",
						ErrSnapshot, displayName(s, o), address)
				}
			}
		}
	}
	proofs, err := NeededProofs(cfg, snap)
	if err != nil {
		return err
	}
	for _, q := range proofs {
		for _, v := range q.Values {
			if s := snap[q.Provider]; !s.Absent(q.Attribute, v) && len(s.Found(q.Attribute, v)) == 0 {
				return fmt.Errorf("%w: nobody looked up %s %q in %s when it was made. Make it again with this configuration", ErrSnapshot, q.Attribute, v, q.Provider)
			}
		}
	}
	return nil
}

// Everything is Requests with every attribute of the schemas that has a use in
// rules, for snapshots on which changed configurations are planned. Pictures and
// certificates are left out.
func Everything(cfg *lang.Config) map[string]Request {
	out := Requests(cfg)
	for _, p := range cfg.Providers {
		req := out[p.Address()]
		for i := range req.Types {
			t := &req.Types[i]
			for _, name := range p.Schema.Names() {
				a, _ := p.Schema.Lookup(name)
				fits := len(a.Types) == 0 || slices.Contains(a.Types, t.Type)
				if !fits || a.Derived || a.Syntax == schema.Octets || a.Syntax == schema.Reference || strings.EqualFold(name, "dn") ||
					slices.Contains(t.Attributes, a.Name) {
					continue
				}
				t.Attributes = append(t.Attributes, a.Name)
			}
			slices.Sort(t.Attributes)
		}
		out[p.Address()] = req
	}
	return out
}
