package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in the settings.
type Error struct {
	File    string // empty where settings do not come from a file
	Line    int    // from 1; 0 where the mistake has no line
	Key     string // such as "limits.idle" or "account[0].name"; may be empty
	Message string // one clause, without the place
	Hint    string // what to do about it; may be empty
}

// Error gives FILE:LINE: message (hint: ...), without what is not known.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
		if e.Line > 0 {
			fmt.Fprintf(&b, "%d:", e.Line)
		}
		b.WriteByte(' ')
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString(" (hint: " + e.Hint + ")")
	}
	return b.String()
}

// mistake is what a parser of one value says; its key and place are added later.
type mistake struct{ message, hint string }

func (m *mistake) Error() string {
	if m.hint == "" {
		return m.message
	}
	return m.message + " (hint: " + m.hint + ")"
}

// Hint says what to do about it.
func (m *mistake) Hint() string { return m.hint }

func mistakef(hint, format string, args ...any) error {
	return &mistake{fmt.Sprintf(format, args...), hint}
}

// at makes an Error of what a parser said about key.
func at(key string, err error) *Error {
	e := &Error{Key: key, Message: key + ": " + err.Error()}
	if m := (*mistake)(nil); errors.As(err, &m) {
		e.Message, e.Hint = key+": "+m.message, m.hint
	}
	return e
}

// join sorts by line and joins; each text once.
func join(list []*Error) error {
	slices.SortStableFunc(list, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	var errs []error
	seen := map[string]bool{}
	for _, e := range list {
		if text := e.Error(); !seen[text] {
			seen[text] = true
			errs = append(errs, e)
		}
	}
	return errors.Join(errs...)
}
