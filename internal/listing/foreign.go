package listing

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

// MaxLine bounds a line of a foreign listing, in bytes. A longer one is unreadable.
const MaxLine = 64 << 10

// Item is an entry of a foreign listing. Its Name has the bytes of the listing; use
// Safe before it becomes the name of a local file. ModTime is what the server's clock
// showed, written down as UTC unless ZoneKnown.
type Item struct {
	vfs.Entry
	SizeKnown bool      // Size is in bytes; else it is 0, as where a server counts blocks or lines
	Precision Precision // of ModTime
	ZoneKnown bool      // ModTime is a point in time; else it may be off by up to 14 hours
	Target    string    // where a link leads to, as the server shows it; "" if it does not
}

// Precision says how much of a time a listing shows.
type Precision uint8

// The precisions. What is finer than them is zero in the time.
const (
	NoTime Precision = iota // the time is zero too
	ToDay
	ToMinute
	ToSecond
)

// Errors of a foreign listing, all of the kind ErrForeign.
var (
	ErrForeign   = errors.New("listing: not a line of a listing that is known")
	ErrLineLong  = fmt.Errorf("%w: it is longer than %d bytes", ErrForeign, MaxLine)
	ErrOtherForm = fmt.Errorf("%w: it is not in the form of the lines before", ErrForeign)
	ErrNoDetails = fmt.Errorf("%w: a name without the line behind it", ErrForeign)
	// ErrTooMany ends a listing: the lines behind are not looked at.
	ErrTooMany = errors.New("listing: more entries than were allowed")
)

// Parser reads the lines of LIST, whose form no standard has fixed (RFC 959
// §4.1.3). The first line in a form that it knows decides for all that follow: a
// name must not look like a line of some other server.
//
// What cannot be read is counted and never passed over in silence: a mirror would
// delete what it does not see.
type Parser struct {
	now time.Time // of the server's clock
	max int       // entries
	got int

	form    *form
	skipped int
	first   string
	why     error

	pending string // VMS: a line with a name, whose details are on the next one
	last    string // VMS: the name before, without its version
}

// NewParser makes a Parser of one listing. now is the time by the server's clock, as
// far as it is known: times without a year are of the twelve months before it.
// max bounds the entries.
func NewParser(now time.Time, max int) *Parser { return &Parser{now: now, max: max} }

// form is one way to write a listing.
type form struct {
	name string
	read func(p *Parser, line string) (Item, verdict)
}

// verdict is what a form says of a line.
type verdict uint8

const (
	foreign verdict = iota // not of this form
	noEntry                // of this form, but no entry: a heading, a sum
	entry
)

// forms lists the forms, those that are told most easily first.
var forms = [...]form{
	{"unix", readUnix},
	{"dos", readDOS},
	{"eplf", readEPLF},
	{"netware", readNetWare},
	{"os400", readOS400},
	{"vms", readVMS},
	{"mvs", readMVS},
	{"members", readMembers},
}

// Form names the form of the listing, or is "" before a line has told it.
func (p *Parser) Form() string {
	if p.form == nil {
		return ""
	}
	return p.form.name
}

// Line takes the next line, without its line end. ok is false for a line that is no
// entry, which includes the directory itself and its parent. An error wraps
// ErrForeign, and is for the line only, or is ErrTooMany.
func (p *Parser) Line(line string) (item Item, ok bool, err error) {
	if len(line) > MaxLine {
		return Item{}, false, p.skip(line, ErrLineLong)
	}
	if strings.Trim(line, " \t") == "" || isTotal(line) {
		return Item{}, false, nil
	}
	item, v, err := p.read(line)
	switch {
	case err != nil:
		return Item{}, false, err
	case v == noEntry, item.IsDir() && (item.Name == "." || item.Name == ".."):
		return Item{}, false, nil
	case p.got >= p.max:
		return Item{}, false, ErrTooMany
	}
	p.got++
	return item, true, nil
}

func (p *Parser) read(line string) (Item, verdict, error) {
	if p.form != nil {
		item, v := p.form.read(p, line)
		if v == foreign {
			return item, v, p.skip(line, ErrOtherForm)
		}
		return item, v, nil
	}
	for i := range forms {
		if item, v := forms[i].read(p, line); v != foreign {
			p.form = &forms[i]
			return item, v, nil
		}
	}
	return Item{}, foreign, p.skip(line, ErrForeign)
}

// End is called behind the last line. It returns an error, as Line does, if that line
// was half an entry.
func (p *Parser) End() error {
	if p.pending == "" {
		return nil
	}
	line := p.pending
	p.pending = ""
	return p.skip(line, ErrNoDetails)
}

// Skipped gives how many lines could not be read, and of the first of them the text,
// at most 200 bytes, and what is wrong with it.
func (p *Parser) Skipped() (lines int, first string, why error) { return p.skipped, p.first, p.why }

func (p *Parser) skip(line string, why error) error {
	if p.skipped++; p.skipped == 1 {
		p.first, p.why = strings.Clone(line[:min(len(line), 200)]), why
	}
	return why
}
