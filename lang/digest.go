package lang

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/landfall-directory/landfall/lang/standard"
)

// digest is Config.Digest: over the names and contents of the source files and
// the values of the variables, those of sensitive ones keyed. Without a key of
// the run the contents of the files are the key, so that equal secrets of two
// configurations do not show.
func (l *loader) digest() string {
	sources := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		if strings.HasSuffix(name, ".vars.hcl") || l.varFiles[name] || strings.HasPrefix(name, standard.FileName("")) {
			continue // their effect is in the values, and the packs are part of the program
		}
		writePart(sources, name)
		writePart(sources, string(l.files[name].Bytes))
	}
	contents := sources.Sum(nil)
	key := l.opts.DigestKey
	if len(key) == 0 {
		key = contents
	}
	total := sha256.New()
	total.Write(contents)
	for _, v := range l.variables {
		writePart(total, v.name)
		writePart(total, string(valueDigest(v, key)))
	}
	return "sha256:" + hex.EncodeToString(total.Sum(nil))
}

// writePart writes a text with its length, so that no two lists of texts look the
// same.
func writePart(h hash.Hash, text string) { fmt.Fprintf(h, "%d:%s", len(text), text) }

func valueDigest(v *variable, key []byte) []byte {
	h := sha256.New()
	if v.sensitive {
		h = hmac.New(sha256.New, key)
	}
	bare, _ := v.value.UnmarkDeep()
	if bare.IsWhollyKnown() {
		text, err := ctyjson.Marshal(bare, cty.DynamicPseudoType)
		if err != nil {
			text = []byte(bare.GoString())
		}
		h.Write(text)
	}
	return h.Sum(nil)
}
