package ftpserver

import (
	"context"

	"github.com/sealane/sealane/ftp"
	"github.com/sealane/sealane/vfs"
)

// state says what a session may do next. The set of states of a row is checked
// once, by the dispatcher, before the handler runs.
type state uint8

const (
	awaitTLS  state = 1 << iota // TLS is required and not there yet
	awaitUser                   // not logged in
	loggedIn
)

const anyState = awaitTLS | awaitUser | loggedIn

// argRule says whether a command takes an argument (RFC 959 §5.3.1).
type argRule uint8

const (
	argNone argRule = iota
	argOptional
	argRequired
)

// handler does a command that ends at once and returns its reply, or an error
// that replyTo turns into one.
type handler func(ctx context.Context, s *session, arg string) (ftp.Reply, error)

// starter checks a command and returns the job that does it.
type starter func(ctx context.Context, s *session, arg string) (*job, error)

// command is one row of the table: all that is to be known of a verb. Dispatch,
// FEAT, HELP and docs/protocol.md are read from it. Subcommands of SITE have rows
// of their own, with "SITE " in front of their names.
type command struct {
	verb    string
	aliases []string
	states  state
	arg     argRule
	syntax  string // of the argument, for HELP
	rfc     string // where the verb is defined
	summary string // one line, for HELP and docs/protocol.md
	// feat gives the FEAT lines; nil: a base command or not to be listed (RFC
	// 2389 §3.2).
	feat      func(s *session) []string
	during    bool // answered while a job runs
	data      bool // uses the offered port, and gives it back when it is refused
	keepsRest bool // may stand between REST and the transfer (RFC 3659 §5.3)
	// off: answered with 502 unless VerbPolicy turns it on; never: always.
	off, never bool
	// denial is the answer while it is off, in place of 502.
	denial func(s *session) ftp.Reply
	run    handler
	start  starter
}

// commandTable gives the rows by verb, with aliases as keys of their own.
func commandTable(rows []command) map[string]*command {
	table := make(map[string]*command)
	for i := range rows {
		table[rows[i].verb] = &rows[i]
		for _, alias := range rows[i].aliases {
			table[alias] = &rows[i]
		}
	}
	return table
}

// commandRows is the table. It is built per server: FEAT reads the table that it
// stands in, and a policy may turn rows on and off.
func commandRows() []command {
	return []command{
		{verb: "USER", states: awaitUser | loggedIn, arg: argRequired, syntax: "name", rfc: "RFC 959 §4.1.1",
			summary: "name the account; flushes an earlier login", start: cmdUser},
		{verb: "PASS", states: awaitUser | loggedIn, arg: argOptional, syntax: "password", rfc: "RFC 959 §4.1.1",
			summary: "give the password, right after USER", start: cmdPass},
		{verb: "QUIT", states: anyState, rfc: "RFC 959 §4.1.1",
			summary: "end the session, after a running transfer", run: cmdQuit},
		{verb: "NOOP", states: anyState, rfc: "RFC 959 §4.1.3", during: true,
			summary: "do nothing, successfully", run: cmdNoop},
		{verb: "HOST", states: anyState, arg: argRequired, syntax: "name", rfc: "RFC 7151 §3", feat: featHost,
			summary: "choose a virtual host, before login; 502 where there are none", run: cmdHost},
		{verb: "REIN", states: anyState, rfc: "RFC 959 §4.1.1, RFC 4217 §13",
			summary: "begin again: flush the login and, but for implicit ports, end TLS", run: cmdRein},

		{verb: "AUTH", states: anyState, arg: argRequired, syntax: "TLS", rfc: "RFC 2228 §3, RFC 4217 §4", feat: feat("AUTH TLS"),
			summary: "protect the control connection; TLS and TLS-C, TLS-P and SSL (which also set PROT P)", run: cmdAuth},
		{verb: "PBSZ", states: anyState, arg: argRequired, syntax: "0", rfc: "RFC 2228 §3, RFC 4217 §8", feat: feat("PBSZ"), keepsRest: true,
			summary: "protection buffer size: always 0 under TLS", run: cmdPbsz},
		{verb: "PROT", states: anyState, arg: argRequired, syntax: "P | C", rfc: "RFC 2228 §3, RFC 4217 §9", feat: feat("PROT"), keepsRest: true,
			summary: "protection of data connections: P private, C clear (only where the policy allows it)", run: cmdProt},

		{verb: "CCC", states: anyState, rfc: "RFC 2228 §3, RFC 4217 §5", off: true, denial: (*session).refuseCcc,
			summary: "go on in clear on the control connection, after login; while it is off 533 in clear and 534 under TLS", run: cmdCcc},

		{verb: "FEAT", states: anyState, rfc: "RFC 2389 §3",
			summary: "list the extensions", run: cmdFeat},
		{verb: "OPTS", states: anyState, arg: argRequired, syntax: "UTF8 ON | MLST facts | MODE Z LEVEL n | HASH name", rfc: "RFC 2389 §4, RFC 3659 §7.9", feat: feat("UTF8"), keepsRest: true,
			summary: "set an option of an extension", run: cmdOpts},
		{verb: "HELP", states: anyState, arg: argOptional, syntax: "[verb]", rfc: "RFC 959 §4.1.3",
			summary: "list the verbs, or explain one", run: cmdHelp},
		{verb: "SYST", states: anyState, rfc: "RFC 959 §4.1.3",
			summary: "name the kind of system: UNIX Type: L8", run: cmdSyst},
		{verb: "STAT", states: loggedIn, arg: argOptional, syntax: "[options] [path]", rfc: "RFC 959 §4.1.3", during: true,
			summary: "the state of the session, also during a transfer; with a path, a listing on the control connection", run: cmdStat},

		{verb: "TYPE", states: loggedIn, arg: argRequired, syntax: "A | I | L 8", rfc: "RFC 959 §4.1.2", keepsRest: true,
			summary: "representation type: A text with CRLF on the wire, I and L 8 bytes as they are", run: cmdType},
		{verb: "MODE", states: loggedIn, arg: argRequired, syntax: "S | Z", rfc: "RFC 959 §4.1.2, draft-preston-ftpext-deflate-04", feat: featMode, keepsRest: true,
			summary: "transfer mode: S stream, Z the same compressed by zlib", run: cmdMode},
		{verb: "STRU", states: loggedIn, arg: argRequired, syntax: "F", rfc: "RFC 959 §4.1.2", keepsRest: true,
			summary: "file structure: file only", run: cmdStru},

		{verb: "PASV", states: loggedIn, rfc: "RFC 959 §4.1.2", keepsRest: true,
			summary: "open a data port and name it (IPv4)", start: cmdPasv},
		{verb: "EPSV", states: loggedIn, arg: argOptional, syntax: "[1 | 2 | ALL]", rfc: "RFC 2428 §3", feat: feat("EPSV"), keepsRest: true,
			summary: "open a data port (IPv4 and IPv6)", start: cmdEpsv},
		{verb: "PORT", states: loggedIn, arg: argRequired, syntax: "h1,h2,h3,h4,p1,p2", rfc: "RFC 959 §4.1.2", keepsRest: true,
			summary: "name a port of the client (IPv4); 502 unless active mode is on", run: cmdPort},
		{verb: "EPRT", states: loggedIn, arg: argRequired, syntax: "|family|address|port|", rfc: "RFC 2428 §2", feat: featEprt, keepsRest: true,
			summary: "name a port of the client (IPv4 and IPv6); 502 unless active mode is on", run: cmdEprt},
		{verb: "ABOR", states: loggedIn, rfc: "RFC 959 §4.1.3", during: true,
			summary: "stop the running transfer: 426, then 226", run: cmdAbor},
		{verb: "REST", states: loggedIn, arg: argRequired, syntax: "offset", rfc: "RFC 3659 §5", feat: feat("REST STREAM"),
			summary: "byte offset for the transfer that follows", run: cmdRest},

		{verb: "RETR", states: loggedIn, data: true, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "download a file", start: cmdRetr},
		{verb: "STOR", states: loggedIn, data: true, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "upload a file: nothing is seen before it is whole", start: cmdStor},
		{verb: "APPE", states: loggedIn, data: true, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "upload behind the end of a file, or as a new one", start: cmdAppe},
		{verb: "LIST", states: loggedIn, data: true, arg: argOptional, syntax: "[options] [path]", rfc: "RFC 959 §4.1.3",
			summary: "directory listing for people, in the form of ls -l, times in UTC", start: cmdList},
		{verb: "NLST", states: loggedIn, data: true, arg: argOptional, syntax: "[options] [path]", rfc: "RFC 959 §4.1.3",
			summary: "names only, usable as they are in other commands", start: cmdNlst},
		{verb: "MLSD", states: loggedIn, data: true, arg: argOptional, syntax: "[path]", rfc: "RFC 3659 §7",
			summary: "directory listing for programs", start: cmdMlsd},
		{verb: "MLST", states: loggedIn, arg: argOptional, syntax: "[path]", rfc: "RFC 3659 §7", feat: featMlst,
			summary: "the facts of one file or directory", run: cmdMlst},

		{verb: "CWD", aliases: []string{"XCWD"}, states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.1, RFC 3659 §6", feat: feat("TVFS"),
			summary: "change the working directory", run: cmdCwd},
		{verb: "CDUP", aliases: []string{"XCUP"}, states: loggedIn, rfc: "RFC 959 §4.1.1",
			summary: "change to the parent directory", run: cmdCdup},
		{verb: "PWD", aliases: []string{"XPWD"}, states: loggedIn, rfc: "RFC 959 §4.1.3",
			summary: "name the working directory", run: cmdPwd},
		{verb: "MKD", aliases: []string{"XMKD"}, states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "make a directory", run: cmdMkd},
		{verb: "RMD", aliases: []string{"XRMD"}, states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "remove an empty directory", run: cmdRmd},
		{verb: "DELE", states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "delete a file", run: cmdDele},
		{verb: "RNFR", states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "rename from: RNTO must follow at once", run: cmdRnfr},
		{verb: "RNTO", states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.3",
			summary: "rename to", run: cmdRnto},

		{verb: "SIZE", states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 3659 §4", feat: feat("SIZE"), keepsRest: true,
			summary: "bytes of a file, in type I", run: cmdSize},
		{verb: "MDTM", states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 3659 §3", feat: feat("MDTM"), keepsRest: true,
			summary: "modification time of a file, in UTC", run: cmdMdtm},
		{verb: "MFMT", states: loggedIn, arg: argRequired, syntax: "time path", rfc: "draft-somers-ftp-mfxx-04", feat: feat("MFMT"),
			summary: "set the modification time of a file", run: cmdMfmt},
		{verb: "MFCT", states: loggedIn, arg: argRequired, syntax: "time path", rfc: "draft-somers-ftp-mfxx-04",
			summary: "set the creation time of a file, where the storage can; else 550", run: cmdMfct},
		{verb: "MFF", states: loggedIn, arg: argRequired, syntax: "fact=value;... path", rfc: "draft-somers-ftp-mfxx-04", feat: feat("MFF Modify;UNIX.mode;"),
			summary: "set facts of a file or directory", run: cmdMff},
		{verb: "HASH", states: loggedIn, arg: argRequired, syntax: "path", rfc: "draft-bryan-ftpext-hash-02", feat: featHash,
			summary: "hash a file, or the range of it that RANG gave", start: cmdHash},
		{verb: "RANG", states: loggedIn, arg: argRequired, syntax: "first last", rfc: "draft-bryan-ftp-range-08", feat: feat("RANG STREAM"),
			summary: "bytes for the RETR or HASH that follows, both included; 1 0 is all of them", run: cmdRang},
		{verb: "AVBL", states: loggedIn, arg: argOptional, syntax: "[path]", rfc: "draft-peterson-streamlined-ftp-command-extensions-10", feat: feat("AVBL"),
			summary: "bytes that may still be stored", run: cmdAvbl},

		{verb: "XCRC", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered", off: true,
			summary: "CRC-32 of a file; of a part as in \"path\" first behind", start: xhash(vfs.CRC32)},
		{verb: "XMD5", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered", off: true,
			summary: "MD5 of a file; parts as with XCRC", start: xhash(vfs.MD5)},
		{verb: "XSHA1", aliases: []string{"XSHA"}, states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered", off: true,
			summary: "SHA-1 of a file; parts as with XCRC", start: xhash(vfs.SHA1)},
		{verb: "XSHA256", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered", off: true,
			summary: "SHA-256 of a file; parts as with XCRC", start: xhash(vfs.SHA256)},
		{verb: "XSHA512", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered", off: true,
			summary: "SHA-512 of a file; parts as with XCRC", start: xhash(vfs.SHA512)},
		{verb: "MD5", states: loggedIn, arg: argRequired, syntax: "path", rfc: "draft-twine-ftpmd5-00", off: true,
			summary: "MD5 of a file", start: cmdMd5},

		{verb: "COMB", states: loggedIn, arg: argRequired, syntax: "path part...", rfc: "in use, not registered", feat: feat("COMB target;source_list"), off: true,
			summary: "put parts behind the end of a file, or together as a new one, and remove them", start: cmdComb},

		{verb: "ACCT", states: loggedIn, arg: argRequired, syntax: "account", rfc: "RFC 959 §4.1.1",
			summary: "not needed: always 202", run: cmdAcct},
		{verb: "ALLO", states: loggedIn, arg: argRequired, syntax: "bytes [R bytes]", rfc: "RFC 959 §4.1.3",
			summary: "ask whether there is room for an upload", run: cmdAllo},
		{verb: "STOU", states: loggedIn, data: true, arg: argOptional, syntax: "[path]", rfc: "RFC 959 §4.1.3",
			summary: "upload under a name that nothing has, which the 150 tells", start: cmdStou},
		{verb: "LANG", states: loggedIn, arg: argOptional, syntax: "[tag]", rfc: "RFC 2640 §4.1", feat: feat("LANG en*"),
			summary: "language of replies: English", run: cmdLang},
		{verb: "CLNT", states: anyState, arg: argRequired, syntax: "name", rfc: "in use, not registered", feat: feat("CLNT"),
			summary: "take the name of the client's program, and do nothing by it", run: cmdClnt},
		{verb: "CSID", states: anyState, arg: argRequired, syntax: "Name=name; Version=version;", rfc: "in use, not registered", feat: feat("CSID Name; Version;"),
			summary: "take the name of the client's program, do nothing by it, and tell that of the server", run: cmdCsid},
		{verb: "ADAT", states: anyState, arg: argRequired, syntax: "base64", rfc: "RFC 2228 §3",
			summary: "no use under TLS: always 503", run: cmdAdat},
		{verb: "MIC", aliases: []string{"CONF", "ENC"}, states: anyState, arg: argRequired, syntax: "base64", rfc: "RFC 2228 §3",
			summary: "no use under TLS, which protects all commands: 537", run: cmdMic},

		{verb: "SITE", states: loggedIn, arg: argRequired, syntax: "command", rfc: "RFC 959 §4.1.3",
			summary: "what follows; anything else is 501", run: cmdSite},
		{verb: "SITE HELP", states: loggedIn, rfc: "RFC 959 §4.1.3",
			summary: "list the commands of SITE", run: siteHelp},
		{verb: "SITE CHMOD", states: loggedIn, arg: argRequired, syntax: "mode path", rfc: "in use, not registered", feat: feat("SITE CHMOD"),
			summary: "set permission bits, 777 at most", run: siteChmod},
		{verb: "SITE CHGRP", states: loggedIn, arg: argRequired, syntax: "group path", rfc: "in use, not registered",
			summary: "give a file to a group, one of those that the account may name", run: siteChgrp},
		{verb: "SITE UMASK", states: loggedIn, arg: argOptional, syntax: "[mask]", rfc: "in use, not registered",
			summary: "permission bits that new files of this session do not get, beside those of the account", run: siteUmask},
		{verb: "SITE IDLE", states: loggedIn, arg: argOptional, syntax: "[seconds]", rfc: "in use, not registered",
			summary: "how long the session may be without a command, within the limit of the server", run: siteIdle},
		{verb: "SITE UTIME", states: loggedIn, arg: argRequired, syntax: "time path | path atime mtime ctime UTC", rfc: "in use, not registered", feat: feat("SITE UTIME"),
			summary: "set the times of a file, in UTC", run: siteUtime},
		{verb: "SITE MKDIR", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered", feat: feat("SITE MKDIR"),
			summary: "make a directory, and those above it that are not there", run: siteMkdir},
		{verb: "SITE COPY", states: loggedIn, arg: argRequired, syntax: "path path", rfc: "in use, not registered", feat: feat("SITE COPY"),
			summary: "copy a file on the server", start: siteCopy},
		{verb: "SITE CPFR", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered",
			summary: "copy from: SITE CPTO must follow at once", run: siteCpfr},
		{verb: "SITE CPTO", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered",
			summary: "copy to", start: siteCpto},
		{verb: "SITE RMDIR", states: loggedIn, arg: argRequired, syntax: "path", rfc: "in use, not registered", off: true,
			summary: "remove a directory and all that is in it", start: siteRmdir},
		{verb: "SITE SYMLINK", states: loggedIn, arg: argRequired, syntax: "target path", rfc: "in use, not registered", off: true,
			summary: "make a symbolic link", run: siteSymlink},

		{verb: "SMNT", states: loggedIn, arg: argRequired, syntax: "path", rfc: "RFC 959 §4.1.1", never: true,
			summary: "mount another file system: the tree is what it is", run: cmdNever},
		{verb: "LPRT", states: loggedIn, arg: argRequired, syntax: "numbers", rfc: "RFC 1639", never: true,
			summary: "an address of any length: EPRT took its place", run: cmdNever},
		{verb: "LPSV", states: loggedIn, rfc: "RFC 1639", never: true,
			summary: "a port at an address of any length: EPSV took its place", run: cmdNever},
		{verb: "SSCN", states: loggedIn, arg: argOptional, syntax: "[ON | OFF]", rfc: "in use, not registered", never: true,
			summary: "TLS between two servers: data connections go to the client and nowhere else", run: cmdNever},
		{verb: "CPSV", states: loggedIn, rfc: "in use, not registered", never: true,
			summary: "the same, in passive mode", run: cmdNever},
	}
}
