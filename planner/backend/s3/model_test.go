package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// world is a bucket in memory, several clients, and a network between them that
// does what the random numbers say: it delays every request at will, so that
// requests of all clients mix in every order; it loses requests and answers,
// delivers writes late, or twice as a retry does; and it ends clients. Time is
// that of a synctest bubble.
type world struct {
	mu      sync.Mutex
	objects map[string]object
	waiting []*request
	dead    map[int]bool
	below   map[int64]int64 // for each lease, the one below it when it was created
	clients int
	pauses  []time.Duration
	finally func()
	trace   []string
	broken  string // what went wrong first
}

// request is a client's, on its way.
type request struct {
	client int
	name   string
	write  bool
	apply  func() (any, error) // in the bucket
	decide bool                // it only asks for a number
	twice  bool                // it arrived once, and waits for its repetition
	late   bool                // nobody waits for its answer any more
	rests  int                 // how many steps it is not looked at, 0: not yet drawn
	answer chan answer
}

type answer struct {
	value any
	err   error
}

var errNoAnswer = errors.New("no answer")

// What goes by between two requests: leases run out in some worlds, and pass from
// hand to hand in others.
var (
	slow = []time.Duration{0, 0, 0, 0, 0, 0, 0, 0, 100 * time.Millisecond, time.Second, 1500 * time.Millisecond, 5 * time.Second, 20 * time.Second}
	fast = []time.Duration{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100 * time.Millisecond, time.Second}
)

// simulate lets the network run until the clients end or the steps are done.
func simulate(t *testing.T, random *rand.Rand, steps int, start func(*world), check func(*world)) (trace []string, broken string) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w := &world{objects: map[string]object{}, dead: map[int]bool{}, below: map[int64]int64{}, clients: 2 + random.IntN(3), pauses: [][]time.Duration{slow, fast}[random.IntN(2)]}
		start(w)
		for range steps {
			if !w.step(random) || w.broken != "" {
				break
			}
		}
		w.end()
		if w.broken == "" {
			check(w)
		}
		trace, broken = w.trace, w.broken
	})
	return trace, broken
}

// step decides what happens to one request, and how much time goes by before.
func (w *world) step(random *rand.Rand) bool {
	time.Sleep(w.pauses[random.IntN(len(w.pauses))])
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		return false
	}
	slices.SortStableFunc(w.waiting, func(a, b *request) int {
		return cmp.Or(cmp.Compare(a.client, b.client), strings.Compare(a.name, b.name))
	})
	r, fate := w.next(random), random.IntN(60)
	switch {
	case r.decide:
		r.answer <- answer{value: fate}
	case r.late:
		_, _ = r.apply()
		w.note(r, "arrives late")
	case r.twice || fate > 12:
		value, err := r.apply()
		w.note(r, "ok")
		r.answer <- answer{value, err}
	case fate == 0:
		w.note(r, "and the client dies")
		w.kill(r.client)
		r.answer <- answer{err: errNoAnswer}
	case !r.write || fate == 1:
		w.note(r, "is lost")
		r.answer <- answer{err: errNoAnswer}
	case fate == 2:
		_, _ = r.apply()
		w.note(r, "is made and its answer lost")
		r.answer <- answer{err: errNoAnswer}
	case fate == 3:
		w.note(r, "seems lost")
		r.answer <- answer{err: errNoAnswer}
		late := *r
		late.late, late.rests = true, 0
		w.waiting = append(w.waiting, &late)
	default:
		_, _ = r.apply()
		w.note(r, "is made, and will be repeated")
		r.twice, r.rests = true, 0
		w.waiting = append(w.waiting, r)
	}
	return true
}

// next takes one of the requests that wait; some of them rest for long, so that
// others overtake them by far.
func (w *world) next(random *rand.Rand) *request {
	var awake []*request
	for _, r := range w.waiting {
		if r.rests == 0 {
			r.rests = 1
			if r.late || r.twice || random.IntN(12) == 0 {
				r.rests = 1 + random.IntN(100)
			}
		}
		if r.rests--; r.rests == 0 {
			r.rests = 1
			awake = append(awake, r)
		}
	}
	if len(awake) == 0 {
		awake = w.waiting
	}
	r := awake[random.IntN(len(awake))]
	w.waiting = slices.DeleteFunc(w.waiting, func(o *request) bool { return o == r })
	return r
}

func (w *world) note(r *request, what string) {
	w.trace = append(w.trace, fmt.Sprintf("%s client %d: %s %s", time.Now().Format("04:05.0"), r.client, r.name, what))
}

// kill ends a client: none of its requests arrives any more, but for late ones.
func (w *world) kill(client int) {
	w.dead[client] = true
	w.waiting = slices.DeleteFunc(w.waiting, func(r *request) bool {
		if r.client == client && !r.late {
			r.answer <- answer{err: errNoAnswer}
			return true
		}
		return false
	})
}

// end kills everybody and delivers what is late.
func (w *world) end() {
	for client := range w.clients {
		w.mu.Lock()
		w.kill(client)
		w.mu.Unlock()
	}
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.waiting {
		_, _ = r.apply()
	}
	w.waiting = nil
}

func (w *world) breaks(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken == "" {
		w.broken = fmt.Sprintf(format, args...)
	}
}

// client is one program's connection; client 99 has a perfect network.
type client struct {
	w  *world
	id int
}

const perfect = 99

func (c client) do(name string, write bool, apply func() (any, error)) (any, error) {
	if c.id == perfect {
		return apply()
	}
	return c.send(&request{client: c.id, name: name, write: write, apply: apply})
}

// decide asks for a number.
func (c client) decide() int {
	value, err := c.send(&request{client: c.id, name: "decide", decide: true})
	if err != nil {
		return 0
	}
	return value.(int)
}

func (c client) send(r *request) (any, error) {
	r.answer = make(chan answer, 1)
	c.w.mu.Lock()
	if c.w.dead[c.id] {
		c.w.mu.Unlock()
		return nil, errNoAnswer
	}
	c.w.waiting = append(c.w.waiting, r)
	c.w.mu.Unlock()
	a := <-r.answer
	return a.value, a.err
}

func (c client) isDead() bool {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	return c.w.dead[c.id]
}

func (c client) get(_ context.Context, key string) (object, error) {
	value, err := c.do("get "+key, false, func() (any, error) {
		o, ok := c.w.objects[key]
		if !ok {
			return object{}, fs.ErrNotExist
		}
		return o, nil
	})
	o, _ := value.(object)
	return o, err
}

func (c client) modified(ctx context.Context, key string) (time.Time, error) {
	o, err := c.get(ctx, key)
	return o.modified, err
}

func (c client) store(key string, data []byte) {
	c.w.objects[key] = object{data: slices.Clone(data), modified: time.Now().Truncate(time.Second)}
}

func (c client) create(_ context.Context, key string, data []byte) (bool, error) {
	value, err := c.do("create "+key, true, func() (any, error) {
		if _, ok := c.w.objects[key]; ok {
			return false, nil
		}
		c.store(key, data)
		if n, ok := parseNumber(strings.TrimPrefix(key, "lock/")); ok {
			c.w.below[n] = c.w.leaseBelow(n)
		}
		return true, nil
	})
	created, _ := value.(bool)
	return created, err
}

func (c client) put(_ context.Context, key string, data []byte) error {
	_, err := c.do(fmt.Sprintf("put %s %q", key, data), true, func() (any, error) {
		c.store(key, data)
		return nil, nil
	})
	return err
}

func (c client) list(_ context.Context, prefix, after string, _ bool) ([]entry, error) {
	// Two pages are two requests: a listing is not one moment.
	var all []entry
	for {
		value, err := c.do("list "+prefix+" after "+after, false, func() (any, error) {
			var entries []entry
			for key, o := range c.w.objects {
				if strings.HasPrefix(key, prefix) && key > after {
					entries = append(entries, entry{key, int64(len(o.data))})
				}
			}
			slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
			return entries[:min(3, len(entries))], nil
		})
		if err != nil {
			return nil, err
		}
		page := value.([]entry)
		all = append(all, page...)
		if len(page) < 3 {
			return all, nil
		}
		after = page[2].key
	}
}

func (c client) remove(_ context.Context, key string) error {
	_, err := c.do("remove "+key, true, func() (any, error) {
		delete(c.w.objects, key)
		return nil, nil
	})
	return err
}

func (w *world) storage(id int) *Storage {
	s := newStorage(client{w, id}, "model/")
	s.proven, s.kept = true, 1 // so that numbers are soon used a second time
	return s
}

// checkWorlds looks at many worlds, the same ones every time, and shows the first
// in which something breaks.
func checkWorlds(t *testing.T, worlds, steps int, start, check func(*world)) {
	t.Helper()
	taken := 0
	for seed := range worlds {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		trace, broken := simulate(t, random, steps, start, check)
		if broken != "" {
			t.Fatalf("world %d: %s\n%s", seed, broken, strings.Join(trace, "\n"))
		}
		taken += len(trace)
	}
	t.Logf("%d worlds, %d requests", worlds, taken)
}
