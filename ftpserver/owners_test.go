package ftpserver

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// A name is asked for once, and what cannot stand in a fact is the number: a name with
// a semicolon or a space would forge facts or the path (RFC 3659 §7.2).
func TestOwnerNames(t *testing.T) {
	var o owners
	asked := 0
	names := map[string]string{
		"0": "root", "1": `DOMAIN\anna`, "2": "a;type=dir", "3": "a b", "4": "", "5": "\u00e4", "6": "x\r\n250 y",
		"7": strings.Repeat("x", maxOwnerName+1), "8": strings.Repeat("x", maxOwnerName),
	}
	lookup := func(id string) (string, error) {
		asked++
		if name, ok := names[id]; ok {
			return name, nil
		}
		return "anna", errors.New("unknown")
	}
	for range 2 {
		for id := range uint32(10) {
			want := strconv.Itoa(int(id))
			switch id {
			case 0, 1, 8:
				want = names[want]
			}
			if got := o.name(&o.users, id, lookup); got != want {
				t.Errorf("%d is %q, want %q", id, got, want)
			}
		}
	}
	if asked != 10 {
		t.Errorf("asked %d times", asked)
	}
	for id := range uint32(2 * maxOwners) {
		o.name(&o.users, id, lookup)
	}
	if len(o.users) > maxOwners || len(o.groups) != 0 {
		t.Errorf("%d users and %d groups are remembered", len(o.users), len(o.groups))
	}
}
