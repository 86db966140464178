package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sealane/sealane/auth/store"
)

// Store is accounts in a file. It is safe for use by many goroutines at once.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

var (
	_ store.Accounts = (*Store)(nil)
	_ store.Logins   = (*Store)(nil)
)

// ErrNewer is what Open returns, wrapped, for a file of a later version of this
// package.
var ErrNewer = errors.New("the accounts were written by a newer version of the program")

// How long a call waits for another one that writes, in milliseconds; and how many
// calls are in the file at a time. More wait for their turn.
const (
	busyTimeout = 5000
	busyTries   = 100
	connections = 4
)

// Open opens the accounts in a file, or makes it, readable for this user only. A
// file of an older version is brought up to date, at once or not at all; if others
// have it open they must be able to read the new version. Close it at the end.
func Open(ctx context.Context, file string) (*Store, error) {
	abs, err := private(file)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	connector, err := driver.NewConnector(dsn(abs))
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	s := &Store{db: sql.OpenDB(connector), now: time.Now}
	s.db.SetMaxOpenConns(connections)
	s.db.SetMaxIdleConns(connections)
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("accounts %s: %w", file, err), s.db.Close())
	}
	return s, nil
}

// begin brings the tables up to date. Who makes the file turns it to WAL, and SQLite does
// not let others wait for that: they come again.
func (s *Store) begin(ctx context.Context) error {
	for try := 0; ; try++ {
		err := migrate(ctx, s.db, migrations())
		var busy *driver.Error
		if !errors.As(err, &busy) || busy.Code()&0xff != sqlite3.SQLITE_BUSY || try == busyTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busyTimeout / busyTries * time.Millisecond):
		}
	}
}

// Close ends the use of s.
func (s *Store) Close() error { return s.db.Close() }

// private makes the file if it is missing, and keeps others from it. SQLite gives
// the files that it makes beside it the same permissions.
func private(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a file", file)
	case info.Mode().Perm()&0o077 != 0:
		err = os.Chmod(abs, 0o600) // Windows has no such bits to take away
	}
	return abs, errors.Join(err, f.Close())
}

// dsn names the file to the driver, with what each connection is set to. Every
// transaction is one that writes, and so takes the lock at its start: SQLite lets
// none wait for it that has read before.
func dsn(abs string) string {
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/...
	}
	q := url.Values{
		"_busy_timeout": {fmt.Sprint(busyTimeout)},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"},
		"_defensive":    {"1"},
		"_pragma":       {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)"},
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: q.Encode()}).String()
}

//go:embed migrations
var migrationFiles embed.FS

// migrations are the statements that lead from each version of the tables to the
// next. One that was released is never changed.
func migrations() []string {
	var out []string
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // in order
	for _, name := range names {
		text, readErr := migrationFiles.ReadFile(name)
		err = errors.Join(err, readErr)
		out = append(out, string(text))
	}
	if err != nil {
		panic(err) // the files are in the program
	}
	return out
}

// migrate brings the tables up to date. user_version is how many of the steps were
// taken.
func migrate(ctx context.Context, db *sql.DB, steps []string) error {
	return transact(ctx, db, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		if version > len(steps) {
			return fmt.Errorf("%w: they have version %d, known are those to %d; use that program", ErrNewer, version, len(steps))
		}
		for ; version < len(steps); version++ {
			if _, err := tx.ExecContext(ctx, steps[version]); err != nil {
				return fmt.Errorf("version %d: %w", version+1, err)
			}
			if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
				return err
			}
		}
		return nil
	})
}

// transact runs do in a transaction, which holds if do returns nil.
func transact(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, undo)
		}
		return err
	}
	return tx.Commit()
}
