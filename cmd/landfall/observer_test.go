package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// observer stands between landfall and a domain controller and sees every write:
// when it is asked for, and when it was answered. It takes plain LDAP, because it
// has to read the messages, and speaks TLS to the server.
type observer struct {
	t        *testing.T
	upstream string
	tls      *tls.Config
	listener net.Listener

	mu     sync.Mutex
	writes []*seenWrite // in the order of their arrival
	// watch, when set, is called before a write goes on to the server and before
	// its answer goes back, and may keep it waiting. When it returns false, the
	// message is kept and the connection ends.
	watch func(w *seenWrite, answered bool) bool
	conns map[net.Conn]bool
	dead  bool // connections are refused
}

// seenWrite is one write.
type seenWrite struct {
	verb   string // add, modify, rename, delete
	target string // as the request names the object
	code   int64  // of the answer; -1 before
}

// newObserver starts an observer before the server at an ldaps URL.
func newObserver(t *testing.T, url string, authority []byte, serverName string) *observer {
	t.Helper()
	host := strings.TrimPrefix(url, "ldaps://")
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":636"
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	o := &observer{t: t, upstream: host, tls: &tls.Config{RootCAs: roots, ServerName: serverName}, conns: map[net.Conn]bool{}}
	var err error
	if o.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.listener.Close() })
	go func() {
		for {
			client, err := o.listener.Accept()
			if err != nil {
				return
			}
			go o.serve(client)
		}
	}()
	return o
}

func (o *observer) url() string { return "ldap://" + o.listener.Addr().String() }

// set changes what happens to writes.
func (o *observer) set(watch func(w *seenWrite, answered bool) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watch = watch
}

// die cuts all connections and refuses new ones, until it lives again.
func (o *observer) die(dead bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead = dead
	if dead {
		for c := range o.conns {
			c.Close()
		}
	}
}

// taken are the writes from the nth on.
func (o *observer) taken(n int) []seenWrite {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []seenWrite
	for _, w := range o.writes[n:] {
		out = append(out, *w)
	}
	return out
}

// settle waits until every connection has ended, and with it what was on its way.
func (o *observer) settle() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		o.mu.Lock()
		n := len(o.conns)
		o.mu.Unlock()
		if n == 0 {
			return
		}
	}
}

func (o *observer) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.writes)
}

func (o *observer) keep(c net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead {
		return false
	}
	o.conns[c] = true
	return true
}

func (o *observer) forget(c net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.conns, c)
	c.Close()
}

func (o *observer) serve(client net.Conn) {
	if !o.keep(client) {
		client.Close()
		return
	}
	defer o.forget(client)
	server, err := tls.Dial("tcp", o.upstream, o.tls)
	if err != nil {
		return
	}
	var mu sync.Mutex
	open := map[int64]*seenWrite{} // by message id
	var pumps sync.WaitGroup
	defer pumps.Wait()
	defer client.Close()
	defer server.Close()
	pumps.Go(func() {
		defer server.Close()
		o.pump(client, server, func(id int64, op *ber.Packet) bool {
			w := writeOf(op)
			if w == nil {
				return true
			}
			mu.Lock()
			open[id] = w
			mu.Unlock()
			watch := o.arrived(w)
			return watch == nil || watch(w, false)
		})
	})
	o.pump(server, client, func(id int64, op *ber.Packet) bool {
		mu.Lock()
		w := open[id]
		delete(open, id)
		mu.Unlock()
		if w == nil {
			return true
		}
		watch := o.answered(w, op)
		return watch == nil || watch(w, true)
	})
}

func (o *observer) arrived(w *seenWrite) func(*seenWrite, bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes = append(o.writes, w)
	return o.watch
}

func (o *observer) answered(w *seenWrite, op *ber.Packet) func(*seenWrite, bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(op.Children) > 0 {
		if code, ok := op.Children[0].Value.(int64); ok {
			w.code = code
		}
	}
	return o.watch
}

// pump passes messages on until see refuses one.
func (o *observer) pump(from, to net.Conn, see func(id int64, op *ber.Packet) bool) {
	for {
		message, err := ber.ReadPacket(from)
		if err != nil || len(message.Children) < 2 {
			return
		}
		id, _ := message.Children[0].Value.(int64)
		if !see(id, message.Children[1]) {
			return
		}
		if _, err := to.Write(message.Bytes()); err != nil {
			return
		}
	}
}

// writeOf is the write that a request asks for, nil for others.
func writeOf(op *ber.Packet) *seenWrite {
	verbs := map[ber.Tag]string{
		ldap.ApplicationAddRequest: "add", ldap.ApplicationModifyRequest: "modify",
		ldap.ApplicationModifyDNRequest: "rename", ldap.ApplicationDelRequest: "delete",
	}
	verb := verbs[op.Tag]
	if verb == "" || op.ClassType != ber.ClassApplication {
		return nil
	}
	target := op.Data.String()
	if len(op.Children) > 0 {
		target, _ = op.Children[0].Value.(string)
	}
	return &seenWrite{verb: verb, target: target, code: -1}
}
