package forest

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// How long a connection may be idle, take for one request, and take to accept a
// response. The first is AD's MaxConnIdleTime.
const (
	idleTimeout    = 15 * time.Minute
	requestTimeout = time.Minute
	writeTimeout   = time.Minute
)

// Server is a forest being served.
type Server struct {
	forest *Forest
	ldaps  net.Listener
	ldap   net.Listener
	stop   context.CancelFunc
	done   chan struct{}
	err    error
}

// Start serves on the given addresses ("127.0.0.1:0" takes a free port); an
// empty one is not served. Close ends it.
func (f *Forest) Start(ldapsAddr, ldapAddr string) (*Server, error) {
	s := &Server{forest: f, done: make(chan struct{})}
	var err error
	if ldapsAddr != "" {
		if s.ldaps, err = net.Listen("tcp", ldapsAddr); err != nil {
			return nil, err
		}
	}
	if ldapAddr != "" {
		if s.ldap, err = net.Listen("tcp", ldapAddr); err != nil {
			if s.ldaps != nil {
				_ = s.ldaps.Close()
			}
			return nil, err
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go func() {
		defer close(s.done)
		s.err = f.Serve(ctx, s.ldaps, s.ldap)
	}()
	return s, nil
}

// URL is the address of the LDAPS listener, "" if there is none.
func (s *Server) URL() string { return address("ldaps://", s.ldaps) }

// PlainURL is the address of the LDAP listener, "" if there is none.
func (s *Server) PlainURL() string { return address("ldap://", s.ldap) }

func address(scheme string, l net.Listener) string {
	if l == nil {
		return ""
	}
	return scheme + l.Addr().String()
}

// Close ends the server: requests in progress are finished.
func (s *Server) Close() error {
	s.stop()
	<-s.done
	return s.err
}

// Serve accepts connections on the listeners, either of which may be nil, until
// ctx ends. It takes the listeners over. When ctx ends, requests in progress
// are finished, clients get a notice of disconnection, and Serve returns nil.
func (f *Forest) Serve(ctx context.Context, ldaps, ldap net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var connections, listeners sync.WaitGroup
	failures := make(chan error, 2)
	var numbers atomic.Uint64
	listen := func(l net.Listener, overTLS bool) {
		defer listeners.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				if ctx.Err() == nil {
					failures <- err
					stop()
				}
				return
			}
			number := numbers.Add(1)
			connections.Add(1)
			go func() {
				defer connections.Done()
				f.serve(ctx, conn, overTLS, number)
			}()
		}
	}
	for _, l := range []net.Listener{ldaps, ldap} {
		if l == nil {
			continue
		}
		listeners.Add(1)
		go listen(l, l == ldaps)
	}
	<-ctx.Done()
	for _, l := range []net.Listener{ldaps, ldap} {
		if l != nil {
			_ = l.Close()
		}
	}
	listeners.Wait()
	connections.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

// session is one connection. Requests are carried out one after the other, in
// the order in which they arrive.
type session struct {
	forest *Forest
	number uint64
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	secure bool
	broken bool // nothing more is sent

	account  string // name of the bound account, "" is anonymous
	readOnly bool
	sent     int // response messages, for faults

	responseControls []control // of the result being made
}

// serve reads requests until the connection or the server ends.
func (f *Forest) serve(ctx context.Context, conn net.Conn, overTLS bool, number uint64) {
	if overTLS {
		conn = tls.Server(conn, f.tls.config())
	}
	s := &session{forest: f, number: number, secure: overTLS}
	s.use(conn)
	defer func() { _ = s.conn.Close() }()
	unwatch := context.AfterFunc(ctx, func() {
		// Ends the wait for the next request; one in progress goes on.
		_ = conn.SetReadDeadline(time.Unix(1, 0))
	})
	defer unwatch()
	for !s.broken {
		m, err := s.receive(ctx)
		if err != nil {
			s.farewell(ctx, err)
			return
		}
		if !s.handle(ctx, m) {
			_ = s.flush()
			return
		}
		if s.in.Buffered() == 0 && s.flush() != nil {
			return
		}
	}
}

func (s *session) use(conn net.Conn) {
	s.conn = conn
	s.in = bufio.NewReaderSize(conn, 16<<10)
	s.out = bufio.NewWriterSize(conn, 64<<10)
}

// receive waits for a request and reads it.
func (s *session) receive(ctx context.Context) (message, error) {
	_ = s.conn.SetReadDeadline(time.Now().Add(idleTimeout))
	if ctx.Err() != nil {
		return message{}, ctx.Err()
	}
	if _, err := s.in.Peek(1); err != nil {
		return message{}, err
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(requestTimeout))
	return readMessage(s.in)
}

// farewell tells the client why the connection ends, where there is a reason to
// tell (RFC 4511 §4.4.1).
func (s *session) farewell(ctx context.Context, err error) {
	code, text := 0, ""
	switch {
	case ctx.Err() != nil:
		code, text = resultUnavailable, "The server is shutting down."
	case errors.Is(err, errMalformed):
		code, text = resultProtocolError, "The server cannot read the request."
	default:
		return
	}
	pdu, whole := open(nil, tagSequence)
	pdu = appendInteger(pdu, tagInteger, 0)
	pdu, op := open(pdu, opExtendedResponse)
	pdu = appendInteger(pdu, tagEnumerated, int64(code))
	pdu = appendText(pdu, tagOctetString, "")
	pdu = appendText(pdu, tagOctetString, text)
	pdu = appendText(pdu, 0x8a, "1.3.6.1.4.1.1466.20036")
	_ = s.conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = s.out.Write(shut(shut(pdu, op), whole))
	_ = s.out.Flush()
}

func (s *session) flush() error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	return s.out.Flush()
}

// send queues one response message; false means that the connection is gone.
func (s *session) send(pdu []byte) bool {
	if s.broken {
		return false
	}
	if limit := s.forest.faults.closeAfter(); limit > 0 && s.sent >= limit {
		_ = s.flush()
		_ = s.conn.Close()
		s.broken = true
		return false
	}
	s.sent++
	if s.out.Available() < len(pdu) {
		_ = s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	if _, err := s.out.Write(pdu); err != nil {
		s.broken = true
	}
	return !s.broken
}

// result sends the final response of an operation. A nil refusal is success;
// extra is what follows the LDAPResult proper.
func (s *session) result(id int64, tag byte, r *refusal, extra []byte) {
	if r == nil {
		r = &refusal{}
	}
	pdu, whole := open(nil, tagSequence)
	pdu = appendInteger(pdu, tagInteger, id)
	pdu, op := open(pdu, tag)
	pdu = appendInteger(pdu, tagEnumerated, int64(r.code))
	pdu = appendText(pdu, tagOctetString, r.matched)
	pdu = appendText(pdu, tagOctetString, r.message)
	pdu = append(pdu, extra...)
	pdu = appendControls(shut(pdu, op), s.responseControls)
	s.responseControls = nil
	s.send(shut(pdu, whole))
}

// handle carries out one request; false ends the connection.
func (s *session) handle(ctx context.Context, m message) bool {
	switch m.op.tag {
	case opUnbindRequest:
		return false
	case opAbandonRequest:
		// Requests are done in order: there is nothing left to abandon.
		return true
	}
	if !s.forest.faults.wait(ctx) {
		return false
	}
	switch m.op.tag {
	case opBindRequest:
		s.bind(m)
	case opSearchRequest:
		refused := s.search(m)
		s.result(m.id, opSearchDone, refused, nil)
	case opCompareRequest:
		s.result(m.id, opCompareResponse, s.compare(m), nil)
	case opAddRequest:
		return s.write(m, opAddResponse, s.forest.add)
	case opModifyRequest:
		return s.write(m, opModifyResponse, s.forest.modify)
	case opModifyDNRequest:
		return s.write(m, opModifyDNResponse, s.forest.rename)
	case opDeleteRequest:
		return s.write(m, opDeleteResponse, s.forest.remove)
	case opExtendedRequest:
		return s.extended(m)
	default:
		s.farewell(ctx, errMalformed)
		return false
	}
	return true
}

// writer is who asks for a write.
type writer struct {
	readOnly bool
}

// write carries out one write under the lock and reports it to the owner.
func (s *session) write(m message, tag byte, do func(message, writer) *refusal) bool {
	f := s.forest
	if s.account == "" {
		s.result(m.id, tag, ldapError(resultOperationsError, 0x4DC, "In order to perform this operation a successful bind must be completed on the connection."), nil)
		return true
	}
	if f.faults.busy() {
		s.result(m.id, tag, serviceError(resultBusy, 0x200E, "5001 (BUSY)"), nil)
		return true
	}
	f.mu.Lock()
	before := f.usn
	refused := do(m, writer{s.readOnly})
	changed := f.usn != before
	f.mu.Unlock()
	if changed && f.opts.OnChange != nil {
		f.opts.OnChange()
	}
	if changed && f.faults.loseResponse() {
		s.broken = true
		return false
	}
	s.result(m.id, tag, refused, nil)
	return true
}
