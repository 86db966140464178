package main

import "fmt"

// aim is what Sealane wants to reach in one figure.
type aim struct {
	scenario, metric string
	to               string // the server that it is a ratio to; empty: the figure itself
	least            bool   // the limit is a lower one
	limit            float64
}

// aims is the list for so many streams.
func aims(streams int) []aim {
	many := fmt.Sprint(streams)
	const vsftpd, pure, pyftpdlib = "vsftpd", "pure-ftpd", "pyftpdlib"
	return []aim{
		{"download-1", "cpu", vsftpd, false, 0.40},
		{"download-1", "cpu", pure, false, 0.75},
		{"download-" + many, "cpu", pure, false, 0.80},
		{"download-" + many, "rate", pure, true, 1.1},
		{"upload-1", "cpu", vsftpd, false, 0.30},
		{"upload-1", "cpu", pure, false, 0.85},
		{"upload-" + many, "cpu", vsftpd, false, 0.30},
		{"upload-" + many, "cpu", pure, false, 0.85},
		{"plain-1", "cpu", vsftpd, false, 1.1},
		{"small-1", "cpu", pure, false, 0.90},
		{"small-" + many, "cpu", pure, false, 0.90},
		{"small-" + many, "rate", pure, true, 1.3},
		{"login", "cpu", vsftpd, false, 0.08},
		{"list-mlsd", "time", pure, false, 1.0},
		{"list-mlsd", "first", "", false, 10},
		{"list-mlsd", "growth", "", false, 1},
		{"list-list", "time", pure, false, 1.0},
		{"list-list", "first", "", false, 10},
		{"list-list", "growth", "", false, 1},
		{"idle", "memory", "", false, 24},
		{"idle", "answered", "", true, 100},
		{"noop-loaded", "p50", pure, false, 1.0},
		{"noop-loaded", "p99", pyftpdlib, false, 1.0},
		{"retr-loaded", "p99", pyftpdlib, false, 1.0},
	}
}

// String is the limit in words.
func (a aim) String() string {
	sign := "<="
	if a.least {
		sign = ">="
	}
	if a.to == "" {
		return fmt.Sprintf("%s %.4g", sign, a.limit)
	}
	return fmt.Sprintf("%s %.2f x %s", sign, a.limit, a.to)
}

// reached judges a figure, or a ratio if the aim is one. NaN reaches nothing.
func (a aim) reached(n float64) bool {
	if a.least {
		return n >= a.limit
	}
	return n <= a.limit
}
