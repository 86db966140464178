package ftp

import (
	"errors"
	"strings"
	"time"
)

// ErrTime is returned for a text that is no time value of RFC 3659 §2.3.
var ErrTime = errors.New("not a time value (YYYYMMDDHHMMSS[.sss])")

const timeLayout = "20060102150405"

// FormatTime gives t in UTC as RFC 3659 §2.3 has it: 14 digits, no fraction,
// which is the form that every client reads.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// ParseTime reads a time value of RFC 3659 §2.3: exactly 14 digits, then
// optionally a point and 1 to 9 digits. Anything else is ErrTime.
func ParseTime(s string) (time.Time, error) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if len(whole) != len(timeLayout) || !digits(whole) {
		return time.Time{}, ErrTime
	}
	if dotted && (len(fraction) == 0 || len(fraction) > 9 || !digits(fraction)) {
		return time.Time{}, ErrTime
	}
	t, err := time.ParseInLocation(timeLayout, whole, time.UTC)
	if err != nil {
		return time.Time{}, ErrTime
	}
	nanos := 0
	for i := range 9 {
		nanos *= 10
		if i < len(fraction) {
			nanos += int(fraction[i] - '0')
		}
	}
	return t.Add(time.Duration(nanos)), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
