package listing

import "time"

// Times are most of what an entry costs to format, so they do not go through the
// layouts of package time.

// appendStamp appends t as modify and create have it: 14 digits, UTC (RFC 3659
// §2.3). It is what ftp.FormatTime gives.
func appendStamp(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, "20060102150405")
	}
	hour, minute, second := t.Clock()
	b = appendTwo(appendTwo(b, year/100), year%100)
	b = appendTwo(appendTwo(b, int(month)), day)
	return appendTwo(appendTwo(appendTwo(b, hour), minute), second)
}

// appendListTime appends t as ls has it in the C locale, in UTC: with the time of
// day if it is of the last half year, else with the year.
func appendListTime(b []byte, t, now time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	b = append(b, "JanFebMarAprMayJunJulAugSepOctNovDec"[3*(month-1):3*month]...)
	b = append(b, ' ', ' ')
	if day < 10 {
		b = append(b, byte('0'+day))
	} else {
		b = appendTwo(b[:len(b)-1], day)
	}
	b = append(b, ' ')
	if age := now.Sub(t); age > halfYear || age < -24*time.Hour {
		if year < 0 || year > 9999 {
			return t.AppendFormat(append(b, ' '), "2006")
		}
		return appendTwo(appendTwo(append(b, ' '), year/100), year%100)
	}
	hour, minute, _ := t.Clock()
	return appendTwo(append(appendTwo(b, hour), ':'), minute)
}

// appendTwo appends n, which is below 100, in two digits.
func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
