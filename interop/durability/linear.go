package durability

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// verb is what an operation does to names.
type verb string

const (
	store    verb = "STOR"
	retrieve verb = "RETR"
	remove   verb = "DELE"
	rename   verb = "RNTO"
)

// outcome is what the client was told.
type outcome string

const (
	done    outcome = "done"    // 2yz
	absent  outcome = "absent"  // 550: there is no such file
	unknown outcome = "unknown" // no answer: it happened, or it did not
)

// forever is the return of an operation that may still take effect at any time.
const forever = math.MaxInt64

// op is one operation of a history: who asked for what, between which two places
// in the order of all events, and what came of it.
type op struct {
	client    int
	call, ret int64
	verb      verb
	name, to  string
	value     int // what was stored or read; never 0
	outcome   outcome
}

func (o op) String() string {
	what := o.name
	switch o.verb {
	case rename:
		what += " -> " + o.to
	case store, retrieve:
		what += fmt.Sprintf(" = %d", o.value)
	}
	return fmt.Sprintf("[%d,%d] client %d: %s %s: %s", o.call, o.ret, o.client, o.verb, what, o.outcome)
}

// maxStates bounds the search: a history that is checked should need a small part
// of it.
const maxStates = 20_000_000

// linearisable says whether there is one order of all operations that each client
// could have seen: every operation takes effect at one moment between its call and
// its return, every answer is true at that moment, and an operation without an
// answer may take effect or not. Each name is a register that holds a version or
// nothing; names that a rename connects are judged together (Wing and Gong 1993,
// with the cache of Lowe 2017). All names are absent at first.
func linearisable(history []op) error {
	for _, part := range partitions(history) {
		if err := search(part); err != nil {
			return err
		}
	}
	return nil
}

// partitions splits a history into parts that have no name in common.
func partitions(history []op) [][]op {
	parent := map[string]string{}
	var find func(string) string
	find = func(name string) string {
		if p, ok := parent[name]; ok && p != name {
			parent[name] = find(p)
			return parent[name]
		}
		return name
	}
	for _, o := range history {
		if o.verb == rename {
			parent[find(o.name)] = find(o.to)
		}
	}
	groups := map[string][]op{}
	var order []string
	for _, o := range history {
		root := find(o.name)
		if groups[root] == nil {
			order = append(order, root)
		}
		groups[root] = append(groups[root], o)
	}
	var out [][]op
	for _, root := range order {
		out = append(out, groups[root])
	}
	return out
}

// searcher looks for an order of ops, which are sorted by their calls.
type searcher struct {
	ops   []op
	index map[string]int // name to its place in a state
	taken []bool         // which ops have their place in the order
	front int            // the first that has none
	seen  map[string]bool
	best  int // how many ops the longest order had
	stuck int // the front of that order
}

func search(ops []op) error {
	s := &searcher{ops: slices.Clone(ops), index: map[string]int{}, taken: make([]bool, len(ops)), seen: map[string]bool{}}
	slices.SortStableFunc(s.ops, func(a, b op) int { return cmp.Compare(a.call, b.call) })
	for _, o := range ops {
		for _, name := range []string{o.name, o.to} {
			if _, ok := s.index[name]; !ok && name != "" {
				s.index[name] = len(s.index)
			}
		}
	}
	found := s.extend(make([]int, len(s.index)), 0)
	switch {
	case len(s.seen) > maxStates:
		return fmt.Errorf("not decided after %d states; the history is too concurrent", maxStates)
	case !found:
		return s.explain()
	}
	return nil
}

// extend tries to order what is not ordered yet, from a state in which count ops
// have taken effect.
func (s *searcher) extend(state []int, count int) bool {
	if count == len(s.ops) {
		return true
	}
	if count > s.best {
		s.best, s.stuck = count, s.front
	}
	key := s.key(state)
	if s.seen[key] || len(s.seen) > maxStates {
		return false
	}
	s.seen[key] = true
	// Next may come whatever was called before the first return that is left.
	limit := int64(forever)
	for i := s.front; i < len(s.ops) && s.ops[i].call < limit; i++ {
		if !s.taken[i] {
			limit = min(limit, s.ops[i].ret)
		}
	}
	for i := s.front; i < len(s.ops) && s.ops[i].call < limit; i++ {
		if s.taken[i] {
			continue
		}
		for _, next := range s.apply(state, s.ops[i]) {
			front := s.front
			s.taken[i] = true
			for s.front < len(s.ops) && s.taken[s.front] {
				s.front++
			}
			if s.extend(next, count+1) {
				return true
			}
			s.taken[i], s.front = false, front
		}
	}
	return false
}

// key names a point of the search: what is ordered, and what the names hold.
func (s *searcher) key(state []int) string {
	b := binary.AppendUvarint(nil, uint64(s.front))
	for _, v := range state {
		b = binary.AppendUvarint(b, uint64(v))
	}
	for i := s.front; i < len(s.ops); i++ {
		if s.taken[i] {
			b = binary.AppendUvarint(b, uint64(i-s.front))
		}
	}
	return string(b)
}

// apply gives the states that an operation can lead to; none if its answer is not
// true of this one.
func (s *searcher) apply(state []int, o op) [][]int {
	at := s.index[o.name]
	held := state[at]
	if o.outcome == absent {
		if held != 0 {
			return nil
		}
		return [][]int{state}
	}
	next := slices.Clone(state)
	possible := true
	switch o.verb {
	case store:
		next[at] = o.value
	case retrieve:
		possible = held == o.value
	case remove:
		possible = held != 0
		next[at] = 0
	case rename:
		possible = held != 0
		next[at] = 0
		next[s.index[o.to]] = held
	}
	switch {
	case o.outcome == unknown && possible:
		return [][]int{next, state}
	case o.outcome == unknown:
		return [][]int{state}
	case possible:
		return [][]int{next}
	}
	return nil
}

// explain shows the operations round the place where the longest order ended.
func (s *searcher) explain() error {
	var b strings.Builder
	from, to := max(0, s.stuck-8), min(len(s.ops), s.stuck+16)
	for _, o := range s.ops[from:to] {
		fmt.Fprintf(&b, "\n%v", o)
	}
	return fmt.Errorf("no order explains these operations (%d of %d could be ordered):%s", s.best, len(s.ops), b.String())
}
