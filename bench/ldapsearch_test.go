package bench

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landfall-directory/landfall/planner"
)

// ldapsearch dumps the tree that the plan compares, with the attributes that
// landfall asks for, and returns how long that took. It is not ok, and says so,
// when ldapsearch is not installed.
func ldapsearch(b *testing.B, s *servers) (took time.Duration, ok bool) {
	program, err := exec.LookPath("ldapsearch")
	if err != nil {
		b.Log("no ldapsearch to compare with: install ldap-utils")
		return 0, false
	}
	ca := filepath.Join(s.dir, "ca.pem")
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(ca, s.AD.CA, 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(password, []byte(s.AD.Password), 0o600); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	arguments := []string{"-LLL", "-x", "-H", s.AD.URL, "-D", s.AD.Username, "-y", password,
		"-E", "pr=1000/noprompt", "-b", s.AD.BaseDN, "(objectClass=*)", "objectClass", "objectGUID"}
	c := exec.CommandContext(ctx, program, append(arguments, requested(s)...)...)
	c.Env = append(os.Environ(), "LDAPTLS_CACERT="+ca, "LDAPTLS_REQCERT=demand")
	lines := &lineCounter{}
	c.Stdout = lines
	var stderr bytes.Buffer
	c.Stderr = &stderr
	start := time.Now()
	if err := c.Run(); err != nil {
		b.Logf("ldapsearch: %v: %s", err, stderr.Bytes())
		return 0, false
	}
	took = time.Since(start)
	b.Logf("ldapsearch wrote %d entries, %d MiB", lines.entries, lines.size>>20)
	return took, true
}

// requested are the attributes that the plan asks the forest for.
func requested(s *servers) []string {
	var names []string
	for address, request := range planner.Requests(s.cfg) {
		if !strings.HasPrefix(address, "provider.ad.") {
			continue
		}
		for _, t := range request.Types {
			names = append(append(names, t.Attributes...), t.References...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// lineCounter counts what ldapsearch prints.
type lineCounter struct {
	entries, size int
}

func (c *lineCounter) Write(p []byte) (int, error) {
	c.entries += bytes.Count(p, []byte("\ndn:"))
	c.size += len(p)
	return len(p), nil
}
