package ad

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner"
)

// cutter is a proxy that closes a connection at a chosen message. It takes plain
// LDAP from the client, because it has to see where messages end, and speaks TLS
// to the server.
type cutter struct {
	t        *testing.T
	upstream string
	tls      *tls.Config
	listener net.Listener

	mu       sync.Mutex
	messages int // responses so far
	cutAt    int // the response that does not arrive any more; 0 is none
	torn     bool
	again    bool // later connections are cut at once
	cuts     int
	// change, when set, gets each response before it goes through and may change
	// it; n counts from the last arm.
	change func(n int, message []byte) []byte
}

// newCutter puts a proxy before the server of c and changes c to use it.
func newCutter(t *testing.T, c *Config) *cutter {
	t.Helper()
	u, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.CA)
	host := u.Host
	if u.Port() == "" {
		host += ":636"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &cutter{t: t, upstream: host, tls: &tls.Config{RootCAs: roots, ServerName: u.Hostname()}, listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	c.pause = time.Millisecond
	c.URL, c.Plaintext = "ldap://"+listener.Addr().String(), true
	return p
}

// arm cuts at response n from now on. torn lets half of it through. again makes
// the server unreachable afterwards.
func (p *cutter) arm(n int, torn, again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages, p.cutAt, p.torn, p.again, p.cuts = 0, n, torn, again, 0
}

func (p *cutter) count() (messages, cuts int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.messages, p.cuts
}

func (p *cutter) serve(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	dead := p.again && p.cuts > 0
	p.mu.Unlock()
	if dead {
		return
	}
	server, err := tls.Dial("tcp", p.upstream, p.tls)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client)
		server.Close()
	}()
	in := bufio.NewReader(server)
	for {
		message, err := readMessage(in)
		if err != nil {
			return
		}
		keep, stop, change, n := p.pass(message)
		if change != nil {
			keep = change(n, keep)
		}
		if _, err := client.Write(keep); err != nil || stop {
			return
		}
	}
}

// pass decides what of a response goes through.
func (p *cutter) pass(message []byte) (keep []byte, stop bool, change func(int, []byte) []byte, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages++
	if p.messages != p.cutAt {
		return message, false, p.change, p.messages
	}
	p.cuts++
	if p.torn {
		return message[:len(message)/2], true, nil, p.messages
	}
	return nil, true, nil, p.messages
}

// readMessage reads one BER element.
func readMessage(in *bufio.Reader) ([]byte, error) {
	var message bytes.Buffer
	tee := io.TeeReader(in, &message)
	header := make([]byte, 2)
	if _, err := io.ReadFull(tee, header); err != nil {
		return nil, err
	}
	length := int64(header[1])
	if header[1] >= 0x80 {
		more := make([]byte, header[1]&0x7f)
		if _, err := io.ReadFull(tee, more); err != nil {
			return nil, err
		}
		length = 0
		for _, b := range more {
			length = length<<8 | int64(b)
		}
	}
	_, err := io.CopyN(io.Discard, tee, length)
	return message.Bytes(), err
}

// dump writes a space as text, for comparisons.
func dump(s *planner.Space, attrs ...string) string {
	var b strings.Builder
	for o := range planner.ObjectID(s.Len()) {
		fmt.Fprintf(&b, "%d %s %s %s", s.State(o), s.Type(o), s.Anchor(o), s.Name(o))
		for _, a := range attrs {
			fmt.Fprintf(&b, " %s=%q", a, s.Values(o, a))
		}
		members, read := s.References(o, "member")
		fmt.Fprintf(&b, " %v %v\n", members, read)
	}
	return b.String()
}

// testCutRead cuts each step of a read at each of its messages: every one must
// end in an error, because a read that looks complete and is not would delete.
func testCutRead(t *testing.T, c Config) {
	p := newCutter(t, &c)
	req := groupRequest(true, "adminDescription", "displayName")
	req.Types = append(req.Types, planner.TypeRequest{Type: "user", Attributes: one("displayName")})
	req.Subtrees = one(dnOf("OU=People"))
	req.Mark = "adminDescription"
	c.SearchBases = one(dnOf("OU=Groups"))
	read := func() (*planner.Space, error) {
		d, err := Open(t.Context(), c)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		s := newSpace()
		if err := d.Read(t.Context(), req, s); err != nil {
			return nil, err
		}
		var groups []planner.ObjectID
		for o := range planner.ObjectID(s.Len()) {
			if s.Type(o) == "group" && s.State(o) == planner.Live {
				groups = append(groups, o)
			}
		}
		if err := d.ReadReferences(t.Context(), req, groups, one("member"), s); err != nil {
			return nil, err
		}
		err = d.Find(t.Context(), req, "sAMAccountName", []string{"u1", "u4", "nobody"}, s)
		return s, err
	}
	whole, err := read()
	if err != nil {
		t.Fatal(err)
	}
	messages, _ := p.count()
	if messages < 30 {
		t.Fatalf("only %d messages: the read is too small for this test", messages)
	}
	want := dump(whole, "displayName")
	for n := 1; n <= messages; n++ {
		for _, torn := range []bool{false, true} {
			p.arm(n, torn, false)
			s, err := read()
			if _, cuts := p.count(); cuts != 1 {
				t.Fatalf("message %d of %d: %d cuts", n, messages, cuts)
			}
			if err == nil {
				t.Errorf("cut at message %d of %d (torn %v): no error, and %d of %d objects, absent %v", n, messages, torn, s.Len(), whole.Len(), s.Absent("sAMAccountName", "u1"))
			}
		}
	}
	p.arm(0, false, false)
	s, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, dump(s, "displayName")); diff != "" {
		t.Error(diff)
	}
}

// testCutWrite cuts each operation at each message and compares what the result
// says with what the directory shows.
func testCutWrite(t *testing.T, direct *fixture, c Config) {
	p := newCutter(t, &c)
	for name, operation := range cutOperations() {
		for n := 1; n < 40; n++ {
			for _, again := range []bool{false, true} {
				op, happened := operation(t, direct, fmt.Sprintf("%s%d%v", name, n, again))
				p.arm(0, false, false)
				d := openTest(t, c)
				p.arm(n, n%2 == 0, again)
				r := d.Write(t.Context(), op)
				_, cuts := p.count()
				p.arm(0, false, false)
				d.Close()
				if cuts == 0 {
					if r.Status != planner.StatusDone {
						t.Fatalf("%s without a cut: %s %v", name, r.Status, r.Err)
					}
					n = 40
					break
				}
				what := fmt.Sprintf("%s cut at %d (for good: %v)", name, n, again)
				checkTruth(t, what, r, happened(r), again)
				if r.Status != planner.StatusDone {
					op.Again = true
					if r = direct.d.Write(t.Context(), op); r.Status != planner.StatusDone || !happened(r) {
						t.Errorf("%s, and sent again: %s %v", what, r.Status, r.Err)
					}
				}
			}
		}
	}
}

func checkTruth(t *testing.T, what string, r planner.Result, happened, again bool) {
	t.Helper()
	switch r.Status {
	case planner.StatusDone:
		if !happened {
			t.Errorf("%s: done, but it did not happen", what)
		}
	case planner.StatusFailed, planner.StatusStale:
		if happened {
			t.Errorf("%s: %s (%v), but it happened", what, r.Status, r.Err)
		}
	case planner.StatusUnknown:
		if !again {
			t.Errorf("%s: unknown although the server can be asked: %v", what, r.Err)
		}
	}
	if len(r.Unneeded) > 0 {
		t.Errorf("%s: none of the members was there before, and these are said to have been: %v", what, r.Unneeded)
	}
	if (r.Err == nil) != (r.Status == planner.StatusDone) {
		t.Errorf("%s: %s with error %v", what, r.Status, r.Err)
	}
}

type cutOperation func(t *testing.T, f *fixture, name string) (planner.Operation, func(planner.Result) bool)

// cutOperations makes an operation and a way to see whether it happened.
func cutOperations() map[string]cutOperation {
	at := func(name string) string { return "CN=" + name + ",OU=Groups" }
	exists := func(t *testing.T, f *fixture, dn string) bool {
		s := newSpace()
		if err := f.d.Find(t.Context(), groupRequest(false), "distinguishedName", one(dn), s); err != nil {
			t.Fatal(err)
		}
		return !s.Absent("distinguishedName", dn)
	}
	return map[string]cutOperation{
		"create": func(t *testing.T, f *fixture, name string) (planner.Operation, func(planner.Result) bool) {
			op := planner.Operation{Verb: planner.VerbCreate, ObjectType: "group", DNAfter: dnOf(at(name)), Edits: []planner.Edit{edit("adminDescription", nil, one("Group_"+name)), edit("groupType", nil, one("8"))}}
			return op, func(r planner.Result) bool {
				if r.Status == planner.StatusDone {
					if dn, _ := f.attributes(t, r.Anchor); dn != op.DNAfter {
						t.Errorf("%s: the anchor is of %s", name, dn)
					}
				}
				return exists(t, f, op.DNAfter)
			}
		},
		"update": func(t *testing.T, f *fixture, name string) (planner.Operation, func(planner.Result) bool) {
			anchor := f.group(t, at(name))
			op := planner.Operation{Verb: planner.VerbUpdate, ObjectType: "group", Anchor: anchor, DNAfter: dnOf(at(name)), Edits: []planner.Edit{
				edit("displayName", one("Old"), one("New")),
				edit("proxyAddresses", []string{"SMTP:a@example.com", "smtp:b@example.com"}, one("SMTP:a@example.com"))}}
			return op, func(planner.Result) bool {
				_, v := f.attributes(t, anchor, "displayName")
				return v["displayName"][0] == "New"
			}
		},
		"move": func(t *testing.T, f *fixture, name string) (planner.Operation, func(planner.Result) bool) {
			anchor := f.group(t, at(name))
			op := planner.Operation{Verb: planner.VerbMove, ObjectType: "group", Anchor: anchor, DNBefore: dnOf(at(name)), DNAfter: dnOf("CN=" + name + "-moved,OU=Back")}
			return op, func(planner.Result) bool { return exists(t, f, op.DNAfter) }
		},
		"delete": func(t *testing.T, f *fixture, name string) (planner.Operation, func(planner.Result) bool) {
			anchor := f.group(t, at(name))
			op := planner.Operation{Verb: planner.VerbDelete, ObjectType: "group", Anchor: anchor, DNBefore: dnOf(at(name)), Mark: "Group_" + at(name)}
			return op, func(planner.Result) bool { return !exists(t, f, op.DNBefore) }
		},
		"members": func(t *testing.T, f *fixture, name string) (planner.Operation, func(planner.Result) bool) {
			anchor := f.group(t, at(name))
			op := planner.Operation{Verb: planner.VerbMembers, ObjectType: "group", Anchor: anchor, DNAfter: dnOf(at(name)),
				Add: []planner.MemberChange{{DN: dnOf("CN=u0,OU=People")}, {DN: dnOf("CN=u1,OU=People")}}}
			return op, func(planner.Result) bool {
				s := newSpace()
				o := s.Add("group", anchor, op.DNAfter, planner.Live)
				if err := f.d.ReadReferences(t.Context(), groupRequest(false), []planner.ObjectID{o}, one("member"), s); err != nil {
					t.Fatal(err)
				}
				members, _ := s.References(o, "member")
				return len(members) == 2
			}
		},
	}
}
