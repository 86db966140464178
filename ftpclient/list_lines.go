package ftpclient

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

// errListLine is for a line of LIST in none of the forms that are read.
var errListLine = errors.New("neither a line of ls nor one of DIR")

// maxListFields bounds the words of a line up to its name.
const maxListFields = 12

// lineReader reads the lines of LIST, whose form no standard has fixed (RFC 959
// §4.1.3): that of ls -l, which nearly all servers send, and that of DIR, which IIS
// may. Times come without a zone, and are taken for UTC; those without a year are of
// the twelve months before now.
type lineReader struct{ now time.Time }

// parse reads one line; ok is false for one that is no entry.
func (l lineReader) parse(line string) (e vfs.Entry, ok bool, err error) {
	if strings.TrimSpace(line) == "" || isTotal(line) {
		return e, false, nil
	}
	words := firstWords(line)
	e, ok = l.unix(line, words)
	if !ok {
		e, ok = dos(line, words)
	}
	switch {
	case !ok:
		return e, false, errListLine
	case e.Name == "." || e.Name == "..":
		return e, false, nil
	}
	return e, true, nil
}

// isTotal knows the first line of ls -l: "total 12".
func isTotal(line string) bool {
	word, number, _ := strings.Cut(line, " ")
	_, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
	return strings.EqualFold(word, "total") && err == nil
}

// word is a part of a line without spaces, and where it ends.
type word struct {
	text string
	end  int
}

func firstWords(line string) []word {
	var words []word
	for at := 0; at < len(line) && len(words) < maxListFields; {
		if line[at] == ' ' || line[at] == '\t' {
			at++
			continue
		}
		end := strings.IndexAny(line[at:], " \t")
		if end < 0 {
			end = len(line) - at
		}
		words = append(words, word{line[at : at+end], at + end})
		at += end
	}
	return words
}

// unix reads "-rw-r--r-- 1 owner group 4096 Jan  2 15:04 name": the date is what
// tells where the name begins, as owners may hold spaces or be left out.
func (l lineReader) unix(line string, words []word) (vfs.Entry, bool) {
	if len(words) == 0 || len(words[0].text) < 10 {
		return vfs.Entry{}, false
	}
	e := vfs.Entry{Kind: vfs.KindOther}
	switch words[0].text[0] {
	case '-':
		e.Kind = vfs.KindFile
	case 'd':
		e.Kind = vfs.KindDir
	case 'l':
		e.Link = true
	case 'b', 'c', 'p', 's':
	default:
		return e, false
	}
	for i := 2; i+3 < len(words); i++ {
		when, ok := l.date(words[i].text, words[i+1].text, words[i+2].text)
		size, err := strconv.ParseInt(words[i-1].text, 10, 64)
		if !ok || err != nil || size < 0 {
			continue
		}
		e.ModTime, e.Name = when, line[words[i+2].end+1:]
		if e.Kind == vfs.KindFile {
			e.Size = size
		}
		if e.Link {
			e.Name, _, _ = strings.Cut(e.Name, " -> ")
		}
		return e, e.Name != ""
	}
	return e, false
}

// date reads "Jan", "2" and either "15:04" or "2006".
func (l lineReader) date(month, day, clock string) (time.Time, bool) {
	if when, err := time.Parse("Jan 2 2006", month+" "+day+" "+clock); err == nil {
		return when, true
	}
	// 2000 is a leap year: every day is in it.
	when, err := time.Parse("Jan 2 15:04 2006", month+" "+day+" "+clock+" 2000")
	if err != nil {
		return time.Time{}, false
	}
	tomorrow := l.now.UTC().AddDate(0, 0, 1) // the server's clock may be in another zone
	for year := tomorrow.Year(); ; year-- {
		dated := time.Date(year, when.Month(), when.Day(), when.Hour(), when.Minute(), 0, 0, time.UTC)
		if dated.Day() == when.Day() && !dated.After(tomorrow) { // not so on 29 February of most years
			return dated, true
		}
	}
}

// dos reads "01-31-20  12:00PM  <DIR>  name", with a size in place of <DIR> for files.
func dos(line string, words []word) (vfs.Entry, bool) {
	if len(words) < 4 {
		return vfs.Entry{}, false
	}
	for _, layout := range []string{"01-02-06 03:04PM", "01-02-2006 03:04PM", "01-02-06 15:04", "01-02-2006 15:04"} {
		when, err := time.Parse(layout, words[0].text+" "+words[1].text)
		if err != nil {
			continue
		}
		e := vfs.Entry{Kind: vfs.KindDir, ModTime: when}
		if words[2].text != "<DIR>" {
			e.Kind = vfs.KindFile
			if e.Size, err = strconv.ParseInt(words[2].text, 10, 64); err != nil || e.Size < 0 {
				return e, false
			}
			e.Name = line[words[2].end+1:]
			return e, true
		}
		e.Name = strings.TrimLeft(line[words[2].end:], " \t")
		return e, true
	}
	return vfs.Entry{}, false
}
