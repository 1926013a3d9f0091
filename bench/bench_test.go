// Package bench measures landfall from end to end: a plan of a generated tenant
// against the forest that it is written to already, so that every group and
// every membership is read and compared, through the same calls that the
// command makes. Beside it, in the same run, ldapsearch dumps the same tree from
// the same server.
//
// The servers run in a process of their own (servers_test.go), so that time and
// memory are those of landfall. On few cores the servers take their share of
// the wall time; cpu-s is landfall's own.
package bench

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
	"github.com/landfall-directory/landfall/planner/refresh"
	"github.com/landfall-directory/landfall/providers/ad"
	"github.com/landfall-directory/landfall/providers/entra"
)

//go:embed main.hcl
var configuration []byte

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Fprintln(os.Stderr, "bench: servers:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestPlan is the benchmark in small: it checks that everything is read, and
// that a forest that was written is found to be right.
func TestPlan(t *testing.T) {
	s := startServers(t, size{Groups: 200, Users: 1000, Memberships: 5000})
	r := newRun(t, s)
	p := r.plan(t)
	if len(p.Changes) > 0 {
		t.Errorf("%d changes, want none; the first is %+v", len(p.Changes), p.Changes[0])
	}
	if got := r.memberships(); got != 2*5000 {
		t.Errorf("%d memberships in both directories, want %d", got, 2*5000)
	}
}

// BenchmarkPlan reads both directories and plans. Of one run it reports
//
//	read-entra-s, read-ad-s    the steps of reading both directories, which run
//	refs-entra-s, refs-ad-s    side by side, and the planner's own: what to read
//	needs-s, build-s           (twice), and the plan
//	cpu-s                      of this process, in all
//	objects/s                  objects of both spaces by wall time of the run
//	B/membership               of the in-memory model, one membership in one space
//	B/object                   of both spaces with everything in them
//	peak-MiB                   the process at its largest
//	ldapsearch-s, xldapsearch  the dump, and how many times longer the run takes
func BenchmarkPlan(b *testing.B) {
	for _, z := range []size{
		{Groups: 1000, Users: 5000, Memberships: 10000},
		{Groups: 10000, Users: 50000, Memberships: 100000},
	} {
		b.Run(fmt.Sprintf("groups=%d/users=%d/memberships=%d", z.Groups, z.Users, z.Memberships), func(b *testing.B) {
			s := startServers(b, z)
			var r *run
			empty, cpu := heap(), cpuTime()
			for b.Loop() {
				r = newRun(b, s)
				if p := r.plan(b); len(p.Changes) > 0 {
					b.Fatalf("%d changes, want none; the first is %+v", len(p.Changes), p.Changes[0])
				}
			}
			peak, model := peakMemory(b), float64(heap()-empty)
			n, wall := float64(b.N), b.Elapsed().Seconds()/float64(b.N)
			b.ReportMetric((cpuTime()-cpu).Seconds()/n, "cpu-s")
			b.ReportMetric(model/float64(r.objects()), "B/object")
			r.report(b)
			b.ReportMetric(float64(r.objects())/wall, "objects/s")
			b.ReportMetric(r.bytesPerMembership(), "B/membership")
			b.ReportMetric(peak/(1<<20), "peak-MiB")
			dump, ok := ldapsearch(b, s)
			if ok {
				b.ReportMetric(dump.Seconds(), "ldapsearch-s")
				b.ReportMetric(wall/dump.Seconds(), "xldapsearch")
			}
		})
	}
}

// run is one plan: the readers of a configuration, with the time they take.
type run struct {
	cfg     *lang.Config
	readers map[string]planner.Reader
	steps   []*timedReader
	snap    planner.Snapshot
	reading time.Duration // refresh.Read in all
	build   time.Duration
	close   func() error
}

func newRun(tb testing.TB, s *servers) *run {
	tb.Helper()
	r, err := openRun(tb.Context(), s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.close(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// openRun connects every provider, as the command does.
func openRun(ctx context.Context, s *servers) (*run, error) {
	r := &run{cfg: s.cfg, readers: map[string]planner.Reader{}, close: func() error { return nil }}
	for _, p := range r.cfg.Providers {
		t := &timedReader{kind: string(p.Kind)}
		if p.Kind == lang.KindEntra {
			d, err := entra.Open(ctx, entra.Config{
				Address: p.Address(), TenantID: p.Entra.TenantID, Cloud: p.Entra.Cloud, Auth: p.Entra.Auth, Schema: p.Schema,
				Endpoint: s.Entra.URL, CA: s.Entra.CA, Token: s.Entra.Token,
			})
			if err != nil {
				return nil, err
			}
			t.reader = d
		} else {
			d, err := ad.Open(ctx, ad.Config{
				Address: p.Address(), BaseDN: p.AD.BaseDN, SearchBases: p.AD.SearchBases, Schema: p.Schema,
				URL: s.AD.URL, CA: s.AD.CA, ServerName: s.AD.ServerName, Username: s.AD.Username, Password: s.AD.Password,
			})
			if err != nil {
				return nil, err
			}
			t.reader, r.close = d, d.Close
		}
		r.steps = append(r.steps, t)
		r.readers[p.Address()] = t
	}
	return r, nil
}

func (r *run) plan(tb testing.TB) *planner.Plan {
	tb.Helper()
	p, err := r.makePlan(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func (r *run) makePlan(ctx context.Context) (*planner.Plan, error) {
	start := time.Now()
	snap, err := refresh.Read(ctx, r.cfg, r.readers)
	r.reading = time.Since(start)
	if err != nil {
		return nil, err
	}
	start, r.snap = time.Now(), snap
	p, err := planner.Build(r.cfg, snap, planner.Options{Now: start, Version: "bench"})
	r.build = time.Since(start)
	return p, err
}

// report reports the times of the steps.
func (r *run) report(b *testing.B) {
	var slowestRead, slowestReferences, proofs time.Duration
	for _, t := range r.steps {
		b.ReportMetric(t.read.Seconds(), "read-"+t.kind+"-s")
		b.ReportMetric(t.references.Seconds(), "refs-"+t.kind+"-s")
		slowestRead, slowestReferences = max(slowestRead, t.read), max(slowestReferences, t.references)
		proofs += t.proofs
	}
	b.ReportMetric((r.reading - slowestRead - slowestReferences - proofs).Seconds(), "needs-s")
	b.ReportMetric(r.build.Seconds(), "build-s")
}

// objects counts what was read.
func (r *run) objects() int {
	n := 0
	for _, s := range r.snap {
		n += s.Len()
	}
	return n
}

// eachMembership calls f for the members of every group.
func (r *run) eachMembership(f func(s *planner.Space, group planner.ObjectID, members []planner.ObjectID)) {
	for _, s := range r.snap {
		for o := range planner.ObjectID(s.Len()) {
			if members, read := s.References(o, "member"); read {
				f(s, o, members)
			}
		}
	}
}

func (r *run) memberships() int {
	n := 0
	r.eachMembership(func(_ *planner.Space, _ planner.ObjectID, members []planner.ObjectID) { n += len(members) })
	return n
}

// bytesPerMembership is what the memberships of the run take in a space that
// holds nothing else.
func (r *run) bytesPerMembership() float64 {
	before := heap()
	bare := map[*planner.Space]*planner.Space{}
	for _, s := range r.snap {
		bare[s] = planner.NewSpace(s.Provider, s.Kind, s.Schema)
	}
	r.eachMembership(func(s *planner.Space, group planner.ObjectID, members []planner.ObjectID) {
		bare[s].SetReferences(group, "member", append([]planner.ObjectID(nil), members...))
	})
	size := heap() - before
	runtime.KeepAlive(bare)
	return float64(size) / float64(max(1, r.memberships()))
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// timedReader is a reader that notes how long its steps take.
type timedReader struct {
	kind                     string
	reader                   planner.Reader
	read, references, proofs time.Duration
}

func (t *timedReader) Read(ctx context.Context, req planner.Request, s *planner.Space) error {
	defer note(&t.read, time.Now())
	return t.reader.Read(ctx, req, s)
}

func (t *timedReader) ReadReferences(ctx context.Context, req planner.Request, objects []planner.ObjectID, attrs []string, s *planner.Space) error {
	defer note(&t.references, time.Now())
	return t.reader.ReadReferences(ctx, req, objects, attrs, s)
}

func (t *timedReader) Find(ctx context.Context, req planner.Request, attribute string, values []string, s *planner.Space) error {
	defer note(&t.proofs, time.Now())
	return t.reader.Find(ctx, req, attribute, values, s)
}

func note(d *time.Duration, start time.Time) { *d += time.Since(start) }

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peakMemory is the largest resident set of this process, in bytes.
func peakMemory(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Log("peak-MiB needs Linux: ", err)
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 64)
			if err != nil {
				b.Fatalf("VmHWM of /proc/self/status: %v", err)
			}
			return kib * 1024
		}
	}
	return 0
}

func loadConfiguration() (*lang.Config, error) {
	cfg, _, diags := lang.LoadFS(fstest.MapFS{"main.hcl": {Data: configuration}}, lang.LoadOptions{Version: "0.1.0"})
	if diags.HasErrors() {
		return nil, diags
	}
	return cfg, nil
}
