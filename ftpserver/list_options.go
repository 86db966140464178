package ftpserver

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// maxSorted bounds what a listing holds in memory to sort it, in entries.
const maxSorted = 5_000

// listOptions is what LIST, NLST and STAT are asked for in the manner of ls.
type listOptions struct {
	compare   func(a, b vfs.Entry) int // nil: as the storage lists
	reverse   bool
	recursive bool
}

// parseListOptions takes the options off the front of an argument and gives what is
// behind them, the path. Options are words of "-" and letters or "1". They are that
// even where something has such a name: what a client always sends must not come to
// mean another thing by what somebody has put there. "./-x" is such a name, and so is
// all that follows "--" and one space, spaces too.
func parseListOptions(arg string) (o listOptions, path string) {
	for {
		word, rest, _ := strings.Cut(arg, " ")
		if word == "--" {
			return o, rest
		}
		if !isListOption(word) {
			return o, arg
		}
		for _, letter := range word[1:] {
			o.add(letter)
		}
		arg = strings.TrimLeft(rest, " ")
	}
}

func isListOption(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	for _, c := range []byte(word[1:]) {
		if letter := c | 0x20; (letter < 'a' || letter > 'z') && c != '1' {
			return false
		}
	}
	return true
}

// add takes one letter. Most ask for what is so anyway: all names (-a, -A), the long
// form (-l), one name a line (-1), what links point to (-L). Others would change
// names (-F, -p, -Q, -b), which must stay as they are.
func (o *listOptions) add(letter rune) {
	switch letter {
	case 't':
		o.compare = func(a, b vfs.Entry) int { return b.ModTime.Compare(a.ModTime) }
	case 'S':
		o.compare = func(a, b vfs.Entry) int { return cmp.Compare(b.Size, a.Size) }
	case 'r':
		o.reverse = true
	case 'R':
		o.recursive = true
	}
}

// check refuses what would be misunderstood if it were passed over: who asks for a
// tree and gets one folder takes that for all there is.
func (o listOptions) check() error {
	if o.recursive {
		return refuse(ftp.Code504BadParameterValue, "Recursive listings are not done; list each directory.")
	}
	return nil
}

// fields adds what sorting has to know.
func (o listOptions) fields(want vfs.Fields) vfs.Fields {
	if o.compare != nil {
		want |= vfs.WantInfo
	}
	return want
}

// sort gives entries in the order that was asked for, and those that are alike in it
// by name. More than maxSorted of them stay in the order of the storage.
func (o listOptions) sort(entries iter.Seq2[vfs.Entry, error]) iter.Seq2[vfs.Entry, error] {
	if o.compare == nil {
		return entries
	}
	return func(yield func(vfs.Entry, error) bool) {
		var held []vfs.Entry
		giveUp := false
		for e, err := range entries {
			switch {
			case err != nil:
				yield(e, err)
				return
			case giveUp:
				if !yield(e, nil) {
					return
				}
				continue
			}
			if held = append(held, e); len(held) > maxSorted {
				giveUp = true
				if !yieldAll(held, yield) {
					return
				}
				held = nil
			}
		}
		slices.SortFunc(held, o.order)
		yieldAll(held, yield)
	}
}

func (o listOptions) order(a, b vfs.Entry) int {
	if o.reverse {
		a, b = b, a
	}
	return cmp.Or(o.compare(a, b), strings.Compare(a.Name, b.Name))
}

func yieldAll(entries []vfs.Entry, yield func(vfs.Entry, error) bool) bool {
	for _, e := range entries {
		if !yield(e, nil) {
			return false
		}
	}
	return true
}
