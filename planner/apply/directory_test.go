package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/landfall-directory/landfall/planner"
)

const (
	corp = "provider.ad.corp"
	base = "DC=corp,DC=example,DC=com"
)

// directory is a small directory with the rules that matter here: containers
// before what they contain, one object a name, compare-and-swap, members that
// exist, members that follow renames.
type directory struct {
	mu      sync.Mutex
	entries map[string]*entry // by anchor
	next    int
	log     []logged
	// trouble, if set, may answer in place of the directory, before anything is
	// written, or after.
	trouble func(n int, op planner.Operation) (planner.Result, bool)
	// sent, if set, is called when an operation arrives.
	sent func(n int)
}

type entry struct {
	anchor, typ, dn string
	deleted         bool
	attributes      map[string]string
	members         map[string]bool // anchors
}

type logged struct {
	op     planner.Operation
	result planner.Result
}

func newDirectory(ous ...string) *directory {
	d := &directory{entries: map[string]*entry{}}
	d.put("domain", base)
	for _, ou := range ous {
		d.put(objectTypeOU, ou)
	}
	return d
}

// put adds an object without any rule.
func (d *directory) put(typ, dn string) *entry {
	d.next++
	e := &entry{anchor: fmt.Sprintf("00000000-0000-4000-8000-%012d", d.next), typ: typ, dn: dn, attributes: map[string]string{}, members: map[string]bool{}}
	d.entries[e.anchor] = e
	return e
}

// at is the live object of that name.
func (d *directory) at(dn string) *entry {
	key := planner.DNKey(dn)
	for _, e := range d.entries {
		if !e.deleted && planner.DNKey(e.dn) == key {
			return e
		}
	}
	return nil
}

// sorted lists the entries in the order in which they came.
func (d *directory) sorted() []*entry {
	var out []*entry
	for _, e := range d.entries {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return strings.Compare(a.anchor, b.anchor) })
	return out
}

func (d *directory) Write(ctx context.Context, op planner.Operation) planner.Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.log)
	if d.sent != nil {
		d.sent(n)
	}
	result, answered := planner.Result{}, false
	if d.trouble != nil {
		result, answered = d.trouble(n, op)
	}
	if err := ctx.Err(); err != nil {
		result, answered = planner.Result{Status: planner.StatusFailed, Err: err}, true
	}
	if !answered {
		result = d.carryOut(op)
	}
	d.log = append(d.log, logged{op, result})
	return result
}

func refused(code int, format string, facts ...string) planner.Result {
	list := make([]any, len(facts))
	for i, f := range facts {
		list[i] = f
	}
	return planner.Result{Status: planner.StatusFailed, Code: code, Err: fmt.Errorf(format, list...)}
}

func stale(what string) planner.Result {
	return planner.Result{Status: planner.StatusStale, Err: errors.New(what)}
}

func (d *directory) carryOut(op planner.Operation) planner.Result {
	e := d.entries[op.Anchor]
	if op.Again {
		if done := d.happened(e, op); done != nil {
			return planner.Result{Status: planner.StatusDone, Anchor: done.anchor}
		}
	}
	switch op.Verb {
	case planner.VerbCreate:
		if bad := d.free(op.DNAfter); bad != nil {
			return *bad
		}
		e = d.put(op.ObjectType, op.DNAfter)
		for _, change := range op.Edits {
			e.attributes[change.Attribute] = change.After[0].Text
		}
		return planner.Result{Status: planner.StatusDone, Anchor: e.anchor}
	case planner.VerbRestore:
		if e == nil || !e.deleted {
			return stale("it is not deleted")
		}
		if bad := d.free(op.DNAfter); bad != nil {
			return *bad
		}
		e.deleted, e.dn = false, op.DNAfter
		return planner.Result{Status: planner.StatusDone}
	}
	if e == nil || e.deleted {
		return stale("no such object: " + op.Anchor)
	}
	switch op.Verb {
	case planner.VerbMove:
		if e.dn != op.DNBefore {
			return stale("it is at " + e.dn)
		}
		if other := d.at(op.DNAfter); other == e {
			e.dn = op.DNAfter
			return planner.Result{Status: planner.StatusDone}
		}
		if bad := d.free(op.DNAfter); bad != nil {
			return *bad
		}
		e.dn = op.DNAfter
	case planner.VerbUpdate:
		return d.update(e, op)
	case planner.VerbMembers:
		return d.changeMembers(e, op)
	case planner.VerbDelete:
		if e.dn != op.DNBefore {
			return stale("it is at " + e.dn)
		}
		for _, child := range d.entries {
			if parent := planner.DNKey(e.dn); !child.deleted && strings.HasSuffix(planner.DNKey(child.dn), ","+parent) {
				return refused(66, "it has children: %s", child.dn)
			}
		}
		e.deleted = true
	}
	return planner.Result{Status: planner.StatusDone}
}

// happened returns the object of an operation that is done already.
func (d *directory) happened(e *entry, op planner.Operation) *entry {
	is := func(o *entry) bool {
		return !slices.ContainsFunc(op.Edits, func(c planner.Edit) bool { return o.attributes[c.Attribute] != first(c.After) })
	}
	there := d.at(op.DNAfter)
	switch op.Verb {
	case planner.VerbCreate:
		if there != nil && is(there) {
			return there
		}
	case planner.VerbRestore, planner.VerbMove:
		if there == e {
			return e
		}
	case planner.VerbUpdate:
		if is(e) {
			return e
		}
	case planner.VerbDelete:
		if e.deleted {
			return e
		}
	}
	return nil
}

// free reports why nothing can be put at a name.
func (d *directory) free(dn string) *planner.Result {
	name, err := planner.ParseDN(dn)
	if err != nil || d.at(name.Parent().String()) == nil {
		r := refused(32, "no such container: %s", name.Parent().String())
		return &r
	}
	if d.at(dn) != nil {
		r := refused(68, "the name is taken: %s", dn)
		return &r
	}
	return nil
}

func (d *directory) update(e *entry, op planner.Operation) planner.Result {
	if e.dn != op.DNAfter {
		return refused(32, "it is at %s", e.dn)
	}
	for _, change := range op.Edits {
		if e.attributes[change.Attribute] != first(change.Before) {
			return stale(change.Attribute + " is " + e.attributes[change.Attribute])
		}
	}
	for _, change := range op.Edits {
		e.attributes[change.Attribute] = first(change.After)
	}
	return planner.Result{Status: planner.StatusDone}
}

func first(data []planner.Datum) string {
	if len(data) == 0 {
		return ""
	}
	return data[0].Text
}

func (d *directory) changeMembers(e *entry, op planner.Operation) planner.Result {
	result := planner.Result{Status: planner.StatusDone}
	each := func(members []planner.MemberChange, add bool) {
		for _, m := range members {
			o := d.at(m.DN)
			switch {
			case o == nil:
				result.Refused = append(result.Refused, planner.RefusedMember{Member: m, Add: add, Err: errors.New("no such object: " + m.DN)})
			case e.members[o.anchor] == add:
				result.Already++
				if !op.Again { // else it may be of an earlier attempt
					result.Unneeded = append(result.Unneeded, m)
				}
			case add:
				e.members[o.anchor] = true
			default:
				delete(e.members, o.anchor)
			}
		}
	}
	each(op.Add, true)
	each(op.Remove, false)
	return result
}

// journal keeps entries in memory.
type journal struct {
	mu            sync.Mutex
	before, after []Entry
	footers       []Footer
	failAt        int         // Before fails from that entry on; 0: never
	hold          func(Entry) // if set, called by Before until the entry is durable
}

func (j *journal) Before(e Entry) error {
	j.mu.Lock()
	j.before = append(j.before, e)
	n := len(j.before)
	j.mu.Unlock()
	if j.failAt > 0 && n >= j.failAt {
		return errors.New("no space left on device")
	}
	if j.hold != nil {
		j.hold(e)
	}
	return nil
}

func (j *journal) After(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.after = append(j.after, e)
	return nil
}

func (j *journal) Close(f Footer) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.footers = append(j.footers, f)
	return nil
}
