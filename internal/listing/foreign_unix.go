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

// unixTail reads what follows the mode, of which words are the first.
func (p *Parser) unixTail(item Item, line string, words []word) (Item, verdict) {
	for i := 1; i < len(words); i++ {
		size, sized := unixSize(words[i-1].text, item.Kind, item.Link)
		if !sized {
			continue
		}
		when, used := p.unixDate(words[i:])
		if used == 0 {
			continue
		}
		item.ModTime, item.Precision, item.ZoneKnown = when.t, when.precision, when.zone
		item.Name = words[i+used-1].behind(line)
		if item.Link {
			item.Name, item.Target = cutTarget(item.Name, size)
		}
		if item.Kind == vfs.KindFile {
			item.Size, item.SizeKnown = size, true
		}
		if item.Name == "" {
			return Item{}, foreign
		}
		return item, entry
	}
	return Item{}, foreign
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

// unixTime is a time as far as it is shown.
type unixTime struct {
	t         time.Time
	precision Precision
	zone      bool
}

// unixDate reads a date at the beginning of words, and says of how many of them it is
// made; 0 if it is none.
func (p *Parser) unixDate(words []word) (when unixTime, used int) {
	if len(words) >= 2 {
		if when, used = p.isoDate(words); used > 0 {
			return when, used
		}
	}
	if len(words) < 3 {
		return when, 0
	}
	first, second, clock := words[0].text, words[1].text, words[2].text
	d, ok := day(second)
	name := first
	if !ok { // "2 Jan" in some languages
		if d, ok = day(first); !ok {
			return when, 0
		}
		name = second
	}
	// A name of a month that is not known is still in its place.
	m, known := month(name)
	if !known && strings.ContainsAny(name, "0123456789:,/") {
		return when, 0
	}
	hour, minute, timed := unixClock(clock)
	if timed {
		if known {
			if when.t, ok = p.withoutYear(m, d, hour, minute); !ok {
				return when, 0
			}
			when.precision = ToMinute
		}
		return when, 3
	}
	year, ok := number(strings.TrimSuffix(clock, "年"), 4, 1900, 9999)
	if !ok {
		return when, 0
	}
	if known {
		when.t, when.precision = time.Date(year, m, d, 0, 0, 0, 0, time.UTC), ToDay
		if when.t.Day() != d {
			return when, 0
		}
	}
	return when, 3
}

// unixClock reads "15:04".
func unixClock(s string) (hour, minute int, ok bool) {
	h, m, _ := strings.Cut(s, ":")
	hour, hok := number(h, 2, 0, 23)
	minute, mok := number(m, 2, 0, 59)
	return hour, minute, hok && mok && len(m) == 2
}

// isoDate reads what ls has for --time-style: long-iso, full-iso and iso.
func (p *Parser) isoDate(words []word) (when unixTime, used int) {
	text := words[0].text + " " + words[1].text
	if len(words) >= 3 && len(words[2].text) == 5 {
		if t, ok := parseTime(text+" "+words[2].text, "2006-01-02 15:04:05 -0700"); ok {
			return unixTime{t.UTC().Truncate(time.Second), ToSecond, true}, 3
		}
	}
	if t, ok := parseTime(text, "2006-01-02 15:04"); ok {
		return unixTime{t: t, precision: ToMinute}, 2
	}
	if t, ok := parseTime(text, "2006-01-02 15:04:05"); ok {
		return unixTime{t: t.Truncate(time.Second), precision: ToSecond}, 2
	}
	if t, ok := parseTime("2000-"+text, "2006-01-02 15:04"); ok {
		if t, ok = p.withoutYear(t.Month(), t.Day(), t.Hour(), t.Minute()); ok {
			return unixTime{t: t, precision: ToMinute}, 2
		}
	}
	return when, 0
}
