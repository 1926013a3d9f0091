// Package sqlite writes the metaverse of one run as an SQLite database, so that
// SQL answers questions about it. The tables are described in
// docs/metaverse-sql.md.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	moderncsqlite "modernc.org/sqlite"

	"github.com/landfall-directory/landfall/lang"
	"github.com/landfall-directory/landfall/planner"
)

// schema makes the tables. References cannot be called that: it is a word of SQL.
const schema = `
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE providers (address TEXT PRIMARY KEY, kind TEXT NOT NULL, objects INTEGER NOT NULL, read_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rules (
  address TEXT PRIMARY KEY, name TEXT NOT NULL, direction TEXT NOT NULL, provider TEXT NOT NULL, object_type TEXT NOT NULL, metaverse_type TEXT NOT NULL,
  link TEXT NOT NULL, precedence INTEGER NOT NULL, disabled INTEGER NOT NULL, standard INTEGER NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE objects (id INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, error TEXT);
CREATE TABLE attributes (
  object_id INTEGER NOT NULL REFERENCES objects, attribute TEXT NOT NULL, ordinal INTEGER NOT NULL, value TEXT, encoding TEXT, hash TEXT,
  PRIMARY KEY (object_id, attribute, ordinal)
) WITHOUT ROWID;
CREATE TABLE lineage (
  object_id INTEGER NOT NULL REFERENCES objects, attribute TEXT NOT NULL, rule TEXT NOT NULL, precedence INTEGER NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (object_id, attribute)
) WITHOUT ROWID;
CREATE TABLE joins (
  object_id INTEGER NOT NULL REFERENCES objects, provider TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, dn TEXT,
  state TEXT NOT NULL, role TEXT NOT NULL, rule TEXT, file TEXT, line INTEGER
);
CREATE TABLE refs (
  object_id INTEGER NOT NULL REFERENCES objects, attribute TEXT NOT NULL, to_object_id INTEGER REFERENCES objects,
  provider TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL
);`

// indexes are made when all rows are there, which is faster.
const indexes = `
CREATE INDEX objects_by_name ON objects (name COLLATE NOCASE);
CREATE INDEX objects_by_type ON objects (type);
CREATE INDEX attributes_by_value ON attributes (attribute, value COLLATE NOCASE);
CREATE INDEX lineage_by_rule ON lineage (rule, attribute);
CREATE INDEX joins_by_object ON joins (object_id);
CREATE INDEX joins_by_id ON joins (id);
CREATE INDEX refs_by_object ON refs (object_id, attribute);
CREATE INDEX refs_by_target ON refs (to_object_id);
CREATE INDEX refs_by_id ON refs (id);
ANALYZE;`

// Export writes the metaverse to a file, whole or not at all. A file of that name
// is replaced. It holds what people are called and belong to, so only its owner
// may read it.
func Export(name string, cfg *lang.Config, v *planner.MetaverseView, version string) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // gone already when all went well
	if err := errors.Join(tmp.Chmod(0o600), tmp.Close()); err != nil {
		return err
	}
	if err := write(tmp.Name(), cfg, v, version); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.Rename(tmp.Name(), name)
}

func write(name string, cfg *lang.Config, v *planner.MetaverseView, version string) (err error) {
	// The file is new and thrown away if anything fails: nothing to protect.
	dsn, err := dsnOf(name, "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector{dsn})
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	t := &tables{tx: tx, insert: map[string]*sql.Stmt{}}
	t.rows(cfg, v, version)
	if t.err != nil {
		return t.err
	}
	if _, err := tx.Exec(indexes); err != nil {
		return err
	}
	return tx.Commit()
}

// connector opens one database, without the registry of drivers.
type connector struct{ dsn string }

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(c.dsn) }
func (c connector) Driver() driver.Driver                        { return &moderncsqlite.Driver{} }

// tables adds rows, until one fails.
type tables struct {
	tx     *sql.Tx
	insert map[string]*sql.Stmt
	err    error
}

func (t *tables) add(table string, values ...any) {
	if t.err != nil {
		return
	}
	stmt := t.insert[table]
	if stmt == nil {
		places := strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")
		if stmt, t.err = t.tx.Prepare("INSERT INTO " + table + " VALUES (" + places + ")"); t.err != nil {
			return
		}
		t.insert[table] = stmt
	}
	_, t.err = stmt.Exec(values...)
}

func (t *tables) rows(cfg *lang.Config, v *planner.MetaverseView, version string) {
	t.add("run", "landfall_version", version)
	t.add("run", "config_digest", cfg.Digest)
	for _, p := range v.Providers() {
		t.add("providers", p.Address, p.Kind, p.Objects, p.ReadAt)
	}
	for _, r := range cfg.Rules {
		direction := "inbound"
		if r.Direction == lang.Outbound {
			direction = "outbound"
		}
		t.add("rules", r.Address, r.Name, direction, r.Provider.Address(), r.ObjectType, r.MetaverseType, r.Link.String(), r.Precedence,
			r.Disabled, r.Standard, r.Range.Filename, r.Range.Start.Line)
	}
	for number := 1; number <= v.Len() && t.err == nil; number++ {
		t.object(v.Object(number))
	}
}

func (t *tables) object(o planner.MetaverseObject) {
	t.add("objects", o.Number, o.Type, o.Name, orNull(o.Error))
	for _, a := range o.Attributes {
		for i, d := range a.Values {
			value := any(d.Text)
			if d.Hash != "" {
				value = nil
			}
			t.add("attributes", o.Number, a.Attribute, i, value, orNull(a.Encoding), orNull(d.Hash))
		}
		t.lineage(o.Number, a.Attribute, a.By)
	}
	for _, r := range o.References {
		for _, to := range r.Objects {
			target := any(to.Number)
			if to.Number == 0 {
				target = nil
			}
			t.add("refs", o.Number, r.Attribute, target, to.Object.Provider, to.Object.Type, to.Object.ID, to.Object.Name)
		}
		t.lineage(o.Number, r.Attribute, r.By)
	}
	for _, c := range o.Connectors {
		if c.By == nil {
			c.By = &planner.Reason{}
		}
		t.add("joins", o.Number, c.Provider, c.Type, c.ID, c.Name, orNull(c.DN), c.State, c.Role, orNull(c.By.Rule), orNull(c.By.File), c.By.Line)
	}
}

func (t *tables) lineage(number int, attribute string, by planner.Reason) {
	if by.Rule != "" {
		t.add("lineage", number, attribute, by.Rule, by.Precedence, by.File, by.Line)
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Open opens an exported database to read it.
func Open(name string) (*sql.DB, error) {
	dsn, err := dsnOf(name, "mode=ro")
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{dsn}), nil
}

// dsnOf is the name of a file as the driver takes it, whatever characters it has.
func dsnOf(name, query string) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query}).String(), nil
}
