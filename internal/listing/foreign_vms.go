package listing

import (
	"strings"

	"github.com/sealane/sealane/vfs"
)

// readVMS reads what OpenVMS writes (also under MultiNet and TCPware): the name with
// its version, blocks used and allotted, and more, which comes on a line of its own
// if the name is long.
//
//	README.TXT;2          10/12        12-OCT-2026 15:44:25  [ANON,ANON]  (RWED,RWED,RE,RE)
//	A_LONG_NAME_OF_A_FILE.TEXT;1
//	                      10/12        12-OCT-2026 15:44:25  [ANON,ANON]  (RWED,RWED,RE,RE)
//
// Names lose their version, and those of directories ".DIR" as well. Of several
// versions, which VMS lists from the newest on, those behind the first keep it: no
// name comes twice, and none is lost.
func readVMS(p *Parser, line string) (Item, verdict) {
	if p.pending != "" && (line[0] == ' ' || line[0] == '\t') {
		name := p.pending
		p.pending = ""
		item, v := p.vmsEntry(name, line)
		if v == foreign {
			p.pending = name // it is still without its details, and End will say so
		}
		return item, v
	}
	words := firstWords(line)
	switch {
	case strings.HasPrefix(line, "Directory ") && strings.HasSuffix(line, "]"):
		return Item{}, p.vmsHeading()
	case p.form != nil && len(words) > 3 && (vmsSum(words, "Total", "of") || vmsSum(words, "Grand", "total")):
		return Item{}, p.vmsHeading()
	}
	name, ok := vmsName(line)
	if !ok {
		return Item{}, foreign
	}
	if p.pending != "" {
		// Two names without details: the first one is lost, and must not be so in silence.
		_ = p.skip(p.pending, ErrNoDetails)
		p.pending = ""
	}
	if strings.Trim(line[len(name):], " \t") == "" {
		p.pending = name
		return Item{}, noEntry
	}
	return p.vmsEntry(name, line[len(name):])
}

func (p *Parser) vmsHeading() verdict {
	p.last = ""
	return noEntry
}

func vmsSum(words []word, first, second string) bool {
	return words[0].text == first && words[1].text == second
}

// vmsName takes "NAME.TYPE;VERSION" from the beginning of a line. MultiNet puts the
// directory before it, in brackets.
func vmsName(line string) (name string, ok bool) {
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		end = len(line)
	}
	name, version, ok := strings.Cut(line[:end], ";")
	if _, digits := number(version, 5, 0, 65535); !ok || !digits || !strings.Contains(name, ".") {
		return "", false
	}
	return line[:end], true
}

// vmsEntry reads the details. A server that may not read them says so in words.
func (p *Parser) vmsEntry(full, details string) (Item, verdict) {
	words := firstWords(details)
	item := Item{}
	switch {
	case vmsRefused(details):
	case len(words) >= 2:
		if !vmsBlocks(words[0].text) {
			return Item{}, foreign
		}
		if !vmsTime(&item, words[1:]) {
			return Item{}, foreign
		}
	default:
		return Item{}, foreign
	}
	full = full[strings.LastIndexByte(full, ']')+1:]
	name, _, _ := strings.Cut(full, ";")
	again := name == p.last
	p.last = name
	if dir, ok := strings.CutSuffix(name, ".DIR"); ok {
		item.Kind, name = vfs.KindDir, dir
	} else if dir, ok := strings.CutSuffix(name, ".dir"); ok {
		item.Kind, name = vfs.KindDir, dir
	}
	if item.Name = name; again {
		item.Name = full
	}
	if item.Name == "" {
		return Item{}, foreign
	}
	return item, entry
}

func vmsRefused(details string) bool {
	details = strings.ToLower(strings.TrimSpace(details))
	return strings.HasPrefix(details, "insufficient privilege") || strings.HasPrefix(details, "no privilege") ||
		strings.HasPrefix(details, "%rms-e-prv") || strings.HasPrefix(details, "protection violation")
}

// vmsBlocks knows "10/12" and "10". They are of 512 bytes, the last of them not
// full: that is no size.
func vmsBlocks(s string) bool {
	used, allotted, two := strings.Cut(s, "/")
	_, uok := parseSize(used)
	_, aok := parseSize(allotted)
	return uok && (aok || !two)
}

func vmsTime(item *Item, words []word) bool {
	const layout = "2-Jan-2006" // package time takes months in capitals too
	if len(words) > 1 {
		item.ModTime, item.Precision = clockTime(words[0].text+" "+words[1].text, layout)
	}
	if item.Precision == NoTime {
		t, ok := parseTime(words[0].text, layout)
		if !ok {
			return false
		}
		item.ModTime, item.Precision = t, ToDay
	}
	return true
}
