package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sealane/sealane/ftpserver"
)

// registered is an entry of IANA's registry of FTP commands and extensions
// (RFC 5797 §3, RFC 7151 §7).
type registered struct {
	name string
	// need is how the registry says that it conforms: mandatory, optional or
	// historic.
	need string
	rfcs string
	// feature is an entry that has no verb; it stands in FEAT.
	feature bool
}

const (
	mandatory = "mandatory"
	optional  = "optional"
	historic  = "historic"
)

// registry is in the order of the page.
func registry() []registered {
	var out []registered
	for _, group := range []struct{ need, rfcs, names string }{
		{mandatory, "959", "ABOR ACCT ALLO APPE CWD DELE HELP LIST MODE NLST NOOP PASS PASV PORT QUIT REIN REST RETR RNFR RNTO SITE STAT STOR STRU TYPE USER"},
		{optional, "959", "CDUP MKD PWD RMD SMNT STOU SYST"},
		{optional, "2228", "ADAT AUTH CCC CONF ENC MIC PBSZ PROT"},
		{mandatory, "2389", "FEAT OPTS"},
		{optional, "2428", "EPRT EPSV"},
		{optional, "2640", "LANG"},
		{optional, "3659", "MDTM MLSD MLST SIZE"},
		{optional, "7151", "HOST"},
		{historic, "775, 1123", "XCUP XCWD XMKD XPWD XRMD"},
		{historic, "1639", "LPRT LPSV"},
	} {
		for name := range strings.FieldsSeq(group.names) {
			out = append(out, registered{name: name, need: group.need, rfcs: group.rfcs})
		}
	}
	return append(out, registered{"TVFS", optional, "3659", true}, registered{"UTF8", optional, "2640", true})
}

const registryHead = `
## The registry

What Sealane answers to each entry of the registry of FTP commands and extensions (RFC 5797 §3, RFC 7151 §7). "As above" is what the row of the verb above tells. An entry without a verb stands in FEAT.

| entry | need | RFC | Sealane |
|---|---|---|---|
`

// registryPage is the part of protocol.md that tells what of the registry there is.
func registryPage() string {
	var b strings.Builder
	b.WriteString(registryHead)
	for _, r := range registry() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.name, r.need, r.rfcs, r.answer())
	}
	b.WriteString("\nNot in the registry: " + strings.Join(unregistered(), ", ") + ".\n")
	return b.String()
}

// answer tells what Sealane does with the entry, by the table of commands.
func (r registered) answer() string {
	for _, c := range ftpserver.Commands() {
		if r.feature && slices.Contains(c.Features, r.name) {
			return "in FEAT"
		}
		if r.feature || c.Verb != r.name && !slices.Contains(c.Aliases, r.name) {
			continue
		}
		switch {
		case c.Never:
			return "502"
		case c.Off:
			return "off until the policy turns it on"
		}
		return asAbove
	}
	return notThere
}

const (
	asAbove  = "as above"
	notThere = "500"
)

// unregistered are the verbs that the table has and the registry has not.
func unregistered() []string {
	known := map[string]bool{}
	for _, r := range registry() {
		known[r.name] = true
	}
	var out []string
	for _, c := range ftpserver.Commands() {
		for _, verb := range append([]string{c.Verb}, c.Aliases...) {
			if first, _, sub := strings.Cut(verb, " "); !sub && !known[first] {
				out = append(out, "`"+verb+"`")
			}
		}
	}
	slices.Sort(out)
	return out
}
