package forest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// discard is a connection that takes everything and gives nothing.
type discard struct{}

func (discard) Read([]byte) (int, error)         { return 0, io.EOF }
func (discard) Write(b []byte) (int, error)      { return len(b), nil }
func (discard) Close() error                     { return nil }
func (discard) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (discard) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (discard) SetDeadline(time.Time) error      { return nil }
func (discard) SetReadDeadline(time.Time) error  { return nil }
func (discard) SetWriteDeadline(time.Time) error { return nil }

// rawConn is a TLS connection without a client library.
func rawConn(t testing.TB, s *Server) net.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.URL(), "ldaps://"), roots(t, s.forest))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn
}

// bindRequest is a simple bind as admin.
func bindRequest(id int64) []byte {
	content := appendInteger(nil, tagInteger, 3)
	content = appendText(content, tagOctetString, "admin@corp.example.com")
	return rawMessage(id, opBindRequest, appendText(content, 0x80, "secret"))
}

func TestPipelining(t *testing.T) {
	s := start(t, load(t, smallDomain))
	conn := rawConn(t, s)
	requests := bindRequest(1)
	for id := int64(2); id < 500; id++ {
		requests = append(requests, rawMessage(id, opSearchRequest, searchContent(t, base, "(cn=Bob)"))...)
		requests = append(requests, rawMessage(1000+id, opAbandonRequest, []byte{byte(id)})...)
	}
	requests = append(requests, rawMessage(500, opUnbindRequest, nil)...)
	go func() { _, _ = conn.Write(requests) }()
	in := bufio.NewReader(conn)
	next := int64(1)
	for {
		m, err := readMessage(in)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
			break
		}
		if m.id != next && m.id != next-1 {
			t.Fatalf("answer to %d, after %d", m.id, next-1)
		}
		if m.op.tag == opSearchDone || m.op.tag == opBindResponse {
			next = m.id + 1
		}
	}
	if next != 500 {
		t.Errorf("answers up to %d", next-1)
	}
}

func TestHostileConnections(t *testing.T) {
	f := load(t, smallDomain)
	s := start(t, f)
	for name, data := range map[string]string{
		"garbage": "GET / HTTP/1.1\r\n\r\n", "too long": "\x30\x84\x7f\xff\xff\xff", "cut off": "\x30\x20\x02\x01",
		"unknown operation": string(rawMessage(1, 0x7e, nil)), "indefinite": "\x30\x80\x02\x01\x01",
	} {
		conn := rawConn(t, s)
		if _, err := conn.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
		if name == "cut off" {
			_ = conn.Close()
			continue
		}
		m, err := readMessage(bufio.NewReader(conn))
		if err != nil || m.id != 0 || m.op.tag != opExtendedResponse {
			t.Errorf("%s: %v %v", name, m, err)
		}
	}
	// The server is in good order after that.
	entry(t, bindAs(t, s, "admin"), bob)
	// Requests before StartTLS's handshake would be taken for encrypted ones.
	plain, err := net.Dial("tcp", strings.TrimPrefix(s.PlainURL(), "ldap://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plain.Close() })
	_ = plain.SetDeadline(time.Now().Add(30 * time.Second))
	startTLS := rawMessage(1, opExtendedRequest, appendText(nil, 0x80, extendedStartTLS))
	if _, err = plain.Write(append(startTLS, bindRequest(2)...)); err != nil {
		t.Fatal(err)
	}
	if m, err := readMessage(bufio.NewReader(plain)); err == nil {
		t.Errorf("answered: %v", m)
	}
}

func TestShutdown(t *testing.T) {
	f := load(t, smallDomain)
	s, err := f.Start("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	if s.PlainURL() != "" {
		t.Error("a plain listener nobody asked for")
	}
	conn := rawConn(t, s)
	if _, err := conn.Write(bindRequest(1)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if m, err := readMessage(in); err != nil || m.op.tag != opBindResponse {
		t.Fatalf("%v %v", m, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	m, err := readMessage(in)
	if err != nil || m.id != 0 || !strings.Contains(string(m.op.content), "1.3.6.1.4.1.1466.20036") {
		t.Errorf("notice of disconnection: %v %v", m, err)
	}
	if _, err = readMessage(in); !errors.Is(err, io.EOF) {
		t.Errorf("after the notice: %v", err)
	}
	if _, err = net.Dial("tcp", strings.TrimPrefix(s.URL(), "ldaps://")); err == nil {
		t.Error("the listener is open")
	}
	// A forest can be served again, also on listeners of the caller.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Serve(ctx, listener, nil) }()
	again, err := ldap.DialURL("ldaps://"+listener.Addr().String(), ldap.DialWithTLSConfig(roots(t, f)))
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "bind", again.Bind("admin@corp.example.com", "secret"), 0)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	// An address in use is an error, not a server that does not answer.
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if _, err = f.Start(other.Addr().String(), ""); err == nil {
		t.Error("the address was in use")
	}
	if _, err = f.Start("127.0.0.1:0", other.Addr().String()); err == nil {
		t.Error("the address was in use")
	}
	// A listener that breaks ends Serve with its error.
	broken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = broken.Close()
	if err = f.Serve(context.Background(), broken, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("broken listener: %v", err)
	}
}

func TestFaults(t *testing.T) {
	f := load(t, smallDomain)
	s := start(t, f)
	conn := bindAs(t, s, "admin")
	f.SetFaults(Faults{Busy: 2})
	wantCode(t, "busy", modifyObject(conn, bob, nil, "=info: x"), 51)
	wantCode(t, "busy", conn.Del(ldap.NewDelRequest(bob, nil)), 51)
	wantCode(t, "busy no more", modifyObject(conn, bob, nil, "=info: x"), 0)

	f.SetFaults(Faults{LoseResponse: 2})
	wantCode(t, "first write", modifyObject(conn, bob, nil, "=info: y"), 0)
	wantCode(t, "a refused write does not count", modifyObject(conn, bob, nil, "=nonsense: y"), 16)
	if err := modifyObject(conn, bob, nil, "=info: z"); err == nil {
		t.Error("the response was not lost")
	}
	conn = bindAs(t, s, "admin")
	if got := entry(t, conn, bob, "info").GetAttributeValue("info"); got != "z" {
		t.Errorf("the write whose answer was lost: %q", got)
	}

	for n := 1; n < 6; n++ {
		f.SetFaults(Faults{})
		conn = bindAs(t, s, "admin") // one message
		f.SetFaults(Faults{CloseAfter: n})
		res, err := conn.Search(request(people, ldap.ScopeWholeSubtree, "(objectClass=*)", "cn")) // four entries and the end
		if err == nil {
			t.Errorf("cut after %d messages: no error", n)
		}
		if res != nil && len(res.Entries) != n-1 {
			t.Errorf("cut after %d messages: %d entries", n, len(res.Entries))
		}
	}
	f.SetFaults(Faults{CloseAfter: 6})
	if got := len(search(t, bindAs(t, s, "admin"), "(objectClass=user)", "cn")); got != 3 {
		t.Errorf("%d users", got)
	}
	f.SetFaults(Faults{Delay: time.Hour})
	slow := bindRequest(1)
	raw := rawConn(t, s)
	if _, err := raw.Write(slow); err != nil {
		t.Fatal(err)
	}
	_ = raw.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := raw.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("delayed: %v", err)
	}
	// Closing the server does not wait for the delay.
}

// TestConcurrentClients: readers and writers at once, under the race detector.
func TestConcurrentClients(t *testing.T) {
	f := load(t, manyUsers(200), func(o *Options) { o.OnChange = func() {} })
	s := start(t, f)
	var wait sync.WaitGroup
	for worker := range 6 {
		conn := bindAs(t, s, "admin")
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range 30 {
				var err error
				switch worker % 3 {
				case 0:
					_, err = conn.SearchWithPaging(request(base, ldap.ScopeWholeSubtree, "(objectClass=*)"), 50)
				case 1:
					err = modifyObject(conn, "CN=Big,CN=Users,"+base, permissive, "-member: CN=u"+string(rune('0'+i%10))+","+people)
				case 2:
					err = addObject(conn, "CN=w"+string(rune('a'+worker))+string(rune('a'+i%26))+string(rune('a'+i/26))+","+people, "objectClass: group", "member: CN=u"+string(rune('0'+i%10))+","+people)
				}
				if err != nil {
					t.Errorf("worker %d: %v", worker, err)
					return
				}
			}
		}()
	}
	wait.Add(1)
	go func() {
		defer wait.Done()
		for range 20 {
			if err := f.WriteLDIF(io.Discard); err != nil {
				t.Error(err)
			}
		}
	}()
	wait.Wait()
}
