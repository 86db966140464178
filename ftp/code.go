package ftp

// Code is a three-digit FTP reply code (RFC 959 §4.2). Its first digit alone
// says how a client has to go on; the other two only explain.
type Code int

// The reply codes that Sealane sends or acts on. Each name carries the number,
// so that a code can be found by either.
const (
	Code125AlreadyOpen         Code = 125 // data connection already open (RFC 959)
	Code150Opening             Code = 150 // about to open the data connection (RFC 959)
	Code200OK                  Code = 200
	Code202Superfluous         Code = 202
	Code211Status              Code = 211 // system status, FEAT (RFC 959, RFC 2389)
	Code212DirStatus           Code = 212
	Code213FileStatus          Code = 213 // SIZE, MDTM, MFMT, STAT of a file
	Code214Help                Code = 214
	Code215System              Code = 215
	Code220Ready               Code = 220
	Code221Bye                 Code = 221
	Code225NoTransfer          Code = 225 // data connection open, no transfer in progress
	Code226Done                Code = 226 // transfer complete: see the durability promise
	Code227Passive             Code = 227
	Code229ExtendedPassive     Code = 229 // RFC 2428
	Code230LoggedIn            Code = 230
	Code232LoggedInSecurely    Code = 232 // RFC 2228 §3
	Code234SecurityAccepted    Code = 234 // RFC 2228 §3: the TLS handshake follows
	Code250Done                Code = 250
	Code251Hash                Code = 251 // the hash of a file (draft-twine-ftpmd5)
	Code257Path                Code = 257
	Code331NeedPassword        Code = 331
	Code332NeedAccount         Code = 332
	Code350Pending             Code = 350
	Code421Closing             Code = 421
	Code425NoDataConn          Code = 425
	Code426Aborted             Code = 426
	Code431NoSecurity          Code = 431 // RFC 2228: a resource for security is missing
	Code450Busy                Code = 450
	Code451LocalError          Code = 451
	Code452NoSpace             Code = 452
	Code500Unknown             Code = 500
	Code501BadParameter        Code = 501
	Code502NotImplemented      Code = 502
	Code503BadSequence         Code = 503
	Code504BadParameterValue   Code = 504
	Code521DataTLSRequired     Code = 521 // RFC 4217 §10.2
	Code522Protocol            Code = 522 // RFC 2428 §2; RFC 4217 §10.2: data TLS failed
	Code530NotLoggedIn         Code = 530
	Code533ProtDenied          Code = 533 // RFC 2228 §3
	Code534PolicyDenied        Code = 534 // RFC 2228 §3
	Code536ProtUnsupported     Code = 536 // RFC 2228 §3
	Code537ProtNotForMechanism Code = 537 // RFC 2228 §3: the mechanism has no such level
	Code550Unavailable         Code = 550
	Code552QuotaExceeded       Code = 552
	Code553BadName             Code = 553
	Code554BadRestart          Code = 554 // RFC 3659 §5.3: REST offset not usable
)

// Class is the first digit of a code: what the client has to do next (RFC 959
// §4.2.1).
type Class int

// The five classes of reply.
const (
	Preliminary  Class = 1 // begun; another reply follows
	Completion   Class = 2 // done
	Intermediate Class = 3 // send the next command of the sequence
	Transient    Class = 4 // not done; the same command may succeed later
	Permanent    Class = 5 // not done; do not repeat
)

// Class returns the first digit of c.
func (c Code) Class() Class { return Class(c / 100) }

// Valid reports whether c has a first digit that RFC 959 gives a meaning to.
func (c Code) Valid() bool { return c >= 100 && c <= 599 }
