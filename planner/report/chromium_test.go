package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axeFile is axe-core, which .ci/install takes from npm.
const axeFile = "../../.ci/tools/node_modules/axe-core/axe.min.js"

// requireBrowser is the variable that, set to 1, makes a test fail where it would
// otherwise be skipped because there is no browser.
const requireBrowser = "LANDFALL_REQUIRE_BROWSER"

// patience is how long a step may take on a machine that does much else.
const patience = 4 * time.Minute

// chromium starts a browser of its own, with an empty profile and without any
// traffic of its own, and returns the context for its tabs.
func chromium(t testing.TB) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err == nil {
		_, err = os.Stat(axeFile)
	}
	if err != nil {
		if os.Getenv(requireBrowser) == "1" {
			t.Fatal(err)
		}
		t.Skipf("no browser to look at the report with (.ci/install installs it): %v", err)
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return ctx
}

// device is who looks.
type device struct {
	Dark     bool
	NoScript bool
	Width    int64 // 0: 1280
	Height   int64 // 0: 900
}

// tab is one page in the browser, with what it did so far.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	requests []string // what it asked for, itself first
	console  []string // errors and warnings
}

// open shows a page.
func open(t testing.TB, browser context.Context, file string, d device) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	scheme := "light"
	if d.Dark {
		scheme = "dark"
	}
	if d.Width == 0 {
		d.Width = 1280
	}
	if d.Height == 0 {
		d.Height = 900
	}
	_, err1 := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	_, err2 := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	_, err3 := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	_, err4 := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: d.NoScript})
	err5 := chromedp.Listen(ctx, b.listen)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(d.Width, d.Height), chromedp.Navigate("file://"+path))
	return b
}

// listen notes what the page does.
func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.console = append(b.console, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.console = append(b.console, fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.Exception.Description))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range e.Args {
				b.console = append(b.console, string(a.Value)+a.Description)
			}
		}
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval is the value of a JavaScript expression in the page; a promise is waited
// for.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v\n%s", err, shortened(expression))
	}
	return v
}

func shortened(s string) string {
	if len(s) > 500 {
		return s[:500] + "…"
	}
	return s
}

// quoted is a JavaScript string.
func quoted(s string) string {
	out, _ := json.Marshal(s)
	return string(out)
}

// noise is what the page asked for beside itself, and what its console says.
func (b *tab) noise() (requests, console []string) {
	b.t.Helper()
	eval[int](b, "1") // what came before the answer has been noted
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) == 0 {
		b.t.Fatal("the browser does not report the request for the page itself")
	}
	return b.requests[1:], b.console
}

// obstacle is one finding of axe-core.
type obstacle struct {
	ID, Impact, Help string
	Nodes            []string
}

// axe looks for obstacles for people who cannot see, or not well.
func (b *tab) axe() []obstacle {
	b.t.Helper()
	source, err := os.ReadFile(axeFile)
	if err != nil {
		b.t.Fatal(err)
	}
	return eval[[]obstacle](b, string(source)+`;
		axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({
			ID: v.id, Impact: v.impact, Help: v.help,
			Nodes: v.nodes.slice(0, 3).map(n => n.html + " " + (n.any[0] ? n.any[0].message : "")),
		})))`)
}

// seen makes a picture of what is in view, for people, when LANDFALL_SCREENSHOTS
// names a folder.
func (b *tab) seen(name string) {
	b.t.Helper()
	if dir := os.Getenv("LANDFALL_SCREENSHOTS"); dir != "" {
		b.picture(filepath.Join(dir, strings.ReplaceAll(b.t.Name(), "/", "-")+"-"+name+".png"))
	}
}

func (b *tab) picture(file string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(file, png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
