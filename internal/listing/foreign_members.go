package listing

import (
	"strconv"
	"strings"

	"github.com/sealane/sealane/vfs"
)

// readMembers reads the members of a partitioned dataset of z/OS, below their heading:
//
//	 Name     VV.MM   Created       Changed      Size  Init   Mod   Id
//	TESTMEM   01.03 2026/06/26 2026/07/11 09:16    33    33     0 USER
//	NOSTATS
//
// Their sizes are lines. Those of a load library have other columns, and a size in
// hexadecimal:
//
//	 Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode
//	LOADMEM   000058   000009          00 FO             RN RU            31    ANY
func readMembers(p *Parser, line string) (Item, verdict) {
	words := firstWords(line)
	if words[0].text == "Name" && len(words) > 3 && (words[1].text == "VV.MM" || words[1].text == "Size" && words[2].text == "TTR") {
		return Item{}, noEntry
	}
	name := words[0].text
	if p.form == nil || !isMember(name) {
		return Item{}, foreign
	}
	item := Item{Entry: vfs.Entry{Name: name}}
	switch {
	case len(words) == 1:
		return item, entry
	case len(words) >= 9 && strings.Contains(words[1].text, "."):
		item.ModTime, item.Precision = clockTime(words[3].text+" "+words[4].text, "2006/01/02")
		if item.Precision != NoTime {
			return item, entry
		}
	case len(words) >= 4:
		_, terr := strconv.ParseUint(words[2].text, 16, 32)
		if n, err := strconv.ParseUint(words[1].text, 16, 32); err == nil && terr == nil {
			item.Size, item.SizeKnown = int64(n), true
			return item, entry
		}
	}
	return Item{}, foreign
}

// isMember knows the name of a member: up to 8 capitals, digits and three signs.
func isMember(s string) bool {
	return len(s) <= 8 && (s[0] < '0' || s[0] > '9') && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$#@") == ""
}
