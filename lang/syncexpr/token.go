package syncexpr

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenString
	tokenNumber    // decimal
	tokenHex       // &H…
	tokenAttribute // [name]
	tokenParameter // %name%
	tokenVariable  // $name
	tokenName      // function or constant
	tokenOperator
	tokenOpen
	tokenClose
	tokenComma
)

// token is one token. text is its meaning: the string without quotes, the name
// without brackets, the operator itself.
type token struct {
	kind     tokenKind
	text     string
	pos, end int
}

// describe names the token for a message.
func (t token) describe() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the expression"
	case tokenString:
		return "a string"
	case tokenNumber, tokenHex:
		return "a number"
	case tokenAttribute:
		return "the attribute [" + shorten(t.text) + "]"
	case tokenParameter:
		return "the parameter %" + shorten(t.text) + "%"
	case tokenVariable:
		return "the variable $" + shorten(t.text)
	case tokenName:
		return "the name " + shorten(t.text)
	}
	return `"` + t.text + `"`
}
