package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSyslog(t *testing.T) {
	for in, want := range map[string]Syslog{
		"udp://192.0.2.1:514":       {"udp", "192.0.2.1:514"},
		"tcp://[2001:db8::1]:601":   {"tcp", "[2001:db8::1]:601"},
		"tcp://log.example.org:601": {"tcp", "log.example.org:601"},
		"unix:///dev/log":           {"unixgram", "/dev/log"},
	} {
		got, err := parseSyslog(in)
		if err != nil || got != want || got.String() != in {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "192.0.2.1:514", "udp://", "udp://192.0.2.1", "udp://:514", "udp://a:0", "tls://a:6514", "unix://log"} {
		if got, err := parseSyslog(in); err == nil {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

func TestTrailMistakes(t *testing.T) {
	_, err := Parse("x.toml", []byte(`[trail]
file = false
required = true
max_size = "1 kB"
sync = "always"
checkpoint = 0
syslog = "log.example.org"
`))
	const want = `x.toml:3: trail.required: only files can be required: what syslog and journald lose is not known here (hint: set trail.file to true)
x.toml:4: trail.max_size: must be 64 KiB at least (hint: some MiB are usual)
x.toml:5: trail.sync: "always" is not known here (hint: one of batch, checkpoint, never)
x.toml:6: trail.checkpoint: must be a whole number from 1 to 2147483647 (hint: without quotes)
x.toml:7: trail.syslog: "log.example.org" is not the address of a syslog (hint: write "udp://192.0.2.1:514", "tcp://log.example.org:601" or "unix:///dev/log")`
	if err == nil {
		t.Fatal("no mistake was found")
	}
	if d := cmp.Diff(want, err.Error()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
