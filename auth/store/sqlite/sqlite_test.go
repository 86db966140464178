package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	driver "modernc.org/sqlite"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/store"
)

func open(t *testing.T, file string) *Store {
	t.Helper()
	s, err := Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newFile is in a folder whose name a URI would misread.
func newFile(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "100% of #1 & more")
	if runtime.GOOS != "windows" {
		dir += "?mode=memory"
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "accounts.db")
}

func TestAccounts(t *testing.T) {
	ctx, file := t.Context(), newFile(t)
	s := open(t, file)
	created := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return created }
	if err := s.PutGroup(ctx, store.Group{Name: "staff", Settings: store.Settings{Dir: new("/srv/staff")}}); err != nil {
		t.Fatal(err)
	}
	_, codes := store.NewRecoveryCodes(1)
	anna := store.Account{
		Name: "anna", Group: "staff", PasswordHash: "$x", SecondFactor: store.NewSecret(), RecoveryCodes: codes,
		Certificates: []auth.CertificateRule{{Kind: auth.CertificateCN, Value: "anna"}},
		Settings: store.Settings{Sessions: new(2), Rules: []auth.Rule{{Folder: "/", Allow: auth.RightsAll}},
			Expires: new(time.Date(2030, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600)))},
	}
	if err := s.Add(ctx, anna); err != nil {
		t.Fatal(err)
	}
	want := anna
	want.Created, want.Expires = created, new(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	if got, err := s.Get(ctx, "anna"); err != nil || cmp.Diff(want, got) != "" {
		t.Error(cmp.Diff(want, got), err)
	}
	// A second program sees it, and changes it.
	other := open(t, file)
	if err := other.Update(ctx, "anna", func(a *store.Account) error {
		a.Name, a.Disabled, a.Created, a.Group = "eve", true, time.Time{}, ""
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want.Disabled, want.Group = true, ""
	if list, err := s.List(ctx); err != nil || cmp.Diff([]store.Account{want}, list) != "" {
		t.Error(cmp.Diff([]store.Account{want}, list), err)
	}
	if err := s.Delete(ctx, "anna"); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.UseCode(ctx, "anna", codes[0]); ok || err != nil {
		t.Errorf("a code outlived its account: %v", err)
	}
}

func TestErrors(t *testing.T) {
	ctx, s := t.Context(), open(t, newFile(t))
	if err := s.PutGroup(ctx, store.Group{Name: "staff"}); err != nil {
		t.Fatal(err)
	}
	anna := store.Account{Name: "anna", Group: "staff", PasswordHash: "$x"}
	if err := s.Add(ctx, anna); err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	_, getErr := s.Get(ctx, "Anna")
	_, groupErr := s.Group(ctx, "none")
	_, _, findErr := s.Find(ctx, "annA")
	for name, tc := range map[string]struct{ got, want error }{
		"twice":           {s.Add(ctx, anna), store.ErrExists},
		"no group":        {s.Add(ctx, store.Account{Name: "bob", Group: "none"}), store.ErrNotFound},
		"bad":             {s.Add(ctx, store.Account{Name: ".."}), store.ErrInvalid},
		"bad group":       {s.PutGroup(ctx, store.Group{Name: "a/b"}), store.ErrInvalid},
		"get":             {getErr, store.ErrNotFound},
		"find":            {findErr, store.ErrNotFound},
		"group":           {groupErr, store.ErrNotFound},
		"delete":          {s.Delete(ctx, "bob"), store.ErrNotFound},
		"delete group":    {s.DeleteGroup(ctx, "none"), store.ErrNotFound},
		"group in use":    {s.DeleteGroup(ctx, "staff"), store.ErrInUse},
		"update none":     {s.Update(ctx, "bob", func(*store.Account) error { return nil }), store.ErrNotFound},
		"update mine":     {s.Update(ctx, "anna", func(a *store.Account) error { a.Disabled = true; return mine }), mine},
		"update bad":      {s.Update(ctx, "anna", func(a *store.Account) error { a.Disabled, a.Sessions = true, new(-1); return nil }), store.ErrInvalid},
		"update no group": {s.Update(ctx, "anna", func(a *store.Account) error { a.Disabled, a.Group = true, "none"; return nil }), store.ErrNotFound},
	} {
		if !errors.Is(tc.got, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.got, tc.want)
		}
	}
	if a, err := s.Get(ctx, "anna"); err != nil || a.Disabled {
		t.Errorf("a change that failed was kept: %+v, %v", a, err)
	}
	if list, err := s.List(ctx); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if err := errors.Join(s.Delete(ctx, "anna"), s.DeleteGroup(ctx, "staff")); err != nil {
		t.Error(err)
	}
	if list, err := s.Groups(ctx); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestHostileNames is V-29 and S-23: names are values, never SQL, and equal only
// byte for byte.
func TestHostileNames(t *testing.T) {
	ctx, s := t.Context(), open(t, newFile(t))
	names := []string{"anna", "Anna", "'; DROP TABLE accounts; --", `" OR 1=1 --`, "%", "_", "anna%", "?", "$1", ":name", "\xff", "\xfe", "\u00e4", "a\u0308", "X'00'"}
	for _, name := range names {
		if err := s.Add(ctx, store.Account{Name: name, PasswordHash: "x"}); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != len(names) {
		t.Fatalf("%d accounts, %v, want %d", len(list), err, len(names))
	}
	for _, name := range names {
		if a, _, err := s.Find(ctx, name); err != nil || a.Name != name {
			t.Errorf("%q: %q, %v", name, a.Name, err)
		}
	}
	for _, name := range []string{"", "ANNA", "anna\x00", "ann", "' OR ''='", "%nna", "a%", "anna'--"} {
		if a, _, err := s.Find(ctx, name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %q, %v", name, a.Name, err)
		}
	}
}

func TestPrivateFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	file := newFile(t)
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, file)
	if err := s.Add(t.Context(), store.Account{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(file + end); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", end, info, err)
		}
	}
	for name, file := range map[string]string{"a folder": t.TempDir(), "nowhere": filepath.Join(t.TempDir(), "none", "x")} {
		if s, err := Open(t.Context(), file); err == nil {
			t.Errorf("%s was opened: %v", name, s.Close())
		}
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("this is not a database, and longer than its header is, which has 100 bytes; so here is some more of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), text); err == nil {
		t.Errorf("a text was opened: %v", s.Close())
	}
}

func raw(t *testing.T, file string) *sql.DB {
	t.Helper()
	connector, err := driver.NewConnector(dsn(file))
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// The tables of every version are brought up to date, with what is in them.
func TestMigrations(t *testing.T) {
	steps := migrations()
	for version := range len(steps) + 1 {
		file := newFile(t)
		db := raw(t, file)
		if err := migrate(t.Context(), db, steps[:version]); err != nil {
			t.Fatal(err)
		}
		if version > 0 {
			if _, err := db.Exec(`INSERT INTO groups (name, settings) VALUES (X'67', '{"dir":"/srv"}');
				INSERT INTO accounts (name, group_name, password_hash, settings, created, pick) VALUES (X'61', X'67', '$x', '{"sessions":2}', 7, 1)`); err != nil {
				t.Fatal(err)
			}
		}
		s := open(t, file)
		if version > 0 {
			a, g, err := s.Find(t.Context(), "a")
			want := store.Account{Name: "a", Group: "g", PasswordHash: "$x", Settings: store.Settings{Sessions: new(2)}, Created: time.Unix(7, 0).UTC()}
			want.Certificates = a.Certificates
			if diff := cmp.Diff(want, a); diff != "" || err != nil || g.Name != "g" || *g.Dir != "/srv" || len(a.Certificates) != 0 {
				t.Errorf("version %d: %s, %+v, %v", version, diff, g, err)
			}
		}
		if err := s.Add(t.Context(), store.Account{Name: "b", SecondFactor: store.NewSecret()}); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

// A step that fails leaves the version before it, whole.
func TestMigrationFails(t *testing.T) {
	file := newFile(t)
	db := raw(t, file)
	steps := append(migrations(), "CREATE TABLE more (a) STRICT")
	if err := migrate(t.Context(), db, append(migrations(), "CREATE TABLE more (a); INSERT INTO none VALUES (1)")); err == nil {
		t.Fatal("a wrong step was taken")
	}
	var version, tables int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil || version != 0 {
		t.Errorf("version %d, %v", version, err)
	}
	if err := db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables, %v", tables, err)
	}
	if err := migrate(t.Context(), db, append(steps[:len(steps)-1], "CREATE TABLE more (a)")); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), file); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer file: %v, %v", s, err)
	}
}

// Several programs may open a new file at the same time.
func TestOpenAtOnce(t *testing.T) {
	file := newFile(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), file)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// Of many at a time each change holds, and what may be used once is used once.
func TestConcurrency(t *testing.T) {
	const many = 100
	ctx, s := t.Context(), open(t, newFile(t))
	_, codes := store.NewRecoveryCodes(1)
	anna := store.Account{Name: "anna", PasswordHash: "$x", SecondFactor: store.NewSecret(), RecoveryCodes: codes, Settings: store.Settings{Sessions: new(0)}}
	if err := s.Add(ctx, anna); err != nil {
		t.Fatal(err)
	}
	var steps, used atomic.Int32
	once := func(n *atomic.Int32, ok bool, err error) {
		if err != nil {
			t.Error(err)
		}
		if ok {
			n.Add(1)
		}
	}
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			ok, err := s.UseStep(ctx, "anna", 1000)
			once(&steps, ok, err)
			ok, err = s.UseCode(ctx, "anna", codes[0])
			once(&used, ok, err)
			if err := s.Update(ctx, "anna", func(a *store.Account) error { *a.Sessions++; return nil }); err != nil {
				t.Error(err)
			}
			if err := s.Add(ctx, store.Account{Name: fmt.Sprint("n", i), PasswordHash: "$y"}); err != nil {
				t.Error(err)
			}
			if _, _, err := s.Find(ctx, "anna"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if steps.Load() != 1 || used.Load() != 1 {
		t.Errorf("a step was used %d times, a code %d times", steps.Load(), used.Load())
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != many+1 || *list[0].Sessions != many || len(list[0].RecoveryCodes) != 0 {
		t.Errorf("%d accounts, %v, %+v", len(list), err, list[0])
	}
}

func TestLogins(t *testing.T) {
	ctx, s := t.Context(), open(t, newFile(t))
	if hash, err := s.Decoy(ctx, 7); hash != "" || err != nil {
		t.Errorf("decoy without accounts: %q, %v", hash, err)
	}
	anna := store.Account{Name: "anna", PasswordHash: "$old", SecondFactor: store.NewSecret()}
	if err := errors.Join(s.Add(ctx, anna), s.Add(ctx, store.Account{Name: "none"})); err != nil {
		t.Fatal(err)
	}
	for _, n := range []uint64{0, 1, 1 << 63, 1<<64 - 1} {
		if hash, err := s.Decoy(ctx, n); hash != "$old" || err != nil {
			t.Errorf("decoy %d: %q, %v", n, hash, err)
		}
	}
	if err := errors.Join(s.Rehash(ctx, "anna", "$other", "$bad"), s.Rehash(ctx, "anna", "$old", "$new"), s.LoggedIn(ctx, "anna", time.Unix(99, 5))); err != nil {
		t.Fatal(err)
	}
	a, err := s.Get(ctx, "anna")
	if err != nil || a.PasswordHash != "$new" || !a.LastLogin.Equal(time.Unix(99, 0)) || a.LastLogin.Location() != time.UTC {
		t.Errorf("%+v, %v", a, err)
	}
	use := func(step int64, want bool) {
		t.Helper()
		if ok, err := s.UseStep(ctx, "anna", step); ok != want || err != nil {
			t.Errorf("step %d: %v, %v", step, ok, err)
		}
	}
	use(5, true)
	use(5, false)
	use(4, false)
	if err := s.Update(ctx, "anna", func(a *store.Account) error { a.Disabled = true; return nil }); err != nil {
		t.Fatal(err)
	}
	use(5, false) // the same secret: used stays used
	use(6, true)
	if err := s.Update(ctx, "anna", func(a *store.Account) error { a.SecondFactor = store.NewSecret(); return nil }); err != nil {
		t.Fatal(err)
	}
	use(3, true)
	if ok, err := s.UseCode(ctx, "anna", sha256.Sum256(nil)); ok || err != nil {
		t.Errorf("a code that is none: %v, %v", ok, err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.Find(gone, "anna"); !errors.Is(err, context.Canceled) {
		t.Errorf("Find for a peer that has left: %v", err)
	}
}
