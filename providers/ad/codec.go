package ad

import "strings"

// guidDN is the name under which an object is addressed by its anchor.
func guidDN(anchor string) string { return "<GUID=" + anchor + ">" }

// equals is the filter (attr=value) for raw octets or text. Every octet that
// could mean something to a filter, or be trimmed, is escaped.
func equals(attr, value string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(attr) + len(value) + 16)
	b.WriteByte('(')
	b.WriteString(attr)
	b.WriteByte('=')
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			strings.IndexByte("-_.,=@:", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('\\')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	b.WriteByte(')')
	return b.String()
}

// anyOf is the filter that matches when one of filters does.
func anyOf(filters []string) string {
	if len(filters) == 1 {
		return filters[0]
	}
	return "(|" + strings.Join(filters, "") + ")"
}
