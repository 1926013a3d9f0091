package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// HTMLOptions says how a plan becomes a page.
type HTMLOptions struct {
	Target     string // what the plan is of; "": the names of the providers
	Source     Source
	FullReport string // where the page is kept, if it is known
}

var (
	//go:embed html/page.html
	pageHTML string
	//go:embed html/page.css
	pageCSS string
	//go:embed html/page.js
	pageJS string

	pageTemplate = template.Must(template.New("page").Parse(pageHTML))
)

// HTML writes the plan as one file that needs no other, no network and no
// JavaScript. Its content security policy allows the style and the script that
// are in it, by their hashes, and nothing else. The plan's JSON is in it, too, so
// that the page is the evidence that it shows.
func HTML(w io.Writer, p *planner.Plan, o HTMLOptions) error {
	encoded, err := p.Encode()
	if err != nil {
		return err
	}
	r := newPage(p)
	r.view = ViewFull
	out := bufio.NewWriterSize(w, 1<<16)
	if err := pageTemplate.Execute(out, r.html(o, inScript(string(encoded)))); err != nil {
		return err
	}
	return out.Flush()
}

// inScript writes JSON so that it cannot end the element it stands in. It stays
// the same JSON: in it, these characters stand in strings only.
func inScript(encoded string) string {
	return strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "\u2028", `\u2028`, "\u2029", `\u2029`).Replace(strings.TrimSpace(encoded))
}

func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// htmlPage is what the template shows. Its strings have gone through Escape; the
// template escapes them once more, for HTML.
type htmlPage struct {
	CSP, Title, Tone, Answer, Second, Causes, Base string
	Made, Version, ConfigDigest, Digest            string
	Partial                                        *htmlPartial
	Accepted                                       []string
	Read                                           []htmlRead
	Columns                                        []string
	Grid                                           [][]string
	Errors, Warnings                               []htmlFinding
	Guards                                         []htmlGuard
	Trees                                          []htmlTrees
	Actions, Kinds, Rules, CauseNames              []string
	Blocked, Changes                               []htmlChange
	Lists                                          []htmlList
	FullReport                                     string
	Style                                          template.CSS
	Script, JSON                                   template.JS
}

type htmlPartial struct {
	LeftOut              string
	Only, Except, Needed []string
}

type htmlRead struct{ Address, What string }

// htmlPlace is a place in a file; URL may be empty.
type htmlPlace struct{ Text, URL string }

type htmlFinding struct {
	Word, Summary, Code string
	Place               htmlPlace
	Detail              []string
}

type htmlList struct {
	ID, Name, Title string
	Groups          []htmlGroup
}

type htmlGroup struct {
	Title   string
	Columns []string
	Rows    [][]string
}

func (r *page) html(o HTMLOptions, encoded string) htmlPage {
	p, a := r.plan, r.answer()
	h := htmlPage{
		CSP:   "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hashSource(pageCSS) + "; script-src " + hashSource(pageJS),
		Title: r.pageTitle(o), Tone: tone(a.how), Answer: string(a.first), Second: string(a.second), Causes: string(r.causes()),
		Made: string(r.clock(p.Created)), Version: r.show(p.LandfallVersion), ConfigDigest: r.show(p.ConfigDigest), Digest: r.show(p.Digest),
		Columns: columns, Grid: r.grid(), FullReport: linkable(o.FullReport),
		Errors: r.htmlFindings("error", o.Source), Warnings: r.htmlFindings("warning", o.Source),
		Guards: r.htmlGuards(o.Source), Trees: r.htmlTrees(), Lists: r.htmlLists(),
		Style: template.CSS(pageCSS), Script: template.JS(pageJS), JSON: template.JS(encoded),
	}
	if part := p.Partial; part != nil {
		h.Partial = &htmlPartial{LeftOut: string(r.leftOut(part)), Only: r.shown(part.Only), Except: r.shown(part.Except), Needed: r.shown(part.Needed)}
	}
	if p.Base != nil {
		h.Base = r.show(*p.Base)
	}
	for _, l := range p.Accepted {
		h.Accepted = append(h.Accepted, string(r.text("%s up to %s", l.Name, l.Count)))
	}
	for _, d := range p.Providers {
		what := r.text("%s read %s", count(d.Objects, "object", "objects"), r.clock(d.ReadAt))
		if d.Refresh != "" {
			what += r.text(" (%s)", d.Refresh)
		}
		h.Read = append(h.Read, htmlRead{r.show(d.Address), string(what)})
	}
	for _, u := range p.History {
		if gap := r.historyGap(u); gap != "" {
			h.Read = append(h.Read, htmlRead{"Not known", string(gap + r.text(": %s", u.Detail))})
		}
	}
	c := htmlChanges{page: r, source: o.Source, actions: facet{}, kinds: facet{}, rules: facet{}, causes: facet{}}
	h.Blocked, h.Changes = c.list(true), c.list(false)
	h.Actions, h.Kinds, h.Rules, h.CauseNames = c.actions.names(r), c.kinds.names(r), c.rules.names(r), c.causes.names(r)
	return h
}

func (r *page) shown(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = r.show(t)
	}
	return out
}

func (r *page) pageTitle(o HTMLOptions) string {
	title := "landfall plan"
	if o.Target != "" {
		return title + " of " + r.show(o.Target)
	}
	if t := r.target(); t != "" {
		title += " of " + string(t)
	}
	return title
}

// tone is the answer's colour, which only repeats its words.
func tone(how style) string {
	switch how {
	case redder, red:
		return "bad"
	case yellow:
		return "warn"
	case green:
		return "good"
	default:
		return ""
	}
}

// htmlPlace is a line of a file, with a link where there is one.
func (r *page) htmlPlace(s Source, file string, line int) htmlPlace {
	if file == "" {
		return htmlPlace{}
	}
	return htmlPlace{string(r.place(file, line)), s.url(file, line)}
}

func (r *page) htmlFindings(severity string, s Source) []htmlFinding {
	var out []htmlFinding
	for _, d := range r.findings(severity) {
		f := htmlFinding{Word: "Warning", Summary: r.show(d.Summary), Code: r.show(d.Code), Place: r.htmlPlace(s, d.File, d.Line), Detail: r.prosed(d.Detail)}
		if severity == "error" {
			f.Word = "Error"
		}
		out = append(out, f)
	}
	return out
}

// prosed is prose as escaped sentences.
func (r *page) prosed(text string) []string {
	return r.shown(sentences(text))
}

// htmlLists are the objects and members that are left as they are.
func (r *page) htmlLists() []htmlList {
	var lists []htmlList
	add := func(id, name, rest string, n int, columns []string, rows map[string][][]string) {
		if n == 0 {
			return
		}
		l := htmlList{ID: id, Name: name, Title: name + " (" + thousands(n) + ")" + rest}
		for _, reason := range byNumber(rows) {
			l.Groups = append(l.Groups, htmlGroup{string(r.text("%s: %s", r.code(reason), len(rows[reason]))), columns, rows[reason]})
		}
		lists = append(lists, l)
	}
	rows := map[string][][]string{}
	for _, w := range r.plan.Withdrawn {
		rows["the base would do it, this configuration does not"] = append(rows["the base would do it, this configuration does not"],
			[]string{r.show(w.Name), string(r.doing(w.Actions)), r.show(w.Provider), r.show(w.Address)})
	}
	add("withdrawn", "Withdrawn", "", len(r.plan.Withdrawn), []string{"object", "what the base would do", "provider", "address"}, rows)
	rows = map[string][][]string{}
	for _, o := range r.skippingObjects() {
		for _, m := range o.members {
			rows[m.Reason] = append(rows[m.Reason], []string{string(o.title), r.show(m.Name), r.show(m.ID)})
		}
	}
	add("skipped", "Skipped members", ": in the cloud group, without a place in the directory", r.tally.skipped, []string{"object", "member", "id"}, rows)
	rows = map[string][][]string{}
	for _, n := range r.plan.NotWritten {
		rows[n.Reason] = append(rows[n.Reason], []string{r.show(n.Name), r.show(n.ID), r.show(n.Provider)})
	}
	add("not-written", "Not written", "", len(r.plan.NotWritten), []string{"name", "id", "provider"}, rows)
	rows = map[string][][]string{}
	for _, f := range r.plan.Frozen {
		rows[f.Reason] = append(rows[f.Reason], []string{r.show(f.DN), r.show(f.Address)})
	}
	add("frozen", "Frozen", ": left as they are", len(r.plan.Frozen), []string{"distinguished name", "address"}, rows)
	return lists
}
