package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/vfs"
)

var _ auth.Login = (*Accounts)(nil).Login

// tree is an FS that no login may touch: every method would panic.
type tree struct {
	vfs.FS
	name string
}

func mustNew(t *testing.T, accounts []Account, opts ...Option) *Accounts {
	t.Helper()
	a, err := New(accounts, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestLogin(t *testing.T) {
	home, err := vfs.Clean("/home")
	if err != nil {
		t.Fatal(err)
	}
	anna, bob := &tree{name: "anna"}, &tree{name: "bob"}
	a := mustNew(t, []Account{
		{Name: "anna", Hash: mustHash(t, cheap, "pw-a"), FS: anna, Home: home},
		{Name: "bob", Hash: mustHash(t, cheap, "pw-b"), FS: bob},
	})
	g, err := a.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw-a"})
	if err != nil || g.Account != "anna" || g.FS != anna || g.Home != home {
		t.Errorf("anna: %+v, %v", g, err)
	}
	g, err = a.Login(t.Context(), auth.Credentials{User: "bob", Password: "pw-b"})
	if err != nil || g.Account != "bob" || g.FS != bob || !g.Home.IsRoot() {
		t.Errorf("bob: %+v, %v", g, err)
	}
	if g, err := a.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw-b"}); g != nil || !errors.Is(err, auth.ErrDenied) {
		t.Errorf("anna with bob's password: %+v, %v", g, err)
	}
}

// odd are names and passwords of S-23: any bytes, any size. None of them logs in.
var odd = []string{"", "Anna", "anna ", " anna", "anna\x00", "ann", "annaa", "anna\n", "../anna", "..", "/", "%s", `"anna"`, "anna'--",
	"a\u0301nna", "\xff", "\x00", strings.Repeat("a", 64<<10), strings.Repeat("\x00", 1<<20)}

// TestLoginComparesBytes is S-23: names are compared byte for byte and nothing
// that a peer sends shows in an error.
func TestLoginComparesBytes(t *testing.T) {
	a := mustNew(t, []Account{{Name: "anna", Hash: mustHash(t, cheap, "anna"), FS: &tree{}}})
	for _, s := range odd {
		for _, c := range []auth.Credentials{{User: s, Password: "anna"}, {User: "anna", Password: s}, {User: s, Password: s}} {
			g, err := a.Login(t.Context(), c)
			if g != nil || !errors.Is(err, auth.ErrDenied) {
				t.Errorf("%.20q, %.20q: %+v, %v", c.User, c.Password, g, err)
			}
			if strings.Contains(err.Error(), "anna") {
				t.Errorf("error %q repeats what the peer sent", err)
			}
		}
	}
}

// TestLoginCostsOneHash is S-22: unknown names, and passwords that cannot be
// right, cost exactly what a wrong password of a known name costs.
func TestLoginCostsOneHash(t *testing.T) {
	a := mustNew(t, []Account{{Name: "anna", Hash: mustHash(t, cheap, "anna"), FS: &tree{}}})
	var done []Params
	a.check.hash = func(v verifier, password string) bool {
		done = append(done, v.(encoded).Params)
		return v.verify(password)
	}
	try := func(c auth.Credentials) {
		t.Helper()
		done = nil
		_, _ = a.Login(t.Context(), c) // the answers are TestLogin's matter
		if len(done) != 1 || done[0] != cheap {
			t.Errorf("%.20q, %.20q cost %v, want one hash", c.User, c.Password, done)
		}
	}
	try(auth.Credentials{User: "anna", Password: "anna"})
	for _, s := range odd {
		try(auth.Credentials{User: "anna", Password: s})
		try(auth.Credentials{User: s, Password: "anna"})
	}
}

// TestDecoysCostWhatAccountsCost is S-22 where accounts differ in cost: unknown
// names show every cost that there is, each always the same.
func TestDecoysCostWhatAccountsCost(t *testing.T) {
	dear := Params{Memory: 16, Time: 2, Threads: 1}
	a := mustNew(t, []Account{
		{Name: "a", Hash: mustHash(t, cheap, "x"), FS: &tree{}},
		{Name: "b", Hash: mustHash(t, dear, "x"), FS: &tree{}},
	})
	seen := map[Params]int{}
	for i := range 200 {
		name := fmt.Sprint("nobody", i)
		p := a.decoy(name).(encoded).Params
		seen[p]++
		if again := a.decoy(name).(encoded).Params; again != p {
			t.Fatalf("%s costs %v, then %v", name, p, again)
		}
	}
	if len(seen) != 2 || seen[cheap] == 0 || seen[dear] == 0 {
		t.Errorf("costs of unknown names: %v", seen)
	}
}

// TestLoginKnowsNoDecoy: the right password of the account whose hash is the
// decoy does not let an unknown name in.
func TestLoginKnowsNoDecoy(t *testing.T) {
	a := mustNew(t, []Account{{Name: "anna", Hash: mustHash(t, cheap, "pw"), FS: &tree{}}})
	if g, err := a.Login(t.Context(), auth.Credentials{User: "eve", Password: "pw"}); g != nil || !errors.Is(err, auth.ErrDenied) {
		t.Errorf("%+v, %v", g, err)
	}
}

// TestLoginBound is S-26: no more hashes run than allowed, and who waits longer
// than its context gets ErrBusy, having cost nothing.
//
func TestLoginBound(t *testing.T) {
	phc := mustHash(t, cheap, "pw")
	synctest.Test(t, func(t *testing.T) {
		const bound, logins = 2, 20
		a := mustNew(t, []Account{{Name: "anna", Hash: phc, FS: &tree{}}}, WithConcurrency(bound))
		var running, total atomic.Int32
		release := make(chan struct{})
		a.check.hash = func(verifier, string) bool {
			total.Add(1)
			running.Add(1)
			defer running.Add(-1)
			<-release
			return true
		}
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan error, logins)
		for range logins {
			go func() {
				_, err := a.Login(ctx, auth.Credentials{User: "anna", Password: "pw"})
				results <- err
			}()
		}
		synctest.Wait()
		if n := running.Load(); n != bound {
			t.Errorf("%d hashes run at once, want %d", n, bound)
		}
		cancel()
		synctest.Wait()
		for range logins - bound {
			if err := <-results; !errors.Is(err, auth.ErrBusy) || !errors.Is(err, context.Canceled) || errors.Is(err, auth.ErrDenied) {
				t.Errorf("waiting login: %v", err)
			}
		}
		close(release)
		for range bound {
			if err := <-results; err != nil {
				t.Errorf("running login: %v", err)
			}
		}
		if _, err := a.Login(ctx, auth.Credentials{User: "anna", Password: "pw"}); !errors.Is(err, auth.ErrBusy) {
			t.Errorf("login of a peer that has left: %v", err)
		}
		if n := total.Load(); n != bound {
			t.Errorf("%d hashes in all, want %d", n, bound)
		}
		// Every slot is free again.
		for range bound + 1 {
			if _, err := a.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw"}); err != nil {
				t.Error(err)
			}
		}
	})
}

// The end of the last hash is told once, whether it ended or its turn never came.
func TestQuietOption(t *testing.T) {
	phc := mustHash(t, cheap, "pw")
	synctest.Test(t, func(t *testing.T) {
		var quiet int
		a := mustNew(t, []Account{{Name: "anna", Hash: phc, FS: &tree{}}}, WithConcurrency(1), WithQuiet(func() { quiet++ }))
		release := make(chan struct{})
		a.check.hash = func(verifier, string) bool { <-release; return true }
		login := func(ctx context.Context) {
			_, _ = a.Login(ctx, auth.Credentials{User: "anna", Password: "pw"}) // the answers are TestLoginBound's matter
		}
		leaving, leave := context.WithCancel(t.Context())
		go login(t.Context())
		synctest.Wait() // it has the only turn
		go login(leaving)
		synctest.Wait()
		leave()
		synctest.Wait()
		go login(t.Context())
		synctest.Wait()
		release <- struct{}{}
		synctest.Wait()
		if quiet != 0 {
			t.Errorf("told %d times while a hash ran or waited", quiet)
		}
		release <- struct{}{}
		synctest.Wait()
		if quiet != 1 {
			t.Errorf("told %d times, want once", quiet)
		}
		go login(t.Context())
		release <- struct{}{}
		synctest.Wait()
		if quiet != 2 {
			t.Errorf("told %d times, want twice", quiet)
		}
	})
}

func TestConcurrencyOption(t *testing.T) {
	acc := []Account{{Name: "anna", Hash: mustHash(t, cheap, "pw"), FS: &tree{}}}
	if got, want := cap(mustNew(t, acc).check.slots), max(1, runtime.GOMAXPROCS(0)/2); got != want {
		t.Errorf("default %d, want %d", got, want)
	}
	for n, want := range map[int]int{-1: 1, 0: 1, 1: 1, 7: 7} {
		if got := cap(mustNew(t, acc, WithConcurrency(n)).check.slots); got != want {
			t.Errorf("WithConcurrency(%d): %d, want %d", n, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := Account{Name: "anna", Hash: mustHash(t, cheap, "pw"), FS: &tree{}}
	for _, tc := range []struct {
		accounts []Account
		want     string
		isHash   bool
	}{
		{nil, "password: there is no account; give at least one", false},
		{[]Account{{Hash: good.Hash, FS: good.FS}}, "password: an account has no name; give it one", false},
		{[]Account{good, good}, `password: account "anna" is there twice; remove one`, false},
		{[]Account{{Name: "anna", Hash: good.Hash}}, `password: account "anna" has no file system; give it one`, false},
		{[]Account{{Name: "anna", Hash: "secret", FS: good.FS}}, `password: account "anna": not a usable password hash: ` +
			`it is not of argon2id, argon2i, bcrypt ($2b$), sha512-crypt ($6$) or PBKDF2; make a new one from its password`, true},
	} {
		_, err := New(tc.accounts)
		if err == nil || err.Error() != tc.want || errors.Is(err, ErrHash) != tc.isHash {
			t.Errorf("error %v, want %s", err, tc.want)
		}
	}
}

// TestNewKeepsItsOwnList: what the caller does to the slice later changes nothing.
func TestNewKeepsItsOwnList(t *testing.T) {
	accounts := []Account{{Name: "anna", Hash: mustHash(t, cheap, "pw"), FS: &tree{}}}
	a := mustNew(t, accounts)
	accounts[0] = Account{Name: "eve"}
	if _, err := a.Login(t.Context(), auth.Credentials{User: "anna", Password: "pw"}); err != nil {
		t.Error(err)
	}
}
