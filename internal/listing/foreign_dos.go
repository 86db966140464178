package listing

import (
	"strings"

	"github.com/sealane/sealane/vfs"
)

// dosPad is what IIS writes between <DIR> and the name.
const dosPad = 10

// readDOS reads what IIS writes, after the DIR of MS-DOS:
//
//	10-23-26  03:45PM       <DIR>          name
//	10-23-2026  03:45PM              4096 name
//
// Others than IIS have other separators: between slashes the month comes first too,
// between dots the day.
func readDOS(_ *Parser, line string) (Item, verdict) {
	words := firstWords(line)
	if len(words) < 4 || line[0] < '0' || line[0] > '9' {
		return Item{}, foreign
	}
	date, clock, rest := words[0].text, words[1].text, words[2:]
	if half := words[2].text; len(words) > 4 && (strings.EqualFold(half, "AM") || strings.EqualFold(half, "PM")) {
		clock, rest = clock+half, words[3:]
	}
	t, ok := parseTime(date+" "+strings.ToUpper(clock), dosLayouts[:]...)
	if !ok {
		return Item{}, foreign
	}
	item := Item{Entry: vfs.Entry{ModTime: t}, Precision: ToMinute}
	what := rest[0]
	switch what.text {
	case "<DIR>":
		item.Kind, item.Name = vfs.KindDir, dosDirName(line[what.end:])
	case "<JUNCTION>", "<SYMLINKD>", "<SYMLINK>":
		item.Kind, item.Link, item.Name = vfs.KindOther, true, what.behindAll(line)
		if at := strings.Index(item.Name, " ["); at > 0 && strings.HasSuffix(item.Name, "]") {
			item.Name, item.Target = item.Name[:at], item.Name[at+2:len(item.Name)-1]
		}
	default:
		size, ok := parseSize(strings.ReplaceAll(what.text, ",", ""))
		if !ok {
			return Item{}, foreign
		}
		item.Size, item.SizeKnown, item.Name = size, true, what.behind(line)
	}
	if item.Name == "" {
		return Item{}, foreign
	}
	return item, entry
}

// dosLayouts are the dates and times of DIR.
var dosLayouts = [...]string{
	"01-02-06 03:04PM", "01-02-2006 03:04PM", "01-02-06 15:04", "01-02-2006 15:04",
	"01/02/06 03:04PM", "01/02/2006 03:04PM", "01/02/2006 15:04",
	"02.01.06 15:04", "02.01.2006 15:04", "2006-01-02 15:04", "2006-01-02 03:04PM",
}

// dosDirName takes off what stands between <DIR> and the name; spaces more than that
// belong to the name.
func dosDirName(s string) string {
	if len(s) > dosPad && strings.Trim(s[:dosPad], " ") == "" {
		return s[dosPad:]
	}
	return strings.TrimLeft(s, " \t")
}
