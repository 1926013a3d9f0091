package report

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

func pageFile(t *testing.T, page string) string {
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

const countChanges = `document.querySelectorAll("details.c").length`

// look opens the report of a plan, light, dark and without JavaScript, and
// returns the light one.
func look(t *testing.T, p *planner.Plan) *tab {
	t.Helper()
	browser := chromium(t)
	page := htmlOf(t, p, HTMLOptions{})
	file := pageFile(t, page)
	light := lookAs(t, browser, p, file, "light", device{})
	lookAs(t, browser, p, file, "dark", device{Dark: true})
	plain := lookAs(t, browser, p, file, "no script", device{NoScript: true})
	if eval[bool](plain, `document.querySelector("#filters")?.checkVisibility() ?? false`) {
		t.Error("without JavaScript there are filters that do nothing")
	}
	return light
}

func lookAs(t *testing.T, browser context.Context, p *planner.Plan, file, name string, d device) *tab {
	t.Helper()
	b := open(t, browser, file, d)
	if got := eval[int](b, countChanges); got != len(p.Changes) {
		t.Errorf("%s: %d changes of %d", name, got, len(p.Changes))
	}
	b.seen(name)
	if len(p.Changes) < 1000 && !d.NoScript {
		eval[int](b, `document.querySelectorAll("details").forEach(d => { d.open = true }), 0`)
		for _, v := range b.axe() {
			t.Errorf("axe-core, %s: %s (%s): %s\n%s", name, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n"))
		}
	}
	b.quiet()
	return b
}

// search types words and returns how many changes are shown then.
func (b *tab) search(words string) int {
	b.t.Helper()
	took := eval[float64](b, `(async () => {
		const box = document.getElementById("q");
		const start = performance.now();
		box.value = `+quoted(words)+`;
		box.dispatchEvent(new Event("input"));
		await new Promise(done => new MutationObserver(done).observe(document.getElementById("shown"), {childList: true}));
		await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
		return performance.now() - start;
	})()`)
	b.t.Logf("filter %s: %.0f ms", words, took)
	b.seen("filtered")
	return eval[int](b, `Array.from(document.querySelectorAll("details.c")).filter(e => e.checkVisibility()).length`)
}

func TestReportInABrowser(t *testing.T) {
	b := look(t, limits(everything()))
	if got := eval[string](b, `document.querySelector("h1").innerText`); got != "landfall plan of corp and contoso" {
		t.Errorf("heading %q", got)
	}
	if n := b.search(`IRVIN.sayers "group Finance"`); n != 1 {
		t.Errorf("the search shows %d changes; want the one with that member", n)
	}
}

func TestHostileReportInABrowser(t *testing.T) {
	look(t, limits(hostile()))
}

func TestReportOf20000ChangesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	b := look(t, limits(crowd(20_000, 200, 150, 40)))
	t.Logf("first paint: %.0f ms", eval[float64](b, `performance.getEntriesByName("first-contentful-paint")[0].startTime`))
	if n := b.search(`"updated 0100"`); n < 1 || n > 10 {
		t.Errorf("the search shows %d changes", n)
	}
}
