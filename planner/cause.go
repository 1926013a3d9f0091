package planner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// The causes of a change, in a plan that was compared with that of a base
// configuration on the same read of the directories.
const (
	CauseCaused  = "caused"  // only the new configuration makes it
	CauseChanged = "changed" // both make a change of the object, not the same one
	CausePending = "pending" // both make it: it was due before
)

// Withdrawn is a change that the base would make and the new configuration does
// not.
type Withdrawn struct {
	Address  string   `json:"address"`
	Provider string   `json:"provider"`
	Name     string   `json:"name"`
	Actions  []Action `json:"actions"`
}

// MarkCauses compares the plan of a new configuration with that of a base, both
// made on one snapshot, and says of every change whose doing it is. The digest
// stays the same.
func MarkCauses(head, base *Plan) {
	type key struct{ address, provider string }
	before := map[key]*Change{}
	for i := range base.Changes {
		before[key{base.Changes[i].Address, base.Changes[i].Provider}] = &base.Changes[i]
	}
	for i := range head.Changes {
		c := &head.Changes[i]
		k := key{c.Address, c.Provider}
		cause := CauseCaused
		if old := before[k]; old != nil {
			cause = CauseChanged
			if sameChange(c, old) {
				cause = CausePending
			}
			delete(before, k)
		}
		c.Cause = &cause
	}
	head.Base = &base.ConfigDigest
	head.Withdrawn = []Withdrawn{}
	for k, c := range before {
		head.Withdrawn = append(head.Withdrawn, Withdrawn{Address: k.address, Provider: k.provider, Name: c.Name, Actions: c.Actions})
	}
	slices.SortFunc(head.Withdrawn, func(x, y Withdrawn) int {
		return slices.Compare([]string{x.Address, x.Provider}, []string{y.Address, y.Provider})
	})
}

// sameChange compares what two changes do, as the digest sees it.
func sameChange(x, y *Change) bool {
	a, err1 := json.Marshal(digestOf(x))
	b, err2 := json.Marshal(digestOf(y))
	if err1 != nil || err2 != nil {
		panic(fmt.Sprint("planner: changes that cannot be encoded: ", err1, err2)) // strings and numbers only
	}
	return bytes.Equal(a, b)
}

// MergeRequests asks for what either of two configurations needs.
func MergeRequests(x, y map[string]Request) map[string]Request {
	out := map[string]Request{}
	for address, r := range x {
		other := y[address]
		merged := Request{Mark: r.Mark, Subtrees: union(r.Subtrees, other.Subtrees)}
		for _, t := range r.Types {
			if i := slices.IndexFunc(other.Types, func(o TypeRequest) bool { return o.Type == t.Type }); i >= 0 {
				o := other.Types[i]
				t = TypeRequest{Type: t.Type, All: t.All || o.All, Attributes: union(t.Attributes, o.Attributes), References: union(t.References, o.References)}
			}
			merged.Types = append(merged.Types, t)
		}
		for _, t := range other.Types {
			if !slices.ContainsFunc(merged.Types, func(m TypeRequest) bool { return m.Type == t.Type }) {
				merged.Types = append(merged.Types, t)
			}
		}
		out[address] = merged
	}
	return out
}

func union(x, y []string) []string {
	out := slices.Concat(x, y)
	slices.Sort(out)
	return slices.Compact(out)
}
