package listing

import (
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

// readOS400 reads what IBM i writes: owner, size, date, time, type, name. Members of
// a file have neither size nor date.
//
//	QSYS            77824 02/23/26 15:09:55 *DIR       QOpenSys/
//	PEP                                     *MEM       FOO.FILE/BAR.MBR
func readOS400(_ *Parser, line string) (Item, verdict) {
	words := firstWords(line)
	kind := -1
	for i, w := range words {
		if i > 0 && len(w.text) > 1 && w.text[0] == '*' && strings.Trim(w.text[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" {
			kind = i
			break
		}
	}
	if kind != 1 && kind != 4 {
		return Item{}, foreign
	}
	item := Item{}
	item.Name = words[kind].behindAll(line)
	if kind == 4 {
		size, ok := parseSize(words[1].text)
		if !ok {
			return Item{}, foreign
		}
		item.Size, item.SizeKnown = size, true
		if item.ModTime, item.Precision, ok = os400Time(words[2].text, words[3].text); !ok {
			return Item{}, foreign
		}
	}
	switch words[kind].text {
	case "*DIR", "*DDIR", "*LIB", "*FLR":
		item.Kind = vfs.KindDir
	}
	if name, slash := strings.CutSuffix(item.Name, "/"); slash {
		item.Kind, item.Name = vfs.KindDir, name
	}
	if item.Kind == vfs.KindDir {
		item.Size, item.SizeKnown = 0, false
	}
	if item.Name == "" {
		return Item{}, foreign
	}
	return item, entry
}

// os400Time reads a date in the form that the server's administrator has chosen. A
// form with slashes and two digits for the year has the month first, as delivered, or
// cannot be told from two others: then the time stays unknown.
func os400Time(date, clock string) (t time.Time, precision Precision, ok bool) {
	if strings.Trim(date, "0123456789./-,&") != "" || strings.Trim(clock, "0123456789:.,") != "" {
		return t, NoTime, false
	}
	clock = strings.NewReplacer(".", ":", ",", ":").Replace(clock)
	t, ok = parseTime(date+" "+clock, "01/02/06 15:04:05", "01/02/2006 15:04:05", "02.01.06 15:04:05", "02.01.2006 15:04:05", "2006-01-02 15:04:05", "2006/01/02 15:04:05")
	if !ok {
		return t, NoTime, true
	}
	return t, ToSecond, true
}
