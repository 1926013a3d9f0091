package planner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// FormatVersion of the plan file that this program writes. A reader accepts any
// 1.x; apply refuses a minor version newer than its own.
const FormatVersion = "1.0"

// Encode writes the plan file: canonical JSON (RFC 8785) and a newline.
func (p *Plan) Encode() ([]byte, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	out, err := canonical(raw)
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}

// ErrPlanFile marks everything that makes a plan file unusable.
var ErrPlanFile = errors.New("unusable plan file")

// Decode reads a plan file. It refuses a file that is truncated, that is not a
// plan, that a newer major version wrote, or whose digest does not fit its
// changes; the error wraps ErrPlanFile and says which.
func Decode(data []byte) (*Plan, error) {
	var head struct {
		FormatVersion *string `json:"format_version"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&head); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it ends in the middle; it was not written whole. Make the plan again", ErrPlanFile)
		}
		return nil, fmt.Errorf("%w: it is not JSON: %w", ErrPlanFile, err)
	}
	if rest, err := io.ReadAll(dec.Buffered()); err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("%w: something follows the plan", ErrPlanFile)
	}
	if head.FormatVersion == nil {
		return nil, fmt.Errorf("%w: it has no format_version, so it is not a plan of landfall", ErrPlanFile)
	}
	if major, _, ok := splitVersion(*head.FormatVersion); !ok || major != 1 {
		return nil, fmt.Errorf("%w: its format_version is %q; this landfall reads 1.x", ErrPlanFile, *head.FormatVersion)
	}
	var p Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlanFile, err)
	}
	if got := p.ComputeDigest(); got != p.Digest {
		return nil, fmt.Errorf("%w: its changes have the digest %s, but it says %s; it was edited or damaged after it was made. Make the plan again", ErrPlanFile, got, p.Digest)
	}
	if got := summarise(&p); got != p.Summary {
		return nil, fmt.Errorf("%w: its summary does not fit its changes; it was edited or damaged after it was made. Make the plan again", ErrPlanFile)
	}
	return &p, nil
}

// CheckApplicable refuses a plan of a newer minor version than this program's.
func (p *Plan) CheckApplicable() error {
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
	if err == nil {
		raw, err = canonical(raw)
	}
	if err != nil {
		panic("planner: changes that cannot be encoded: " + err.Error()) // strings and numbers only
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
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

func digestMembers(ms []MemberChange) []digestMember {
	out := make([]digestMember, len(ms))
	for i, m := range ms {
		out[i] = digestMember{ID: m.ID, DN: m.DN}
	}
	return out
}

// canonical rewrites JSON in the form of RFC 8785. Plans hold integers only, so
// numbers keep their decimal form.
func canonical(raw []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return appendCanonical(make([]byte, 0, len(raw)), v), nil
}

func appendCanonical(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case json.Number:
		return append(b, v.String()...)
	case string:
		return appendString(b, v)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, item)
		}
		return append(b, ']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.SortFunc(keys, func(x, y string) int {
			return slices.Compare(utf16.Encode([]rune(x)), utf16.Encode([]rune(y)))
		})
		b = append(b, '{')
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendCanonical(b, v[k])
		}
		return append(b, '}')
	}
	panic(fmt.Sprintf("planner: unexpected %T in JSON", v))
}

func appendString(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, '\\', 'b')
		case r == '\t':
			b = append(b, '\\', 't')
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\f':
			b = append(b, '\\', 'f')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
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
