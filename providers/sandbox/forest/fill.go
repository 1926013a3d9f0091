package forest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What the file may leave out and a domain controller would have.

// firstUSN is where the numbers of a fresh directory begin.
const firstUSN = 8192

// loadedAt is whenCreated of objects whose file does not say.
var loadedAt = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// generatedRIDs is where generated relative identifiers begin; they are spread
// over ridSpan, so that one object's does not depend on the others.
const (
	generatedRIDs = 1104
	ridSpan       = 1 << 29
)

// wellKnownRIDs are the relative identifiers of accounts that every domain has,
// by sAMAccountName.
var wellKnownRIDs = map[string]uint32{
	"administrator": 500, "guest": 501, "krbtgt": 502, "domain admins": 512, "domain users": 513, "domain guests": 514,
	"domain computers": 515, "domain controllers": 516, "cert publishers": 517, "schema admins": 518,
	"enterprise admins": 519, "group policy creator owners": 520, "read-only domain controllers": 521,
	"cloneable domain controllers": 522, "protected users": 525, "key admins": 526, "enterprise key admins": 527,
	"enterprise read-only domain controllers": 498, "ras and ias servers": 553,
}

// builtinRIDs are those of the groups below CN=Builtin.
var builtinRIDs = map[string]uint32{
	"administrators": 544, "users": 545, "guests": 546, "account operators": 548, "server operators": 549,
	"print operators": 550, "backup operators": 551, "replicator": 552, "pre-windows 2000 compatible access": 554,
	"remote desktop users": 555, "network configuration operators": 556, "performance monitor users": 558,
	"performance log users": 559, "distributed com users": 562, "event log readers": 573,
}

const (
	builtinDomainSID = "\x01\x01\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00"
	maxRID           = 1<<30 - 1
)

// findDomainSID takes the domain's SID from its root object, else from the
// account whose name comes first, else from the domain's name.
func (l *loader) findDomainSID() error {
	sid := l.root.first(l.schema.objectSid)
	if sid == "" {
		best := ""
		for key, in := range l.objects {
			raw := in.object.first(l.schema.objectSid)
			if len(raw) == 28 && raw[2:12] == "\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00" && (best == "" || key < best) {
				best, sid = key, string([]byte{1, 4})+raw[2:24]
			}
		}
	}
	if sid == "" {
		sid = domainSIDFrom(l.base.Key())
	}
	if len(sid) != 24 {
		return l.errorf(l.root.line, "objectSid of the domain: %s is not the SID of a domain", formatSID(sid))
	}
	l.domainSID = sid
	l.root.put(l.schema.objectSid, sid)
	return nil
}

// fillIDs fills in what is absent, in the order of names, so that the order of
// records changes nothing.
func (l *loader) fillIDs() error {
	keys := make([]string, 0, len(l.objects))
	guids, rids := map[string]bool{}, map[uint32]bool{}
	s := l.schema
	for key, in := range l.objects {
		keys = append(keys, key)
		guids[in.object.first(s.objectGUID)] = true
		if rid, ok := ridOf(l.domainSID, in.object.first(s.objectSid)); ok {
			rids[rid] = true
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		o := l.objects[key].object
		if o.first(s.objectGUID) == "" {
			guid := guidFrom(key)
			for n := 1; guids[guid]; n++ {
				guid = guidFrom(key, strconv.Itoa(n))
			}
			guids[guid] = true
			o.put(s.objectGUID, guid)
		}
		if err := l.fillPrincipal(o, key, rids); err != nil {
			return err
		}
	}
	l.nextRID = generatedRIDs
	for rid := range rids {
		l.nextRID = max(l.nextRID, rid+1)
	}
	l.fillNumbers()
	return nil
}

// fillPrincipal gives users, computers and groups their account attributes.
func (l *loader) fillPrincipal(o *object, key string, rids map[uint32]bool) error {
	s := l.schema
	if !o.class.principal || o.deleted {
		return nil
	}
	if o.first(s.sAMAccountName) == "" {
		name := accountNameFrom(o.first(s.objectGUID))
		_, known := wellKnownRIDs[fold(o.rdn)]
		_, builtin := builtinRIDs[fold(o.rdn)]
		if known && o.parent == l.root.children["users"] || builtin && o.parent.is("builtinDomain") {
			name = o.rdn // these are known by their names
		}
		o.put(s.sAMAccountName, name)
	}
	if refused := checkAccountName(o.first(s.sAMAccountName)); refused != nil {
		return l.errorf(o.line, "sAMAccountName %q: a character that account names cannot have, or a dot at the end", shorten(o.first(s.sAMAccountName)))
	}
	if o.first(s.objectSid) == "" {
		o.put(s.objectSid, l.sidFor(o, key, rids))
	}
	if refused := l.fillAccount(o, "512"); refused != nil {
		return l.errorf(o.line, "groupType %s: not a combination of flags that a group can have", o.first(s.groupType))
	}
	return nil
}

// sidFor makes the SID of an account of the file.
func (l *loader) sidFor(o *object, key string, rids map[uint32]bool) string {
	sam := fold(o.first(l.schema.sAMAccountName))
	if rid, ok := builtinRIDs[sam]; ok && o.parent.is("builtinDomain") {
		return withRID(builtinDomainSID, rid)
	}
	rid, ok := wellKnownRIDs[sam]
	if !ok || rids[rid] {
		sum := digest("rid", key)
		rid = generatedRIDs + uint32(sum[0])<<21 + uint32(sum[1])<<13 + uint32(sum[2])<<5 + uint32(sum[3])>>3
		for rids[rid] {
			rid++
		}
	}
	rids[rid] = true
	return withRID(l.domainSID, rid)
}

// fillAccount gives a principal the attributes that follow from its class and
// group type. control is userAccountControl when the account has none.
func (f *Forest) fillAccount(o *object, control string) *refusal {
	s := f.schema
	fill := func(def *attributeDef, value string) {
		if o.first(def) == "" {
			o.put(def, value)
		}
	}
	switch {
	case o.is("group"):
		if o.parent.is("builtinDomain") {
			fill(s.groupType, "-2147483643")
		}
		fill(s.groupType, "-2147483646")
		kind, ok := accountTypeOf(o.first(s.groupType))
		if !ok {
			return errUnwilling(0x2141)
		}
		o.put(s.sAMAccountType, kind)
	case o.is("computer"):
		fill(s.userAccountControl, "4096")
		fill(s.primaryGroupID, "515")
		o.put(s.sAMAccountType, "805306369")
	default:
		fill(s.userAccountControl, control)
		fill(s.primaryGroupID, "513")
		o.put(s.sAMAccountType, "805306368")
	}
	return nil
}

// fillNumbers gives times and update sequence numbers, these in the file's order.
func (l *loader) fillNumbers() {
	s := l.schema
	usn := int64(firstUSN)
	for _, o := range l.Forest.objects {
		usn = max(usn, number(o.first(s.uSNChanged)), number(o.first(s.uSNCreated)))
	}
	for _, o := range l.Forest.objects {
		if o.first(s.whenCreated) == "" {
			o.put(s.whenCreated, formatTime(loadedAt))
		}
		if o.first(s.whenChanged) == "" {
			o.put(s.whenChanged, o.first(s.whenCreated))
		}
		if o.first(s.uSNCreated) == "" {
			usn++
			o.put(s.uSNCreated, strconv.FormatInt(usn, 10))
		}
		if o.first(s.uSNChanged) == "" {
			o.put(s.uSNChanged, o.first(s.uSNCreated))
		}
		if o.first(s.instanceType) == "" {
			o.put(s.instanceType, "4")
		}
		slices.SortFunc(o.attrs, func(a, b attribute) int { return cmp.Compare(a.def.order, b.def.order) })
	}
	l.usn = usn
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// checkAccountName applies SAM's rules for sAMAccountName.
func checkAccountName(name string) *refusal {
	bad := func(r rune) bool { return r < 0x20 || strings.ContainsRune(`"/\[]:;|=,+*?<>`, r) }
	if strings.ContainsFunc(name, bad) || strings.HasSuffix(name, ".") || strings.Trim(name, " .") == "" {
		return attributeError(resultConstraint, 0x20B7, "1005 (CONSTRAINT_ATT_TYPE)", "sAMAccountName")
	}
	return nil
}

// newRID takes the next relative identifier.
func (f *Forest) newRID() (uint32, *refusal) {
	if f.nextRID > maxRID {
		return 0, &refusal{code: resultUnwilling, message: fmt.Sprintf("%08X: SvcErr: DSID-031A1202, problem 5003 (WILL_NOT_PERFORM), data 0\n\x00", 0x2010)}
	}
	f.nextRID++
	return f.nextRID - 1, nil
}
