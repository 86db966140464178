package sqlite

import (
	"context"
	"encoding/json"
	"errors"

	driver "modernc.org/sqlite"
	code "modernc.org/sqlite/lib"

	"github.com/sealane/sealane/auth/store"
)

func scanGroup(r row) (store.Group, error) {
	var g store.Group
	var name []byte
	var settings string
	if err := r.Scan(&name, &g.Disabled, &settings); err != nil {
		return g, err
	}
	g.Name = string(name)
	return g, json.Unmarshal([]byte(settings), &g.Settings)
}

// Group is that of store.Accounts.
func (s *Store) Group(ctx context.Context, name string) (store.Group, error) {
	g, err := scanGroup(s.db.QueryRowContext(ctx, "SELECT name, disabled, settings FROM groups WHERE name = ?", []byte(name)))
	return g, mean(err)
}

// Groups is that of store.Accounts.
func (s *Store) Groups(ctx context.Context) ([]store.Group, error) {
	var out []store.Group
	err := each(ctx, s.db, "SELECT name, disabled, settings FROM groups ORDER BY name", nil, func(r row) error {
		g, err := scanGroup(r)
		out = append(out, g)
		return err
	})
	return out, mean(err)
}

// PutGroup is that of store.Accounts.
func (s *Store) PutGroup(ctx context.Context, g store.Group) error {
	if err := g.Check(); err != nil {
		return err
	}
	settings, err := settingsText(g.Settings)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, `INSERT INTO groups (name, disabled, settings) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET disabled = excluded.disabled, settings = excluded.settings`,
		[]byte(g.Name), g.Disabled, settings)
	return err
}

// DeleteGroup is that of store.Accounts.
func (s *Store) DeleteGroup(ctx context.Context, name string) error {
	changed, err := s.change(ctx, "DELETE FROM groups WHERE name = ?", []byte(name))
	var e *driver.Error
	switch {
	case errors.As(err, &e) && (e.Code() == code.SQLITE_CONSTRAINT_FOREIGNKEY || e.Code() == code.SQLITE_CONSTRAINT_TRIGGER):
		return store.ErrInUse // RESTRICT tells of itself as of a trigger
	case err == nil && !changed:
		return store.ErrNotFound
	}
	return err
}
