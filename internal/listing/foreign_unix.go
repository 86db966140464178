package listing

import (
	"io/fs"
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

// readUnix reads what ls -l writes, and most servers after it (vsftpd, ProFTPD,
// Pure-FTPd, pyftpdlib, FileZilla Server, IIS in its Unix style):
//
//	-rw-r--r--   1 owner group     4096 Jan  2 15:04 name
//
// In front may be the inode and the blocks (ls -is). Owner, group and number of
// links may be left out, and may hold spaces: it is the date that tells where the
// name begins. The first that is found counts, as names are made by anybody.
func readUnix(p *Parser, line string) (Item, verdict) {
	words := firstWords(line)
	at := 0
	for at < len(words) && at < 2 && strings.Trim(words[at].text, "0123456789") == "" {
		at++
	}
	if at == len(words) {
		return Item{}, foreign
	}
	var item Item
	if !unixMode(&item, words[at].text) {
		return Item{}, foreign
	}
	return p.unixTail(item, line, words[at+1:])
}

// unixTail reads what follows the mode, of which words are the first. A date whose
// month has a name that is not known counts if it stands in front of all that have a
// known one, and is not made of group and size: "1 ftp 20 2048 Jan  2  2020 name".
func (p *Parser) unixTail(item Item, line string, words []word) (Item, verdict) {
	var found unixTime
	for i := 1; i < len(words); i++ {
		size, sized := unixSize(words[i-1].text, item.Kind, item.Link)
		if !sized {
			continue
		}
		when := p.unixDate(words[i:])
		when.end, when.size = i+when.words, size
		switch {
		case when.words == 0, !when.known && found.words > 0:
			continue
		case !when.known:
			found = when
			continue
		case found.words == 0 || found.end >= i:
			found = when
		}
		break
	}
	if found.words == 0 {
		return Item{}, foreign
	}
	item.ModTime, item.Precision, item.ZoneKnown = found.t, found.precision, found.zone
	item.Name = words[found.end-1].behind(line)
	if item.Link {
		item.Name, item.Target = cutTarget(item.Name, found.size)
	}
	if item.Kind == vfs.KindFile {
		item.Size, item.SizeKnown = found.size, true
	}
	if item.Name == "" {
		return Item{}, foreign
	}
	return item, entry
}

// unixMode reads "-rw-r--r--", with a mark of further rights behind it.
func unixMode(item *Item, s string) bool {
	if len(s) < 10 || len(s) > 12 || strings.Trim(s[10:], "+.@") != "" {
		return false
	}
	switch s[0] {
	case '-':
		item.Kind = vfs.KindFile
	case 'd':
		item.Kind = vfs.KindDir
	case 'l':
		item.Kind, item.Link = vfs.KindOther, true
	case 'b', 'c', 'p', 's', 'D', 'n':
		item.Kind = vfs.KindOther
	default:
		return false
	}
	// Of set-user-id and its like nothing is kept: no file may get them because
	// a server says so.
	for i := range 9 {
		switch c := s[i+1]; {
		case c == '-', c == 'S', c == 'T', c == 'l', c == 'L':
		case c == "rwx"[i%3], i%3 == 2 && (c == 's' || c == 't'):
			item.Mode |= fs.FileMode(1) << (8 - i)
		default:
			return false
		}
	}
	return true
}

// unixSize reads the size; a device has its numbers in its place ("1, 3", "1,3").
func unixSize(s string, kind vfs.Kind, link bool) (int64, bool) {
	if kind == vfs.KindOther && !link {
		_, minor, two := strings.Cut(s, ",")
		if two {
			s = minor
		}
		if hex, ok := strings.CutPrefix(s, "0x"); ok && strings.Trim(hex, "0123456789abcdefABCDEF") == "" {
			return 0, true
		}
	}
	// Mac servers show that a directory is one.
	if kind == vfs.KindDir && s == "folder" {
		return 0, true
	}
	return parseSize(s)
}

// cutTarget splits "name -> target". Both may hold an arrow; the size of a link is
// that of its target, where the server is honest.
func cutTarget(s string, size int64) (name, target string) {
	const arrow = " -> "
	if at := int64(len(s)) - size - int64(len(arrow)); at > 0 && size > 0 && s[at:at+int64(len(arrow))] == arrow {
		return s[:at], s[at+int64(len(arrow)):]
	}
	name, target, _ = strings.Cut(s, arrow)
	return name, target
}

// unixTime is a date as far as it is shown.
type unixTime struct {
	t         time.Time
	precision Precision
	zone      bool
	known     bool  // not only in the right place: it can be read
	words     int   // of the line; 0 if there is no date
	end       int   // the word behind it
	size      int64 // in the word before it
}

// unixDate reads a date at the beginning of words.
func (p *Parser) unixDate(words []word) unixTime {
	if len(words) >= 2 {
		if when := p.isoDate(words); when.words > 0 {
			return when
		}
	}
	if len(words) < 3 {
		return unixTime{}
	}
	name, clock := words[0].text, words[2].text
	d, ok := day(words[1].text)
	if !ok { // "2 Jan" in some languages
		name = words[1].text
		if d, ok = day(words[0].text); !ok {
			return unixTime{}
		}
	}
	hour, minute, timed := unixClock(clock)
	year, dated := number(strings.TrimSuffix(clock, "年"), 4, 1900, 9999)
	if !timed && !dated {
		return unixTime{}
	}
	m, known := month(name)
	when := unixTime{known: known, words: 3}
	switch {
	case !known && strings.ContainsAny(name, "0123456789:,/"):
		return unixTime{}
	case !known:
		return when
	case timed:
		when.t, ok = p.withoutYear(m, d, hour, minute)
		when.precision = ToMinute
	default:
		when.t, when.precision = time.Date(year, m, d, 0, 0, 0, 0, time.UTC), ToDay
		ok = when.t.Day() == d
	}
	if !ok {
		return unixTime{}
	}
	return when
}

// unixClock reads "15:04".
func unixClock(s string) (hour, minute int, ok bool) {
	h, m, _ := strings.Cut(s, ":")
	hour, hok := number(h, 2, 0, 23)
	minute, mok := number(m, 2, 0, 59)
	return hour, minute, hok && mok && len(m) == 2
}

// isoDate reads what ls has for --time-style: long-iso, full-iso and iso.
func (p *Parser) isoDate(words []word) unixTime {
	text := words[0].text + " " + words[1].text
	if len(words) >= 3 && len(words[2].text) == 5 {
		if t, ok := parseTime(text+" "+words[2].text, "2006-01-02 15:04:05 -0700"); ok {
			return unixTime{t: t.UTC().Truncate(time.Second), precision: ToSecond, zone: true, known: true, words: 3}
		}
	}
	if t, precision := clockTime(text, "2006-01-02"); precision != NoTime {
		return unixTime{t: t, precision: precision, known: true, words: 2}
	}
	if t, ok := parseTime("2000-"+text, "2006-01-02 15:04"); ok {
		if t, ok = p.withoutYear(t.Month(), t.Day(), t.Hour(), t.Minute()); ok {
			return unixTime{t: t, precision: ToMinute, known: true, words: 2}
		}
	}
	return unixTime{}
}
