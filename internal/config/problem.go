package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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
	text := e.Place() + e.Message
	if e.Hint != "" {
		text += " (hint: " + e.Hint + ")"
	}
	return text
}

// mistake is what a parser of one value says; its key and place are added later.
type mistake struct{ message, hint string }

// Error leaves the hint out: who shows it asks for that too.
func (m *mistake) Error() string { return m.message }

// Hint says what to do about it.
func (m *mistake) Hint() string { return m.hint }

func mistakef(hint, format string, args ...any) error {
	return &mistake{fmt.Sprintf(format, args...), hint}
}

// unreadable is the error of a file that is not there, or not for this user.
type unreadable struct {
	path string
	err  error
}

// Error leaves out what package os has tried, and the path a second time.
func (e *unreadable) Error() string {
	cause := e.err
	if path := (*fs.PathError)(nil); errors.As(cause, &path) {
		cause = path.Err
	}
	return fmt.Sprintf("the settings %s cannot be read: %v", e.path, cause)
}

func (e *unreadable) Unwrap() error { return e.err }

// Hint says what to do about it.
func (e *unreadable) Hint() string { return "check the path, and whether this user may read the file" }

// Apart gives the mistakes that the error of [Load], [Parse] or [Config.Validate] joins; nil for
// an error of another kind.
func Apart(err error) (list []*Error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			var e *Error
			if !errors.As(one, &e) {
				return nil
			}
			list = append(list, e)
		}
		return list
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		list = []*Error{e}
	}
	return list
}

// Place gives FILE:LINE and a space behind it, as far as they are known.
func (e *Error) Place() string {
	switch {
	case e.File == "":
		return ""
	case e.Line == 0:
		return e.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", e.File, e.Line)
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
