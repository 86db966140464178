package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
	"github.com/sealane/sealane/vfs/osfs"
)

// trees makes what each account sees out of folders and layers.
type trees struct {
	config config.Config
	dir    string // of accounts without one of their own
	taken
}

func newTrees(c config.Config, dir string, f *folders) *trees {
	return &trees{config: c, dir: dir, taken: taken{folders: f}}
}

// openFolder opens a folder.
func (t *trees) openFolder(dir string) (*osfs.FS, error) {
	return t.taken.folder(dir, t.config.Uploads.Keep)
}

// tell writes to the log how uploads are kept from being lost, and for whom less of
// that holds.
func (t *trees) tell(log *slog.Logger, list []config.Account) {
	t.mu.Lock() // logins open more
	open := maps.Clone(t.open)
	t.mu.Unlock()
	for dir, f := range open {
		log.Info("folder", "path", dir, "method", f.Method(), "durability", t.config.Uploads.Durability)
	}
	t.tellAccounts(log, list)
}

func (t *trees) tellAccounts(log *slog.Logger, list []config.Account) {
	for _, a := range list {
		if t.durability(a.Storage) == config.DurabilityProcess {
			log.Warn("uploads may be lost with the power", "account", a.Name, "durability", config.DurabilityProcess)
		}
		if a.Storage.Uploads == config.UploadsDirect {
			log.Warn("uploads are seen before they are whole", "account", a.Name, "uploads", config.UploadsDirect)
		}
	}
}

// account makes the tree of a. The order of the layers: what is counted is what is
// on the disk of its own folder; what it may do it may do in its mounts, too; and
// it waits for its rates when all else is decided.
func (t *trees) account(ctx context.Context, a config.Account) (vfs.FS, error) {
	dir := a.Storage.Dir
	if dir == "" {
		dir = t.dir
	}
	tree, err := t.policed(dir, a)
	if err != nil {
		return nil, err
	}
	if tree, err = t.withQuota(ctx, tree, dir, a); err != nil {
		return nil, err
	}
	if tree, err = t.withMounts(tree, a); err != nil {
		return nil, err
	}
	if tree, err = withAccess(tree, a.Storage); err != nil {
		return nil, err
	}
	return withRates(tree, a.Storage.RateUp, a.Storage.RateDown), nil
}

// policed gives a folder under the policy of an account.
func (t *trees) policed(dir string, a config.Account) (vfs.FS, error) {
	f, err := t.openFolder(dir)
	if err != nil {
		return nil, err
	}
	s := a.Storage
	p := osfs.Policy{
		Owner: a.Name, Durability: vfs.DurableFull, Direct: s.Uploads == config.UploadsDirect,
		FileMode: fs.FileMode(s.FileMode), DirMode: fs.FileMode(s.DirMode), Groups: s.Groups,
	}
	if t.durability(s) == config.DurabilityProcess {
		p.Durability = vfs.DurableProcess
	}
	if s.Umask != nil {
		mask := fs.FileMode(*s.Umask)
		p.Umask = &mask
	}
	if s.Owner != nil {
		p.UID, p.GID = &s.Owner.UID, &s.Owner.GID
	}
	return f.For(p)
}

func (t *trees) durability(s config.Storage) string {
	if s.Durability != "" {
		return s.Durability
	}
	return t.config.Uploads.Durability
}

// withQuota bounds what an account stores. Its sessions have one count of it, also those
// that began under other settings.
func (t *trees) withQuota(ctx context.Context, tree vfs.FS, dir string, a config.Account) (vfs.FS, error) {
	limit := layer.Usage{Bytes: a.Storage.QuotaBytes, Files: a.Storage.QuotaFiles}
	if limit == (layer.Usage{}) {
		return tree, nil
	}
	budget, err := t.budget(a.Name, dir, limit, func() (layer.Usage, error) { return layer.Count(ctx, tree) })
	if err != nil {
		return nil, fmt.Errorf("cannot add up what the folder holds: %w", err)
	}
	return layer.Quota(tree, budget, a.Name), nil
}

func (t *trees) withMounts(tree vfs.FS, a config.Account) (vfs.FS, error) {
	if len(a.Storage.Mounts) == 0 {
		return tree, nil
	}
	points := []layer.Point{{FS: tree}}
	for _, m := range a.Storage.Mounts {
		at, err := vfs.Clean(m.At)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be the path of a mount: %w", m.At, err)
		}
		f, err := t.policed(m.Dir, a)
		if err != nil {
			return nil, err
		}
		if m.ReadOnly {
			f = layer.ReadOnly(f)
		}
		points = append(points, layer.Point{At: at, FS: f})
	}
	return layer.Mount(points...)
}

func withAccess(tree vfs.FS, s config.Storage) (vfs.FS, error) {
	p := layer.Policy{Refuse: s.Refuse, WindowsNames: s.Windows}
	if s.HideDots {
		p.Hide = []string{".*"}
	}
	allow := layer.AllowAll
	if s.NoOverwrite {
		allow &^= layer.AllowOverwrite | layer.AllowAppend
	}
	if p.Hide != nil || p.Refuse != nil || p.WindowsNames || allow != layer.AllowAll || s.Rules != nil {
		var err error
		if p.Rules, err = rulesOf(s.Rules, allow); err != nil {
			return nil, err
		}
		if tree, err = layer.Access(tree, p); err != nil {
			return nil, err
		}
	}
	if s.ReadOnly {
		tree = layer.ReadOnly(tree)
	}
	return tree, nil
}

// rulesOf gives the rules of an account as far as allow goes; without rules it may do
// all of that. The rights of auth are those of layer, bit by bit.
func rulesOf(list []auth.Rule, allow layer.Allow) ([]layer.Rule, error) {
	if list == nil {
		return []layer.Rule{{Allow: allow}}, nil
	}
	var out []layer.Rule
	for _, r := range list {
		folder, err := vfs.Clean(r.Folder)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be the folder of a rule: %w", r.Folder, err)
		}
		out = append(out, layer.Rule{Folder: folder, Allow: layer.Allow(r.Allow) & allow})
	}
	return out, nil
}

// withRates bounds, in bytes per second, what all users of the result move together;
// 0 is no bound.
func withRates(tree vfs.FS, up, down int64) vfs.FS {
	var r layer.Rates
	if down > 0 {
		r.Read = []*layer.Limiter{layer.NewLimiter(down)}
	}
	if up > 0 {
		r.Write = []*layer.Limiter{layer.NewLimiter(up)}
	}
	if r.Read == nil && r.Write == nil {
		return tree
	}
	return layer.Throttle(tree, r)
}

// hintFor says what to do about a folder that cannot be used as a setting has it.
func hintFor(err error) string {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "make the folder, or name another one"
	case errors.Is(err, os.ErrPermission):
		return "let the user that the server runs as into the folder, or name another one"
	}
	return "mend the account in the configuration"
}
