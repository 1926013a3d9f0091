package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/landfall-directory/landfall/planner/backend"
)

// PostgreSQL's error codes.
const (
	invalidAuthorization = "28000"
	invalidPassword      = "28P01"
	readOnlyTransaction  = "25006"
	noSuchDatabase       = "3D000"
	invalidSchemaName    = "3F000"
	serializationFailure = "40001"
	deadlock             = "40P01"
	insufficientRights   = "42501"
	undefinedTable       = "42P01"
	tooManyConnections   = "53300"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	idleTimeout          = "25P03"
)

// persist repeats what failed because the server was away, is only now starting,
// or had two transactions in each other's way. What do does must be the same when
// it is done twice.
func (s *Storage) persist(ctx context.Context, do func(ctx context.Context) error) error {
	var since time.Time
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := do(ctx)
		if err == nil || ctx.Err() != nil || !temporary(err) {
			return err
		}
		if since.IsZero() {
			since = time.Now()
		}
		if time.Since(since) > outage {
			return fmt.Errorf("%w (tried again for %s)", err, outage)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// temporary reports whether the same request may succeed soon.
func temporary(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case serializationFailure, deadlock, tooManyConnections, adminShutdown, crashShutdown, cannotConnectNow, idleTimeout, readOnlyTransaction:
			return true
		}
		return strings.HasPrefix(refused.Code, "08") // connection exceptions
	}
	var network net.Error
	return errors.As(err, &network) || pgconn.Timeout(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, pgconn.ErrReadOnlyConnection)
}

// problem is an error with its explanation.
type problem struct {
	text string
	err  error
}

func (p *problem) Error() string { return p.text }

// Is hides that the socket of a server does not exist: callers would take that
// for a log that does not.
func (p *problem) Is(target error) bool { return target != fs.ErrNotExist && errors.Is(p.err, target) }

// explain says what did not work, where, why, and what to do.
func (s *Storage) explain(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, backend.ErrMoved), err == fs.ErrNotExist:
		return fmt.Errorf("%s: %w", doing, err)
	}
	text := err.Error()
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		text = strings.ReplaceAll(connect.Unwrap().Error(), "\n", "; ") // one line for each address
	}
	text = fmt.Sprintf("%s: %s: %s", s.Where(), doing, text)
	if advice := s.advice(err); advice != "" {
		text += "\n" + advice
	}
	return &problem{text: text, err: err}
}

// advice is what to do about an error, "" if only the server's words can tell.
func (s *Storage) advice(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return s.refusal(refused.Code)
	}
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.Is(err, pgconn.ErrReadOnlyConnection):
		return s.refusal(readOnlyTransaction)
	case errors.As(err, &certificate):
		return "The server's certificate could not be verified. Name the file with its authority (ca_file, or PGSSLROOTCERT), and the host as the certificate names it."
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return "The server speaks no TLS. Switch it on there (ssl = on); sslmode = \"disable\" is for this machine only."
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &network), pgconn.Timeout(err):
		return "The server cannot be reached. Check host and port, that it listens there, and that no firewall is between."
	}
	return ""
}

func (s *Storage) refusal(code string) string {
	switch code {
	case invalidPassword:
		return fmt.Sprintf("The password of role %q is missing or wrong. Set PGPASSWORD, or PGPASSFILE to a password file with a line for this server.", s.role)
	case invalidAuthorization:
		return fmt.Sprintf("The server does not let role %q in from here. See that the role exists and may log in, and that pg_hba.conf has a line for it.", s.role)
	case noSuchDatabase:
		return fmt.Sprintf("Create the database (createdb), or correct its name: %q.", s.config.Database)
	case insufficientRights:
		return fmt.Sprintf("Role %q lacks a right. Let somebody who has it execute this in database %q:\n%s",
			s.role, s.config.Database, s.sql(createSchema+createTables+grantRights))
	case readOnlyTransaction:
		return "This is a read-only replica, or default_transaction_read_only is on. Name the primary as host, or all servers, separated by commas."
	case tooManyConnections:
		return "The server has no connection left. Raise max_connections, or the role's limit."
	}
	return ""
}
