package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/landfall-directory/landfall/planner/sqlite"
)

var documented = regexp.MustCompile("(?s)```sql\n(.*?)```\n\n```text\n(.*?)```\n")

// TestDocumentedQueries runs every query of docs/metaverse-sql.md on an export of
// the quickstart and compares what comes out with what stands there.
func TestDocumentedQueries(t *testing.T) {
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS("../../examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	landfall(t, work, 0, "apply", "-auto-approve")
	landfall(t, work, 0, "metaverse", "export", "metaverse.sqlite")
	db, err := sqlite.Open(filepath.Join(work, "metaverse.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const name = "../../docs/metaverse-sql.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	queries := documented.FindAllStringSubmatch(string(text), -1)
	if len(queries) != 5 {
		t.Fatalf("%s has %d queries, want 5", name, len(queries))
	}
	got := string(text)
	for _, q := range queries {
		table := ask(t, db, q[1])
		if strings.Count(table, "\n") < 2 {
			t.Errorf("no rows:\n%s", q[1])
		}
		got = strings.Replace(got, q[0], "```sql\n"+q[1]+"```\n\n```text\n"+table+"```\n", 1)
	}
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// ask writes the result of a query in columns.
func ask(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer rows.Close()
	head, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	table := [][]string{head}
	for rows.Next() {
		cells := make([]sql.NullString, len(head))
		into := make([]any, len(head))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(head))
		for i, c := range cells {
			line[i] = c.String
		}
		table = append(table, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	width := make([]int, len(head))
	for _, line := range table {
		for i, c := range line {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, line := range table {
		var row strings.Builder
		for i, c := range line {
			fmt.Fprintf(&row, "%-*s  ", width[i], c)
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	return b.String()
}
