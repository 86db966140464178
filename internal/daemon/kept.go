package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"sync"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/vfs"
)

// keptFile holds, in the state folder, the accounts that are kept beside those of
// the configuration.
const keptFile = "accounts.db"

// kept is the accounts of keptFile. It is opened by the first login after it is
// there: a server without such accounts pays nothing for them.
type kept struct {
	file    string
	checker *password.Checker
	open    store.Opener
	log     *slog.Logger
	homes   string // where accounts without a folder have theirs; empty: they see the server's
	build   func(context.Context, config.Account) (vfs.FS, error)
	ctx     context.Context // of what outlives a login: until close
	stop    context.CancelFunc

	mu    sync.Mutex // the rest
	store *sqlite.Store
	login *store.Login
	trees map[string]*keptTree
}

// keptTree is the tree of an account as it is described now. Its sessions share it,
// and with it the quota and the rates; those that began before the description
// changed have the one from before.
type keptTree struct {
	storage auth.Storage
	done    chan struct{} // closed when the others are set
	fs      vfs.FS
	err     error
}

func (d *daemon) newKept() *kept {
	k := &kept{
		file: filepath.Join(d.state, keptFile), checker: d.checker(), log: d.log, homes: d.config.Homes,
		build: d.trees.account, trees: make(map[string]*keptTree),
	}
	k.open = func(ctx context.Context, a auth.Account, c auth.Credentials) (*auth.Grant, error) {
		if err := d.elsewhere(a.Host, c.Host); err != nil {
			return nil, err
		}
		tree, err := k.tree(ctx, a)
		if err != nil {
			return nil, err
		}
		grant := &auth.Grant{Account: a.Name, FS: withRates(tree, a.Storage.SessionUp, a.Storage.SessionDown), Data: a.Data}
		return d.seats.take(grant, a.Sessions)
	}
	k.ctx, k.stop = context.WithCancel(context.Background())
	return k
}

func (k *kept) close() error {
	if k == nil {
		return nil
	}
	k.stop()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.store == nil {
		return nil
	}
	return k.store.Close()
}

// book gives the login over the file, nil if there is none.
func (k *kept) book() (*store.Login, error) {
	if k == nil {
		return nil, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.login != nil {
		return k.login, nil
	}
	if _, err := os.Stat(k.file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	s, err := sqlite.Open(k.ctx, k.file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrBusy, err)
	}
	k.store = s
	login := store.NewLogin(s, k.checker, k.open, func(account string, err error) {
		k.log.Warn("login", "account", account, "err", err)
	})
	k.login = login
	return login, nil
}

// tree gives the tree of an account, which the first login after a change makes: it
// may have to add up what is in the folder. Others wait for it as long as their login
// may take.
func (k *kept) tree(ctx context.Context, a auth.Account) (vfs.FS, error) {
	k.mu.Lock()
	t := k.trees[a.Name]
	if t == nil || !reflect.DeepEqual(t.storage, a.Storage) {
		t = &keptTree{storage: a.Storage, done: make(chan struct{})}
		k.trees[a.Name] = t
		go k.make(t, a)
	}
	k.mu.Unlock()
	select {
	case <-t.done:
		return t.fs, t.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", auth.ErrBusy, ctx.Err())
	}
}

func (k *kept) make(t *keptTree, a auth.Account) {
	storage := a.Storage
	if storage.Dir == "" && k.homes != "" {
		storage.Dir, t.err = home(k.homes, a.Name)
	}
	if t.err == nil {
		t.fs, t.err = k.build(k.ctx, config.Account{Name: a.Name, Storage: storage})
	}
	if t.err != nil { // the next login tries again
		t.err = fmt.Errorf("cannot make the tree of account %q: %w", a.Name, t.err)
		k.mu.Lock()
		if k.trees[a.Name] == t {
			delete(k.trees, a.Name)
		}
		k.mu.Unlock()
	}
	close(t.done)
}

// judgeKept judges a login that is not for an account of the configuration. known is
// false if it may be, or there are no other accounts. A clock learns nothing of which
// it is: the same is asked for in both cases (S-22).
func (d *daemon) judgeKept(ctx context.Context, c auth.Credentials) (grant *auth.Grant, known bool, err error) {
	login, err := d.kept.book()
	if login == nil {
		return nil, err != nil, err
	}
	if _, configured := d.policies[c.User]; configured {
		login.Look(ctx, c.User)
		return nil, false, nil
	}
	if !c.NoPassword {
		d.procs.load(1) // a password hash, for tens of milliseconds
		defer d.procs.load(-1)
	}
	grant, err = login.Login(ctx, c)
	return grant, true, err
}
