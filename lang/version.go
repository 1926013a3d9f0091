package lang

import (
	"fmt"
	"strconv"
	"strings"
)

// version is the numbers of a version, and whether it has a pre-release part.
type version struct {
	numbers []int
	pre     string
}

func parseVersion(s string) (version, error) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	s, _, _ = strings.Cut(s, "+")
	s, pre, _ := strings.Cut(s, "-")
	v := version{pre: pre}
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || len(v.numbers) == 3 {
			return version{}, fmt.Errorf("%q is not a version such as 1.2.3", s)
		}
		v.numbers = append(v.numbers, n)
	}
	return v, nil
}

// compare orders versions; missing numbers count as 0 and a pre-release comes
// before its release.
func (v version) compare(o version) int {
	for i := range 3 {
		if d := v.number(i) - o.number(i); d != 0 {
			return d
		}
	}
	switch {
	case v.pre == o.pre:
		return 0
	case v.pre == "":
		return 1
	case o.pre == "":
		return -1
	}
	return strings.Compare(v.pre, o.pre)
}

func (v version) number(i int) int {
	if i < len(v.numbers) {
		return v.numbers[i]
	}
	return 0
}

// satisfies checks a comma-separated list of constraints, all of which must
// hold. The operators are =, !=, >, >=, <, <= and ~>.
func satisfies(running, constraints string) (bool, error) {
	v, err := parseVersion(running)
	if err != nil {
		return false, err
	}
	all := true
	for c := range strings.SplitSeq(constraints, ",") {
		c = strings.TrimSpace(c)
		digits := strings.IndexFunc(c, func(r rune) bool { return !strings.ContainsRune("=!<>~ ", r) })
		if digits < 0 {
			return false, fmt.Errorf("%q names no version", c)
		}
		want, err := parseVersion(c[digits:])
		if err != nil {
			return false, err
		}
		ok, err := holds(v, strings.TrimSpace(c[:digits]), want)
		if err != nil {
			return false, err
		}
		all = all && ok
	}
	return all, nil
}

func holds(v version, operator string, want version) (bool, error) {
	c := v.compare(want)
	switch operator {
	case "", "=":
		return c == 0, nil
	case "!=":
		return c != 0, nil
	case ">":
		return c > 0, nil
	case ">=":
		return c >= 0, nil
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case "~>":
		// Only the last number given may grow.
		for i := range len(want.numbers) - 1 {
			if v.number(i) != want.numbers[i] {
				return false, nil
			}
		}
		return c >= 0, nil
	}
	return false, fmt.Errorf("%q is not one of the operators =, !=, >, >=, <, <= and ~>", operator)
}
