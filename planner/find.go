package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/lang/dn"
)

// ObjectName names one object of a connector space, in every way in which it can
// be asked for.
type ObjectName struct {
	Provider string `json:"provider"`
	Type     string `json:"type"`
	Name     string `json:"name"` // for people
	ID       string `json:"id"`   // Graph id or objectGUID
	DN       string `json:"dn"`   // "" in Entra ID
	State    string `json:"state"`
}

var stateWords = [...]string{Placeholder: "placeholder", Live: "live", Deleted: "deleted"}

func (b *build) objectName(p place) ObjectName {
	s := b.spaces[p.space]
	n := ObjectName{Provider: s.Provider, Type: s.Type(p.object), Name: displayName(s, p.object), ID: s.Anchor(p.object), State: stateWords[s.State(p.object)]}
	if s.Kind == KindAD {
		n.DN = s.Name(p.object)
	} else if n.ID == "" {
		n.ID = s.Name(p.object) // of an object that was not read
	}
	return n
}

// Found is the object that a name stands for: an object of the metaverse with
// all that is joined to it, or one of a connector space that joined none.
type Found struct {
	Object ObjectName // one of its objects, the one that was named
	at     place
	m      mvID // noMV: not in the metaverse
}

// Number is the number of the metaverse object, 0 if it is in none.
func (f Found) Number() int {
	if f.m == noMV {
		return 0
	}
	return int(f.m) + 1
}

// Ambiguous says that a name stands for several objects.
type Ambiguous struct {
	Name       string
	Candidates []ObjectName
}

func (e *Ambiguous) Error() string {
	return fmt.Sprintf("%q is the name of %d objects; ask for one of them by its id", e.Name, len(e.Candidates))
}

// NotFound says that a name stands for nothing that was read.
type NotFound struct {
	Name    string
	Similar []ObjectName // objects whose name has it as a part
}

func (e *NotFound) Error() string {
	return fmt.Sprintf("nothing that was read is called %q. An object is found by its display name, id, DN, cloudAnchor, sAMAccountName, objectGUID, userPrincipalName or mail. "+
		"Of users, contacts and devices in Entra ID those were read that groups to be written have as members", e.Name)
}

// nameAttributes are those by which objects can be asked for beside their keys;
// several objects may have the same.
var nameAttributes = []string{"displayName", "sAMAccountName", "userPrincipalName", "mail", "cn"}

// lookUp finds an object by what people know it by. Keys (id, DN, cloudAnchor)
// go before names: nobody can take the place of another by calling himself so.
func (b *build) lookUp(name string) (Found, error) {
	var found []Found
	if name != "" {
		found = b.byKey(name)
	}
	if name != "" && len(found) == 0 {
		found = b.byNames(dn.Fold(name))
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Found{}, &NotFound{Name: name, Similar: b.similar(dn.Fold(name))}
	}
	e := &Ambiguous{Name: name}
	for _, f := range found {
		e.Candidates = append(e.Candidates, f.Object)
	}
	return Found{}, e
}

// byKey finds objects by a value that only one object of a directory has.
func (b *build) byKey(name string) []Found {
	var found []Found
	key := strings.TrimSuffix(strings.TrimPrefix(name, "{"), "}")
	anchor := dn.Fold(key)
	for i, s := range b.spaces {
		for _, o := range []ObjectID{s.ByAnchor(key), s.ByName(name)} {
			if o != NoObject {
				found = b.addFound(found, place{i, o})
			}
		}
		if !strings.Contains(anchor, "_") {
			continue
		}
		for o := range ObjectID(s.Len()) {
			if dn.Fold(s.First(o, "cloudAnchor")) == anchor || isMark(key) && dn.Fold(s.First(o, markAttribute)) == anchor {
				found = b.addFound(found, place{i, o})
			}
		}
	}
	return found
}

func (b *build) byNames(folded string) []Found {
	var found []Found
	for i, s := range b.spaces {
		for _, o := range ordered(s) {
			if slices.ContainsFunc(nameAttributes, func(attr string) bool {
				v := s.First(o, attr)
				return v != "" && dn.Fold(v) == folded
			}) {
				found = b.addFound(found, place{i, o})
			}
		}
	}
	return found
}

// similar lists objects with a name that has the folded text as a part.
func (b *build) similar(folded string) []ObjectName {
	const most = 8
	var out []ObjectName
	if folded == "" {
		return nil
	}
	for i, s := range b.spaces {
		for _, o := range ordered(s) {
			if len(out) < most && slices.ContainsFunc(nameAttributes, func(attr string) bool { return strings.Contains(dn.Fold(s.First(o, attr)), folded) }) {
				out = append(out, b.objectName(place{i, o}))
			}
		}
	}
	return out
}

// addFound adds what an object stands for, once.
func (b *build) addFound(found []Found, p place) []Found {
	f := Found{Object: b.objectName(p), at: p, m: b.subject(p)}
	if slices.ContainsFunc(found, func(have Found) bool { return have.at == p || have.m == f.m && f.m != noMV }) {
		return found
	}
	return append(found, f)
}

// subject is the metaverse object that an object stands for: the one that it is
// joined to, or the group that a writeback writes to it.
func (b *build) subject(p place) mvID {
	if m := b.mv.objectOf(p.space, p.object); m != noMV {
		return m
	}
	for _, it := range b.items {
		if it.t.index == p.space && it.present() == p.object {
			return it.m
		}
	}
	return noMV
}

// role says how an object came to be one of those that an explanation is about.
type role string

const (
	roleAlone      role = "alone"      // joined to nothing
	roleProjected  role = "projected"  // the metaverse object was made for it
	roleJoined     role = "joined"     // a rule joined it
	roleMarked     role = "marked"     // it carries our mark
	roleAdopted    role = "adopted"    // the configuration names it
	roleRestorable role = "restorable" // deleted, carries our mark
)

// connected is one object of a subject.
type connected struct {
	place
	role role
	by   *lang.Rule // that joined or projected it
	item *item      // that found it
}

// connectedTo lists the objects that stand for a subject, in the order of their
// providers.
func (b *build) connectedTo(f Found) []connected {
	if f.m == noMV {
		c := connected{place: f.at, role: roleAlone}
		if it := b.itemAt(f.at); it != nil {
			c.item, c.role = it, roleMarked
		}
		return []connected{c}
	}
	var out []connected
	for i, links := range b.mv.links {
		if o := links[f.m]; o != NoObject {
			c := connected{place: place{i, o}, role: roleJoined}
			if b.trace != nil {
				step := b.trace.linkedBy[i][o]
				if c.by = step.rule; step.projected {
					c.role = roleProjected
				}
			}
			out = append(out, c)
		}
	}
	for _, it := range b.byMV[f.m] {
		if o := it.present(); o != NoObject {
			c := connected{place: place{it.t.index, o}, role: roleMarked, item: it}
			switch {
			case it.adopted:
				c.role = roleAdopted
			case !it.exists():
				c.role = roleRestorable
			}
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(x, y connected) int { return cmp.Compare(x.space, y.space) })
	return out
}

// itemAt is the item whose object in the target an object is, nil if there is
// none.
func (b *build) itemAt(p place) *item {
	for _, it := range b.items {
		if it.t.index == p.space && it.present() == p.object {
			return it
		}
	}
	return nil
}
