package dataconn

import (
	"slices"
	"testing"
)

func firstOf(l *lot) uint16 {
	for port := range l.draw() {
		l.use(port)
		return port
	}
	return 0
}

// S-53: the ports are spread evenly, none comes back within the next 64, and
// one server's order says nothing of another's.
func TestS53PortsByLot(t *testing.T) {
	const first, size, draws = 50000, 128, 12800
	l := newLot(first, first+size-1)
	count := map[uint16]int{}
	var order []uint16
	for i := range draws {
		port := firstOf(l)
		if port < first || port >= first+size {
			t.Fatalf("port %d is out of the range", port)
		}
		if slices.Contains(order[max(0, i-maxRecent):], port) {
			t.Fatalf("port %d came back within %d offers", port, maxRecent)
		}
		order = append(order, port)
		count[port]++
	}
	// 127 degrees of freedom: mean 127, deviation 16. Chance stays below 250.
	chi, expected := 0.0, float64(draws)/size
	for port := uint16(first); port < first+size; port++ {
		d := float64(count[port]) - expected
		chi += d * d / expected
	}
	if chi > 250 {
		t.Errorf("chi-square is %.0f", chi)
	}
	// Nor does a port tell the next one: steps of one are as rare as any other.
	steps := 0
	for i := 1; i < len(order); i++ {
		if order[i] == order[i-1]+1 {
			steps++
		}
	}
	if steps > draws/size*4 {
		t.Errorf("%d of %d ports follow on the one before", steps, draws)
	}
	other := newLot(first, first+size-1)
	same := 0
	for _, port := range order[:100] {
		if firstOf(other) == port {
			same++
		}
	}
	if same > 50 {
		t.Errorf("two lots agree in %d of 100 ports", same)
	}
}

// Every port is offered once in a draw, the ones used lately at the end.
func TestDrawIsComplete(t *testing.T) {
	l := newLot(65530, 65535)
	var used []uint16
	for range 3 {
		used = append(used, firstOf(l))
	}
	got := slices.Collect(l.draw())
	if !slices.Equal(got[3:], used) {
		t.Errorf("drew %v, want %v at the end", got, used)
	}
	slices.Sort(got)
	if want := []uint16{65530, 65531, 65532, 65533, 65534, 65535}; !slices.Equal(got, want) {
		t.Errorf("drew %v, want each of %v once", got, want)
	}
	only := newLot(7, 7)
	for range 2 {
		if port := firstOf(only); port != 7 {
			t.Errorf("a range of one port gave %d", port)
		}
	}
}
