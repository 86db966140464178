package config

import "math"

// uploadSettings and storageSettings are the rows of settings about the disk.
func uploadSettings() []setting {
	return []setting{
		{key: "uploads.durability", example: `"full"`,
			doc: "What a client may rely on that was told of a finished upload: full, that it\nsurvives a power cut; process, that it survives the end of the server.",
			set: func(c *Config, v any) error { return setParsed(&c.Uploads.Durability, v, ParseDurability) }},
		{key: "uploads.keep", example: `"24h"`,
			doc: "How long an upload that broke off can be resumed.",
			set: func(c *Config, v any) error { return setDuration(&c.Uploads.Keep, v) }},
	}
}

func storageSettings() []setting {
	return []setting{
		{key: "account.dir", example: `"/srv/anna"`,
			doc:     "The folder that this account sees, in place of dir.",
			account: func(a *Account, v any) error { return setPath(&a.Storage.Dir, v) }},
		{key: "account.mounts", example: `["/archive = /srv/archive (read-only)"]`,
			doc:     "More folders in its tree. Without (read-only) it may do in them what it may do\nin its own.",
			account: func(a *Account, v any) error { return setList(&a.Storage.Mounts, v, ParseMount) }},
		{key: "account.read_only", example: `false`,
			doc:     "It may look and download, and nothing else.",
			account: func(a *Account, v any) error { return setBool(&a.Storage.ReadOnly, v) }},
		{key: "account.overwrite", example: `true`,
			doc: "Whether it may replace and append to files that are there.",
			account: func(a *Account, v any) error {
				var may bool
				err := setBool(&may, v)
				a.Storage.NoOverwrite = err == nil && !may
				return err
			}},
		{key: "account.hidden_files", example: `true`,
			doc: "Whether files whose names begin with a dot are there for it.",
			account: func(a *Account, v any) error {
				var shown bool
				err := setBool(&shown, v)
				a.Storage.HideDots = err == nil && !shown
				return err
			}},
		{key: "account.refuse_names", example: `["*.exe", "*.tmp"]`,
			doc:     "Names that it cannot give to files: * is any text, ? one character.",
			account: func(a *Account, v any) error { return setList(&a.Storage.Refuse, v, anyText) }},
		{key: "account.windows_names", example: `false`,
			doc:     "Refuse names that Windows cannot hold, such as CON, or one with a colon.",
			account: func(a *Account, v any) error { return setBool(&a.Storage.Windows, v) }},
		{key: "account.uploads", example: `"atomic"`,
			doc:     "atomic: an upload is seen when it is whole. direct: it is written in its place,\nfor programs that want to see it grow; half a file may then stay.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.Uploads, v, ParseUploads) }},
		{key: "account.durability", example: `"process"`,
			doc:     "For this account, in place of uploads.durability.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.Durability, v, ParseDurability) }},
		{key: "account.umask", example: `"0022"`,
			doc:     "Permission bits that new files and directories do not get.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.Umask, v, parseUmask) }},
		{key: "account.file_mode", example: `"0666"`,
			doc:     "Permission bits of new files, less the umask.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.FileMode, v, ParsePermissions) }},
		{key: "account.dir_mode", example: `"0777"`,
			doc:     "Permission bits of new directories, less the umask.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.DirMode, v, ParsePermissions) }},
		{key: "account.owner", example: `"1000:1000"`,
			doc:     "User and group that new files belong to. The server must be allowed to give\nthem away.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.Owner, v, ParseOwner) }},
		{key: "account.groups", example: `["partners"]`,
			doc:     "Groups that it may give its files to.",
			account: func(a *Account, v any) error { return setList(&a.Storage.Groups, v, anyText) }},
		{key: "account.quota_bytes", example: `"10 GiB"`,
			doc:     "How much its folder may hold. What is there already counts; the server adds it\nup at its start. Mounts are not in it.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.QuotaBytes, v, ParseBytes) }},
		{key: "account.quota_files", example: `100000`,
			doc: "How many files.",
			account: func(a *Account, v any) error {
				n, ok := v.(int64)
				if !ok || n < 1 || n == math.MaxInt64 {
					return mistakef("without quotes", "must be a whole number from 1")
				}
				a.Storage.QuotaFiles = n
				return nil
			}},
		{key: "account.rate_up", example: `"5 MB/s"`,
			doc:     "How fast all its uploads together may be.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.RateUp, v, ParseRate) }},
		{key: "account.rate_down", example: `"5 MB/s"`,
			doc:     "How fast all its downloads together may be.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.RateDown, v, ParseRate) }},
		{key: "account.session_rate_up", example: `"1 MB/s"`,
			doc:     "How fast the upload of one session may be.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.SessionUp, v, ParseRate) }},
		{key: "account.session_rate_down", example: `"1 MB/s"`,
			doc:     "How fast the download of one session may be.",
			account: func(a *Account, v any) error { return setParsed(&a.Storage.SessionDown, v, ParseRate) }},
	}
}
