package config

import (
	"strings"
	"time"

	"github.com/sealane/sealane/auth"
)

// admissionSettings are the rows of settings about when, from where and to what an account
// gets in.
func admissionSettings() []setting {
	return []setting{
		{key: "account.disabled", example: `false`,
			doc:     "Let it not log in.",
			account: func(a *Account, v any) error { return setBool(&a.Admission.Disabled, v) }},
		{key: "account.expires", example: `"2027-01-31"`,
			doc:     "From when on it may not log in: a date (its beginning in UTC), or a time as in RFC\n3339.",
			account: func(a *Account, v any) error { return setParsed(&a.Admission.Expires, v, ParseTime) }},
		{key: "account.networks", example: `["192.0.2.0/24", "2001:db8::7"]`,
			doc:     "From where it may log in; without it, from everywhere.",
			account: func(a *Account, v any) error { return setList(&a.Admission.Networks, v, ParseNetwork) }},
		{key: "account.allow", example: `["/ = list,download", "/in = list,upload,mkdir"]`,
			doc:     "What it may do in which folder and below; the longest path counts. all, none, or some\nof list, download, upload, overwrite, append, delete, rmdir, rename, renamedir,\nmkdir, attributes, hash and link. Without it, everything that the lines here let it.",
			account: func(a *Account, v any) error { return setList(&a.Storage.Rules, v, ParseRule) }},
	}
}

// ParseRule reads "/in=list,upload". The folder may hold "="; rights do not. The error
// holds a hint.
func ParseRule(s string) (auth.Rule, error) {
	at := strings.LastIndexByte(s, '=')
	if at < 1 || s[0] != '/' {
		return auth.Rule{}, mistakef(`write "/in=list,upload"`, "%.60q does not say what is allowed where", s)
	}
	rights, err := auth.ParseRights(s[at+1:])
	if err != nil {
		return auth.Rule{}, mistakef("all and none are rights, too", "%v", err)
	}
	return auth.Rule{Folder: strings.TrimSpace(s[:at]), Allow: rights}, nil
}

// ParseTime reads a date, which means its beginning in UTC, or a time as in RFC 3339. The error
// holds a hint.
func ParseTime(s string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, s); err == nil && !t.IsZero() {
			return t.UTC(), nil
		}
	}
	return time.Time{}, mistakef("write 2027-01-31 or 2027-01-31T12:00:00Z", "%.40q is not a time", s)
}
