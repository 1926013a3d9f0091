package forest

import (
	"encoding/binary"
)

// The sandbox has accounts that may do everything and accounts that may read,
// and places that nobody may write (Options). Security descriptors and the SIDs
// of a connection say just that, in the form in which a domain controller says
// it: who may do everything is a member of Domain Admins.

// SIDs that every domain has, as octets.
const (
	sidEveryone      = "\x01\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"
	sidNetwork       = "\x01\x01\x00\x00\x00\x00\x00\x05\x02\x00\x00\x00"
	sidAuthenticated = "\x01\x01\x00\x00\x00\x00\x00\x05\x0b\x00\x00\x00"
	sidSystem        = "\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00"
)

// tokenGroups are the SIDs of a connection: the account's own first. The lock is
// held.
func (f *Forest) tokenGroups(account string, readOnly bool) []string {
	if account == "" {
		return nil
	}
	own := ""
	if o := f.accountObject(account); o != nil {
		own = o.first(f.schema.objectSid)
	}
	if own == "" {
		rid, known := wellKnownRIDs[fold(account)]
		if !known {
			sum := digest("account", fold(account))
			rid = generatedRIDs + uint32(sum[0])<<8 + uint32(sum[1])
		}
		own = withRID(f.domainSID, rid)
	}
	out := []string{own, withRID(f.domainSID, wellKnownRIDs["domain users"])}
	if !readOnly {
		out = append(out, withRID(f.domainSID, wellKnownRIDs["domain admins"]), withRID(builtinDomainSID, builtinRIDs["administrators"]))
	}
	return append(out, sidEveryone, sidNetwork, sidAuthenticated, withRID(builtinDomainSID, builtinRIDs["users"]))
}

// Rights in an access list.
const (
	mayEverything = 0xf01ff
	mayRead       = 0x20094
)

// securityDescriptor is nTSecurityDescriptor in its self-relative form: an owner
// and an access list that containers hand on.
func (f *Forest) securityDescriptor(o *object) []string {
	if o.generated {
		return nil
	}
	admins := withRID(f.domainSID, wellKnownRIDs["domain admins"])
	master := admins
	if f.readOnly(o) {
		master = sidSystem
	}
	list := append(allow(mayEverything, master), allow(mayRead, sidAuthenticated)...)
	const header, listHeader = 20, 8
	const present, selfRelative, autoInherited = 0x4, 0x8000, 0x400
	b := make([]byte, 0, header+2*len(admins)+listHeader+len(list))
	b = append(b, 1, 0)
	b = binary.LittleEndian.AppendUint16(b, present|selfRelative|autoInherited)
	b = binary.LittleEndian.AppendUint32(b, header)
	b = binary.LittleEndian.AppendUint32(b, uint32(header+len(admins)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(header+2*len(admins)))
	b = append(append(b, admins...), admins...)
	b = append(b, 4, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(listHeader+len(list)))
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = append(b, 0, 0)
	return []string{string(append(b, list...))}
}

// allow is an entry that lets a SID do something, here and below.
func allow(mask uint32, sid string) []byte {
	const containerInherit, objectInherit = 0x2, 0x1
	b := []byte{0, containerInherit | objectInherit}
	b = binary.LittleEndian.AppendUint16(b, uint16(8+len(sid)))
	b = binary.LittleEndian.AppendUint32(b, mask)
	return append(b, sid...)
}
