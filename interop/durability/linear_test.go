package durability

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// parseHistory reads lines such as "1 4 STOR a 7 done", "5 6 RNTO a>b done".
func parseHistory(t *testing.T, text string) []op {
	t.Helper()
	var out []op
	for line := range strings.Lines(strings.TrimSpace(text)) {
		var o op
		f := strings.Fields(line)
		if _, err := fmt.Sscan(f[0], &o.call); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if f[1] == "-" {
			o.ret = forever
		} else if _, err := fmt.Sscan(f[1], &o.ret); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		o.verb, o.name, o.outcome = verb(f[2]), f[3], outcome(f[len(f)-1])
		o.name, o.to, _ = strings.Cut(o.name, ">")
		if len(f) == 6 {
			if _, err := fmt.Sscan(f[4], &o.value); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
		}
		out = append(out, o)
	}
	return out
}

// D-10: the checker accepts what one order explains.
func TestLinearisableGood(t *testing.T) {
	for name, text := range map[string]string{
		"one after the other": `
			1 2 STOR a 1 done
			3 4 RETR a 1 done
			5 6 DELE a done
			7 8 RETR a absent`,
		"a reader beside a writer sees either": `
			1 2 STOR a 1 done
			3 9 STOR a 2 done
			4 5 RETR a 1 done
			6 7 RETR a 2 done`,
		"no answer, and it happened": `
			1 2 STOR a 1 done
			3 9 STOR a 2 unknown
			10 11 RETR a 2 done`,
		"no answer, and it did not happen": `
			1 2 STOR a 1 done
			3 9 STOR a 2 unknown
			10 11 RETR a 1 done`,
		"no answer, and it happens late": `
			1 2 STOR a 1 done
			3 - STOR a 2 unknown
			10 11 RETR a 1 done
			12 13 RETR a 2 done`,
		"a rename takes the version along": `
			1 2 STOR a 1 done
			3 4 RNTO a>b done
			5 6 RETR a absent
			7 8 RETR b 1 done`,
		"a rename replaces, and one without an answer need not": `
			1 2 STOR a 1 done
			3 4 STOR b 2 done
			5 9 RNTO a>b unknown
			10 11 RETR b 2 done
			12 13 RNTO b>a done
			14 15 RETR a 2 done
			16 17 RNTO b>a absent`,
		"a deletion that lost the race": `
			1 8 DELE a done
			2 9 DELE a absent
			3 4 STOR a 1 done`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := linearisable(parseHistory(t, text)); err != nil {
				t.Error(err)
			}
		})
	}
}

// D-10: and refuses what none does.
func TestLinearisableBad(t *testing.T) {
	for name, text := range map[string]string{
		"an acknowledged upload is lost": `
			1 2 STOR a 1 done
			3 4 RETR a absent`,
		"the old version comes back": `
			1 2 STOR a 1 done
			3 4 STOR a 2 done
			5 6 RETR a 1 done`,
		"two readers see two orders": `
			1 2 STOR a 1 done
			3 9 STOR a 2 done
			4 5 RETR a 2 done
			6 7 RETR a 1 done`,
		"a version that nobody stored": `
			1 2 STOR a 1 done
			3 4 RETR a 5 done`,
		"a deletion that did not last": `
			1 2 STOR a 1 done
			3 4 DELE a done
			5 6 RETR a 1 done`,
		"an upload takes effect after its window": `
			1 2 STOR a 1 done
			3 5 STOR a 2 unknown
			6 7 RETR a 1 done
			8 9 RETR a 2 done`,
		"a rename leaves its source": `
			1 2 STOR a 1 done
			3 4 RNTO a>b done
			5 6 RETR a 1 done`,
		"a rename in halves": `
			1 2 STOR a 1 done
			3 9 RNTO a>b unknown
			10 11 RETR a absent
			12 13 RETR b absent`,
		"a rename of nothing": `
			1 2 RNTO a>b done`,
		"two deletions of one file": `
			1 2 STOR a 1 done
			3 8 DELE a done
			4 9 DELE a done`,
	} {
		t.Run(name, func(t *testing.T) {
			if linearisable(parseHistory(t, text)) == nil {
				t.Error("accepted")
			}
		})
	}
}

// TestLinearisableRandom: histories that were made by a real register are
// accepted, and refused as soon as one answer in them is changed to a version that
// was overwritten before the reader came.
func TestLinearisableRandom(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		history := simulate(r, 8, 400)
		if err := linearisable(history); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, i := range r.Perm(len(history)) {
			if o := &history[i]; o.verb == retrieve && o.outcome == done {
				o.value = 1_000_000 // never stored
				break
			}
		}
		if linearisable(history) == nil {
			t.Fatalf("seed %d: a version that was never stored is accepted", seed)
		}
	}
}

// simulate lets clients work on four names, with each effect at a random moment
// between call and return; some answers are lost.
func simulate(r *rand.Rand, clients, ops int) []op {
	names := []string{"a", "b", "c", "d"}
	state := map[string]int{}
	type running struct {
		op
		applied bool
	}
	busy := make([]*running, clients)
	var clock int64
	var history []op
	for len(history) < ops {
		clock++
		c := r.IntN(clients)
		x := busy[c]
		switch {
		case x == nil:
			pair := 2 * r.IntN(2)
			o := op{client: c, call: clock, name: names[pair], to: names[pair+1], outcome: done}
			o.verb = []verb{store, store, retrieve, retrieve, remove, rename}[r.IntN(6)]
			if o.verb == store {
				o.value = int(clock)
			}
			if o.verb != rename {
				o.name, o.to = names[r.IntN(len(names))], ""
			}
			busy[c] = &running{op: o}
		case !x.applied:
			x.applied = true
			held := state[x.name]
			switch {
			case x.verb == store:
				state[x.name] = x.value
			case held == 0:
				x.outcome = absent
			case x.verb == retrieve:
				x.value = held
			case x.verb == remove:
				state[x.name] = 0
			case x.verb == rename:
				state[x.name], state[x.to] = 0, held
			}
		default:
			x.ret = clock
			if x.verb != retrieve && r.IntN(5) == 0 {
				x.outcome = unknown
			}
			history = append(history, x.op)
			busy[c] = nil
		}
	}
	for _, x := range busy {
		if x != nil && x.verb != retrieve {
			x.ret, x.outcome = forever, unknown
			history = append(history, x.op)
		}
	}
	return history
}
