package config

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
)

// Weak tells of what is allowed and still a risk, each with its line where the settings come
// from the file at path, which may be "".
func (c Config) Weak(path string) []*Error {
	w := weak{file: path, lines: map[string]int{}}
	if data, err := os.ReadFile(path); path != "" && err == nil {
		for _, k := range scan(string(data)) {
			w.lines[k.key] = k.line
		}
		w.fileRights(c)
	}
	w.server(c)
	w.keyFiles(c)
	for i, a := range c.Accounts {
		w.account(fmt.Sprintf("account[%d]", i), a)
	}
	return w.found
}

type weak struct {
	file  string
	lines map[string]int
	found []*Error
}

// when says message of key if the setting is weak.
func (w *weak) when(is bool, key, message, hint string) {
	if is {
		w.found = append(w.found, &Error{File: w.file, Line: w.lines[key], Key: key, Message: key + " " + message, Hint: hint})
	}
}

func (w *weak) server(c Config) {
	w.when(c.TLS.InsecurePlaintext, "tls.insecure_plaintext", "lets passwords and files cross the network in clear", "set it to false, and see which clients then fail")
	w.when(c.Listen.Legacy.Set && !c.Listen.Legacy.Off, "listen.legacy", "takes TLS that who is on the way can break", "let a firewall admit the old devices and nobody else")
	w.when(c.Data.Resumption == ResumptionOff, "data.resumption", "lets anybody behind a client's address take its data connections", `set it to "auto"`)
	w.when(c.Data.Active, "data.active", "makes the server connect to where clients say", "leave it out unless a client cannot do without")
	w.when(c.Data.Compression, "data.compression", "makes the size of a transfer tell something of what is in it", "leave it out unless the line is slow")
	w.when(c.Uploads.Durability == DurabilityProcess, "uploads.durability", "lets a power cut take uploads that were confirmed", `set it to "full"`)
	w.when(!c.Trail.File && c.Trail.Syslog == (Syslog{}) && !c.Trail.Journald, "trail.file", "keeps no trail of who did what", "set it to true")
	for _, p := range c.Proxy.Trusted {
		w.when(wide(p), "proxy.trusted", fmt.Sprintf("lets all of %s pretend to be any client", p), "name the proxies and no more")
	}
	for _, p := range c.Guard.Allow {
		w.when(wide(p), "guard.allow", fmt.Sprintf("lets all of %s guess passwords without end", p), "name single networks")
	}
}

// wide reports whether a network is larger than any that is one's own.
func wide(p netip.Prefix) bool {
	if p.Addr().Is4() {
		return p.Bits() < 8
	}
	return p.Bits() < 16
}

// keyFiles tells of private keys that anybody on the machine can copy. A group of the system may
// read them: that is how some systems share keys between servers.
func (w *weak) keyFiles(c Config) {
	own := func(key, name string) {
		info, err := os.Stat(name)
		w.when(name != "" && err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0, key, "can be read by everybody on this machine", "chmod 600 "+name+", and make a new key if others may have seen it")
	}
	own("tls.key", c.TLS.Key)
	own("tls.second_key", c.TLS.SecondKey)
	for i, h := range c.Hosts {
		own(fmt.Sprintf("host[%d].key", i), h.Key)
	}
}

func (w *weak) account(key string, a Account) {
	w.when(a.Password != "" && w.lines[key+".password"] > 0, key+".password", "stands in the file in clear", "take password_hash, password_file or password_env")
	w.when(a.LegacyEOF, key+".legacy_eof", "takes uploads for whole that somebody has cut short", "leave it out when the device has learned better")
	w.when(a.Resumption == ResumptionOff, key+".resumption", "lets anybody behind the client's address take its data connections", `set it to "auto"`)
	w.when(a.Storage.Durability == DurabilityProcess, key+".durability", "lets a power cut take uploads that were confirmed", `set it to "full"`)
	w.when(a.Storage.Uploads == UploadsDirect, key+".uploads", "shows files before they are whole, and leaves half ones behind", `set it to "atomic"`)
	w.when(a.Certificate == CertificateIgnored, key+".certificate", "leaves the account to its password alone", `set it to "both"`)
}

// fileRights tells of passwords that other users of the machine can read.
func (w *weak) fileRights(c Config) {
	info, err := os.Stat(w.file)
	if err != nil || !OthersCanRead(info) {
		return
	}
	for key := range w.lines {
		if strings.HasPrefix(key, "account[") && (strings.HasSuffix(key, ".password") || strings.HasSuffix(key, ".password_hash")) {
			w.found = append(w.found, &Error{File: w.file, Message: "others can read this file, and the passwords or hashes that are in it", Hint: "chmod 600 " + w.file})
			return
		}
	}
}
