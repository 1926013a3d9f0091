package report

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

// TestWhatTheBrowserSees shows that the tests below would fail for a bad page.
func TestWhatTheBrowserSees(t *testing.T) {
	page := `<!DOCTYPE html><html><head><title>bad</title><link rel=stylesheet href="missing.css"></head>
		<body><img src="data:,"><p style="color:#ccc;background:#fff">pale</p><script>console.error("broken"); undefinedFunction()</script>`
	b := open(t, chromium(t), pageFile(t, page), device{})
	requests, console := b.noise()
	if !strings.Contains(strings.Join(requests, " "), "missing.css") {
		t.Errorf("requests %q", requests)
	}
	if got := strings.Join(console, "\n"); !strings.Contains(got, "broken") || !strings.Contains(got, "undefinedFunction") {
		t.Errorf("console %q", console)
	}
	var ids []string
	for _, v := range b.axe() {
		ids = append(ids, v.ID)
	}
	if got := strings.Join(ids, " "); !strings.Contains(got, "color-contrast") || !strings.Contains(got, "image-alt") || !strings.Contains(got, "html-has-lang") {
		t.Errorf("axe-core finds %q", got)
	}
}

func pageFile(t testing.TB, page string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// quiet fails if the page asked for anything or complained.
func (b *tab) quiet() {
	b.t.Helper()
	requests, console := b.noise()
	for _, url := range requests {
		b.t.Errorf("the report asks for %s", url)
	}
	for _, line := range console {
		b.t.Errorf("the console says: %s", line)
	}
}

// look opens the report of a plan, light, dark and without JavaScript, and
// returns the first and the last.
func look(t *testing.T, p *planner.Plan) (light, plain *tab) {
	t.Helper()
	browser := chromium(t)
	file := pageFile(t, htmlOf(t, p, HTMLOptions{}))
	light = lookAs(t, browser, p, file, "light", device{})
	lookAs(t, browser, p, file, "dark", device{Dark: true})
	plain = lookAs(t, browser, p, file, "no script", device{NoScript: true})
	if eval[bool](plain, `document.querySelector("#filters")?.checkVisibility() ?? false`) {
		t.Error("without JavaScript there are filters that do nothing")
	}
	return light, plain
}

func lookAs(t *testing.T, browser context.Context, p *planner.Plan, file, name string, d device) *tab {
	t.Helper()
	b := open(t, browser, file, d)
	if got := eval[int](b, `document.querySelectorAll("details.c").length`); got != len(p.Changes) {
		t.Errorf("%s: %d changes of %d", name, got, len(p.Changes))
	}
	b.seen(name)
	switch {
	case d.NoScript:
	case len(p.Changes) >= 1000 && d.Dark:
		b.pruned("\"unit 03 moved 074\"")
		b.accessible(name)
	case len(p.Changes) < 1000:
		eval[int](b, `document.querySelectorAll("details").forEach(d => { d.open = true }), 0`)
		b.accessible(name)
	}
	b.quiet()
	return b
}

// pruned is a large page after a search, without what the search hides: axe-core
// has no time for 20,000 changes.
func (b *tab) pruned(words string) {
	b.t.Helper()
	if b.search(words) == 0 {
		b.t.Error("nothing is left to look at")
	}
	eval[int](b, `document.querySelectorAll("[hidden]").forEach(e => e.remove()), document.getElementById("open").click(), 0`)
}

// accessible fails for what axe-core finds.
func (b *tab) accessible(name string) {
	b.t.Helper()
	for _, v := range b.axe() {
		b.t.Errorf("axe-core, %s: %s (%s): %s\n%s", name, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
	}
}

// search types words and returns how many changes are shown then.
func (b *tab) search(words string) int {
	b.t.Helper()
	b.change("q", "input", words)
	return b.shown()
}

// choose sets a filter to one of its options and returns how many changes are
// shown then.
func (b *tab) choose(filter, option string) int {
	b.t.Helper()
	value := eval[string](b, `Array.from(document.getElementById(`+quoted(filter)+`).options).find(o => o.text === `+quoted(option)+`).value`)
	b.change(filter, "change", value)
	return b.shown()
}

// change gives a field another value and returns how many milliseconds it takes
// until the page shows what that filters.
func (b *tab) change(field, event, value string) float64 {
	b.t.Helper()
	return eval[float64](b, `(async () => {
		const field = document.getElementById(`+quoted(field)+`);
		const said = new Promise(done => new MutationObserver(done).observe(document.getElementById("shown"), {childList: true}));
		const start = performance.now();
		field.value = `+quoted(value)+`;
		field.dispatchEvent(new Event(`+quoted(event)+`));
		await said;
		await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
		return performance.now() - start;
	})()`)
}

// shown is how many changes are shown, in fact and by what the page says.
func (b *tab) shown() int {
	b.t.Helper()
	n := eval[int](b, `Array.from(document.querySelectorAll("details.c")).filter(e => !e.closest("[hidden]")).length`)
	says := eval[string](b, `document.getElementById("shown").innerText`)
	if want := fmt.Sprintf("Showing %s of ", thousands(n)); n > 0 && !strings.HasPrefix(says, want) || n == 0 && !strings.HasPrefix(says, "None of ") {
		b.t.Errorf("%d changes are shown, and the page says %q", n, says)
	}
	return n
}

func TestReportInABrowser(t *testing.T) {
	b, _ := look(t, limits(everything()))
	if got := eval[string](b, `document.querySelector("h1").innerText`); got != "landfall plan of corp and contoso" {
		t.Errorf("heading %q", got)
	}
	if n := b.search(`IRVIN.sayers "group Finance"`); n != 1 {
		t.Errorf("the search shows %d changes; want the one with that member", n)
	}
	if n := b.search("guard.leavers"); n != 37 {
		t.Errorf("%d changes are found by the limit that blocks 37", n)
	}
	if n := b.search("no such thing"); n != 0 {
		t.Errorf("%d changes are found by what is not there", n)
	}
	b.search("")
	for _, filter := range []struct {
		id, option string
		want       int
	}{
		{"a", "delete", 38}, {"s", "dangerous", 1}, {"s", "any", 38}, {"k", "entra group", 0}, {"a", "any", 1}, {"k", "any", 49},
		{"r", "description prefix", 1}, {"s", "blocked", 0}, {"r", "any", 38},
	} {
		if n := b.choose(filter.id, filter.option); n != filter.want {
			t.Errorf("%s %s: %d changes, want %d", filter.id, filter.option, n, filter.want)
		}
	}
}

func TestHostileReportInABrowser(t *testing.T) {
	look(t, limits(hostile()))
}

// The pages in examples are what a newcomer looks at first. With
// LANDFALL_PICTURES=DIR, the pictures of README.md are made of the first one: make
// pictures.
func TestExamplePagesInABrowser(t *testing.T) {
	browser := chromium(t)
	for _, example := range []string{"tenant-migration", "quickstart"} {
		for _, scheme := range []string{"light", "dark"} {
			b := open(t, browser, "../../examples/"+example+"/plan.html", device{Dark: scheme == "dark", Width: 1120, Height: 1310})
			if dir := os.Getenv("LANDFALL_PICTURES"); dir != "" && example == "tenant-migration" {
				b.picture(filepath.Join(dir, "plan-"+scheme+".png"))
			}
			b.accessible(example + ", " + scheme)
			b.quiet()
		}
	}
}

// A phone shows everything without scrolling sideways.
func TestReportOnAPhone(t *testing.T) {
	browser := chromium(t)
	for name, p := range map[string]*planner.Plan{"everything": limits(everything()), "hostile": limits(hostile()), "quiet": empty()} {
		b := open(t, browser, pageFile(t, htmlOf(t, p, HTMLOptions{})), device{Width: 380, Height: 800})
		eval[int](b, `document.querySelectorAll("details").forEach(d => { d.open = true }), 0`)
		if wide := eval[int](b, `document.documentElement.scrollWidth`); wide > 380 {
			t.Errorf("%s: %d pixels on a screen of 380", name, wide)
		}
		b.accessible(name)
		b.seen(name)
	}
}

func TestReportOf20000ChangesInABrowser(t *testing.T) {
	large(t)
	b, plain := look(t, storm(20_000, 200, 150, 40))
	if n := b.search(`"updated 01011"`); n != 1 {
		t.Errorf("the search shows %d changes, not the one with that name", n)
	}
	b.seen("filtered")
	if n := b.search("deleted"); n < 200 {
		t.Errorf("the search shows %d changes", n)
	}
	// The details of a late change are what a browser without JavaScript shows.
	const last = `Array.from(document.querySelectorAll("details.c")).at(-1)`
	if n := eval[int](b, last+`.querySelectorAll("table").length`); n != 0 {
		t.Errorf("the last change has %d tables before it is opened", n)
	}
	eval[int](b, last+`.querySelector("summary").click(), new Promise(done => setTimeout(() => done(0)))`)
	const inner = `.innerHTML.replace(/<\/?noscript>/g, "").replace(/^\s+|\s+$/g, "")`
	made, want := eval[string](b, last+inner), eval[string](plain, last+inner)
	if diff := cmp.Diff(want, made); diff != "" || !strings.Contains(made, "</table>") {
		t.Errorf("the details of the last change (-without JavaScript +with):\n%s", diff)
	}
	b.pruned("\"unit 03 moved 074\"")
	b.accessible("light")
	b.quiet()
}

// BenchmarkBrowser opens a plan of 20,000 changes: how long until something is
// seen, until the filters are there, and until a search shows what it finds.
func BenchmarkBrowser(b *testing.B) {
	browser := chromium(b)
	page := htmlOf(b, storm(20_000, 200, 150, 40), HTMLOptions{})
	file := pageFile(b, page)
	var paint, ready, filter float64
	for b.Loop() {
		t := open(b, browser, file, device{})
		paint += eval[float64](t, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
		ready += eval[float64](t, `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`)
		t.change("q", "input", "first") // reads the texts
		filter += t.change("q", "input", "updated 01011")
	}
	n := float64(b.N)
	b.ReportMetric(paint/n, "ms-to-first-paint")
	b.ReportMetric(ready/n, "ms-to-filters")
	b.ReportMetric(filter/n, "ms-per-search")
	b.ReportMetric(float64(len(page)), "bytes")
}
