//go:build interop && linux

package durability

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// recorder writes down who asked for what and when: not by a clock, but by the
// order in which things happened.
type recorder struct {
	mu      sync.Mutex
	clock   int64
	history []op
	refused map[int]int // replies that mean that nothing happened
}

func (r *recorder) tick() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock++
	return r.clock
}

func (r *recorder) add(o op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, o)
}

// settle adds the operations that had no answer when the server was gone: they have
// happened by then, or never will. What was asked for later has not.
func (r *recorder) settle(lost []*op, gone int64) {
	for _, o := range lost {
		if o != nil && o.call < gone {
			o.ret = gone
			r.add(*o)
		}
	}
}

func (r *recorder) refuse(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused[code]++
}

// tally counts the outcomes.
func (r *recorder) tally() string {
	n := map[string]int{}
	for _, o := range r.history {
		n[string(o.verb)+" "+string(o.outcome)]++
	}
	return fmt.Sprintf("%d operations %v, refused %v", len(r.history), n, r.refused)
}

// pairs of names: a rename stays within one, so that a history falls into as many
// parts, which the checker can judge one by one.
const pairs = 8

// player is a client that does what it likes to 16 names.
type player struct {
	id  int
	r   *rand.Rand
	rec *recorder
	n   int
}

func players(n int, rec *recorder) []*player {
	var out []*player
	for i := range n {
		out = append(out, &player{id: i, rec: rec, r: rand.New(rand.NewPCG(rand.Uint64(), 1))})
	}
	return out
}

// next chooses an operation.
func (p *player) next() op {
	pair, side := p.r.IntN(pairs), p.r.IntN(2)
	name := func(side int) string { return fmt.Sprintf("n%d%c", pair, "ab"[side]) }
	o := op{client: p.id, name: name(side), outcome: unknown}
	switch n := p.r.IntN(10); {
	case n < 4:
		p.n++
		o.verb, o.value = store, p.n*100+p.id+1
	case n < 8:
		o.verb = retrieve
	case n < 9:
		o.verb = remove
	default:
		o.verb, o.to = rename, name(1-side)
	}
	return o
}

// play works until the connection breaks or the time is over. It returns the
// operation whose answer did not come, if there is one.
func (p *player) play(t *testing.T, c *client, over <-chan struct{}) *op {
	t.Helper()
	for {
		select {
		case <-over:
			return nil
		default:
		}
		o := p.next()
		o.call = p.rec.tick()
		code, err := p.do(c, &o)
		switch {
		case err != nil && o.verb == retrieve:
			return nil // nobody can tell, and nothing can have changed
		case err != nil:
			return &o
		case code < 300:
			o.outcome = done
		case code == 550:
			o.outcome = absent
		default:
			p.rec.refuse(code)
			continue
		}
		if o.verb == store && code == 550 {
			t.Errorf("STOR was refused with 550")
			continue
		}
		o.ret = p.rec.tick()
		p.rec.add(o)
	}
}

func (p *player) do(c *client, o *op) (int, error) {
	switch o.verb {
	case store:
		return c.store(o.name, body("any", o.value, p.r.IntN(40*kib)))
	case remove:
		return c.cmd("DELE " + o.name)
	case rename:
		return c.rename(o.name, o.to)
	}
	b, code, err := c.download("RETR " + o.name)
	if err == nil && code < 300 {
		_, o.value, err = whole(b)
		if err != nil {
			o.value = -1 // not what anybody stored: no order explains it
			return code, nil
		}
	}
	return code, err
}

// judgeHistory fails the test if no order explains what was seen.
func judgeHistory(t *testing.T, label string, rec *recorder, kills int) {
	t.Helper()
	t.Logf("%s: %d kills, %s", label, kills, rec.tally())
	if err := linearisable(rec.history); err != nil {
		t.Error(err)
	}
	if n := len(rec.history); n < 20*kills {
		t.Errorf("%d operations say little about %d kills", n, kills)
	}
}

// TestHistory: 8 clients store, fetch, rename and delete 16 names while the server
// is killed and started again and again: all that they saw is what one register a
// name could have shown them (D-10, S-77).
func TestHistory(t *testing.T) {
	s := newServer(t, t.TempDir())
	rec := &recorder{refused: map[int]int{}}
	crew := players(8, rec)
	kills := pick(15, 200)
	for range kills {
		s.start(t)
		clients := connectAll(t, s, len(crew))
		lost := make([]*op, len(crew))
		var wg sync.WaitGroup
		for i, p := range crew {
			wg.Go(func() {
				defer clients[i].close()
				lost[i] = p.play(t, clients[i], nil)
			})
		}
		time.Sleep(time.Duration(rand.Int64N(int64(400 * time.Millisecond))))
		s.kill()
		gone := rec.tick()
		wg.Wait()
		rec.settle(lost, gone)
	}
	s.start(t)
	judgeHistory(t, "D-10", rec, kills)
	s.stop(t)
}
