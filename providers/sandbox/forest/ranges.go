package forest

import (
	"fmt"
	"strconv"
	"strings"
)

// maxValRange is AD's MaxValRange: how many values of one attribute one entry
// carries.
const maxValRange = 1500

// parseRange reads the attribute option range=LOW-HIGH; HIGH may be *.
func parseRange(option string) (low, high int, ok bool) {
	if len(option) < 6 || !strings.EqualFold(option[:6], "range=") {
		return 0, 0, false
	}
	from, to, found := strings.Cut(option[6:], "-")
	l, err := strconv.ParseUint(from, 10, 31)
	if err != nil || !found {
		return 0, 0, false
	}
	if to == "*" {
		return int(l), -1, true
	}
	h, err := strconv.ParseUint(to, 10, 31)
	if err != nil || h < l {
		return 0, 0, false
	}
	return int(l), int(h), true
}

// cutRange decides which of count values an entry carries, from low to below
// high, and the option that goes with the attribute's name.
func (f *Forest) cutRange(s selected, count int) (low, high int, suffix string, refused *refusal) {
	limit := f.maxValRange()
	if !s.ranged {
		if !s.def.multi || count <= limit {
			return 0, count, "", nil
		}
		return 0, limit, fmt.Sprintf(";range=0-%d", limit-1), nil
	}
	if s.low >= count {
		return 0, 0, "", ldapError(resultOperationsError, 0x57, "The range begins past the last value of "+s.def.name)
	}
	high = count
	if s.high >= 0 && s.high+1 < high {
		high = s.high + 1
	}
	if high-s.low > limit {
		high = s.low + limit
	}
	if high == count {
		return s.low, high, fmt.Sprintf(";range=%d-*", s.low), nil
	}
	return s.low, high, fmt.Sprintf(";range=%d-%d", s.low, high-1), nil
}
