package forest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"pgregory.net/rapid"
)

// TestIntegers: what is written is read back, here and by another decoder.
func TestIntegers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Int64().Draw(rt, "n")
		out := appendInteger(nil, tagInteger, n)
		r := &reader{rest: out}
		if got := r.integer(tagInteger); got != n || r.err != nil {
			rt.Fatalf("%d became %d (%v)", n, got, r.err)
		}
		packet, err := ber.DecodePacketErr(out)
		if err != nil || packet.Value != n {
			rt.Fatalf("%d became %v elsewhere (%v)", n, packet.Value, err)
		}
	})
}

func TestLengths(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 20} {
		text := strings.Repeat("x", n)
		e, rest, err := readElement(appendText(nil, tagOctetString, text))
		if err != nil || len(rest) != 0 || string(e.content) != text {
			t.Errorf("%d: %v", n, err)
		}
		out, place := open([]byte{0xff}, tagSequence)
		out = shut(append(out, text...), place)
		packet, err := ber.DecodePacketErr(append(appendHeader(nil, tagSequence, len(out)-1), out[1:]...))
		if n == 0 && (err != nil || len(packet.Children) != 1) {
			t.Errorf("%d: %v", n, err)
		}
		if e, _, err = readElement(out[1:]); err != nil || len(e.content) != n {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestMalformedMessages(t *testing.T) {
	for name, data := range map[string]string{
		"no sequence":       "\x31\x00",
		"indefinite length": "\x30\x80\x02\x01\x01\x42\x00\x00\x00",
		"length of length":  "\x30\x85\x01\x01\x01\x01\x01",
		"too long":          "\x30\x84\x7f\xff\xff\xff",
		"cut off":           "\x30\x05\x02\x01",
		"cut in the length": "\x30\x84\x00",
		"no message id":     "\x30\x02\x42\x00",
		"long message id":   "\x30\x0d\x02\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01\x42\x00",
		"negative id":       "\x30\x05\x02\x01\xff\x42\x00",
		"element too long":  "\x30\x05\x02\x01\x01\x42\x7f",
		"high tag":          "\x30\x06\x02\x01\x01\x5f\x81\x00",
		"bad control":       "\x30\x09\x02\x01\x01\x42\x00\xa0\x02\x30\x7f",
	} {
		_, err := readMessage(bufio.NewReader(strings.NewReader(data)))
		if !errors.Is(err, errMalformed) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := readMessage(bufio.NewReader(strings.NewReader("")))
	if !errors.Is(err, io.EOF) {
		t.Errorf("nothing: %v", err)
	}
}

// rawMessage makes a request as a client would send it.
func rawMessage(id int64, tag byte, content []byte) []byte {
	out, whole := open(nil, tagSequence)
	out = appendInteger(out, tagInteger, id)
	return shut(appendElement(out, tag, content), whole)
}

// searchContent is a SearchRequest for everything below base.
func searchContent(t testing.TB, base, filter string) []byte {
	t.Helper()
	packet, err := ldap.CompileFilter(filter)
	if err != nil {
		t.Fatal(err)
	}
	out := appendText(nil, tagOctetString, base)
	out = appendInteger(out, tagEnumerated, scopeSub)
	out = appendInteger(out, tagEnumerated, 0)
	out = appendInteger(out, tagInteger, 0)
	out = appendInteger(out, tagInteger, 0)
	out = append(out, tagBoolean, 1, 0)
	out = append(out, packet.Bytes()...)
	return appendElement(out, tagSequence, nil)
}

// FuzzRequests: no request panics, and each one that is read gets an answer.
func FuzzRequests(f *testing.F) {
	forest := load(f, smallDomain)
	for _, filter := range []string{"(objectClass=*)", "(&(cn=a*b*c)(|(groupType:1.2.840.113556.1.4.803:=8)(!(member>=x))))", "(member:1.2.840.113556.1.4.1941:=" + ann + ")", "(objectGUID=\\00)"} {
		f.Add(rawMessage(2, opSearchRequest, searchContent(f, base, filter))[6:])
	}
	f.Add(rawMessage(3, opDeleteRequest, []byte(bob))[6:])
	f.Add([]byte("\x02\x01\x01\x60\x09\x02\x01\x03\x04\x00\x80\x02ab"))
	f.Add([]byte("\x02\x01\x01\x77\x06\x80\x041.23"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMessage(data)
		if err != nil {
			return
		}
		var out bytes.Buffer
		s := &session{forest: forest, account: "admin", secure: true}
		s.in, s.out = bufio.NewReader(strings.NewReader("")), bufio.NewWriter(&out)
		s.conn = discard{}
		if !s.handle(t.Context(), m) {
			return
		}
		if err := s.out.Flush(); err != nil {
			t.Fatal(err)
		}
		if m.op.tag == opAbandonRequest {
			return
		}
		answers := 0
		for in := bufio.NewReader(&out); ; answers++ {
			if _, err := in.Peek(1); err != nil {
				break
			}
			if _, err := readMessage(in); err != nil {
				t.Fatalf("answer %d: %v", answers, err)
			}
		}
		if answers == 0 {
			t.Fatal("no answer")
		}
	})
}

// TestDeepFilter: a filter nested a million times is refused, and costs nothing.
func TestDeepFilter(t *testing.T) {
	f := load(t, smallDomain)
	depth := 1_000_000
	deep := make([]byte, 0, 6*depth)
	for i := range depth {
		deep = append(deep, filterNot, 0x84)
		deep = binary.BigEndian.AppendUint32(deep, uint32(6*(depth-i-1)))
	}
	e, _, err := readElement(deep)
	if err != nil {
		t.Fatal(err)
	}
	if _, refused := f.compileFilter(e, 0); refused == nil || refused.code != resultProtocolError {
		t.Errorf("%v", refused)
	}
}
