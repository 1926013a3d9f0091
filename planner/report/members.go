package report

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/landfall-directory/landfall/planner"
)

// reasonWords says reason codes in words; codes that are not here stand for
// themselves.
var reasonWords = map[string]string{
	// members
	"in_cloud":     "in the cloud group",
	"not_in_cloud": "not in the cloud group",
	// skipped members
	"cloud_only":                 "exists only in the cloud",
	"guest":                      "guest, exists only in the cloud",
	"service_principal":          "service principal, has no object in the target",
	"device":                     "device without an object in the target",
	"group_not_written_back":     "cloud group that is not written back",
	"other_forest":               "lives in another forest",
	"domain_local":               "domain local group of another domain",
	"foreign_security_principal": "foreign security principal",
	"unresolved":                 "synchronised, but not found in the target",
	"outside_view":               "in the target, outside of what was read; kept",
	"left_out":                   "made by a change that this partial plan leaves out",
	// not written
	"unset":                "its writeback state was never set",
	"writeback_off":        "writeback is switched off",
	"mastered_on_premises": "mastered on-premises",
	"when":                 "left out by a condition (when)",
	"soft_deleted":         "deleted in the cloud, can be restored there",
	"over_limit":           "has more members than the limit",
	"exchange_list":        "mastered in Exchange, never written back",
	"hidden_membership":    "its membership is hidden from this account",
	"unmarked":             "does not carry our mark, and the rule only reports",
	"private_interface":    "only Entra Connect's own interface can write it",
	"out_of_scope":         "out of the rules' scope",
	"orphan":               "marked and below a root, but no writeback claims it",
	"source_deleted":       "its source was deleted",
}

func (p *printer) reason(code string) safe {
	if words := reasonWords[code]; words != "" {
		return safe(words)
	}
	return p.text("%s", code)
}

// members writes the membership of a change as a delta.
func (r *page) members(of *planner.Change) {
	m := of.Members
	if add, remove := len(m.Add), len(m.Remove); add+remove > 0 {
		r.line(6, plain, r.text("%s now, %s, %s after", count(m.Before, "member", "members"), delta(add, remove), m.After))
		r.memberLines(of)
	}
	if len(m.Skipped) > 0 {
		var parts []safe
		for _, g := range bySkipReason(m.Skipped) {
			parts = append(parts, r.text("%s %s", len(g.members), g.reason))
		}
		r.line(6, plain, "skipped: "+join(parts, ", ")+" (listed below)")
	}
}

// memberLines are the members that go and come, a line each.
func (r *page) memberLines(of *planner.Change) {
	m := of.Members
	add, remove := len(m.Add), len(m.Remove)
	shown := r.atMost(add + remove)
	width := 0
	for _, c := range slices.Concat(m.Remove[:min(remove, shown)], m.Add[:min(add, shown)]) {
		width = max(width, utf8.RuneCountInString(string(r.member(c))))
	}
	width = min(width, headingColumn-8)
	show := func(c planner.MemberChange, add bool) safe {
		t := pad(r.member(c), width+2) + r.memberReason(of, c, add)
		if r.view == ViewFull {
			t += "  " + r.text("%s", c.DN)
		}
		return t
	}
	r.signed(6, remove, add, func(i int) safe { return show(m.Remove[i], false) }, func(i int) safe { return show(m.Add[i], true) })
}

func (r *page) member(c planner.MemberChange) safe {
	return r.text("%s", name(cmp.Or(c.Name, c.DN, c.ID)))
}

// skipGroup are the skipped members with one reason.
type skipGroup struct {
	reason  string
	members []planner.SkippedMember
}

// bySkipReason groups skipped members by reason, the most frequent first.
func bySkipReason(members []planner.SkippedMember) []skipGroup {
	at := map[string]int{}
	var groups []skipGroup
	for _, m := range members {
		i, ok := at[m.Reason]
		if !ok {
			i = len(groups)
			at[m.Reason] = i
			groups = append(groups, skipGroup{reason: m.Reason})
		}
		groups[i].members = append(groups[i].members, m)
	}
	slices.SortFunc(groups, func(a, b skipGroup) int {
		return cmp.Or(cmp.Compare(len(b.members), len(a.members)), cmp.Compare(a.reason, b.reason))
	})
	return groups
}
