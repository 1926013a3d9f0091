package planner

import (
	"cmp"
	"strconv"

	"github.com/landfall-directory/landfall/lang"
)

// guardUse is what the plan says of a guard that counted n of base in a writeback
// or provider.
func guardUse(g *lang.Guard, in, object string, n, base int, exceeded bool) GuardUse {
	use := GuardUse{
		Guard: g.Address(), Action: g.Action, In: in, Object: object, Count: n, Of: base, MaxCount: g.MaxCount,
		MinObjects: g.MinObjects, Exceeded: exceeded, File: g.Range.Filename, Line: g.Range.Start.Line,
	}
	if g.MaxPercent != nil {
		text := strconv.FormatFloat(*g.MaxPercent, 'f', -1, 64)
		use.MaxPercent = &text
	}
	return use
}

// Share is how much of the limit is used: 1 is all of it, more is too much. A
// limit of 0 that nothing uses has the share 0.
func (u GuardUse) Share() float64 {
	share := 0.0
	if u.MaxCount != nil {
		share = portion(float64(u.Count), float64(*u.MaxCount))
	}
	if u.MaxPercent != nil && u.Of >= u.MinObjects {
		if limit, err := strconv.ParseFloat(*u.MaxPercent, 64); err == nil {
			share = max(share, portion(float64(u.Count)*100/float64(max(u.Of, 1)), limit))
		}
	}
	return share
}

func portion(n, limit float64) float64 {
	switch {
	case n <= 0:
		return 0
	case !(limit > 0): // NaN, too
		return n + 1 // whatever it is, it is more than nothing
	}
	return n / limit
}

// closer reports whether u is nearer to its limit than v, which may be the use of
// no group at all. Of two that are equally near, the smaller address wins.
func (u GuardUse) closer(v GuardUse) bool {
	if v.Object == "" {
		return true
	}
	if u.Exceeded != v.Exceeded {
		return u.Exceeded
	}
	return cmp.Or(cmp.Compare(v.Share(), u.Share()), cmp.Compare(v.Count, u.Count), cmp.Compare(u.Object, v.Object)) < 0
}
