package planner

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// FormatVersion of the plan file that this program writes. A reader accepts any
// 1.x; apply refuses a minor version newer than its own.
const FormatVersion = "1.0"

// Encode writes the plan file: canonical JSON (RFC 8785) and a newline. Its
// checksum is over everything else in it.
func (p *Plan) Encode() ([]byte, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	tree, err := parseJSON(raw)
	if err != nil {
		return nil, err
	}
	plan := tree.(map[string]any)
	plan[checksumField] = checksumOf(plan)
	return append(appendCanonical(make([]byte, 0, len(raw)), plan), '\n'), nil
}

// checksumField is the top-level field that its value is not over.
const checksumField = "checksum"

// checksumOf is "sha256:…" over the canonical form of a plan without its
// checksum, fields that this program does not know included.
func checksumOf(plan map[string]any) string {
	rest := maps.Clone(plan)
	delete(rest, checksumField)
	return digestText(appendCanonical(nil, rest))
}

func digestText(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ErrPlanFile marks everything that makes a plan file unusable.
var ErrPlanFile = errors.New("unusable plan file")

// Decode reads a plan file. It refuses a file that is truncated, that is not a
// plan, that a newer major version wrote, or that is not byte for byte what was
// written; the error wraps ErrPlanFile and says which. A plan of a newer minor
// version is checked whole and read as far as this program knows it.
func Decode(data []byte) (*Plan, error) {
	tree, err := parseJSON(data)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it ends in the middle; it was not written whole. Make the plan again", ErrPlanFile)
	case errors.Is(err, errMoreJSON):
		return nil, fmt.Errorf("%w: something follows the plan", ErrPlanFile)
	case err != nil:
		return nil, fmt.Errorf("%w: it is not JSON: %w", ErrPlanFile, err)
	}
	plan, ok := tree.(map[string]any)
	version, named := plan["format_version"].(string)
	if !ok || !named {
		return nil, fmt.Errorf("%w: it has no format_version, so it is not a plan of landfall", ErrPlanFile)
	}
	if major, _, ok := splitVersion(version); !ok || major != 1 {
		return nil, fmt.Errorf("%w: its format_version is %q; this landfall reads 1.x", ErrPlanFile, version)
	}
	if err := checkUntouched(data, plan); err != nil {
		return nil, err
	}
	var p Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlanFile, err)
	}
	if got := p.ComputeDigest(); got != p.Digest {
		return nil, fmt.Errorf("%w: its changes have the digest %s, but it says %s. %s", ErrPlanFile, got, p.Digest, touched)
	}
	if got := summarise(&p); got != p.Summary {
		return nil, fmt.Errorf("%w: its summary does not fit its changes. %s", ErrPlanFile, touched)
	}
	return &p, nil
}

// touched is what a plan that does not fit itself comes to.
const touched = "It was edited or damaged after it was made; make the plan again"

// checkUntouched refuses a file that is not what was written. The checksum alone
// would let white space and a second value of one name pass, so the bytes must be
// the canonical ones, too.
func checkUntouched(data []byte, plan map[string]any) error {
	says, ok := plan[checksumField].(string)
	if !ok {
		return fmt.Errorf("%w: it has no checksum. %s", ErrPlanFile, touched)
	}
	if got := checksumOf(plan); got != says {
		return fmt.Errorf("%w: its content has the checksum %s, but it says %s. %s", ErrPlanFile, got, says, touched)
	}
	if !bytes.Equal(data, append(appendCanonical(make([]byte, 0, len(data)), plan), '\n')) {
		return fmt.Errorf("%w: it was written in another form after it was made (white space, line ends, order, a name twice), and a plan is only "+
			"read as landfall writes it. Use the file as it was, or make the plan again", ErrPlanFile)
	}
	return nil
}

// CheckApplicable refuses a plan of a newer minor version than this program's, and
// one whose names are pseudonyms.
func (p *Plan) CheckApplicable() error {
	if p.Pseudonymised() {
		return fmt.Errorf("%w: it was made on a pseudonymised snapshot. It shows how many changes of which kind there are, and names objects and values that do not exist; plan on the directories to apply", ErrPlanFile)
	}
	_, minor, ok := splitVersion(p.FormatVersion)
	_, own, _ := splitVersion(FormatVersion)
	if !ok || minor > own {
		return fmt.Errorf("%w: its format_version is %s and this landfall applies up to %s; what a newer version added would be ignored. Apply it with the landfall that made it (%s)",
			ErrPlanFile, p.FormatVersion, FormatVersion, p.LandfallVersion)
	}
	return nil
}

func splitVersion(v string) (major, minor int, ok bool) {
	a, b, found := strings.Cut(v, ".")
	major, err1 := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, found && err1 == nil && err2 == nil && minor >= 0
}

// digestChange is the part of a change that an approval covers.
type digestChange struct {
	Address    string         `json:"address"`
	Provider   string         `json:"provider"`
	ObjectType string         `json:"object_type"`
	Actions    []Action       `json:"actions"`
	Anchor     *string        `json:"anchor"`
	DN         DNChange       `json:"dn"`
	Edits      []digestEdit   `json:"edits"`
	Add        []digestMember `json:"add"`
	Remove     []digestMember `json:"remove"`
	Blocked    string         `json:"blocked"`
}

type digestEdit struct {
	Attribute string  `json:"attribute"`
	Before    []Datum `json:"before"`
	After     []Datum `json:"after"`
}

type digestMember struct {
	ID string `json:"id"`
	DN string `json:"dn"`
}

// ComputeDigest is "sha256:…" over what the plan does. Reasons, dates, names
// and line numbers do not change it; a change that is no longer blocked does.
func (p *Plan) ComputeDigest() string {
	changes := make([]digestChange, len(p.Changes))
	for i := range p.Changes {
		changes[i] = digestOf(&p.Changes[i])
	}
	raw, err := json.Marshal(changes)
	var tree any
	if err == nil {
		tree, err = parseJSON(raw)
	}
	if err != nil {
		panic("planner: changes that cannot be encoded: " + err.Error()) // strings and numbers only
	}
	return digestText(appendCanonical(nil, tree))
}

func digestOf(c *Change) digestChange {
	d := digestChange{
		Address: c.Address, Provider: c.Provider, ObjectType: c.ObjectType, Actions: nonNil(c.Actions), Anchor: c.Anchor, DN: c.DN,
		Edits: make([]digestEdit, len(c.Edits)), Add: []digestMember{}, Remove: []digestMember{},
	}
	for j, e := range c.Edits {
		d.Edits[j] = digestEdit{e.Attribute, nonNil(e.Before), nonNil(e.After)}
	}
	if c.Members != nil {
		d.Add, d.Remove = digestMembers(c.Members.Add), digestMembers(c.Members.Remove)
	}
	if c.Blocked != nil {
		d.Blocked = c.Blocked.Code
	}
	return d
}

// nonNil makes JSON write [] and not null.
func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// digestMembers are in the order of their ids: that of the plan is by name, and a
// person who is called otherwise by now makes no other plan.
func digestMembers(ms []MemberChange) []digestMember {
	out := make([]digestMember, len(ms))
	for i, m := range ms {
		out[i] = digestMember{ID: m.ID, DN: m.DN}
	}
	slices.SortFunc(out, func(x, y digestMember) int { return cmp.Or(strings.Compare(x.ID, y.ID), strings.Compare(x.DN, y.DN)) })
	return out
}

// summarise counts a plan.
func summarise(p *Plan) Summary {
	var s Summary
	for _, c := range p.Changes {
		if c.Members != nil {
			s.SkippedMembers += len(c.Members.Skipped)
		}
		if c.Blocked != nil {
			s.Blocked++
			continue
		}
		for _, a := range c.Actions {
			switch a {
			case ActionCreate:
				s.Create++
			case ActionRestore:
				s.Restore++
			case ActionMove:
				s.Move++
			case ActionRename:
				s.Rename++
			case ActionUpdate:
				s.Update++
			case ActionDelete:
				s.Delete++
			}
		}
		if c.Members != nil {
			s.MembersAdd += len(c.Members.Add)
			s.MembersRemove += len(c.Members.Remove)
		}
	}
	for _, sk := range p.Skipped {
		s.SkippedMembers += len(sk.Members)
	}
	s.NotWritten, s.Frozen = len(p.NotWritten), len(p.Frozen)
	for _, d := range p.Diagnostics {
		if d.Severity == "error" {
			s.Errors++
		}
	}
	return s
}
