package ad

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Access rights of directory objects ([MS-ADTS] 5.1.3.2).
const (
	rightCreateChild   = 0x1
	rightDeleteChild   = 0x2
	rightReadProperty  = 0x10
	rightWriteProperty = 0x20
	rightControl       = 0x100 // an extended right
	rightDelete        = 0x10000
)

// The generic rights of an access control entry, and what they mean here.
const (
	genericAll     = 0x10000000
	genericExecute = 0x20000000
	genericWrite   = 0x40000000
	genericRead    = 0x80000000

	mappedAll     = 0xf01ff
	mappedExecute = 0x20004
	mappedWrite   = 0x20028
	mappedRead    = 0x20094
)

// Flags of an entry.
const (
	aceContainerInherit = 0x2
	aceNoPropagate      = 0x4
	aceInheritOnly      = 0x8
)

// SIDs that stand for somebody else.
const (
	sidCreatorOwner = "\x01\x01\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00" // S-1-3-0: whoever makes the object
	sidOwnerRights  = "\x01\x01\x00\x00\x00\x00\x00\x03\x04\x00\x00\x00" // S-1-3-4: whoever owns it
)

// descriptor is what of a security descriptor says who may do what.
type descriptor struct {
	owner string // SID, octets
	// unprotected: there is no access list, so that everybody may do everything.
	unprotected bool
	entries     []entry
}

// entry is one access control entry that allows or denies something.
type entry struct {
	deny      bool
	flags     byte
	mask      uint32
	sid       string
	object    string // GUID octets: an attribute, a set of them, a class, an extended right; "" is any
	inheritor string // GUID octets of the class that inherits it; "" is any
	// conditional entries ask for more than can be looked at here.
	conditional bool
}

var errDescriptor = errors.New("the security descriptor cannot be read")

// parseDescriptor reads a self-relative SECURITY_DESCRIPTOR ([MS-DTYP] 2.4.6).
func parseDescriptor(raw string) (*descriptor, error) {
	b := []byte(raw)
	if len(b) < 20 || b[0] != 1 {
		return nil, errDescriptor
	}
	const daclPresent = 0x4
	control := binary.LittleEndian.Uint16(b[2:])
	d := &descriptor{}
	var err error
	if at := binary.LittleEndian.Uint32(b[4:]); at != 0 {
		if d.owner, err = readSID(b, int64(at)); err != nil {
			return nil, err
		}
	}
	at := binary.LittleEndian.Uint32(b[16:])
	if control&daclPresent == 0 || at == 0 {
		d.unprotected = true
		return d, nil
	}
	if int64(at)+8 > int64(len(b)) {
		return nil, errDescriptor
	}
	list := b[at:]
	size, count := int(binary.LittleEndian.Uint16(list[2:])), int(binary.LittleEndian.Uint16(list[4:]))
	if size < 8 || size > len(list) {
		return nil, errDescriptor
	}
	list = list[8:size]
	for range count {
		if len(list) < 4 {
			return nil, errDescriptor
		}
		n := int(binary.LittleEndian.Uint16(list[2:]))
		if n < 4 || n > len(list) {
			return nil, errDescriptor
		}
		e, known, err := parseEntry(list[:n])
		if err != nil {
			return nil, err
		}
		if known {
			d.entries = append(d.entries, e)
		}
		list = list[n:]
	}
	return d, nil
}

// parseEntry reads one entry. Entries that neither allow nor deny are not known.
func parseEntry(b []byte) (e entry, known bool, err error) {
	kind := b[0]
	e.flags = b[1]
	withObject := false
	switch kind {
	case 0x00: // allowed
	case 0x01: // denied
		e.deny = true
	case 0x05: // allowed, of an object
		withObject = true
	case 0x06: // denied, of an object
		e.deny, withObject = true, true
	case 0x09, 0x0a: // the same with conditions
		e.deny, e.conditional = kind == 0x0a, true
	case 0x0b, 0x0c:
		e.deny, e.conditional, withObject = kind == 0x0c, true, true
	default:
		return e, false, nil
	}
	if len(b) < 8 {
		return e, false, errDescriptor
	}
	e.mask = binary.LittleEndian.Uint32(b[4:])
	b = b[8:]
	if withObject {
		if len(b) < 4 {
			return e, false, errDescriptor
		}
		present := binary.LittleEndian.Uint32(b)
		b = b[4:]
		for i, field := range []*string{&e.object, &e.inheritor} {
			if present&(1<<i) == 0 {
				continue
			}
			if len(b) < 16 {
				return e, false, errDescriptor
			}
			*field, b = string(b[:16]), b[16:]
		}
	}
	e.sid, err = readSID(b, 0)
	for generic, mapped := range map[uint32]uint32{genericAll: mappedAll, genericExecute: mappedExecute, genericWrite: mappedWrite, genericRead: mappedRead} {
		if e.mask&generic != 0 {
			e.mask |= mapped
		}
	}
	return e, true, err
}

// readSID reads the SID at an offset.
func readSID(b []byte, at int64) (string, error) {
	if at < 0 || at+8 > int64(len(b)) {
		return "", errDescriptor
	}
	b = b[at:]
	n := 8 + 4*int(b[1])
	if b[0] != 1 || b[1] > 15 || n > len(b) {
		return "", errDescriptor
	}
	return string(b[:n]), nil
}

// access is the outcome of an access check.
type access int

const (
	denied  access = iota
	granted        // by an entry that was understood
	unsure         // an entry with a condition decides
)

// check asks whether one of the SIDs has a right: the rule of [MS-ADTS] 5.1.3.3
// for a single right, the first entry that speaks of it decides. types are the
// GUIDs that an entry may be limited to and still mean what is asked. To create
// or delete a child it is its class; else that of the object itself, with the
// attribute and its set, or the extended right.
func (d *descriptor) check(sids map[string]bool, right uint32, types ...string) access {
	if d.unprotected {
		return granted
	}
	mayAllow, mayDeny := false, false
	for _, e := range d.entries {
		switch {
		case e.flags&aceInheritOnly != 0, e.mask&right == 0, !d.means(e.sid, sids):
		case e.object != "" && !slices.Contains(types, e.object):
		case e.conditional:
			mayAllow, mayDeny = mayAllow || !e.deny, mayDeny || e.deny
		case e.deny && mayAllow, !e.deny && mayDeny:
			return unsure
		case e.deny:
			return denied
		default:
			return granted
		}
	}
	if mayAllow {
		return unsure
	}
	return denied
}

func (d *descriptor) means(sid string, sids map[string]bool) bool {
	return sids[sid] || sid == sidOwnerRights && sids[d.owner]
}

// inherited is the access list that a new object of a class gets from its
// container, d; creator becomes its owner. What the schema gives to every new
// object of the class comes on top of it, and is not looked at here.
func (d *descriptor) inherited(class, creator string) *descriptor {
	child := &descriptor{owner: creator, unprotected: d.unprotected}
	for _, e := range d.entries {
		if e.flags&aceContainerInherit == 0 {
			continue
		}
		own := e.inheritor == "" || e.inheritor == class
		if e.flags&aceNoPropagate != 0 {
			if !own {
				continue
			}
			e.flags &^= aceContainerInherit | aceNoPropagate
		}
		e.flags &^= aceInheritOnly
		if own && e.sid == sidCreatorOwner {
			// The creator gets it for this object; what is below inherits it anew.
			mine := e
			mine.sid = creator
			mine.flags &^= aceContainerInherit
			child.entries = append(child.entries, mine)
			own = false
		}
		if !own {
			e.flags |= aceInheritOnly
		}
		child.entries = append(child.entries, e)
	}
	return child
}
