package main

import (
	"fmt"
	"strings"

	"github.com/sealane/sealane/ftpserver"
)

const protocolHead = `# The protocol, verb by verb

Generated from the table in ` + "`ftpserver/commands.go`" + ` by ` + "`make docs`" + `; do not edit.

A verb that is not here is answered with 500. Before login, and before TLS where that is required (as it is by
default), verbs marked "after login" are answered with 530. An argument where none belongs, or none where one is needed, is 501.
A line ends with LF, with or without CR before it; NUL, and CR elsewhere, are 501. A line over 8,448 bytes is 500 and ends the session.

A verb that is "off" is answered with 502 (CCC: 533 in clear, 534 under TLS) until the server's policy turns it on, and one that is "never" always is. Any other can be turned off.

"During" means: answered while a transfer runs. All other commands then wait for its end, QUIT too.

| verb | argument | when | defined in | FEAT | what it does |
|---|---|---|---|---|---|
`

const protocolRules = `
## Rules that the standards leave open

- **Uploads.** Nothing is seen under the name before the end of the data has been proven (` + "`close_notify`" + ` under TLS, RFC 8446 §6.1) and the file has been
  committed; only then comes 226. An upload that was cut is answered 426 and leaves the old file, if any, as it was.
- **Uploads that broke off** are kept, 24 hours by default, for the account that sent them. Where nothing else has the name, SIZE and MLST answer with how much there is, and DELE drops it; no listing shows it, and nothing opens it.
  REST with an offset within it, then STOR, goes on from there, also where an older file has the name; APPE does where none has, and is 550 where one has, because it could mean either. STOR alone begins anew. An upload that
  built on a file that is there (APPE, or REST and STOR) is not kept: the size of that file says where to go on. STAT tells what an upload promises: "durability full" outlives a power cut.
- **Downloads.** A file that turns out shorter than it was when it was opened, because a program has cut it in place, is 450, and the data connection is cut; one that has grown is sent to its end.
- **TYPE A.** Files are stored with LF. On the way out an LF without CR before it becomes CRLF, and CRLF stays; on the way in CRLF becomes LF, and a lone CR
  stays. SIZE in TYPE A is 550, and a transfer behind REST with an offset above 0 is 554: use TYPE I.
- **MODE Z.** Each transfer and each listing is one zlib stream (RFC 1950). SIZE, REST, RANG and quotas count bytes of the file, not of the wire: clients that resume
  need that, and the compressed size is not known beforehand. An upload must reach the end of its zlib stream with the right checksum, and nothing may follow but the end of the connection;
  else 426 (cut; what came is kept for REST) or 451 (corrupt; nothing is kept). An empty file is a zlib stream, too: no byte at all is 426. An upload that has come to more than 64 MiB and more than 200 times of what was sent
  is 552; send it in MODE S. OPTS MODE Z LEVEL 0 to 9 is for downloads. At most 64 are compressed at a time; others go out as stored blocks.
  "sealane serve" offers it only where data.compression is on: lftp compresses everything as soon as it may.
- **REST** holds for the next RETR, STOR or APPE, across TYPE, MODE, STRU, PBSZ, PROT, PASV, EPSV, OPTS, SIZE and MDTM; any other command drops it. An offset beyond the
  end of the file is 554. APPE behind REST acts as STOR.
- **PASV and EPSV.** Only the address of the control connection may connect, at once or within 10 s after the 150; else 425. The port waits 20 s for its command. A data command that is refused
  gives the port back: send PASV or EPSV again. When all ports of an address are taken the reply waits, for 10 s at most; then 425.
- **PROT P.** The handshake may come before, with or after the 150. If it fails: 522. Where resumption is required: 522 as well, 2 s after a connection that did not resume.
- **PORT and EPRT**, where active mode is on: any address but the control connection's own peer, and any port below 1024, is 504. The server is the TLS server (RFC 4217 §7).
- **ABOR** during a transfer: 426 for the transfer, then 226; if the transfer ended first, its own 226, then 226. Otherwise 225.
- **AUTH.** TLS and TLS-C leave the data level at C; TLS-P and SSL set it to P. With each of them TLS 1.2 or 1.3 is spoken. Bytes behind AUTH in the same packet end the session with 421.
- **REIN** waits for a running transfer, then flushes login, PBSZ, PROT and HOST. Under TLS the 220 is the last thing that is protected; the server sends close_notify, waits for the client's as long as
  for a handshake, and goes on in clear, where AUTH may follow. No ticket of before proves a data connection then. On an implicit port TLS and its tickets stay: such a port has no state without TLS. Commands behind
  REIN under TLS end the session, as do bytes in clear before the close_notify; what comes behind it is read in clear. Before login REIN counts as a refused command, and gives no new time to log in.
- **HOST**, where there are virtual hosts: the name must be that which the client gave in the TLS handshake, if it gave one, before or behind HOST; else 504, or the alert unrecognized_name. A
  client that only sends the name in the handshake has chosen by that. The address of the connection chooses none. USER keeps the host, REIN forgets it.
- **CCC**, where it is on: only after login (530 before). USER, AUTH, PBSZ and PROT are 503 behind it, REIN leads back; data connections stay as PROT has them. TLS ends as with REIN.
- **LIST, NLST and STAT** take options in the manner of ls in front of the path: words of "-" and letters, or "1". "-t" (newest first) and "-S" (largest first), and "-r" to turn either round, sort
  up to 5,000 entries; a larger directory comes in the order of the storage. "-R" is 504: list each directory. All others ask for what is so anyway ("-a", "-l" of LIST, "-1" of NLST, "-L"), or would change
  names ("-F"), and are passed over. A word of this form is an option also where something has that name: reach that as "./-x", or behind "--" and one space, where all is the name. Times are UTC, as those of MDTM.
  NLST puts the directory that it was given in front of each name, so that it can be used as it is. STAT lists up to 1,000 entries; with more it is 504.
- **Patterns.** The last part of the path of LIST, NLST and STAT may be a pattern: "*" is any text, "?" one character, "[a-z]" one of a set, "[!a-z]" one of the others. It matches the names in one directory, those that begin
  with a dot too, and lists directories as entries. What exists under the very name is meant, whatever characters that has. Patterns in other parts are names, as each would multiply the directories to read; braces
  and backslashes are names, too. Where nothing matches, LIST is empty (226), NLST and STAT are 550. A pattern over 255 bytes is 501. All other commands take names only.
- **COMB**, where it is on: the parts, 256 at most, go behind the end of the file, or make it; each file may be named once (501), by whatever name. The account must be allowed to read and to delete them, and they must fit a second time. They are
  removed when the file is committed; a part that changed meanwhile stays, and the 250 tells so. It is 450 while the account has two other commands running that read whole files, such as HASH.
- **Facts.** create (where the storage knows it), UNIX.uid, UNIX.gid, UNIX.owner and UNIX.group are sent to those who ask for them with OPTS MLST; owner and group are the names that the server's machine has, or the numbers.
- **SITE UMASK** takes bits from the files and directories that this session makes, and gives none that the account does not have; MKD fails where they cannot be taken. **SITE IDLE** takes 30 seconds to the limit of the
  server. **SITE CHGRP** gives files to the groups of the account's settings. A login begins without any of it.
- **Names** are bytes, kept as they are: UTF-8 is not demanded, and nothing is normalised. NUL and CR are 501, CR NUL (RFC 2640 §3.1) too; 0xFF is doubled on the control connection (RFC 3659 §2.2) and single in listings;
  4,096 bytes a path and 255 a name are the limit, beyond it is 553. Files whose names have LF or CR on disk are not listed.
- **Telnet.** Options are refused with DONT and WONT in clear (the first 16 of a line), and dropped in silence under TLS. A sequence ends with its line at the latest. IP, DM and urgent data before ABOR change nothing: it is found without them.
- **Garbage** before login: a verb of HTTP, the third verb that does not exist, or the tenth refused command ends the session with 421.
`

func protocol() string {
	var b strings.Builder
	b.WriteString(protocolHead)
	for _, c := range ftpserver.Commands() {
		when := "any time"
		if c.Login {
			when = "after login"
		}
		if c.During {
			when += ", during"
		}
		switch {
		case c.Never:
			when = "never: 502"
		case c.Off:
			when += ", off"
		}
		verb := "`" + c.Verb + "`"
		for _, alias := range c.Aliases {
			verb += " `" + alias + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", verb, code(c.Syntax), when, c.RFC, code(strings.Join(c.Features, ", ")), cell(c.Summary))
	}
	b.WriteString(registryPage())
	b.WriteString(protocolRules)
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
