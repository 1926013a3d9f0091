package forest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// stampLine is the name under which WriteLDIF keeps replication metadata; no
// directory has such an attribute. A line is one of
//
//	ATTRIBUTE VERSION TIME USN
//	LINK VERSION TIME USN CREATED at PLACES     values that are there
//	LINK VERSION TIME USN CREATED gone DN       one that is not there any more
//
// with times in seconds since 1970. PLACES are those of the values in the
// record, counted from 0: 0-999,1001. So a thousand members that were added
// together are one line.
const stampLine = "landfallStamp"

// stampLines are the lines of one object, in a stable order.
func (f *Forest) stampLines(o *object) []string {
	var lines []string
	byOrder := func(a, b *attributeDef) int { return cmp.Compare(a.order, b.order) }
	for _, def := range slices.SortedFunc(maps.Keys(o.stamps), byOrder) {
		lines = append(lines, def.name+" "+o.stamps[def].text())
	}
	for _, def := range f.schema.ordered {
		if !def.linked || len(o.linkStamps) == 0 {
			continue
		}
		var order []stamp // in the order of the first place
		places := map[stamp][]int{}
		for i, target := range o.targets(def) {
			if s := o.linkStamps[linkEnd{def, target}]; s != nil {
				if places[*s] == nil {
					order = append(order, *s)
				}
				places[*s] = append(places[*s], i)
			}
		}
		for _, s := range order {
			lines = append(lines, fmt.Sprintf("%s %s %d at %s", def.name, s.text(), s.created, ranges(places[s])))
		}
	}
	for _, end := range o.goneLinks() {
		if s := *o.linkStamps[end]; f.remembered(s) {
			lines = append(lines, fmt.Sprintf("%s %s %d gone %s", end.def.name, s.text(), s.created, f.dn(end.target)))
		}
	}
	return lines
}

func (s *stamp) text() string { return fmt.Sprintf("%d %d %d", s.version, s.at, s.usn) }

// ranges writes numbers that rise: 0-2,5.
func ranges(numbers []int) string {
	var b strings.Builder
	for i := 0; i < len(numbers); {
		first := i
		for i++; i < len(numbers) && numbers[i] == numbers[i-1]+1; i++ {
		}
		if first > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(numbers[first]))
		if i-first > 1 {
			fmt.Fprintf(&b, "-%d", numbers[i-1])
		}
	}
	return b.String()
}

// readStamps reads the lines that stampLines wrote.
func (l *loader) readStamps() error {
	for _, key := range l.keys {
		in := l.objects[key]
		for _, v := range in.stamps {
			if err := l.readStamp(in.object, v.value); err != nil {
				return l.errorf(v.line, "%s: %v", stampLine, err)
			}
		}
	}
	return nil
}

func (l *loader) readStamp(o *object, line string) error {
	words := strings.SplitN(line, " ", 7)
	if len(words) != 4 && len(words) != 7 {
		return fmt.Errorf("%q has %d words", shorten(line), len(words))
	}
	def := l.schema.lookup(words[0])
	if def == nil {
		return fmt.Errorf("the schema has no attribute %q", shorten(words[0]))
	}
	var numbers [4]int64
	for i, word := range words[1:min(len(words), 5)] {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < 0 || i == 0 && (n == 0 || n > 1<<32-1) {
			return fmt.Errorf("%q is not a number that can stand there", shorten(word))
		}
		numbers[i] = n
	}
	s := &stamp{version: uint32(numbers[0]), at: numbers[1], usn: numbers[2], created: numbers[3]}
	if len(words) == 4 {
		if o.stamps == nil {
			o.stamps = map[*attributeDef]*stamp{}
		}
		o.stamps[def] = s
		return nil
	}
	if o.linkStamps == nil {
		o.linkStamps = map[linkEnd]*stamp{}
	}
	if words[5] == "gone" {
		target, refused := l.resolve(words[6])
		if refused != nil {
			return nil // the object was forgotten meanwhile
		}
		s.gone = true
		o.linkStamps[linkEnd{def, target}] = s
		return nil
	}
	targets := o.targets(def)
	for part := range strings.SplitSeq(words[6], ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || first < 0 || last < first || last >= len(targets) {
			return fmt.Errorf("%q names values that are not there", shorten(part))
		}
		for _, target := range targets[first : last+1] {
			o.linkStamps[linkEnd{def, target}] = s
		}
	}
	return nil
}
