package forest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// The wire is read and written here without go-asn1-ber's packets: those copy
// the content once for every level of nesting, which a hostile message turns
// into gigabytes. LDAP uses a small part of BER (RFC 4511 §5.1: definite
// lengths, one-byte tags), and that part is all that is accepted.

// maxMessage is AD's MaxReceiveBuffer: a longer request ends the connection.
const maxMessage = 10 << 20

// maxDepth bounds the nesting of filters.
const maxDepth = 100

// The BER tags that LDAP uses.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagEnumerated  = 0x0a
	tagSequence    = 0x30
	tagSet         = 0x31
)

// The application tags of LDAP's operations.
const (
	opBindRequest      = 0x60
	opBindResponse     = 0x61
	opUnbindRequest    = 0x42
	opSearchRequest    = 0x63
	opSearchEntry      = 0x64
	opSearchDone       = 0x65
	opSearchReference  = 0x73
	opModifyRequest    = 0x66
	opModifyResponse   = 0x67
	opAddRequest       = 0x68
	opAddResponse      = 0x69
	opDeleteRequest    = 0x4a
	opDeleteResponse   = 0x6b
	opModifyDNRequest  = 0x6c
	opModifyDNResponse = 0x6d
	opCompareRequest   = 0x6e
	opCompareResponse  = 0x6f
	opAbandonRequest   = 0x50
	opExtendedRequest  = 0x77
	opExtendedResponse = 0x78
)

var errMalformed = errors.New("malformed LDAP message")

// element is one BER element; content shares the message's memory.
type element struct {
	tag     byte
	content []byte
}

// readElement takes the first element off data.
func readElement(data []byte) (element, []byte, error) {
	if len(data) < 2 || data[0]&0x1f == 0x1f {
		return element{}, nil, errMalformed
	}
	length, at := int(data[1]), 2
	if length >= 0x80 {
		count := length & 0x7f
		if count == 0 || count > 4 || len(data) < 2+count {
			return element{}, nil, errMalformed
		}
		length = 0
		for _, b := range data[2 : 2+count] {
			length = length<<8 | int(b)
		}
		at += count
	}
	if length > len(data)-at {
		return element{}, nil, errMalformed
	}
	return element{data[0], data[at : at+length]}, data[at+length:], nil
}

// reader walks over the elements of one constructed element. The first mistake
// stays, so that callers check once at the end.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) more() bool { return r.err == nil && len(r.rest) > 0 }

// peek is the tag of the next element, 0 at the end.
func (r *reader) peek() byte {
	if !r.more() {
		return 0
	}
	return r.rest[0]
}

func (r *reader) next() element {
	if r.err != nil {
		return element{}
	}
	e, rest, err := readElement(r.rest)
	r.rest, r.err = rest, err
	return e
}

func (r *reader) take(tag byte) []byte {
	e := r.next()
	if r.err == nil && e.tag != tag {
		r.err = fmt.Errorf("%w: element 0x%02x where 0x%02x belongs", errMalformed, e.tag, tag)
	}
	if r.err != nil {
		return nil
	}
	return e.content
}

func (r *reader) text(tag byte) string { return string(r.take(tag)) }

func (r *reader) integer(tag byte) int64 {
	content := r.take(tag)
	if r.err != nil {
		return 0
	}
	if len(content) == 0 || len(content) > 8 {
		r.err = fmt.Errorf("%w: integer of %d octets", errMalformed, len(content))
		return 0
	}
	n := int64(int8(content[0]))
	for _, b := range content[1:] {
		n = n<<8 | int64(b)
	}
	return n
}

func (r *reader) boolean(tag byte) bool {
	content := r.take(tag)
	if r.err == nil && len(content) != 1 {
		r.err = fmt.Errorf("%w: boolean of %d octets", errMalformed, len(content))
	}
	return r.err == nil && content[0] != 0
}

func (r *reader) sub(tag byte) *reader {
	content := r.take(tag)
	return &reader{rest: content, err: r.err}
}

// texts reads a sequence or set of octet strings.
func (r *reader) texts(tag byte) []string {
	list := r.sub(tag)
	var out []string
	for list.more() {
		out = append(out, list.text(tagOctetString))
	}
	r.err = list.err
	return out
}

// message is one LDAPMessage.
type message struct {
	id       int64
	op       element
	controls []control
}

// control is one control of a request. AD takes any non-zero criticality as
// TRUE; some clients send 0x01.
type control struct {
	oid      string
	critical bool
	value    []byte
}

// readMessage reads one PDU. io.EOF means the peer closed between messages.
func readMessage(in *bufio.Reader) (message, error) {
	first, err := in.ReadByte()
	if err != nil {
		return message{}, err
	}
	if first != tagSequence {
		return message{}, fmt.Errorf("%w: begins with 0x%02x", errMalformed, first)
	}
	length, err := readLength(in)
	if err != nil {
		return message{}, err
	}
	data, err := io.ReadAll(io.LimitReader(in, int64(length)))
	if err == nil && len(data) < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return message{}, err
	}
	return parseMessage(data)
}

func readLength(in *bufio.Reader) (int, error) {
	b, err := in.ReadByte()
	if err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	length := int(b)
	if b >= 0x80 {
		count := int(b & 0x7f)
		if count == 0 || count > 4 {
			return 0, fmt.Errorf("%w: length of %d octets", errMalformed, count)
		}
		length = 0
		for range count {
			b, err := in.ReadByte()
			if err != nil {
				return 0, io.ErrUnexpectedEOF
			}
			length = length<<8 | int(b)
		}
	}
	if length > maxMessage {
		return 0, fmt.Errorf("%w: %d octets, more than %d", errMalformed, length, maxMessage)
	}
	return length, nil
}

// parseMessage reads the content of a PDU.
func parseMessage(data []byte) (message, error) {
	r := &reader{rest: data}
	m := message{id: r.integer(tagInteger), op: r.next()}
	if r.peek() == 0xa0 {
		list := r.sub(0xa0)
		for list.more() {
			c := list.sub(tagSequence)
			var one control
			one.oid = c.text(tagOctetString)
			if c.peek() == tagBoolean {
				one.critical = c.boolean(tagBoolean)
			}
			if c.peek() == tagOctetString {
				one.value = c.take(tagOctetString)
			}
			list.err = c.err
			m.controls = append(m.controls, one)
		}
		r.err = list.err
	}
	if r.err == nil && (m.id < 0 || m.id > 1<<31-1) {
		r.err = fmt.Errorf("%w: message id %d", errMalformed, m.id)
	}
	return m, r.err
}

// appendElement adds an element to out.
func appendElement(out []byte, tag byte, content []byte) []byte {
	out = appendHeader(out, tag, len(content))
	return append(out, content...)
}

func appendText(out []byte, tag byte, text string) []byte {
	out = appendHeader(out, tag, len(text))
	return append(out, text...)
}

func appendHeader(out []byte, tag byte, length int) []byte {
	switch {
	case length < 0x80:
		return append(out, tag, byte(length))
	case length < 0x100:
		return append(out, tag, 0x81, byte(length))
	case length < 0x10000:
		return append(out, tag, 0x82, byte(length>>8), byte(length))
	}
	return append(out, tag, 0x84, byte(length>>24), byte(length>>16), byte(length>>8), byte(length))
}

func appendInteger(out []byte, tag byte, n int64) []byte {
	size := 1
	for v := n; v > 127 || v < -128; v >>= 8 {
		size++
	}
	out = append(out, tag, byte(size))
	for i := size - 1; i >= 0; i-- {
		out = append(out, byte(n>>(8*i)))
	}
	return out
}

// open begins a constructed element whose length is not known yet; shut, given
// open's place, closes it. The length always takes four octets, as AD writes it.
func open(out []byte, tag byte) ([]byte, int) {
	return append(out, tag, 0x84, 0, 0, 0, 0), len(out)
}

func shut(out []byte, place int) []byte {
	length := len(out) - place - 6
	out[place+2], out[place+3] = byte(length>>24), byte(length>>16)
	out[place+4], out[place+5] = byte(length>>8), byte(length)
	return out
}

// appendControls adds the controls of a response.
func appendControls(out []byte, controls []control) []byte {
	if len(controls) == 0 {
		return out
	}
	out, all := open(out, 0xa0)
	for _, c := range controls {
		var one int
		out, one = open(out, tagSequence)
		out = appendText(out, tagOctetString, c.oid)
		out = appendElement(out, tagOctetString, c.value)
		out = shut(out, one)
	}
	return shut(out, all)
}
