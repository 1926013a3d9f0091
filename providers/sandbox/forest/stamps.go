package forest

import (
	"time"
)

// Replication metadata: when and where each attribute, and each value of a link,
// was changed last. What was never changed since its object was made has no
// stamp of its own: it is version 1, made with the object. So a directory that
// is only read carries none, and values that are written together share one.

// stamp is the metadata of an attribute or of values of a link.
type stamp struct {
	version uint32
	at      int64 // seconds since 1970
	usn     int64
	created int64 // of a link value: when it came first
	gone    bool  // the link value is not there any more
}

// linkEnd is one value of a link of an object.
type linkEnd struct {
	def    *attributeDef
	target *object
}

// replicated reports whether the attribute is replicated as a whole, and so has
// a stamp. Links are replicated value by value; some attributes belong to each
// domain controller alone, and objectGUID goes with the object.
func (d *attributeDef) replicated() bool {
	return !d.constructed && !d.secret && !d.linked && d.forward == nil && !d.local
}

// localAttributes are those that each domain controller keeps for itself.
const localAttributes = " whenchanged usncreated usnchanged distinguishedname objectguid badpwdcount badpasswordtime lastlogon lastlogoff logoncount memberof dscorepropagationdata "

// original is the stamp of what was made with the object.
func (f *Forest) original(o *object) stamp {
	made := int64(0)
	if t, ok := parseTime(o.first(f.schema.whenCreated)); ok {
		made = t.Unix()
	}
	return stamp{version: 1, at: made, created: made, usn: number(o.first(f.schema.uSNCreated))}
}

// stampOf is the stamp of an attribute; ok is false when it was never written.
func (f *Forest) stampOf(o *object, def *attributeDef) (s stamp, ok bool) {
	if own := o.stamps[def]; own != nil {
		return *own, true
	}
	return f.original(o), f.has(o, def)
}

// has reports whether an attribute that is replicated has a value.
func (f *Forest) has(o *object, def *attributeDef) bool {
	if def == f.schema.objectCategory {
		return true
	}
	if def.references() {
		return len(o.targets(def)) > 0
	}
	return len(f.values(o, def)) > 0
}

// linkStampOf is the stamp of a value of a link; ok is false when the object
// never had it.
func (f *Forest) linkStampOf(o *object, end linkEnd, present bool) (s stamp, ok bool) {
	if own := o.linkStamps[end]; own != nil {
		return *own, true
	}
	return f.original(o), present
}

// stampAttributes records that attributes have changed with the write that
// stamped o just now. before are the stamps from before the write.
func (f *Forest) stampAttributes(o *object, before map[*attributeDef]stamp) {
	usn, now := number(o.first(f.schema.uSNChanged)), f.now().Unix()
	if usn == number(o.first(f.schema.uSNCreated)) {
		return // made with the object
	}
	for def, old := range before {
		if !def.replicated() {
			continue
		}
		if o.stamps == nil {
			o.stamps = map[*attributeDef]*stamp{}
		}
		o.stamps[def] = &stamp{version: old.version + 1, at: now, usn: usn}
	}
}

// stampsBefore are the stamps of attributes that are about to change; version 0
// for those that were never written.
func (f *Forest) stampsBefore(o *object, defs ...*attributeDef) map[*attributeDef]stamp {
	before := make(map[*attributeDef]stamp, len(defs))
	for _, def := range defs {
		s, written := f.stampOf(o, def)
		if !written {
			s = stamp{}
		}
		before[def] = s
	}
	return before
}

// stampLinks records the values of a link that came and went with the write that
// stamped o just now.
func (f *Forest) stampLinks(o *object, def *attributeDef, came, went []*object) {
	usn, now := number(o.first(f.schema.uSNChanged)), f.now().Unix()
	if !def.linked || usn == number(o.first(f.schema.uSNCreated)) {
		return
	}
	if o.linkStamps == nil {
		o.linkStamps = map[linkEnd]*stamp{}
	}
	fresh := &stamp{version: 1, at: now, created: now, usn: usn}
	for _, target := range came {
		end, s := linkEnd{def, target}, fresh
		if old, had := f.linkStampOf(o, end, false); had {
			s = &stamp{version: old.version + 1, at: now, created: old.created, usn: usn}
		}
		o.linkStamps[end] = s
	}
	for _, target := range went {
		end := linkEnd{def, target}
		old, _ := f.linkStampOf(o, end, true)
		o.linkStamps[end] = &stamp{version: old.version + 1, at: now, created: old.created, usn: usn, gone: true}
	}
}

// tombstoneLifetime is how long removed values of links are remembered.
const tombstoneLifetime = 180 * 24 * time.Hour

// remembered reports whether a domain controller still knows a removed value.
func (f *Forest) remembered(s stamp) bool {
	return f.now().Sub(time.Unix(s.at, 0)) < tombstoneLifetime
}
