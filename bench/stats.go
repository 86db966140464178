package main

import (
	"math"
	"slices"
)

// median of what is given; NaN of nothing.
func median(n []float64) float64 {
	if len(n) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(n))
	half := len(s) / 2
	if len(s)%2 == 1 {
		return s[half]
	}
	return (s[half-1] + s[half]) / 2
}

// percentile by nearest rank: the smallest value that at least p percent of all
// do not exceed.
func percentile(n []float64, p float64) float64 {
	if len(n) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(n))
	rank := int(math.Ceil(p / 100 * float64(len(s))))
	return s[min(max(rank, 1), len(s))-1]
}

// spread is how far the values lie apart, as a part of their median: the noise
// between rounds.
func spread(n []float64) float64 {
	if len(n) == 0 {
		return math.NaN()
	}
	return (slices.Max(n) - slices.Min(n)) / median(n)
}

// ratios divides round by round; rounds that lack one of the two are left out.
// A ratio to zero is left out too: it says nothing.
func ratios(of, to map[int]float64, rounds int) []float64 {
	var all []float64
	for round := range rounds {
		a, inA := of[round]
		b, inB := to[round]
		if inA && inB && b != 0 {
			all = append(all, a/b)
		}
	}
	return all
}
