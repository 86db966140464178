package main

import (
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	var b strings.Builder
	err := table(&b, 2, [][]string{{"scenario", "unit", "µ", "longer"}, {"a", "s", "1.00"}, {"b", "s/GiB", "10.0", "2"}})
	if err != nil {
		t.Fatal(err)
	}
	want := "scenario  unit      µ  longer\n" +
		"a         s      1.00\n" +
		"b         s/GiB  10.0       2\n"
	if b.String() != want {
		t.Errorf("got:\n%swant:\n%s", b.String(), want)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0.00", 0.0123: "0.012", 0.9996: "1.00", 1.234: "1.23", 9.996: "10.0", 99.96: "100", 12345.6: "12346", -20: "-20.0",
	} {
		if got := number(n); got != want {
			t.Errorf("number(%v) = %q, want %q", n, got, want)
		}
	}
	if got := number(math.NaN()); got != "-" {
		t.Errorf("number(NaN) = %q", got)
	}
}

// filled is a report of two servers and two rounds.
func filled() *report {
	r := &report{
		rounds:  2,
		Servers: []serverInfo{{Name: sealaneName}, {Name: "pure-ftpd"}},
		aims: []aim{
			{"download-1", "cpu", "pure-ftpd", false, 0.75},
			{"download-1", "cpu", "vsftpd", false, 0.40},
			{"download-1", "rate", "pure-ftpd", true, 1.1},
			{"idle", "memory", "", false, 24},
			{"login", "cpu", "", false, 1},
		},
	}
	r.add("download-1", sealaneName, 0, []value{{"cpu", "s/GiB", 0.5}, {"rate", "MB/s", 100}})
	r.add("download-1", sealaneName, 1, []value{{"cpu", "s/GiB", 0.7}, {"rate", "MB/s", 100}})
	r.add("download-1", "pure-ftpd", 0, []value{{"cpu", "s/GiB", 1}, {"rate", "MB/s", 100}})
	r.add("download-1", "pure-ftpd", 1, []value{{"cpu", "s/GiB", 1}, {"rate", "MB/s", 80}})
	r.add("idle", sealaneName, 0, []value{{"memory", "KiB/session", 30}, {"answered", "%", 100}})
	r.finish()
	return r
}

func TestReport(t *testing.T) {
	r := filled()
	if got := r.find("download-1", "cpu").Median[sealaneName]; math.Abs(got-0.6) > 1e-12 {
		t.Errorf("median = %v, want 0.6", got)
	}
	if len(r.Ratios) != 2 || math.Abs(r.Ratios[0].Median-0.6) > 1e-12 || math.Abs(r.Ratios[1].Median-1.125) > 1e-12 {
		t.Errorf("ratios = %+v", r.Ratios)
	}
	want := []struct {
		aim      string
		measured bool
		reached  bool
	}{
		{"<= 0.75 x pure-ftpd", true, true},
		{"<= 0.40 x vsftpd", false, false}, // that server took no part
		{">= 1.10 x pure-ftpd", true, true},
		{"<= 24", true, false},
		// login was not run, and is not listed.
	}
	if len(r.Aims) != len(want) {
		t.Fatalf("aims = %+v", r.Aims)
	}
	for i, w := range want {
		if a := r.Aims[i]; a.Aim != w.aim || (a.Is != nil) != w.measured || a.Reached != w.reached {
			t.Errorf("aim %d = %+v, want %+v", i, a, w)
		}
	}
	var b strings.Builder
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"download-1  cpu       s/GiB          0.600       1.00",
		"idle        memory    KiB/session     30.0          -",
		"download-1  cpu     <= 0.40 x vsftpd     -            -",
		"download-1  rate    pure-ftpd    1.12    1.00   1.25",
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("the report has no line %q:\n%s", line, b.String())
		}
	}
}

// TestAims holds the aims to the scenarios: an aim at a name that is not there
// would never be judged.
func TestAims(t *testing.T) {
	o, err := parse([]string{"-streams", "3"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, s := range scenarios(o) {
		names[s.name] = true
	}
	for _, a := range aims(o.streams) {
		if !names[a.scenario] {
			t.Errorf("no scenario is called %q", a.scenario)
		}
	}
	if a := (aim{least: true, limit: 1}); a.reached(math.NaN()) || a.reached(0.9) || !a.reached(1) {
		t.Error("a lower limit of 1 is judged wrong")
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{
		{"-rounds", "0"}, {"-size", "4"}, {"-files", "7"}, {"-idle", "-1"}, {"-data-ports", "257"}, {"-run", "("}, {"surplus"},
	} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
	o, err := parse([]string{"-run", "^small-", "-size", "64"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	todo, err := choose(o)
	if err != nil || len(todo) != 2 || todo[0].name != "small-1" || todo[1].name != "small-8" {
		t.Errorf("-run ^small- chose %v, %v", todo, err)
	}
	if o.size != 64<<20 {
		t.Errorf("-size 64 is %d bytes", o.size)
	}
	o.run = regexp.MustCompile("nothing")
	if _, err := choose(o); err == nil || !strings.Contains(err.Error(), "noop-loaded") {
		t.Errorf("a -run without a match: %v, which should name the scenarios", err)
	}
}
