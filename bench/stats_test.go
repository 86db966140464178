package main

import (
	"math"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		given := slices.Clone(c.of)
		if got := median(c.of); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.of, got, c.want)
		}
		if !slices.Equal(given, c.of) {
			t.Errorf("median changed the order of %v to %v", given, c.of)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v, want NaN", got)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(100 - i) // 100 to 1
	}
	for _, c := range []struct {
		of   []float64
		p    float64
		want float64
	}{
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
		{[]float64{3, 1}, 99, 3},
		{[]float64{3, 1}, 50, 1},
	} {
		if got := percentile(c.of, c.p); got != c.want {
			t.Errorf("percentile %v of %d values = %v, want %v", c.p, len(c.of), got, c.want)
		}
	}
	if got := percentile(nil, 50); !math.IsNaN(got) {
		t.Errorf("percentile of nothing = %v, want NaN", got)
	}
}

func TestSpread(t *testing.T) {
	if got := spread([]float64{2, 4, 3}); math.Abs(got-2.0/3) > 1e-12 {
		t.Errorf("spread = %v, want 2/3", got)
	}
}

func TestRatios(t *testing.T) {
	of := map[int]float64{0: 1, 1: 2, 2: 3, 4: 8}
	to := map[int]float64{0: 2, 2: 0, 3: 5, 4: 4}
	// Round 1 lacks the second, 3 the first, 2 would divide by zero, 4 is not asked for.
	if got, want := ratios(of, to, 4), []float64{0.5}; !slices.Equal(got, want) {
		t.Errorf("ratios of 4 rounds = %v, want %v", got, want)
	}
	if got, want := ratios(of, to, 5), []float64{0.5, 2}; !slices.Equal(got, want) {
		t.Errorf("ratios of 5 rounds = %v, want %v", got, want)
	}
}

func TestRotation(t *testing.T) {
	first := map[int]bool{}
	for round := range 3 {
		order := rotation(3, round)
		first[order[0]] = true
		if s := slices.Sorted(slices.Values(order)); !slices.Equal(s, []int{0, 1, 2}) {
			t.Errorf("round %d: %v does not have each server once", round, order)
		}
	}
	if len(first) != 3 {
		t.Errorf("in 3 rounds only %v came first", first)
	}
}
