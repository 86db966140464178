package daemon

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/internal/config"
	"github.com/sealane/sealane/vfs"
	"github.com/sealane/sealane/vfs/layer"
)

// Accounts that are kept log in beside those of the configuration, as soon as they are
// there, and see what is kept of them.
func TestKeptAccounts(t *testing.T) {
	hash, err := (password.Params{Memory: 8, Time: 1, Threads: 1}).Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, own := t.Context(), t.TempDir()
	if err := os.WriteFile(filepath.Join(own, "file"), []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	list := []config.Account{{Name: "conf", PasswordHash: hash}}
	d := &daemon{lasting: &lasting{state: t.TempDir(), procs: newProcs()}, config: config.Default(), log: newLogger(io.Discard, config.FormatText), policies: policies(list)}
	d.trees = newTrees(d.config, t.TempDir(), newFolders())
	t.Cleanup(func() { d.discard(nil) })
	if d.book, err = book(ctx, list, d.trees); err != nil {
		t.Fatal(err)
	}
	d.kept = d.newKept()
	login := func(name, shown string) (*auth.Grant, error) {
		return d.login(ctx, auth.Credentials{User: name, Password: shown})
	}
	if _, err := login("anna", "x"); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("before there is a file: %v", err)
	}
	if _, err := os.Stat(d.kept.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a login has made the file: %v", err)
	}

	accounts, err := sqlite.Open(ctx, d.kept.file)
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Close()
	rules := []auth.Rule{{Folder: "/", Allow: auth.RightList | auth.RightDownload}, {Folder: "/in", Allow: auth.RightsAll}}
	err = errors.Join(
		accounts.Add(ctx, store.Account{Name: "anna", PasswordHash: hash, Settings: store.Settings{Dir: &own, Rules: rules, LegacyEOF: new(true), RateUp: new(int64(1000))}}),
		accounts.Add(ctx, store.Account{Name: "conf", PasswordHash: hash, Disabled: true}),
		accounts.Add(ctx, store.Account{Name: "lost", PasswordHash: hash, Settings: store.Settings{Dir: new(filepath.Join(own, "none"))}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	anna, err := login("anna", "x")
	if err != nil || anna.Account != "anna" || !anna.Data.LegacyEOF {
		t.Fatalf("anna: %+v, %v", anna, err)
	}
	file, _ := vfs.Clean("/file")
	if e, err := anna.FS.Stat(ctx, file); err != nil || e.Size != 5 {
		t.Errorf("%+v, %v", e, err)
	}
	if err := anna.FS.Remove(ctx, file); !errors.Is(err, vfs.ErrPermission) {
		t.Errorf("remove against the rules: %v", err)
	}
	if again, err := login("anna", "x"); err != nil || again.FS != anna.FS {
		t.Errorf("the tree, and with it its rates, is not shared: %v", err)
	}
	if _, err := login("conf", "x"); err != nil {
		t.Errorf("the account of the configuration: %v", err)
	}
	for name, shown := range map[string]string{"anna": "y", "nobody": "x", "conf": "y"} {
		if g, err := login(name, shown); g != nil || !errors.Is(err, auth.ErrDenied) {
			t.Errorf("%s: %v, %v", name, g, err)
		}
	}
	if _, err := login("lost", "x"); err == nil || errors.Is(err, auth.ErrDenied) {
		t.Errorf("an account without its folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(own, "none"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := login("lost", "x"); err != nil {
		t.Errorf("the folder is there now: %v", err)
	}
	if err := accounts.Update(ctx, "anna", func(a *store.Account) error { a.Rules = nil; return nil }); err != nil {
		t.Fatal(err)
	}
	if changed, err := login("anna", "x"); err != nil || changed.FS.Remove(ctx, file) != nil {
		t.Errorf("a change does not reach the next login: %v", err)
	}
	if err := accounts.Update(ctx, "anna", func(a *store.Account) error { a.Disabled = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := login("anna", "x"); !errors.Is(err, auth.ErrDenied) {
		t.Errorf("disabled: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := d.login(gone, auth.Credentials{User: "lost", Password: "x"}); !errors.Is(err, auth.ErrBusy) {
		t.Errorf("a peer that has left: %v", err)
	}
}

// The rights of a description are those of the layer that holds to them.
func TestRulesOf(t *testing.T) {
	for have, want := range map[auth.Rights]layer.Allow{
		auth.RightList: layer.AllowList, auth.RightDownload: layer.AllowDownload, auth.RightUpload: layer.AllowUpload,
		auth.RightOverwrite: layer.AllowOverwrite, auth.RightAppend: layer.AllowAppend, auth.RightDelete: layer.AllowDelete,
		auth.RightRmdir: layer.AllowRmdir, auth.RightRename: layer.AllowRename, auth.RightRenameDir: layer.AllowRenameDir,
		auth.RightMkdir: layer.AllowMkdir, auth.RightAttributes: layer.AllowAttr, auth.RightHash: layer.AllowHash,
		auth.RightLink: layer.AllowLink, auth.RightsAll: layer.AllowAll,
	} {
		got, err := rulesOf([]auth.Rule{{Folder: "/a/../b", Allow: have}}, layer.AllowAll)
		if err != nil || len(got) != 1 || got[0].Allow != want || got[0].Folder.String() != "/b" {
			t.Errorf("%s: %+v, %v", have, got, err)
		}
	}
	if got, err := rulesOf([]auth.Rule{{Folder: "/", Allow: auth.RightsAll}}, layer.AllowRead); err != nil || got[0].Allow != layer.AllowRead {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := rulesOf([]auth.Rule{{Folder: "/a\n"}}, layer.AllowAll); err == nil {
		t.Error("a folder with a line break was taken")
	}
}
