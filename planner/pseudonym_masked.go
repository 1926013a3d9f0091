package planner

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/landfall-directory/landfall/lang/dn"
)

// masked replaces a text by letters, all but what conditions ask for: a prefix of
// the configuration, control characters. A text that rules may cut is made piece by
// piece, so that what is left of it is the pseudonym of what is left of the text.
func (p *Pseudonyms) masked(v string) string {
	head := p.head(v)
	if head == "" {
		return p.keepPlaces(v, p.cased(p.base(dn.Fold(v)), "text", v))
	}
	rest := v[len(head):]
	return p.Text(head) + p.keepPlaces(rest, p.cased(p.tail(dn.Fold(v), dn.Fold(head)), "rest", v))
}

// head is the longest piece to which rules may cut a text, "" if none does.
func (p *Pseudonyms) head(v string) string {
	if len(p.cuts) == 0 || len(v) <= p.cuts[0] {
		return ""
	}
	units := utf16.Encode([]rune(v))
	for i := len(p.cuts) - 1; i >= 0; i-- {
		if n := p.cuts[i]; n > 0 && n < len(units) {
			head := string(utf16.Decode(units[:n]))
			if strings.HasPrefix(v, head) && strings.TrimSpace(head) != "" {
				return head
			}
		}
	}
	return ""
}

// shortText is how many letters a text has at most for which the pseudonym is
// chosen beside those of all others: of longer ones no two are ever the same.
const shortText = 12

// base is the pseudonym of a folded text that is taken as a whole: letters for a
// text, digits for a number. No other text has it, it is no original, and it begins
// with no prefix of the configuration with which the text does not begin.
func (p *Pseudonyms) base(folded string) string {
	if b, ok := p.short[folded]; ok {
		return b
	}
	for attempt := 0; ; attempt++ {
		b := p.candidate(folded, attempt)
		whole := p.keepPlaces(folded, b)
		if p.prefix(whole) != p.prefix(folded) {
			continue
		}
		if len(b) < shortText {
			if p.used[whole] || p.originals[whole] || p.kept[whole] {
				continue
			}
			p.used[whole], p.short[folded] = true, b
		}
		return b
	}
}

// tail is the pseudonym of what a folded text has beyond its head.
func (p *Pseudonyms) tail(folded, head string) string {
	key := head + "\x00" + folded
	if t, ok := p.short[key]; ok {
		return t
	}
	n := dn.Units(folded) - dn.Units(head)
	for attempt := 0; ; attempt++ {
		t := p.letters("rest", folded, attempt, n+attempt/500)
		if n < shortText {
			if p.used[head+"\x00"+t] {
				continue
			}
			p.used[head+"\x00"+t], p.short[key] = true, t
		}
		return t
	}
}

// candidate is one possible pseudonym of a folded text.
func (p *Pseudonyms) candidate(folded string, attempt int) string {
	if folded[0] != '-' && (folded[0] < '0' || folded[0] > '9') || !numberShape.MatchString(folded) {
		return p.letters("text", folded, attempt, dn.Units(folded)+attempt/500)
	}
	digits := strings.TrimPrefix(folded, "-")
	b := []byte(p.stream("number "+strconv.Itoa(attempt), folded, len(digits)+attempt/500))
	for i := range b {
		b[i] = '0' + b[i]%10
		if i == 0 && len(b) > 1 && digits[0] != '0' {
			b[i] = '1' + (b[i]-'0')%9
		}
	}
	return folded[:len(folded)-len(digits)] + string(b)
}

// keepPlaces puts back what conditions ask for: a prefix of the configuration, and
// control characters.
func (p *Pseudonyms) keepPlaces(v, pseudonym string) string {
	n := p.prefix(v)
	if n == 0 && !strings.ContainsFunc(v, unicode.IsControl) {
		return pseudonym
	}
	was, is := utf16.Encode([]rune(v)), utf16.Encode([]rune(pseudonym))
	n = dn.Units(v[:n])
	for i := range min(len(was), len(is)) {
		if i < n || unicode.IsControl(rune(was[i])) {
			is[i] = was[i]
		}
	}
	return string(utf16.Decode(is))
}

// prefix is the length of the longest prefix of the configuration that v has.
func (p *Pseudonyms) prefix(v string) int {
	longest := 0
	for _, prefix := range p.prefixes {
		if len(prefix) > longest && len(prefix) <= len(v) && dn.Fold(v[:len(prefix)]) == prefix {
			longest = len(prefix)
		}
	}
	return longest
}

// letters are n letters that follow from the key and a text.
func (p *Pseudonyms) letters(label, text string, attempt, n int) string {
	out := make([]byte, 0, n)
	for block := 0; len(out) < n; block++ {
		for _, c := range p.sum(label+" "+strconv.Itoa(attempt)+" "+strconv.Itoa(block), text) {
			if c < 234 && len(out) < n { // 9 × 26: no letter is more likely than another
				out = append(out, 'a'+c%26)
			}
		}
	}
	return string(out)
}

// cased gives letters the case that follows from the text as it is spelt.
func (p *Pseudonyms) cased(letters, label, text string) string {
	if dn.Fold(text) == strings.ToUpper(text) { // nothing in it has a case
		return letters
	}
	if len(letters) >= shortText {
		return p.inCase(letters, label, text, 0)
	}
	// Of few letters, two spellings of one text must not come out the same.
	for attempt := 0; ; attempt++ {
		out := p.inCase(letters, label, text, attempt)
		key := label + "\x00" + dn.Fold(text) + "\x00" + out
		if by, taken := p.spelled[key]; !taken || by == text || attempt > 1000 {
			p.spelled[key] = text
			return out
		}
	}
}

func (p *Pseudonyms) inCase(letters, label, text string, attempt int) string {
	b := []byte(letters)
	var bits []byte
	for i := range b {
		if i%256 == 0 {
			bits = p.sum("case "+label+" "+strconv.Itoa(attempt)+" "+strconv.Itoa(i/256), text)
		}
		if b[i] >= 'a' && b[i] <= 'z' && bits[i%256/8]>>(i%8)&1 == 1 {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// stream are n octets that follow from the key and a text.
func (p *Pseudonyms) stream(label, text string, n int) string {
	out := make([]byte, 0, n+sha256.Size)
	for block := 0; len(out) < n; block++ {
		out = append(out, p.sum(label+" "+strconv.Itoa(block), text)...)
	}
	return string(out[:n])
}

// sum is the keyed hash that everything follows from.
func (p *Pseudonyms) sum(label, text string) []byte {
	p.mac.Reset()
	p.mac.Write([]byte(label))
	p.mac.Write([]byte{0})
	p.mac.Write([]byte(text))
	return p.mac.Sum(nil)
}

func newMAC(key []byte) hash.Hash { return hmac.New(sha256.New, key) }
