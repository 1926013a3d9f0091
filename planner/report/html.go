package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/landfall-directory/landfall/planner"
)

// HTMLOptions says how a plan becomes a page.
type HTMLOptions struct {
	Target     string // what the plan is of; "": the names of the providers
	Source     Source
	FullReport string // where the page is kept, if it is known

	room int // rows that are made at once; 0: defaultRoom
}

// defaultRoom is how many rows (headings, values, members, list entries) of a page
// a browser makes at once. Everything is in the page, but the details of a plan
// that is larger than this are made when somebody opens them: a browser with
// JavaScript skips what stands in <noscript>, one without shows it.
const defaultRoom = 10_000

// room is what is left of it.
type room struct{ left int }

// late reports whether rows have to wait until they are asked for.
func (m *room) late(rows int) bool {
	if rows > m.left {
		return true
	}
	m.left -= rows
	return false
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
	CSP, Title, Tone, Answer, Second, Causes, Base   string
	Made, Version, ConfigDigest, Digest, ShortDigest string
	Partial                                          *htmlPartial
	Accepted                                         []string
	Read                                             []htmlRead
	Short                                            []htmlShort
	Columns                                          []string
	Grid                                             [][]htmlCell
	Errors, Warnings                                 []htmlFindings
	ErrorCount, WarningCount                         string
	Guards                                           []htmlGuard
	Stopping                                         bool // a limit is exceeded, or was lifted: limits come before changes
	Trees                                            []htmlTrees
	Actions, Kinds, Rules, CauseNames                []string
	Sections                                         []htmlSection
	Lists                                            []htmlList
	FullReport                                       string
	Style                                            template.CSS
	Script, JSON                                     template.JS
}

type htmlPartial struct {
	LeftOut              string
	Only, Except, Needed []string
}

type htmlRead struct{ Address, What string }

// htmlPlace is a place in a file; URL may be empty.
type htmlPlace struct{ Text, URL string }

// htmlCell is a number of the table of counts.
type htmlCell struct{ Class, Text string }

// htmlFindings are the findings that differ in their details only.
type htmlFindings struct {
	Word, Summary, Code, Count string
	Place                      htmlPlace
	Shown, More                [][]string
	MoreCount                  string
	Late                       bool
}

type htmlList struct {
	ID, Name, Count, Text string
	Groups                []htmlGroup
}

type htmlGroup struct {
	Title   string
	Columns []string
	Rows    [][]string
	Late    bool
}

func (r *page) html(o HTMLOptions, encoded string) htmlPage {
	p, a := r.plan, r.answer()
	space := &room{cmp.Or(o.room, defaultRoom)}
	c := htmlChanges{page: r, source: o.Source, room: space, actions: facet{}, kinds: facet{}, rules: facet{}, causes: facet{}}
	heads, grid := r.htmlGrid()
	h := htmlPage{
		CSP:   "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + hashSource(pageCSS) + "; script-src " + hashSource(pageJS),
		Title: r.pageTitle(o), Tone: tone(a.how), Answer: string(a.first), Second: string(a.second), Causes: string(r.causes()),
		Made: string(r.clock(p.Created)), Version: r.show(p.LandfallVersion), ConfigDigest: r.show(p.ConfigDigest),
		Digest: r.show(p.Digest), ShortDigest: r.show(shortDigest(p.Digest)),
		Short: r.short(), Columns: heads, Grid: grid, FullReport: linkable(o.FullReport),
		ErrorCount: thousands(r.tally.errors), WarningCount: thousands(r.tally.warnings),
		Errors: r.htmlFindings("error", o.Source, space), Guards: r.htmlGuards(o.Source), Sections: c.sections(), Trees: r.htmlTrees(),
		Lists: r.htmlLists(space), Warnings: r.htmlFindings("warning", o.Source, space),
		Style: template.CSS(pageCSS), Script: template.JS(pageJS), JSON: template.JS(encoded),
	}
	h.Stopping = slices.ContainsFunc(p.Guards, func(u planner.GuardUse) bool { return u.Exceeded || u.Share() > 1 })
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
	h.Actions, h.Kinds, h.Rules, h.CauseNames = c.actions.names(r), c.kinds.names(r), c.rules.names(r), c.causes.names(r)
	return h
}

// htmlGrid is the table of counts with a column for each kind of object, so that
// it is narrow. What is dangerous is marked.
func (r *page) htmlGrid() (heads []string, grid [][]htmlCell) {
	rows := r.grid()
	if len(rows) == 0 {
		return nil, nil
	}
	for _, cells := range rows {
		heads = append(heads, cells[0])
	}
	for i, action := range columns[1:] {
		line := []htmlCell{{Text: action}}
		for _, cells := range rows {
			cell := htmlCell{Text: cells[i+1]}
			switch {
			case cell.Text == "-":
				cell.Class = "zero"
			case action == "delete" || action == "blocked":
				cell.Class = "bad"
			}
			line = append(line, cell)
		}
		grid = append(grid, line)
	}
	return heads, grid
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
