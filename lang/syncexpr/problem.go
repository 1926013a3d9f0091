package syncexpr

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
)

// Problem is something wrong, or doubtful, with the text of an expression.
// Offset and Length are bytes of the text. Summary is one of a few fixed
// phrases; Detail says what is wrong, why it matters and what to do.
type Problem struct {
	Offset, Length  int
	Summary, Detail string
	Warning         bool
}

func syntaxProblem(pos, end int, detail string) *Problem {
	return &Problem{Offset: pos, Length: end - pos, Summary: "Invalid expression", Detail: detail}
}

// didYouMean is a sentence with the name that was probably meant, "" if none is
// near. Names of this language are case-sensitive, so a difference in case alone
// is the first guess.
func didYouMean(given string, names []string, format string) string {
	best, distance := "", 1+len(given)/4
	for _, name := range names {
		if strings.EqualFold(name, given) {
			return fmt.Sprintf(" Names are case-sensitive; did you mean "+format+"?", name)
		}
		if len(given) > 100 {
			continue // too long to be a slip of the finger, and costly to compare
		}
		if d := levenshtein.Distance(strings.ToLower(given), strings.ToLower(name), nil); d <= distance && (best == "" || d < distance) {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean "+format+"?", best)
}

func article(noun string) string {
	if strings.IndexByte("aeiouAEIOU", noun[0]) >= 0 {
		return "an " + noun
	}
	return "a " + noun
}
