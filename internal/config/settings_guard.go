package config

import (
	"fmt"
	"net/netip"
	"time"
)

// guardSettings are the rows of the section [guard]; what they set is a guard.Policy.
func guardSettings() []setting {
	return []setting{
		{key: "guard.failures", example: `10`,
			doc: "An address is banned after so many failed logins within window. Of IPv6 its whole\n/64 counts as one address.",
			set: func(c *Config, v any) error { return setCount(&c.Guard.Failures, v) }},
		{key: "guard.network_failures", example: `50`,
			doc: "The same for all addresses of a /24, of IPv6 a /48. Addresses in it that have logged\nin before are not banned with it.",
			set: func(c *Config, v any) error { return setCount(&c.Guard.NetworkFailures, v) }},
		{key: "guard.window", example: `"10m"`,
			doc: "How long a failed login counts.",
			set: func(c *Config, v any) error { return setSpan(&c.Guard.Window, v) }},
		{key: "guard.delay_max", example: `"5s"`,
			doc: "Logins of an address, and those of strangers to one name, must be ever further apart\nthe more of them fail, up to this.",
			set: func(c *Config, v any) error { return setDelay(&c.Guard.DelayMax, v) }},
		{key: "guard.ban", example: `"10m"`,
			doc: "How long the first ban is. Each further one is twice as long.",
			set: func(c *Config, v any) error { return setSpan(&c.Guard.Ban, v) }},
		{key: "guard.ban_max", example: `"24h"`,
			doc: "The longest ban. So long after its end it is forgotten, and the next is short again.",
			set: func(c *Config, v any) error { return setSpan(&c.Guard.BanMax, v) }},
		{key: "guard.trust", example: `"720h"`,
			doc: "For so long after a login its address is trusted with this account: what others do to\nthe account does not delay it there.",
			set: func(c *Config, v any) error { return setSpan(&c.Guard.Trust, v) }},
		{key: "guard.allow", example: `["10.0.0.0/8", "2001:db8::7"]`,
			doc: "Networks that are never banned, delayed or refused for what is in this section.",
			set: func(c *Config, v any) error { return setList(&c.Guard.Allow, v, ParseNetwork) }},
		{key: "guard.deny", example: `["198.51.100.0/24"]`,
			doc: "Networks that are turned away as soon as they connect; guard.allow goes over it.",
			set: func(c *Config, v any) error { return setList(&c.Guard.Deny, v, ParseNetwork) }},
		{key: "guard.handshakes", example: `1000`,
			doc: "How many connections may be open that have not logged in yet. A quarter more is for\naddresses that have logged in before.",
			set: func(c *Config, v any) error { return setCount(&c.Guard.Handshakes, v) }},
		{key: "guard.handshakes_per_address", example: `200`,
			doc: "How many of them from one address.",
			set: func(c *Config, v any) error { return setCount(&c.Guard.HandshakesPerAddress, v) }},
		{key: "guard.hashes", example: `1`,
			doc: "How many passwords are hashed at a time, each of which takes a processor and 19 MiB;\nwithout it half of the processors.",
			set: func(c *Config, v any) error { return setCount(&c.Guard.Hashes, v) }},
		{key: "guard.hashes_waiting", example: `1024`,
			doc: "How many logins may wait for that. They are served in turn by address.",
			set: func(c *Config, v any) error { return setCount(&c.Guard.HashesWaiting, v) }},
	}
}

// Bounds of the times of [guard]: a year of 366 days, and what a login may be delayed.
const (
	maxSpan  = 366 * 24 * time.Hour
	maxDelay = 20 * time.Second
)

func setSpan(to *time.Duration, v any) error { return setWithin(to, v, maxSpan) }

func setDelay(to *time.Duration, v any) error { return setWithin(to, v, maxDelay) }

func setWithin(to *time.Duration, v any, most time.Duration) error {
	s, ok := v.(string)
	d, err := time.ParseDuration(s)
	if !ok || err != nil {
		return mistakef(`write "90s", "5m" or "1h30m", in quotes`, "must be a time")
	}
	*to = d
	return checkSpan(d, most)
}

func checkSpan(d, most time.Duration) error {
	if d < minDuration || d > most {
		longest := fmt.Sprintf("%ds", int(most.Seconds()))
		if most >= time.Hour {
			longest = fmt.Sprintf("%dh", int(most.Hours()))
		}
		return mistakef(`write "90s", "5m" or "1h30m"`, "must be a time from 1s to %s", longest)
	}
	return nil
}

func (c Config) checkGuard(say func(string, error), wrong map[string]bool) {
	g := c.Guard
	say("guard.failures", checkCount(g.Failures))
	say("guard.network_failures", checkCount(g.NetworkFailures))
	say("guard.window", checkSpan(g.Window, maxSpan))
	say("guard.delay_max", checkSpan(g.DelayMax, maxDelay))
	say("guard.ban", checkSpan(g.Ban, maxSpan))
	say("guard.ban_max", checkSpan(g.BanMax, maxSpan))
	say("guard.trust", checkSpan(g.Trust, maxSpan))
	say("guard.handshakes", checkCount(g.Handshakes))
	say("guard.handshakes_per_address", checkCount(g.HandshakesPerAddress))
	say("guard.hashes_waiting", checkCount(g.HashesWaiting))
	if g.BanMax < g.Ban && !wrong["guard.ban"] {
		say("guard.ban_max", mistakef("make it longer, or guard.ban shorter", "is shorter than guard.ban"))
	}
	if g.NetworkFailures < g.Failures && !wrong["guard.failures"] {
		say("guard.network_failures", mistakef("an address is a part of its network", "is less than guard.failures"))
	}
	for key, list := range map[string][]netip.Prefix{"guard.allow": g.Allow, "guard.deny": g.Deny} {
		seen := map[netip.Prefix]bool{}
		for _, p := range list {
			if seen[p] {
				say(key, mistakef("remove one of them", "%s is there twice", p))
			}
			seen[p] = true
		}
	}
}
