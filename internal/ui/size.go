package ui

import (
	"fmt"
	"strconv"
	"time"
)

// Count gives n with a comma between groups of three digits.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Counted gives n with what is counted, in the singular or the plural: "1 file", "2 files",
// "0 files". The plural of noun is the one with an s.
func Counted[N int | int64 | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(int64(n)) + " " + noun + "s"
}

// Size gives n bytes in the unit that suits it, of 1000 each: "1.5 MB".
func Size(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, unit := float64(n)/1000, "kB"
	for _, next := range []string{"MB", "GB", "TB", "PB", "EB"} {
		if v < 999.95 {
			break
		}
		v, unit = v/1000, next
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

// Rate gives n bytes in d as a rate: "1.5 MB/s", and "-" if d is not positive.
func Rate(n int64, d time.Duration) string {
	if d <= 0 {
		return "-"
	}
	perSecond := float64(n) / d.Seconds()
	if perSecond >= 1<<62 {
		return "-"
	}
	return Size(int64(perSecond)) + "/s"
}
