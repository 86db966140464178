package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// table writes rows in columns, the first columns to the left and the others to
// the right.
func table(w io.Writer, left int, rows [][]string) error {
	var width []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var l strings.Builder
		for i, cell := range row {
			if i > 0 {
				l.WriteString("  ")
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i < left {
				l.WriteString(cell + pad)
			} else {
				l.WriteString(pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// number writes a figure with three significant digits, or a dash for none.
func number(n float64) string {
	switch size := math.Abs(n); {
	case math.IsNaN(n):
		return "-"
	case size >= 99.95:
		return fmt.Sprintf("%.0f", n)
	case size >= 9.995:
		return fmt.Sprintf("%.1f", n)
	case size >= 0.9995 || n == 0:
		return fmt.Sprintf("%.2f", n)
	}
	return fmt.Sprintf("%.3f", n)
}

// line writes the figures of one sample.
func line(values []value) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("%s %s %s", v.metric, number(v.n), v.unit)
	}
	return strings.Join(words, ", ")
}

// print writes the report for people.
func (r *report) print(w io.Writer) error {
	for _, part := range []func(io.Writer) error{r.printHead, r.printFigures, r.printRatios, r.printAims, r.printEnd} {
		if err := part(w); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) printHead(w io.Writer) error {
	rows := [][]string{{"server", "version", "settings of its own", "TLS"}}
	for _, s := range r.Servers {
		rows = append(rows, []string{s.Name, s.Version, s.Settings, s.TLS})
	}
	if _, err := fmt.Fprintf(w, "\n%s\n%s\n\n", strings.Join(r.Machine, "\n"), strings.Join(r.Settings, "\n")); err != nil {
		return err
	}
	return table(w, 4, rows)
}

func (r *report) printFigures(w io.Writer) error {
	rows := [][]string{{"scenario", "figure", "unit"}}
	for _, s := range r.Servers {
		rows[0] = append(rows[0], s.Name)
	}
	for _, f := range r.Figures {
		row := []string{f.Scenario, f.Metric, f.Unit}
		for _, s := range r.Servers {
			n, ok := f.Median[s.Name]
			if !ok {
				n = math.NaN()
			}
			row = append(row, number(n))
		}
		rows = append(rows, row)
	}
	if _, err := fmt.Fprint(w, "\nMedians of the rounds\n\n"); err != nil {
		return err
	}
	return table(w, 3, rows)
}

func (r *report) printRatios(w io.Writer) error {
	rows := [][]string{{"scenario", "figure", "to", "median", "rounds"}}
	for _, x := range r.Ratios {
		all := make([]string, len(x.Rounds))
		for i, n := range x.Rounds {
			all[i] = number(n)
		}
		rows = append(rows, append([]string{x.Scenario, x.Metric, x.Server, number(x.Median)}, all...))
	}
	if _, err := fmt.Fprint(w, "\nSealane, as a ratio to the others\n\n"); err != nil {
		return err
	}
	return table(w, 3, rows)
}

func (r *report) printAims(w io.Writer) error {
	rows := [][]string{{"scenario", "figure", "aim", "reached", "is"}}
	for _, x := range r.Aims {
		is, reached := "-", "-"
		if x.Is != nil {
			is, reached = number(*x.Is), "no"
		}
		if x.Reached {
			reached = "yes"
		}
		rows = append(rows, []string{x.Scenario, x.Metric, x.Aim, reached, is})
	}
	if _, err := fmt.Fprint(w, "\nWhat Sealane aims for\n\n"); err != nil {
		return err
	}
	return table(w, 4, rows)
}

func (r *report) printEnd(w io.Writer) error {
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(r.Noise, "\n"))
	if err == nil && len(r.Failures) > 0 {
		_, err = fmt.Fprintf(w, "\nFailed:\n%s\n", strings.Join(r.Failures, "\n"))
	}
	return err
}
