package config

import "fmt"

// Validate checks the whole: each value that flags may have changed, and that
// the values fit together. The error joins one *Error for each mistake. [Parse]
// has done this for a file; do it again when flags are laid over it.
func (c Config) Validate() error {
	return join(c.check(nil))
}

// check finds what is wrong with c. wrong is the keys that are known to be, so
// that they are not judged twice.
func (c Config) check(wrong map[string]bool) []*Error {
	var found []*Error
	say := func(key string, err error) {
		if err != nil && !wrong[key] {
			found = append(found, at(key, err))
		}
	}
	if wrong["data.ports"] {
		c.Data.Ports = PortRange{} // the default was not what was meant
	}
	c.checkPorts(say)
	c.checkNetworks(say)
	if c.TLS.Cert != "" && c.TLS.Key == "" && !wrong["tls.key"] {
		say("tls.cert", mistakef("set tls.key too", "has no key"))
	}
	if c.TLS.Key != "" && c.TLS.Cert == "" && !wrong["tls.cert"] {
		say("tls.key", mistakef("set tls.cert too", "has no certificate"))
	}
	if (c.TLS.SecondCert == "") != (c.TLS.SecondKey == "") && !wrong["tls.second_cert"] && !wrong["tls.second_key"] {
		say("tls.second_cert", mistakef("set both, or neither", "stands without tls.second_key, or that without it"))
	}
	if c.TLS.SecondCert != "" && c.TLS.Cert == "" && !wrong["tls.cert"] {
		say("tls.second_cert", mistakef("set tls.cert and tls.key", "there is no first certificate"))
	}
	if c.TLS.Staple != "" && c.TLS.Cert == "" && !wrong["tls.cert"] {
		say("tls.ocsp_staple", mistakef("set tls.cert and tls.key", "there is no certificate that it could be for"))
	}
	c.TLS.ACME.check(say)
	c.checkClientCerts(say, wrong)
	c.checkHosts(say, wrong)
	c.checkVerbs(say)
	c.checkGuard(say, wrong)
	say("limits.sessions", checkCount(c.Limits.Sessions))
	say("limits.sessions_per_address", checkCount(c.Limits.SessionsPerAddress))
	say("limits.idle", checkDuration(c.Limits.Idle))
	say("limits.login", checkDuration(c.Limits.Login))
	say("limits.stall", checkDuration(c.Limits.Stall))
	say("limits.grace", checkDuration(c.Limits.Grace))
	_, err := ParseDurability(c.Uploads.Durability)
	say("uploads.durability", err)
	say("uploads.keep", checkDuration(c.Uploads.Keep))
	say("log.format", checkFormat(c.Log.Format))
	c.Trail.check(say)
	first := map[string]int{}
	for i, a := range c.Accounts {
		key := fmt.Sprintf("account[%d]", i)
		a.check(key, say, wrong)
		if n, twice := first[a.Name]; twice && a.Name != "" {
			say(key+".name", mistakef("remove one of them", "%q is the name of account[%d], too", a.Name, n))
		} else {
			first[a.Name] = i
		}
	}
	return found
}

func (c Config) checkLegacy(say func(string, error)) {
	legacy := c.Listen.Legacy
	_, err := parseLegacyListen(legacy.String())
	say("listen.legacy", err)
	for key, l := range map[string]Listen{"listen.explicit": c.Listen.Explicit, "listen.implicit": c.Listen.Implicit} {
		if legacy.Set && !legacy.Off && l.Set && !l.Off && legacy.Port != 0 && l.Port == legacy.Port && (l.Host == "" || l.Host == legacy.Host) {
			say("listen.legacy", mistakef("choose another port", "%s is taken by %s", legacy, key))
		}
	}
	if legacy.Set && !legacy.Off && c.Data.Ports.Contains(legacy.Port) {
		say("listen.legacy", mistakef("choose another port", "%s is one of data.ports", legacy))
	}
}

func (c Config) checkPorts(say func(string, error)) {
	e, i, ports := c.Listen.Explicit, c.Listen.Implicit, c.Data.Ports
	if ports.From == 0 || ports.From > ports.To {
		say("data.ports", mistakef(`write "2991-2998", or "2991" for one port`, "%s is not a range of ports", ports))
	}
	if e.Off && i.Off {
		say("listen.implicit", mistakef("leave one of them on", "is off, and listen.explicit is too"))
	}
	on := func(l Listen) bool { return l.Set && !l.Off && l.Port != 0 }
	if on(e) && on(i) && e.Port == i.Port && (e.Host == i.Host || e.Host == "" || i.Host == "") {
		say("listen.implicit", mistakef("choose another port", "%s is taken by listen.explicit", i))
	}
	c.checkLegacy(say)
	fallback := c.Data.Fallback
	apart := func(key string, l Listen) {
		if on(l) && ports.Contains(l.Port) {
			say(key, mistakef("choose a port outside of them", "port %d is one of data.ports (%s)", l.Port, ports))
		}
		if on(l) && fallback.Contains(l.Port) {
			say(key, mistakef("choose a port outside of them", "port %d is one of data.fallback (%s)", l.Port, fallback))
		}
	}
	_, err := ParseMode(c.Data.Mode)
	say("data.mode", err)
	if c.Data.Mode == ModeShared && ports.Len() > MaxSharedPorts {
		say("data.ports", mistakef(`take fewer, 8 are usual, or set data.mode to "exclusive"`,
			"%s are more than the %d ports that can be shared", ports, MaxSharedPorts))
	}
	switch {
	case fallback == PortRange{}:
	case c.Data.Mode == ModeExclusive:
		say("data.fallback", mistakef("remove it", `has no meaning where data.mode is "exclusive"`))
	case fallback.From <= ports.To && ports.From <= fallback.To:
		say("data.fallback", mistakef("choose ports outside of them", "%s overlaps data.ports (%s)", fallback, ports))
	}
	_, err = ParseResumption(c.Data.Resumption)
	say("data.resumption", err)
	apart("listen.explicit", e)
	apart("listen.implicit", i)
}

func (a Account) check(key string, say func(string, error), wrong map[string]bool) {
	say(key+".name", checkName(a.Name))
	if a.Resumption != "" {
		_, err := ParseResumption(a.Resumption)
		say(key+".resumption", err)
	}
	ways := 0
	for _, way := range []struct {
		name, value string
		check       func(string) error
	}{
		{".password", a.Password, checkPassword},
		{".password_hash", a.PasswordHash, checkHash},
		{".password_file", a.PasswordFile, func(string) error { return nil }},
		{".password_env", a.PasswordEnv, checkVariable},
	} {
		if wrong[key+way.name] {
			ways++
		} else if way.value != "" {
			ways++
			say(key+way.name, way.check(way.value))
		}
	}
	switch {
	case ways > 0 && a.Certificate == CertificateAlone:
		say(key, mistakef("remove it, or set certificate to either or both", "has a password, which could not be used"))
	case ways == 0 && a.Certificate != CertificateAlone:
		say(key, mistakef("set password, password_hash, password_file or password_env", "has no password"))
	case ways > 1:
		say(key, mistakef("keep one of password, password_hash, password_file and password_env", "has more than one password"))
	}
}

func checkCount(n int) error {
	if n < 1 {
		return mistakef("1 is the least", "must be a number above 0")
	}
	return nil
}
