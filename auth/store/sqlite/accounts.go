package sqlite

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"github.com/sealane/sealane/auth/store"
)

// accountColumns are those that scanAccount reads.
const accountColumns = `a.name, a.group_name, a.password_hash, a.disabled, a.settings, a.created, a.last_login, a.certificates, a.second_factor`

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row is one line of an answer.
type row interface{ Scan(to ...any) error }

// scanAccount reads accountColumns, and what is behind them into more.
func scanAccount(r row, more ...any) (store.Account, error) {
	var a store.Account
	var name, group []byte
	var settings, certificates string
	var created int64
	var last sql.NullInt64
	to := []any{&name, &group, &a.PasswordHash, &a.Disabled, &settings, &created, &last, &certificates, &a.SecondFactor}
	if err := r.Scan(append(to, more...)...); err != nil {
		return a, err
	}
	a.Name, a.Group, a.Created = string(name), string(group), time.Unix(created, 0).UTC()
	if last.Valid {
		a.LastLogin = time.Unix(last.Int64, 0).UTC()
	}
	return a, errors.Join(json.Unmarshal([]byte(settings), &a.Settings), json.Unmarshal([]byte(certificates), &a.Certificates))
}

// Get is that of store.Accounts.
func (s *Store) Get(ctx context.Context, name string) (store.Account, error) {
	return get(ctx, s.db, name)
}

// get reads the account and its codes; between the two another call may use one up,
// unless q is a transaction.
func get(ctx context.Context, q querier, name string) (store.Account, error) {
	a, err := scanAccount(q.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM accounts a WHERE a.name = ?", []byte(name)))
	if err != nil {
		return store.Account{}, mean(err)
	}
	err = each(ctx, q, "SELECT sum FROM recovery_codes WHERE account = ? ORDER BY sum", []any{[]byte(name)}, func(r row) error {
		sum, err := scanSum(r)
		a.RecoveryCodes = append(a.RecoveryCodes, sum)
		return err
	})
	return a, mean(err)
}

func scanSum(r row, before ...any) (sum [sha256.Size]byte, err error) {
	var raw []byte
	if err := r.Scan(append(before, &raw)...); err != nil {
		return sum, err
	}
	if copy(sum[:], raw) != len(sum) || len(raw) != len(sum) {
		return sum, errors.New("the sum of a recovery code is not one")
	}
	return sum, nil
}

// List is that of store.Accounts.
func (s *Store) List(ctx context.Context) ([]store.Account, error) {
	var out []store.Account
	at := make(map[string]int)
	err := each(ctx, s.db, "SELECT "+accountColumns+" FROM accounts a ORDER BY a.name", nil, func(r row) error {
		a, err := scanAccount(r)
		at[a.Name] = len(out)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, mean(err)
	}
	err = each(ctx, s.db, "SELECT account, sum FROM recovery_codes ORDER BY account, sum", nil, func(r row) error {
		var name []byte
		sum, err := scanSum(r, &name)
		if i, ok := at[string(name)]; ok && err == nil {
			out[i].RecoveryCodes = append(out[i].RecoveryCodes, sum)
		}
		return err
	})
	return out, mean(err)
}

func each(ctx context.Context, q querier, query string, args []any, do func(row) error) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Add is that of store.Accounts.
func (s *Store) Add(ctx context.Context, a store.Account) error {
	if err := a.Check(); err != nil {
		return err
	}
	var random [8]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	pick := int64(binary.BigEndian.Uint64(random[:]) >> 1)
	return mean(transact(ctx, s.db, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO accounts (name, password_hash, settings, created, pick) VALUES (?, '', '{}', ?, ?)",
			[]byte(a.Name), s.now().Unix(), pick)
		if err != nil {
			return err
		}
		return write(ctx, tx, a)
	}))
}

// Update is that of store.Accounts.
func (s *Store) Update(ctx context.Context, name string, change func(*store.Account) error) error {
	return mean(transact(ctx, s.db, func(tx *sql.Tx) error {
		a, err := get(ctx, tx, name)
		if err != nil {
			return err
		}
		if err := change(&a); err != nil {
			return err
		}
		a.Name = name
		if err := a.Check(); err != nil {
			return err
		}
		return write(ctx, tx, a)
	}))
}

// settingsText is how settings are kept: times in UTC.
func settingsText(s store.Settings) (string, error) {
	if s.Expires != nil {
		utc := s.Expires.UTC()
		s.Expires = &utc
	}
	text, err := json.Marshal(s)
	return string(text), err
}

// write makes the account, which is there, what a is. The steps that were used of a
// second factor stay used as long as it is the same.
func write(ctx context.Context, tx *sql.Tx, a store.Account) error {
	settings, err := settingsText(a.Settings)
	if err != nil {
		return err
	}
	certificates, err := json.Marshal(a.Certificates)
	if err != nil {
		return err
	}
	var group, factor []byte // nil: NULL
	if a.Group != "" {
		group = []byte(a.Group)
	}
	if len(a.SecondFactor) > 0 {
		factor = a.SecondFactor
	}
	_, err = tx.ExecContext(ctx, `UPDATE accounts SET group_name = ?, password_hash = ?, disabled = ?, settings = ?, certificates = ?,
		used_step = CASE WHEN second_factor IS ? THEN used_step ELSE 0 END, second_factor = ? WHERE name = ?`,
		group, a.PasswordHash, a.Disabled, settings, string(certificates), factor, factor, []byte(a.Name))
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM recovery_codes WHERE account = ?", []byte(a.Name)); err != nil {
		return err
	}
	for _, sum := range a.RecoveryCodes {
		_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO recovery_codes (account, sum) VALUES (?, ?)", []byte(a.Name), sum[:])
		if err != nil {
			return err
		}
	}
	return nil
}

// Delete is that of store.Accounts.
func (s *Store) Delete(ctx context.Context, name string) error {
	changed, err := s.change(ctx, "DELETE FROM accounts WHERE name = ?", []byte(name))
	if err == nil && !changed {
		err = store.ErrNotFound
	}
	return err
}

// change runs one statement, and reports whether it changed a row.
func (s *Store) change(ctx context.Context, statement string, args ...any) (bool, error) {
	result, err := s.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, mean(err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// mean gives errors of the database the meaning that store has for them.
func mean(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case code.SQLITE_CONSTRAINT_PRIMARYKEY, code.SQLITE_CONSTRAINT_UNIQUE:
		return fmt.Errorf("%w: %w", store.ErrExists, err)
	case code.SQLITE_CONSTRAINT_FOREIGNKEY: // the group of an account
		return fmt.Errorf("group: %w: %w", store.ErrNotFound, err)
	}
	return err
}
