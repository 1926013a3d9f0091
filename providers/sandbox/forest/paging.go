package forest

import (
	"encoding/binary"
)

// maxPageSize is AD's MaxPageSize: how many entries one search returns, and the
// most that one page holds.
const maxPageSize = 1000

// page is the progress of one search.
type page struct {
	paged     bool
	limit     int64 // entries in this response
	sizeLimit int64 // the client's, 0 is none
	total     int64 // entries of earlier pages and this one
	entries   int64 // of this one
	after     int64 // sequence number of the last object returned
	remains   bool  // there are more matches
	abandoned bool
	cookie    pageCookie
}

// pageCookie ties a cookie to the connection and the search that it belongs to,
// as AD does. The place itself is a sequence number, which later writes do not
// disturb.
type pageCookie struct {
	session uint64
	query   uint64
}

const cookieSize = 32

// startPage reads the paging control and its cookie.
func (f *Forest) startPage(q searchRequest, opts requestControls, session uint64) (*page, *refusal) {
	p := &page{limit: f.maxPageSize(), sizeLimit: q.sizeLimit, after: -1}
	if !opts.paged {
		if q.sizeLimit > 0 {
			p.limit = min(p.limit, q.sizeLimit)
		}
		return p, nil
	}
	p.paged = true
	sum := digest(q.base, string(rune(q.scope)), string(q.filter.content))
	p.cookie = pageCookie{session, binary.BigEndian.Uint64(sum[:])}
	if opts.pageSize > 0 {
		p.limit = min(p.limit, opts.pageSize)
	}
	if len(opts.cookie) == 0 {
		return p, nil
	}
	if len(opts.cookie) != cookieSize || binary.BigEndian.Uint64(opts.cookie) != p.cookie.session ||
		binary.BigEndian.Uint64(opts.cookie[8:]) != p.cookie.query {
		return nil, ldapError(resultCriticalExtension, 0x57, "Error processing control")
	}
	p.after = int64(binary.BigEndian.Uint64(opts.cookie[16:]))
	p.total = int64(binary.BigEndian.Uint64(opts.cookie[24:]))
	if opts.pageSize == 0 {
		p.limit, p.abandoned = 0, true
	}
	return p, nil
}

// full reports whether the next match does not belong to this page any more.
func (p *page) full() bool {
	return p.entries >= p.limit || p.sizeLimit > 0 && p.total >= p.sizeLimit
}

func (p *page) count(o *object) {
	p.entries++
	p.total++
	p.after = int64(o.seq)
}

// finish makes the response's control and result.
func (p *page) finish() ([]control, *refusal) {
	var refused *refusal
	if p.remains && (!p.paged || p.sizeLimit > 0 && p.total >= p.sizeLimit) {
		refused = &refusal{code: resultSizeLimit}
	}
	if !p.paged {
		return nil, refused
	}
	var cookie []byte
	if p.remains && refused == nil && !p.abandoned {
		cookie = binary.BigEndian.AppendUint64(cookie, p.cookie.session)
		cookie = binary.BigEndian.AppendUint64(cookie, p.cookie.query)
		cookie = binary.BigEndian.AppendUint64(cookie, uint64(p.after))
		cookie = binary.BigEndian.AppendUint64(cookie, uint64(p.total))
	}
	value, whole := open(nil, tagSequence)
	value = appendInteger(value, tagInteger, 0)
	value = appendElement(value, tagOctetString, cookie)
	return []control{{oid: controlPaging, value: shut(value, whole)}}, refused
}
