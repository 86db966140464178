package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// report is what a run found; its exported fields are the JSON.
type report struct {
	Began     time.Time
	Ended     time.Time
	Machine   []string
	Settings  []string
	Servers   []serverInfo
	Figures   []*figure
	Ratios    []ratioRow
	Aims      []aimRow
	Failures  []string
	Noise     []string
	rounds    int
	aims      []aim
	busy, own time.Duration // at the beginning
	used      time.Duration // by servers and bulk downloads
	load      string
}

type serverInfo struct {
	Name, Version, Settings, TLS string
}

// figure is one metric of one scenario, for all servers.
type figure struct {
	Scenario, Metric, Unit string
	Values                 map[string]map[int]float64 // server, round from 0
	Median                 map[string]float64
}

// ratioRow compares Sealane to one server.
type ratioRow struct {
	Scenario, Metric, Server string
	Rounds                   []float64
	Median                   float64
}

type aimRow struct {
	Scenario, Metric, Aim string
	Is                    *float64 // nil: not measured
	Reached               bool
}

func newReport(o *options, p *place, todo []scenario) *report {
	r := &report{Began: time.Now().UTC(), rounds: o.rounds, aims: aims(o.streams), own: own(), load: load()}
	if b, err := busy(); err == nil {
		r.busy = b
	}
	r.Machine = append(machine(), fmt.Sprintf("cores: %d", runtime.NumCPU()), "go: "+runtime.Version())
	names := make([]string, len(todo))
	for i, s := range todo {
		names[i] = s.name
	}
	r.Settings = []string{
		"scenarios: " + strings.Join(names, " "),
		fmt.Sprintf("rounds: %d (idle: %d)", o.rounds, min(o.rounds, o.idleRounds)),
		fmt.Sprintf("large transfer: %d MiB, over %d streams in the parallel scenarios", o.size>>20, o.streams),
		fmt.Sprintf("small files: %d of 4 KiB a round; logins: %d; entries: %d; idle sessions: %d; round trips: %d", o.files, o.logins, o.entries, o.idle, o.samples),
		"CPU time: " + p.group.String(),
		"files: " + o.tmp,
	}
	for _, s := range p.products {
		r.Servers = append(r.Servers, serverInfo{Name: s.name, Version: s.version, Settings: s.settings})
	}
	return r
}

// negotiated notes which TLS a server chose, once.
func (r *report) negotiated(server string, c *client) {
	secure, ok := c.conn.(*tls.Conn)
	if !ok {
		return
	}
	describe := func(s tls.ConnectionState) string {
		return fmt.Sprintf("%s %s %s, resumed: %t", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite), s.CurveID, s.DidResume)
	}
	for i := range r.Servers {
		if r.Servers[i].Name == server {
			r.Servers[i].TLS = "control " + describe(secure.ConnectionState()) + "; data " + describe(c.last)
		}
	}
}

func (r *report) fail(scenario, server string, round int, err error) {
	r.Failures = append(r.Failures, fmt.Sprintf("%s, %s, round %d: %v", scenario, server, round+1, err))
}

func (r *report) add(scenario, server string, round int, values []value) {
	for _, v := range values {
		f := r.figure(scenario, v.metric, v.unit)
		if f.Values[server] == nil {
			f.Values[server] = map[int]float64{}
		}
		f.Values[server][round] = v.n
	}
}

func (r *report) figure(scenario, metric, unit string) *figure {
	if f := r.find(scenario, metric); f != nil {
		return f
	}
	f := &figure{Scenario: scenario, Metric: metric, Unit: unit, Values: map[string]map[int]float64{}, Median: map[string]float64{}}
	r.Figures = append(r.Figures, f)
	return f
}

func (r *report) find(scenario, metric string) *figure {
	for _, f := range r.Figures {
		if f.Scenario == scenario && f.Metric == metric {
			return f
		}
	}
	return nil
}

// list gives the values of a server in the order of the rounds.
func (f *figure) list(server string, rounds int) []float64 {
	var all []float64
	for round := range rounds {
		if n, ok := f.Values[server][round]; ok {
			all = append(all, n)
		}
	}
	return all
}

// hasRatio says whether a ratio of two figures means something. Those that may
// be zero, and percentages, are better read as they are.
func hasRatio(metric string) bool {
	switch metric {
	case "resumed", "answered", "growth", "kept":
		return false
	}
	return true
}

// finish computes medians, ratios, aims and noise.
func (r *report) finish() {
	r.Ended = time.Now().UTC()
	for _, f := range r.Figures {
		for _, s := range r.Servers {
			if all := f.list(s.Name, r.rounds); len(all) > 0 {
				f.Median[s.Name] = median(all)
			}
			if s.Name == sealaneName || !hasRatio(f.Metric) {
				continue
			}
			if all := ratios(f.Values[sealaneName], f.Values[s.Name], r.rounds); len(all) > 0 {
				r.Ratios = append(r.Ratios, ratioRow{f.Scenario, f.Metric, s.Name, all, median(all)})
			}
		}
	}
	for _, a := range r.aims {
		row := aimRow{Scenario: a.scenario, Metric: a.metric, Aim: a.String()}
		if n, ok := r.is(a); ok {
			row.Is, row.Reached = &n, a.reached(n)
		} else if r.find(a.scenario, a.metric) == nil {
			continue // not part of this run
		}
		r.Aims = append(r.Aims, row)
	}
	r.noise()
}

// is gives the figure, or the ratio, that an aim is about.
func (r *report) is(a aim) (float64, bool) {
	if a.to != "" {
		for _, row := range r.Ratios {
			if row.Scenario == a.scenario && row.Metric == a.metric && row.Server == a.to {
				return row.Median, true
			}
		}
		return 0, false
	}
	f := r.find(a.scenario, a.metric)
	if f == nil {
		return 0, false
	}
	n, ok := f.Median[sealaneName]
	return n, ok
}

// noise says what else ran, and how far rounds lie apart.
func (r *report) noise() {
	r.Noise = append(r.Noise, "load average before: "+r.load+", after: "+load())
	if now, err := busy(); err == nil && r.busy > 0 {
		foreign := (now - r.busy) - (own() - r.own) - r.used
		whole := r.Ended.Sub(r.Began) * time.Duration(runtime.NumCPU())
		r.Noise = append(r.Noise, fmt.Sprintf("CPU time of other programs: %.0f %% of the machine", 100*max(0, float64(foreign)/float64(whole))))
	}
	for _, s := range r.Servers {
		var all []float64
		for _, f := range r.Figures {
			if l := f.list(s.Name, r.rounds); f.Metric == "cpu" && len(l) > 1 {
				all = append(all, 100*spread(l))
			}
		}
		if len(all) > 0 {
			r.Noise = append(r.Noise, fmt.Sprintf("%s: CPU figures of the rounds lie %.0f %% apart (median over the scenarios; at most %.0f %%)", s.Name, median(all), percentile(all, 100)))
		}
	}
}

// save writes the JSON.
func (r *report) save(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
