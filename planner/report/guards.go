package report

import (
	"slices"
	"strconv"

	"github.com/landfall-directory/landfall/planner"
)

// guardText says how far a limit is used up: 37 × delete in writeback.x, 17.5 % of
// 212; allowed are 10, or 5 %.
func (r *page) guardText(u planner.GuardUse) safe {
	t := r.text("%s × %s in %s", u.Count, r.word(u.Action), u.In)
	if u.Object != "" {
		t += r.text(" (at most, in %s)", u.Object)
	}
	if u.MaxPercent != nil {
		t += r.text(", %s of %s", safe(strconv.FormatFloat(float64(u.Count)*100/float64(max(u.Of, 1)), 'f', 1, 64)+" %"), u.Of)
	}
	var limits []safe
	if u.MaxCount != nil {
		limits = append(limits, safe(thousands(*u.MaxCount)))
	}
	if u.MaxPercent != nil {
		percent := r.text("%s %%", *u.MaxPercent)
		if u.Of < u.MinObjects {
			percent += r.text(" (not looked at below %s)", u.MinObjects)
		}
		limits = append(limits, percent)
	}
	if len(limits) == 0 {
		return t
	}
	return t + "; allowed: " + join(limits, ", or ")
}

// verdict is what a limit comes to.
func verdict(u planner.GuardUse) safe {
	switch {
	case u.Exceeded:
		return "EXCEEDED: blocked"
	case u.Share() > 1:
		return "accepted"
	default:
		return "within the limit"
	}
}

type htmlGuard struct {
	Class, Name, Text, Verdict string
	Width                      int // of the bar
	Limit                      int // where the limit is
	Place                      htmlPlace
}

// gaugeWidth is the width of a whole gauge, as in the template.
const gaugeWidth = 160

// htmlGuards are the limits, those that are exceeded first.
func (r *page) htmlGuards(s Source) []htmlGuard {
	var over, lifted, within []htmlGuard
	for _, u := range r.plan.Guards {
		share := u.Share()
		g := htmlGuard{
			Name: r.show(u.Guard), Text: string(r.guardText(u)), Verdict: string(verdict(u)), Place: r.htmlPlace(s, u.File, u.Line),
			Width: int(gaugeWidth * min(share, 1)), Limit: int(gaugeWidth / max(share, 1)),
		}
		if u.Count > 0 {
			g.Width = max(g.Width, 2)
		}
		switch {
		case u.Exceeded:
			g.Class = "over"
			over = append(over, g)
		case share > 1:
			g.Class = "lifted"
			lifted = append(lifted, g)
		default:
			g.Class = "ok"
			within = append(within, g)
		}
	}
	return slices.Concat(over, lifted, within)
}
