package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// csvColumns are the columns for auditors; every kind of row leaves some empty.
var csvColumns = []string{
	"row", "provider", "object_type", "address", "name", "anchor", "actions", "state", "cause", "dn_before", "dn_after",
	"attribute", "before", "after", "member", "member_dn", "member_id", "code", "detail", "rule", "file", "line",
	"changed_at", "changed_dc", "changed_version", "pending", "privileged",
}

// CSV writes the plan for auditors: a row for every change, and one for every
// attribute, member, skipped member, object that is not written or frozen, limit
// and diagnostic. Values of one attribute are separated by " | ". No cell can be
// taken for a formula by a spreadsheet.
func CSV(w io.Writer, p *planner.Plan) error {
	// Spreadsheets take a file for UTF-8 if it says so.
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	t := &csvTable{out: csv.NewWriter(w), page: newPage(p)}
	t.view = ViewFull
	t.out.UseCRLF = true
	t.write(csvColumns)
	for i := range p.Changes {
		t.change(&p.Changes[i])
	}
	for _, s := range p.Skipped {
		for _, m := range s.Members {
			t.row("skipped_member", csvRow{"address": s.Address, "name": s.Name, "member": m.Name, "member_id": m.ID, "code": m.Reason})
		}
	}
	for _, w := range p.Withdrawn {
		t.row("withdrawn", csvRow{"provider": w.Provider, "address": w.Address, "name": w.Name, "actions": actionWords(w.Actions)})
	}
	for _, n := range p.NotWritten {
		t.row("not_written", csvRow{"provider": n.Provider, "name": n.Name, "anchor": n.ID, "code": n.Reason})
	}
	for _, f := range p.Frozen {
		t.row("frozen", csvRow{"address": f.Address, "dn_before": f.DN, "code": f.Reason})
	}
	for _, u := range p.Guards {
		t.row("limit", csvRow{"name": u.Guard, "address": u.Object, "code": string(verdict(u)), "detail": string(t.guardText(u)), "file": u.File, "line": number(u.Line)})
	}
	for _, d := range p.Diagnostics {
		t.row(d.Severity, csvRow{"code": d.Code, "name": d.Summary, "detail": d.Detail, "file": d.File, "line": number(d.Line)})
	}
	t.out.Flush()
	return t.out.Error()
}

// csvRow is cells by column.
type csvRow map[string]string

type csvTable struct {
	*page
	out *csv.Writer
}

func (t *csvTable) row(kind string, r csvRow) {
	r["row"] = kind
	cells := make([]string, len(csvColumns))
	for i, column := range csvColumns {
		cells[i] = csvCell(r[column])
	}
	t.write(cells)
}

// write leaves errors to Flush.
func (t *csvTable) write(cells []string) { _ = t.out.Write(cells) }

func (t *csvTable) change(c *planner.Change) {
	base := func() csvRow {
		r := csvRow{"provider": c.Provider, "object_type": c.ObjectType, "address": c.Address, "name": c.Name, "actions": actionWords(c.Actions), "state": "planned", "cause": causeOf(c), "privileged": c.Privileged}
		if c.Anchor != nil {
			r["anchor"] = *c.Anchor
		}
		if c.Blocked != nil {
			r["state"] = "blocked"
		}
		return r
	}
	r := base()
	if c.DN.Before != nil {
		r["dn_before"] = *c.DN.Before
	}
	if c.DN.After != nil {
		r["dn_after"] = *c.DN.After
	}
	r["detail"] = strings.Join(c.Notes, " | ")
	if b := c.Blocked; b != nil {
		r["code"], r["detail"] = b.Code, strings.Join(slices.DeleteFunc([]string{b.By, b.Detail, r["detail"]}, func(s string) bool { return s == "" }), " | ")
	}
	if c.Reason != nil {
		r["rule"], r["file"], r["line"] = c.Reason.Rule, c.Reason.File, number(c.Reason.Line)
	}
	r.changed(c.Changed, c.Pending)
	t.row("change", r)
	for _, e := range c.Edits {
		r := base()
		r["attribute"], r["before"], r["after"] = e.Attribute, csvValues(e.Before), csvValues(e.After)
		r["rule"], r["file"], r["line"] = e.Reason.Rule, e.Reason.File, number(e.Reason.Line)
		r.changed(e.Changed, e.Pending)
		t.row("attribute", r)
	}
	if c.Members == nil {
		return
	}
	member := func(kind string, m planner.MemberChange) {
		r := base()
		r["member"], r["member_dn"], r["member_id"], r["code"] = m.Name, m.DN, m.ID, m.Reason
		r.changed(m.Changed, m.Pending)
		t.row(kind, r)
	}
	for _, m := range c.Members.Remove {
		member("member_remove", m)
	}
	for _, m := range c.Members.Add {
		member("member_add", m)
	}
	for _, m := range c.Members.Skipped {
		r := base()
		r["member"], r["member_id"], r["code"] = m.Name, m.ID, m.Reason
		t.row("skipped_member", r)
	}
}

// changed fills in when and where something was changed last, if that is known.
func (r csvRow) changed(c *planner.Changed, pending bool) {
	if c != nil {
		r["changed_at"], r["changed_dc"], r["changed_version"] = c.At, c.DC, number(c.Version)
	}
	if pending {
		r["pending"] = "yes"
	}
}

func actionWords(actions []planner.Action) string {
	words := make([]string, len(actions))
	for i, a := range actions {
		words[i] = string(a)
	}
	return strings.Join(words, " ")
}

func csvValues(data []planner.Datum) string {
	texts := make([]string, len(data))
	for i, d := range data {
		texts[i] = d.Text
		if d.Hash != "" {
			texts[i] = "(value hidden, " + string(count(d.Length, "character", "characters")) + ")"
		}
	}
	return strings.Join(texts, " | ")
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// csvCell escapes a text and puts an apostrophe before what a spreadsheet would
// calculate. A number stays a number: nothing can be calculated from it.
func csvCell(s string) string {
	if _, err := strconv.ParseInt(s, 10, 64); err == nil {
		return s
	}
	s = Escape(s)
	if s != "" && strings.ContainsRune("=+-@|%＝＋－＠'", firstRune(strings.TrimLeft(s, " "))) {
		return "'" + s
	}
	return s
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}
