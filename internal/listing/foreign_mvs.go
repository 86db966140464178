package listing

import (
	"strings"

	"github.com/sealane/sealane/vfs"
)

// readMVS reads the datasets of z/OS, below their heading:
//
//	Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname
//	WYOSPT 3420   2026/05/21  1  200  FB      80  8053  PS  MVS.FILE
//	Migrated                                                OLD.FILE
//
// Tracks are no size, and the date is of the last use, not of the last change: both
// stay unknown. Partitioned datasets are directories of members.
func readMVS(p *Parser, line string) (Item, verdict) {
	words := firstWords(line)
	if words[0].text == "Volume" && words[len(words)-1].text == "Dsname" {
		return Item{}, noEntry
	}
	if p.form == nil || len(words) < 2 || len(words) > 10 {
		return Item{}, foreign
	}
	kind, ok := mvsKind(words)
	if !ok {
		return Item{}, foreign
	}
	return Item{Entry: vfs.Entry{Name: words[len(words)-1].text, Kind: kind}}, entry
}

func mvsKind(words []word) (vfs.Kind, bool) {
	n := len(words)
	switch {
	case n == 2 && (strings.EqualFold(words[0].text, "MIGRATED") || strings.EqualFold(words[0].text, "ARCIVE")):
		return vfs.KindFile, true // what it is shows when it has been recalled
	case n == 3 && words[0].text == "Pseudo" && words[1].text == "Directory":
		return vfs.KindDir, true
	case n == 3 && words[1].text == "Tape":
		return vfs.KindFile, true
	case n == 4 && words[2].text == "VSAM", n == 3 && words[1].text == "VSAM", n == 2 && words[0].text == "VSAM":
		return vfs.KindOther, true // FTP does not transfer it
	case n == 4 && words[0].text == "GENERATION":
		return vfs.KindOther, true // the base of a group, whose datasets are listed too
	case n == 6 && words[1].text+words[2].text+words[3].text+words[4].text == "NotDirectAccessDevice":
		return vfs.KindFile, true
	case n == 4 && words[0].text == "Error":
		return vfs.KindOther, true // "Error determining attributes"
	case n < 8 || !mvsDate(words[2].text):
		return 0, false
	}
	switch words[n-2].text {
	case "PO", "PO-E", "POU":
		return vfs.KindDir, true
	case "PS", "PS-E", "PS-L", "PSU", "DA", "DAU":
		return vfs.KindFile, true
	case "VS", "VSAM", "HFS", "ZFS", "IS", "??", "**NONE**":
		return vfs.KindOther, true
	}
	return 0, false
}

// mvsDate knows "2026/05/21", and what stands there if nobody has read the dataset.
func mvsDate(s string) bool {
	_, ok := parseTime(s, "2006/01/02")
	return ok || s == "**NONE**"
}
