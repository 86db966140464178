package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sealane/sealane/auth"
	"github.com/sealane/sealane/auth/password"
	"github.com/sealane/sealane/auth/store"
	"github.com/sealane/sealane/auth/store/sqlite"
	"github.com/sealane/sealane/internal/config"
)

// samples is how often each name is tried.
const samples = 1000

// S-22: who measures 1,000 answers for each name does not learn which names there are: the
// means of known and unknown names differ by less than 5 % of the standard deviation, or by no
// more than chance explains. It measures what PASS waits for, without the network and without
// the pause behind a wrong password, both of which would hide something.
//
// The mean of 1,000 samples has a standard error of 3 % of their deviation, the difference of
// two 4.5 %: the bound of 5 % alone would fail every fourth time for two names that are the
// same. So that is a finding only if also the difference is more than 4 times its standard
// error, which happens by chance once in 16,000 comparisons. A few slow answers spoil means, but
// no ranks: they are judged alike (Mann-Whitney).
func TestS22TimeOfUnknownNames(t *testing.T) {
	if os.Getenv("INTEROP_LONG") != "1" {
		t.Skip("measures for minutes, and wants a machine that does little else; set INTEROP_LONG=1")
	}
	login := loginOfAccounts(t)
	names := []string{"nobody", "no-one", "anna", "kept", "disabled", "expired"} // the first two are unknown
	took := make([][]float64, len(names))
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	const warm = 20
	for round := range warm + samples {
		// In another order each time: what the machine does meanwhile hits all alike.
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			began := time.Now()
			_, err := login(t.Context(), auth.Credentials{User: names[i], Password: "guess", Remote: netip.MustParseAddrPort("127.0.0.1:40000")})
			lasted := time.Since(began)
			if !errors.Is(err, auth.ErrDenied) {
				t.Fatalf("%s: %v", names[i], err)
			}
			if round >= warm {
				took[i] = append(took[i], lasted.Seconds()*1000)
			}
		}
	}
	for i, name := range names {
		mean, deviation := spread(took[i])
		t.Logf("%-8s  mean %.4f ms, standard deviation %.4f ms, median %.4f ms", name, mean, deviation, median(took[i]))
	}
	for i := 1; i < len(names); i++ {
		c := compare(took[0], took[i])
		t.Logf("%s, %s: %v", names[0], names[i], c)
		if c.tells() {
			t.Errorf("the time tells %s from %s: %v", names[0], names[i], c)
		}
	}
}

// loginOfAccounts is the whole login of a server with accounts of both kinds, whose hashes
// cost what they do by default, and whose guard lets this machine try as often as it wants.
func loginOfAccounts(t *testing.T) auth.Login {
	t.Helper()
	hash, err := password.Hash(livePassword)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Dir, c.State = t.TempDir(), t.TempDir()
	c.Homes = filepath.Join(c.State, "homes")
	c.Accounts = []config.Account{{Name: "anna", PasswordHash: hash}}
	kept, err := sqlite.Open(t.Context(), filepath.Join(c.State, keptFile))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	for _, a := range []store.Account{
		{Name: "kept"}, {Name: "disabled", Disabled: true}, {Name: "expired", Settings: store.Settings{Expires: new(time.Now().Add(-time.Minute))}},
	} {
		a.PasswordHash = hash
		if err := kept.Add(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	d := &daemon{lasting: &lasting{state: c.State, procs: newProcs()}, config: c, log: newLogger(io.Discard, config.FormatText)}
	p := c.Guard
	p.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	d.warden.open(c.State, p, d.log, nil)
	t.Cleanup(d.warden.close)
	d.trees = newTrees(c, c.Dir, newFolders())
	t.Cleanup(func() { d.discard(nil) })
	if err := d.prepareAccounts(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	d.build()
	d.warden.protect(d.server)
	return d.server.Login
}

func spread(v []float64) (mean, deviation float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		deviation += (x - mean) * (x - mean) / float64(len(v)-1)
	}
	return mean, math.Sqrt(deviation)
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// comparison is of the times of two names.
type comparison struct {
	difference float64 // of the means, in standard deviations
	errors     float64 // the same, in its standard errors (Welch)
	ranks      float64 // the difference of the ranks in its standard errors (Mann-Whitney)
}

func (c comparison) String() string {
	return fmt.Sprintf("means differ by %.1f %% of the standard deviation, which is %.1f standard errors; ranks by %.1f", 100*c.difference, c.errors, c.ranks)
}

// tells reports whether one can be told from the other.
func (c comparison) tells() bool {
	return math.Abs(c.difference) > 0.05 && math.Abs(c.errors) > 4 || math.Abs(c.ranks) > 4
}

func compare(a, b []float64) comparison {
	meanA, a1 := spread(a)
	meanB, b1 := spread(b)
	n, m := float64(len(a)), float64(len(b))
	c := comparison{
		difference: (meanB - meanA) / math.Sqrt((a1*a1+b1*b1)/2),
		errors:     (meanB - meanA) / math.Sqrt(a1*a1/n+b1*b1/m),
	}
	type sample struct {
		of float64
		b  bool
	}
	var all []sample
	for _, x := range a {
		all = append(all, sample{x, false})
	}
	for _, x := range b {
		all = append(all, sample{x, true})
	}
	slices.SortFunc(all, func(x, y sample) int { return cmp.Compare(x.of, y.of) })
	sum := 0.0
	for rank, s := range all { // of nanoseconds hardly any two are the same
		if s.b {
			sum += float64(rank + 1)
		}
	}
	c.ranks = (sum - m*(n+m+1)/2) / math.Sqrt(n*m*(n+m+1)/12)
	return c
}

// S-22: the judgement of times finds what an attacker would, and nothing in chance.
func TestComparisonOfTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(shift, slow float64) (out []float64) {
		for range samples {
			x := 40 + shift + r.NormFloat64()
			if r.Float64() < slow {
				x += 200
			}
			out = append(out, x)
		}
		return out
	}
	for _, row := range []struct {
		name        string
		shift, slow float64
		tells       bool
	}{
		{"the same", 0, 0, false},
		{"the same, with slow ones", 0, 0.02, false},
		{"no hash", -39, 0, true},
		{"no hash, with slow ones", -39, 0.02, true},
		{"a third of the deviation", 0.33, 0, true},
		{"half of it, behind slow ones", 0.5, 0.02, true},
	} {
		if c := compare(noise(0, row.slow), noise(row.shift, row.slow)); c.tells() != row.tells {
			t.Errorf("%s: %v", row.name, c)
		}
	}
}
