package listing

import (
	"strings"

	"github.com/sealane/sealane/vfs"
)

// readNetWare reads what Novell's server writes: the rights of its trustees in
// brackets, the owner, and then what ls has.
//
//	d [R----F--] supervisor            512       Jan 16 18:53    login
//	- [RWCEAFMS] rhesus             214059       Oct 20 15:27    cx.exe
//
// The name stands in a column of its own, so spaces before it are not known.
func readNetWare(p *Parser, line string) (Item, verdict) {
	if len(line) < 3 || line[0] != '-' && line[0] != 'd' {
		return Item{}, foreign
	}
	rights := strings.TrimLeft(line[1:], " ")
	if rights == "" || rights[0] != '[' {
		return Item{}, foreign
	}
	letters, _, ok := strings.Cut(rights[1:], "]")
	if !ok || len(letters) == 0 || len(letters) > 8 || strings.Trim(letters, "RWCEAFMS-") != "" {
		return Item{}, foreign
	}
	item := Item{}
	if line[0] == 'd' {
		item.Kind = vfs.KindDir
	}
	words := firstWords(line)
	for i, w := range words {
		if strings.HasSuffix(w.text, "]") {
			words = words[i+1:]
			break
		}
	}
	item, v := p.unixTail(item, line, words)
	if item.Name = strings.TrimLeft(item.Name, " "); v != entry || item.Name == "" {
		return Item{}, foreign
	}
	return item, entry
}
