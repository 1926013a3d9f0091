package report

import (
	"github.com/landfall-directory/landfall/planner"
)

// firstFindings is how many findings of one kind stand open.
const firstFindings = 5

// htmlFindings are the findings of one severity; those that say the same of
// several objects stand together.
func (r *page) htmlFindings(severity string, s Source, space *room) []htmlFindings {
	type kind struct {
		summary, code, file string
		line                int
	}
	at := map[kind]int{}
	var kinds []kind
	var details [][][]string
	for _, d := range r.findings(severity) {
		k := kind{d.Summary, d.Code, d.File, d.Line}
		i, ok := at[k]
		if !ok {
			i = len(kinds)
			at[k] = i
			kinds, details = append(kinds, k), append(details, nil)
		}
		details[i] = append(details[i], r.prosed(d.Detail))
	}
	var out []htmlFindings
	for i, k := range kinds {
		f := htmlFindings{Word: "Warning", Summary: r.show(k.summary), Code: r.show(k.code), Place: r.htmlPlace(s, k.file, k.line)}
		if severity == "error" {
			f.Word = "Error"
		}
		n := min(len(details[i]), firstFindings)
		f.Shown, f.More = details[i][:n], details[i][n:]
		if len(details[i]) > 1 {
			f.Count = thousands(len(details[i]))
		}
		f.MoreCount = thousands(len(f.More))
		f.Late = space.late(len(details[i]))
		out = append(out, f)
	}
	return out
}

// prosed is prose as escaped sentences.
func (r *page) prosed(text string) []string {
	return r.shown(sentences(text))
}

// htmlLists are the objects and members that are left as they are.
func (r *page) htmlLists(space *room) []htmlList {
	var lists []htmlList
	add := func(id, name, text string, n int, columns []string, rows map[string][][]string) {
		if n == 0 {
			return
		}
		l := htmlList{ID: id, Name: name, Count: thousands(n), Text: text}
		for _, reason := range byNumber(rows) {
			title := string(r.text("%s: %s", r.code(reason), len(rows[reason])))
			l.Groups = append(l.Groups, htmlGroup{title, columns, rows[reason], space.late(len(rows[reason]))})
		}
		lists = append(lists, l)
	}
	rows := map[string][][]string{}
	for _, w := range r.plan.Withdrawn {
		rows["the base would do it, this configuration does not"] = append(rows["the base would do it, this configuration does not"],
			[]string{r.show(w.Name), string(r.doing(w.Actions)), r.show(w.Provider), r.show(w.Address)})
	}
	add("withdrawn", "Withdrawn", "What the base would do, and this configuration does not.",
		len(r.plan.Withdrawn), []string{"object", "what the base would do", "provider", "address"}, rows)
	rows = map[string][][]string{}
	for _, o := range r.skippingObjects() {
		for _, m := range o.members {
			rows[m.Reason] = append(rows[m.Reason], []string{string(o.title), r.show(m.Name), r.show(m.ID)})
		}
	}
	add("skipped", "Skipped members", "They are in the cloud group, and have no place in the directory that the group is written to.",
		r.tally.skipped, []string{"group", "member", "id"}, rows)
	rows = map[string][][]string{}
	for _, n := range r.plan.NotWritten {
		rows[n.Reason] = append(rows[n.Reason], []string{r.show(n.Name), r.show(n.ID), r.show(n.Provider)})
	}
	add("not-written", "Not written", "landfall leaves these objects alone, for the reasons named here.",
		len(r.plan.NotWritten), []string{"name", "id", "provider"}, rows)
	rows = map[string][][]string{}
	for _, f := range r.plan.Frozen {
		rows[f.Reason] = append(rows[f.Reason], []string{r.show(f.DN), r.show(f.Address)})
	}
	add("frozen", "Frozen", "Objects that landfall wrote once, and leaves as they are.",
		len(r.plan.Frozen), []string{"distinguished name", "address"}, rows)
	return lists
}

// rowsOf is how many rows a change takes.
func rowsOf(c *planner.Change) int {
	n := 3 + len(c.Edits) + len(c.Notes)
	if c.Members != nil {
		n += len(c.Members.Add) + len(c.Members.Remove) + len(c.Members.Skipped)
	}
	return n
}
