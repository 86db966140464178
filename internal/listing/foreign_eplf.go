package listing

import (
	"strconv"
	"strings"
	"time"

	"github.com/sealane/sealane/vfs"
)

// maxEPLFTime is the last second of the year 9999.
const maxEPLFTime = 253402300799

// readEPLF reads the Easily Parsed LIST Format of publicfile and anonftpd: a plus,
// facts with a comma behind each, a tab, and the name.
//
//	+i8388621.48594,m825718503,r,s280,	name
//
// Its times are seconds since 1970: it is the only form that has them in no zone.
func readEPLF(_ *Parser, line string) (Item, verdict) {
	facts, name, ok := strings.Cut(line, "\t")
	if !ok || name == "" || facts == "" || facts[0] != '+' {
		return Item{}, foreign
	}
	item := Item{Entry: vfs.Entry{Name: name, Kind: vfs.KindOther}}
	for fact := range strings.SplitSeq(facts[1:], ",") {
		if !eplfFact(&item, fact) {
			return Item{}, foreign
		}
	}
	if item.Kind != vfs.KindFile {
		item.Size, item.SizeKnown = 0, false
	}
	return item, entry
}

// eplfFact reads one fact. Those that it does not know are passed over, as EPLF
// demands.
func eplfFact(item *Item, fact string) bool {
	if fact == "" {
		return true
	}
	value := fact[1:]
	switch fact[0] {
	case '/':
		item.Kind = vfs.KindDir
	case 'r':
		if item.Kind != vfs.KindDir {
			item.Kind = vfs.KindFile
		}
	case 's':
		item.Size, item.SizeKnown = parseSize(value)
		return item.SizeKnown
	case 'm':
		n, ok := parseSize(value)
		if !ok || n > maxEPLFTime {
			return false
		}
		item.ModTime, item.Precision, item.ZoneKnown = time.Unix(n, 0).UTC(), ToSecond, true
	case 'i':
		item.Unique = value
	case 'u':
		mode, isMode := strings.CutPrefix(value, "p")
		if n, err := strconv.ParseUint(mode, 8, 12); isMode && err == nil {
			item.Mode = modeBits(n)
		}
	}
	return true
}
