package config

import (
	"math"
	"net"
	"strings"
	"time"
)

// TrailConfig is the section [trail].
type TrailConfig struct {
	File     bool   // write files
	Dir      string // where; empty: "trail" in the state folder
	Required bool   // no logins and no transfers while it cannot be written
	MaxSize  int64  // bytes of a file
	MaxAge   time.Duration
	Keep     int // old files; 0: all
	KeepDays int // 0: no matter how old
	Sync     string
	Every    int // lines from one checkpoint to the next
	Syslog   Syslog
	Journald bool
	Hash     bool // of every file that is moved
}

// The values of TrailConfig.Sync.
const (
	TrailSyncBatch      = "batch"
	TrailSyncCheckpoint = "checkpoint"
	TrailSyncNever      = "never"
)

// Syslog is where a collector of log messages listens. The zero value is none.
type Syslog struct {
	Network string // "udp", "tcp" or "unixgram"
	Address string
}

// String gives the form that parseSyslog reads.
func (s Syslog) String() string {
	switch s.Network {
	case "":
		return ""
	case "unixgram":
		return "unix://" + s.Address
	}
	return s.Network + "://" + s.Address
}

// parseSyslog reads udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH. The error holds a
// hint.
func parseSyslog(s string) (Syslog, error) {
	const hint = `write "udp://192.0.2.1:514", "tcp://log.example.org:601" or "unix:///dev/log"`
	network, address, ok := strings.Cut(s, "://")
	switch {
	case ok && network == "unix" && strings.HasPrefix(address, "/"):
		return Syslog{"unixgram", address}, nil
	case ok && (network == "udp" || network == "tcp"):
		host, port, err := net.SplitHostPort(address)
		if err != nil || host == "" {
			break
		}
		if _, err := parsePort(port, 1); err != nil {
			return Syslog{}, err
		}
		return Syslog{network, address}, nil
	}
	return Syslog{}, mistakef(hint, "%.100q is not the address of a syslog", s)
}

// parseTrailSync reads "batch", "checkpoint" or "never". The error holds a hint.
func parseTrailSync(s string) (string, error) {
	return oneOf(s, TrailSyncBatch, TrailSyncCheckpoint, TrailSyncNever)
}

func defaultTrail() TrailConfig {
	return TrailConfig{File: true, MaxSize: 64 << 20, MaxAge: 24 * time.Hour, Keep: 400, Sync: TrailSyncCheckpoint, Every: 1000}
}

func trailSettings() []setting {
	return []setting{
		{key: "trail.file", example: `true`,
			doc: "Write the trail: a line for each login, transfer, change and refusal, chained and\nsigned so that sealane log verify finds what was changed or removed later.",
			set: func(c *Config, v any) error { return setBool(&c.Trail.File, v) }},
		{key: "trail.dir", example: `"/var/log/sealane"`,
			doc: "The folder of its files. Without it they are in the folder \"trail\" of the state folder.",
			set: func(c *Config, v any) error { return setPath(&c.Trail.Dir, v) }},
		{key: "trail.required", example: `false`,
			doc: "Refuse logins, transfers and changes while the trail cannot be written. Without it\nthe server goes on, counts what is lost, and records that when it can again.",
			set: func(c *Config, v any) error { return setBool(&c.Trail.Required, v) }},
		{key: "trail.max_size", example: `"64 MiB"`,
			doc: "How large a file becomes before the next one begins. Old ones are compressed.",
			set: func(c *Config, v any) error { return setParsed(&c.Trail.MaxSize, v, ParseBytes) }},
		{key: "trail.max_age", example: `"24h"`,
			doc: "How old it becomes before that.",
			set: func(c *Config, v any) error { return setDuration(&c.Trail.MaxAge, v) }},
		{key: "trail.keep", example: `400`,
			doc: "How many old files are kept.",
			set: func(c *Config, v any) error { return setCount(&c.Trail.Keep, v) }},
		{key: "trail.keep_days", example: `400`,
			doc: "After how many days an old file goes, even if there is room for it. Without it\nage is no matter.",
			set: func(c *Config, v any) error { return setCount(&c.Trail.KeepDays, v) }},
		{key: "trail.sync", example: `"checkpoint"`,
			doc: "When lines are forced to the disk: batch, whenever some are written, up to twenty\ntimes a second; checkpoint, with each signature, so that a power cut may take the\nlast lines, which is recorded; never leaves it to the system.",
			set: func(c *Config, v any) error { return setParsed(&c.Trail.Sync, v, parseTrailSync) }},
		{key: "trail.checkpoint", example: `1000`,
			doc: "After how many lines one is signed.",
			set: func(c *Config, v any) error { return setCount(&c.Trail.Every, v) }},
		{key: "trail.syslog", example: `"udp://192.0.2.1:514"`,
			doc: "A collector that gets every line as well, in the form of RFC 5424: udp://HOST:PORT,\ntcp://HOST:PORT or unix:///PATH.",
			set: func(c *Config, v any) error { return setParsed(&c.Trail.Syslog, v, parseSyslog) }},
		{key: "trail.journald", example: `false`,
			doc: "Whether journald gets every line as well.",
			set: func(c *Config, v any) error { return setBool(&c.Trail.Journald, v) }},
		{key: "trail.hash", example: `false`,
			doc: "Put the SHA-256 of every file that is moved as a whole into the line of its transfer.\nIt is taken on the way, and costs a processor about a second for each GiB. Without\nit only lines of clients that had asked for hashes before have them.",
			set: func(c *Config, v any) error { return setBool(&c.Trail.Hash, v) }},
	}
}

// minTrailFile is the least trail.max_size: a file holds some lines at least.
const minTrailFile = 64 << 10

func (t TrailConfig) check(say func(string, error)) {
	if t.MaxSize < minTrailFile || t.MaxSize == math.MaxInt64 {
		say("trail.max_size", mistakef("some MiB are usual", "must be 64 KiB at least"))
	}
	say("trail.max_age", checkDuration(t.MaxAge))
	say("trail.keep", checkCount(t.Keep))
	_, err := parseTrailSync(t.Sync)
	say("trail.sync", err)
	say("trail.checkpoint", checkCount(t.Every))
	if t.Required && !t.File {
		say("trail.required", mistakef("set trail.file to true", "only files can be required: what syslog and journald lose is not known here"))
	}
}
