package forest

import "slices"

// The controls that the server knows.
const (
	controlPaging          = "1.2.840.113556.1.4.319"
	controlShowDeleted     = "1.2.840.113556.1.4.417"
	controlShowRecycled    = "1.2.840.113556.1.4.2064"
	controlShowDeactivated = "1.2.840.113556.1.4.2065"
	controlPermissive      = "1.2.840.113556.1.4.1413"
	controlTreeDelete      = "1.2.840.113556.1.4.805"
	controlDomainScope     = "1.2.840.113556.1.4.1339"
	controlLazyCommit      = "1.2.840.113556.1.4.619"
	controlSecurityFlags   = "1.2.840.113556.1.4.801"
	controlExtendedDN      = "1.2.840.113556.1.4.529"
)

// Which controls each kind of request takes. The rest is ignored, or refused
// when critical.
var (
	searchControls = []string{controlPaging, controlShowDeleted, controlShowRecycled, controlShowDeactivated, controlDomainScope, controlSecurityFlags, controlExtendedDN}
	addControls    = []string{controlLazyCommit, controlSecurityFlags}
	modifyControls = []string{controlPermissive, controlShowDeleted, controlShowRecycled, controlLazyCommit, controlSecurityFlags}
	renameControls = []string{controlLazyCommit, controlShowDeleted}
	deleteControls = []string{controlTreeDelete, controlShowDeleted, controlShowRecycled, controlLazyCommit}
)

// requestControls is what the controls of a request ask for.
type requestControls struct {
	paged           bool
	pageSize        int64
	cookie          []byte
	showDeleted     bool
	showDeactivated bool
	permissive      bool
	treeDelete      bool
	domainScope     bool
	extended        extendedForm
}

// extendedForm says how names in a search result look: plain, or with GUID and
// SID in front.
type extendedForm uint8

const (
	plainDN extendedForm = iota
	hexDN
	dashedDN
)

// readControls reads the controls of a request of a kind that takes known.
func (f *Forest) readControls(controls []control, known []string) (requestControls, *refusal) {
	var out requestControls
	for _, c := range controls {
		if !slices.Contains(known, c.oid) {
			if c.critical {
				return out, serviceError(resultCriticalExtension, 0x2040, "5010 (UNAVAIL_EXTENSION)")
			}
			continue
		}
		switch c.oid {
		case controlPaging:
			whole := &reader{rest: c.value}
			r := whole.sub(tagSequence)
			out.paged, out.pageSize, out.cookie = true, r.integer(tagInteger), r.take(tagOctetString)
			if r.err != nil || out.pageSize < 0 {
				return out, ldapError(resultProtocolError, 0x57, "Error processing control")
			}
		case controlShowDeleted, controlShowRecycled:
			out.showDeleted = true
		case controlShowDeactivated:
			out.showDeactivated = true
		case controlPermissive:
			out.permissive = true
		case controlTreeDelete:
			out.treeDelete = true
		case controlDomainScope:
			out.domainScope = true
		case controlExtendedDN:
			out.extended = hexDN
			if whole := (&reader{rest: c.value}).sub(tagSequence); whole.integer(tagInteger) == 1 {
				out.extended = dashedDN
			}
		}
	}
	return out, nil
}
