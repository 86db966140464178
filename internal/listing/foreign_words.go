package listing

import (
	"strconv"
	"strings"
	"time"
)

// maxWords bounds the words of a line that are looked at, up to its name: so is the
// work that a line can make.
const maxWords = 16

// word is a part of a line without spaces, and where it ends.
type word struct {
	text string
	end  int
}

// firstWords splits the beginning of a line.
func firstWords(line string) []word {
	words := make([]word, 0, maxWords)
	for at := 0; at < len(line) && len(words) < maxWords; {
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

// behind is what follows w and one space. The spaces after that one belong to the name.
func (w word) behind(line string) string { return line[min(w.end+1, len(line)):] }

// behindAll is what follows w and all spaces.
func (w word) behindAll(line string) string { return strings.TrimLeft(line[w.end:], " \t") }

// totals are how ls begins in the languages of its users. The sum in blocks, which follows, is no entry.
var totals = [...]string{
	"total", "totale", "totaal", "totalt", "gesamt", "insgesamt", "summa", "razem", "celkem", "toplam", "yhteensä", "итого", "合計", "总计", "总用量", "總計",
}

// isTotal knows the first line of ls -l: "total 12".
func isTotal(line string) bool {
	head, number, _ := strings.Cut(line, " ")
	head = strings.TrimSuffix(head, ":")
	number = strings.TrimRight(strings.TrimSpace(number), "KMGTkB")
	if number == "" || strings.Trim(number, "0123456789.,") != "" {
		return false
	}
	for _, total := range totals {
		if strings.EqualFold(head, total) {
			return true
		}
	}
	return false
}

// parseSize reads a number of bytes, without a sign.
func parseSize(s string) (int64, bool) {
	if s == "" || s[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}

// number reads a number from low to high, of so many digits at most.
func number(s string, digits, low, high int) (int, bool) {
	if s == "" || len(s) > digits || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= low && n <= high
}

// parseTime reads s in the first layout that fits. Years before 1900 are nonsense.
func parseTime(s string, layouts ...string) (time.Time, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1900 {
			return t, true
		}
	}
	return time.Time{}, false
}

// clockTime reads a day in the given layout, and behind it the time of day to the
// minute or to the second.
func clockTime(s, day string) (time.Time, Precision) {
	if t, ok := parseTime(s, day+" 15:04"); ok {
		return t, ToMinute
	}
	if t, ok := parseTime(s, day+" 15:04:05"); ok {
		return t.Truncate(time.Second), ToSecond
	}
	return time.Time{}, NoTime
}

// withoutYear gives the time its year: the latest that is not after tomorrow, since
// the server's clock may be in another zone, and may be wrong by a little.
func (p *Parser) withoutYear(month time.Month, day, hour, minute int) (time.Time, bool) {
	tomorrow := p.now.UTC().AddDate(0, 0, 1)
	for year := tomorrow.Year(); year > tomorrow.Year()-9; year-- { // 29 February can be 8 years away
		t := time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
		if t.Day() == day && !t.After(tomorrow) {
			return t, true
		}
	}
	return time.Time{}, false // 30 February
}

// months are the short names of the months, in languages that ls is used in. A name
// that means two of them in two languages is in none, but for those of English.
var months = [...][]string{
	{"jan", "janv", "ene", "gen", "sty", "led", "oca", "янв", "ιαν", "tam"},
	{"feb", "fév", "févr", "fev", "lut", "úno", "şub", "фев", "φεβ", "hel"},
	{"mar", "mär", "mrz", "mars", "mrt", "břez", "мар", "maa", "μαρ"},
	{"apr", "avr", "abr", "kwi", "dub", "nis", "апр", "huh", "απρ"},
	{"may", "mai", "maj", "mei", "mag", "kvě", "май", "мая", "tou", "μαϊ"},
	{"jun", "juin", "giu", "cze", "čer", "haz", "июн", "kes", "ιουν"},
	{"jul", "juil", "lug", "čvc", "tem", "июл", "hei", "ιουλ"},
	{"aug", "aoû", "août", "ago", "sie", "ağu", "авг", "elo", "αυγ"},
	{"sep", "sept", "set", "wrz", "zář", "eyl", "сен", "syy", "σεπ"},
	{"oct", "okt", "out", "ott", "paź", "říj", "eki", "окт", "lok", "οκτ"},
	{"nov", "kas", "ноя", "νοε"},
	{"dec", "déc", "dez", "dic", "des", "gru", "pro", "ara", "дек", "jou", "δεκ"},
}

// month reads the name of a month, or its number before "月" or "월".
func month(s string) (time.Month, bool) {
	for _, sign := range [...]string{"月", "월"} {
		if n, ok := strings.CutSuffix(s, sign); ok {
			m, ok := number(n, 2, 1, 12)
			return time.Month(m), ok
		}
	}
	s = strings.TrimSuffix(s, ".")
	for i, names := range months {
		for _, name := range names {
			if strings.EqualFold(s, name) {
				return time.Month(i + 1), true
			}
		}
	}
	return 0, false
}

// day reads the day of a month, of one or two digits, also as "2." and "2日".
func day(s string) (int, bool) {
	for _, sign := range [...]string{".", "日", "일"} {
		s = strings.TrimSuffix(s, sign)
	}
	return number(s, 2, 1, 31)
}
