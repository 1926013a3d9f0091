package forest

import (
	"bufio"
	"encoding/base64"
	"io"
)

// WriteLDIF writes the whole state of the directory, deleted objects, generated
// identifiers and inactive links included. Load makes the same directory of it.
func (f *Forest) WriteLDIF(w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, _ = out.WriteString("version: 1\n")
	for _, o := range f.objects {
		if o.generated {
			continue
		}
		_ = out.WriteByte('\n')
		writeValue(out, "dn", f.dn(o))
		for _, def := range f.schema.ordered {
			switch {
			case def.references():
				if def.forward == nil {
					for _, target := range o.targets(def) {
						writeValue(out, def.name, f.dn(target))
					}
				}
			case def == f.schema.objectClass || def.secret || !def.constructed && def != f.schema.name && def != o.class.rdn && def != f.schema.distinguishedName && def != f.schema.objectCategory:
				for _, v := range f.stored(o, def) {
					writeValue(out, def.name, v)
				}
			}
		}
		for _, line := range f.stampLines(o) {
			writeValue(out, stampLine, line)
		}
	}
	return out.Flush()
}

// stored returns what LDIF keeps of an attribute; secrets are kept, too.
func (f *Forest) stored(o *object, def *attributeDef) []string {
	if def == f.schema.objectClass {
		return o.classNames()
	}
	return o.get(def)
}

// writeValue writes one line, in base64 where RFC 2849 wants it, folded at 76.
func writeValue(out *bufio.Writer, name, value string) {
	line := name + ": " + value
	if !safe(value) {
		line = name + ":: " + base64.StdEncoding.EncodeToString([]byte(value))
	}
	for first := true; len(line) > 0; first = false {
		width := 76
		if !first {
			_ = out.WriteByte(' ')
			width = 75
		}
		n := min(width, len(line))
		_, _ = out.WriteString(line[:n])
		_ = out.WriteByte('\n')
		line = line[n:]
	}
}

// safe reports whether a value may stand as plain text.
func safe(v string) bool {
	if v == "" || v[0] == ' ' || v[0] == ':' || v[0] == '<' || v[len(v)-1] == ' ' {
		return v == ""
	}
	for i := 0; i < len(v); i++ {
		if v[i] < 0x20 || v[i] >= 0x7f {
			return false
		}
	}
	return true
}
