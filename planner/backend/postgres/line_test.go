package postgres_test

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// line is a network between a client and a server, which can break.
type line struct {
	port   int
	server string

	mu     sync.Mutex
	lose   func() // called when the next answer is lost; nil: it is not
	bytes  int    // a connection breaks after at most that many; 0: never
	breaks int
}

func newLine(t *testing.T, port int) *line {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	n := &line{port: l.Addr().(*net.TCPAddr).Port, server: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", n.server)
			if err != nil {
				client.Close()
				continue
			}
			left := n.budget()
			wg.Go(func() { n.carry(server, client, left, false) })
			wg.Go(func() { n.carry(client, server, left, true) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return n
}

// budget is what a new connection carries until it breaks.
type budget struct {
	mu    sync.Mutex
	bytes int
	ends  bool
}

func (n *line) budget() *budget {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.bytes == 0 {
		return &budget{}
	}
	return &budget{bytes: rand.IntN(n.bytes), ends: true}
}

// take says how many of some bytes still get through.
func (b *budget) take(bytes int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ends {
		return bytes
	}
	through := min(bytes, b.bytes)
	b.bytes -= through
	return through
}

// carry carries bytes from one end to the other until one of them ends, or the
// line breaks.
func (n *line) carry(to, from net.Conn, left *budget, answers bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 4096)
	for {
		length, err := from.Read(buffer)
		if err != nil {
			return
		}
		if answers && n.lost() {
			return
		}
		through := left.take(length)
		if _, err := to.Write(buffer[:through]); err != nil {
			return
		}
		if through < length {
			n.mu.Lock()
			n.breaks++
			n.mu.Unlock()
			return
		}
	}
}

// loseAnswer makes the connection break on which the next answer comes, and calls
// then first.
func (n *line) loseAnswer(then func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lose = then
}

// lost takes the order of loseAnswer.
func (n *line) lost() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lose == nil {
		return false
	}
	n.lose()
	n.lose = nil
	return true
}

func (n *line) wantLost(t *testing.T) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lose != nil {
		t.Error("no answer was lost")
	}
}

// breakAfter makes the connections from now on break after at most that many bytes.
func (n *line) breakAfter(bytes int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bytes = bytes
}

func (n *line) broken() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.breaks
}
