package password

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MinLen is the shortest password that [Policy] takes by default, in characters.
const MinLen = 10

// ErrWeak is what [Policy.Check] returns, wrapped.
var ErrWeak = errors.New("the password is too easy to guess")

// Policy is which new passwords are taken. The zero value demands MinLen characters.
type Policy struct {
	MinLen int // characters; 0: MinLen
}

//go:embed frequent.txt
var frequent string

// Check judges a new password for an account of this name. It refuses one that
// FTP cannot send; one that is too short; the name, and one of the passwords that
// guessers try first, in capitals or not, also with digits and signs around them.
// The error is for the person who chose it, and does not hold the password.
func (p Policy) Check(name, password string) error {
	least := p.MinLen
	if least == 0 {
		least = MinLen
	}
	if password == "" || !sendable(password) || strings.ContainsAny(password, "\r\n") {
		return fmt.Errorf("a password needs 1 to %d bytes without NUL and line breaks; choose another", MaxLen)
	}
	if n := utf8.RuneCountInString(password); n < least {
		return fmt.Errorf("%w: it has %d characters, and needs %d; choose a longer one", ErrWeak, n, least)
	}
	whole := strings.ToLower(password)
	middle, own := core(whole), strings.ToLower(name)
	if whole == own || middle != "" && middle == core(own) {
		return fmt.Errorf("%w: it is the name of the account; choose another", ErrWeak)
	}
	for line := range strings.Lines(frequent) {
		if word := strings.TrimSpace(line); whole == word || middle != "" && middle == word {
			return fmt.Errorf("%w: it is one of those that are tried first; choose another", ErrWeak)
		}
	}
	if strings.Count(whole, whole[:1]) == len(whole) {
		return fmt.Errorf("%w: it is one character many times; choose another", ErrWeak)
	}
	return nil
}

// core is s without what is around its letters.
func core(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}
