package tenant

import (
	"bufio"
	"fmt"
	"io"
)

// WriteJSON writes the tenant as a file that Load reads back to the same
// tenant. The order is that of the file it was loaded from.
func (t *Tenant) WriteJSON(w io.Writer) error {
	t.mu.RLock()
	defer t.mu.RUnlock()
	b := bufio.NewWriterSize(w, 1<<16)
	b.WriteString("{\n")
	for _, k := range allKinds {
		t.writeList(b, entities[k].set, t.live[k])
		b.WriteString(",\n")
	}
	t.writeList(b, keyDeleted, t.deleted)
	if t.onPremisesSynchronization != "" {
		fmt.Fprintf(b, ",\n  %s: %s", quote(keySync), t.onPremisesSynchronization)
	}
	b.WriteString("\n}\n")
	return b.Flush() // reports the first error of all writes
}

func (t *Tenant) writeList(b *bufio.Writer, key string, items []int32) {
	fmt.Fprintf(b, "  %q: [", key)
	for n, i := range items {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    ")
		t.writeObject(b, &t.objects[i])
	}
	if len(items) > 0 {
		b.WriteString("\n  ")
	}
	b.WriteByte(']')
}

func (t *Tenant) writeObject(b *bufio.Writer, o *object) {
	b.WriteByte('{')
	for n, v := range o.values {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(entities[o.kind].properties[v.property].name)
		b.WriteString(`":`)
		b.WriteString(v.json)
	}
	t.writeIDs(b, "members", o.members)
	t.writeIDs(b, "owners", o.owners)
	b.WriteByte('}')
}

func (t *Tenant) writeIDs(b *bufio.Writer, key string, items []int32) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, ",%q:[", key)
	for n, i := range items {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(t.objects[i].id)
		b.WriteByte('"')
	}
	b.WriteByte(']')
}
