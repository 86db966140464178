package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/sealane/sealane/auth/store"
)

// Find is that of store.Logins. It leaves out the recovery codes.
func (s *Store) Find(ctx context.Context, name string) (store.Account, store.Group, error) {
	var group []byte
	var disabled sql.NullBool
	var settings sql.NullString
	a, err := scanAccount(s.db.QueryRowContext(ctx, "SELECT "+accountColumns+`, g.name, g.disabled, g.settings
		FROM accounts a LEFT JOIN groups g ON g.name = a.group_name WHERE a.name = ?`, []byte(name)), &group, &disabled, &settings)
	if err != nil {
		return store.Account{}, store.Group{}, mean(err)
	}
	g := store.Group{Name: string(group), Disabled: disabled.Bool}
	if settings.Valid {
		err = json.Unmarshal([]byte(settings.String), &g.Settings)
	}
	return a, g, err
}

// Decoy is that of store.Logins.
func (s *Store) Decoy(ctx context.Context, n uint64) (hash string, err error) {
	const after = `SELECT password_hash FROM accounts WHERE password_hash <> '' AND pick >= ? ORDER BY pick LIMIT 1`
	for _, from := range []int64{int64(n >> 1), math.MinInt64} { // around the ring
		err = s.db.QueryRowContext(ctx, after, from).Scan(&hash)
		if !errors.Is(err, sql.ErrNoRows) {
			return hash, err
		}
	}
	return "", nil
}

// Rehash is that of store.Logins.
func (s *Store) Rehash(ctx context.Context, name, old, hash string) error {
	_, err := s.change(ctx, "UPDATE accounts SET password_hash = ? WHERE name = ? AND password_hash = ?", hash, []byte(name), old)
	return err
}

// UseStep is that of store.Logins.
func (s *Store) UseStep(ctx context.Context, name string, step int64) (bool, error) {
	return s.change(ctx, "UPDATE accounts SET used_step = ? WHERE name = ? AND used_step < ?", step, []byte(name), step)
}

// UseCode is that of store.Logins.
func (s *Store) UseCode(ctx context.Context, name string, sum [sha256.Size]byte) (bool, error) {
	return s.change(ctx, "DELETE FROM recovery_codes WHERE account = ? AND sum = ?", []byte(name), sum[:])
}

// LoggedIn is that of store.Logins.
func (s *Store) LoggedIn(ctx context.Context, name string, at time.Time) error {
	_, err := s.change(ctx, "UPDATE accounts SET last_login = ? WHERE name = ?", at.Unix(), []byte(name))
	return err
}
