package trail

import "time"

// Version is that of the schema: of the names and meanings of the members of a line.
// It changes when a reader of the old one would misread the new one; members that
// are added do not change it.
const Version = 1

// Kind says what happened.
type Kind string

// The kinds of events. Those of sessions are the names that ftpserver gives them.
const (
	Admin Kind = "admin" // somebody, or the server itself, changed how it works

	Start      Kind = "trail-start"     // the server began to write
	Stop       Kind = "trail-stop"      // it ended in order
	NewFile    Kind = "trail-file"      // the first line of a file
	Recovered  Kind = "trail-recovered" // the files were not as the server had left them
	Lost       Kind = "trail-lost"      // events or lines that are missing
	Moved      Kind = "trail-moved"     // other settings: another folder
	Removed    Kind = "trail-removed"   // an old file is deleted, as the settings say
	Checkpoint Kind = "checkpoint"      // signed
)

// Kinds gives the meaning of every kind, in the order of the documentation.
func Kinds() [][2]string {
	return [][2]string{
		{"session-start", "a client has connected"},
		{"session-end", "its session is over: how long it was, what it moved"},
		{"tls", "the control connection is protected"},
		{"tls-failed", "a TLS handshake on the control connection failed"},
		{"login", "an account may go on"},
		{"login-failed", "it may not; rule says why"},
		{"refused", "a connection or session was turned away: a limit, a ban, garbage"},
		{"command-refused", "a command was answered with a refusal"},
		{"transfer", "a data command ended, well or not"},
		{"change", "a command changed the tree"},
		{"hash", "the client was told the hash of a file, or of bytes of it"},
		{string(Admin), "the administration: a reload, a ban, a change of an account"},
		{string(Start), "the server began to write the trail"},
		{string(Stop), "the server ended in order"},
		{string(NewFile), "the first line of a file: previous is the one before"},
		{string(Recovered), "at its start the server found the files otherwise than it had left them: dropped bytes of an unfinished line, missing lines that it had written"},
		{string(Lost), "events (sink is file) or lines (another sink) could not be kept"},
		{string(Moved), "new settings have moved the trail: at its end in the old folder to the new one (no folder: no files are written any more), at the beginning in the new one from the old one, with its head"},
		{string(Removed), "an old file is deleted, as the settings say; last is its last number"},
		{string(Checkpoint), "signature is over this line's number, prev and time"},
	}
}

// Event is one thing that happened. Its tags are the schema: json is the name of the
// member, doc what it means. A member that is empty, zero or false is left out, but
// for those with the tag always, which the named kind always has. Strings may come
// from a peer and hold anything.
type Event struct {
	Time time.Time `json:"time" doc:"when, by the clock of the server, in UTC (RFC 3339). Clocks can jump: order is by seq"`
	Kind Kind      `json:"kind" doc:"what happened"`

	Session  string `json:"session" doc:"the same in all events of a session"`
	Address  string `json:"address" doc:"IP address of the client"`
	Port     int64  `json:"port" doc:"its port"`
	Listener string `json:"listener" doc:"explicit, implicit or legacy"`
	Host     string `json:"host" doc:"the virtual host, by its first name"`
	Account  string `json:"account" doc:"who is logged in"`
	User     string `json:"user" doc:"what the client called itself, in login events"`
	Client   string `json:"client" doc:"the software of the client, as CLNT or CSID named it"`
	Method   string `json:"method" doc:"password or certificate"`
	Rule     string `json:"rule" doc:"the rule that refused"`

	TLS            string `json:"tls" doc:"version of the control connection"`
	Suite          string `json:"suite" doc:"its cipher suite"`
	Group          string `json:"group" doc:"its key exchange"`
	ALPN           string `json:"alpn" doc:"the protocol that was agreed on"`
	SNI            string `json:"sni" doc:"the server name that the client asked for"`
	Legacy         bool   `json:"legacy" doc:"the listener takes weak TLS"`
	Resumed        bool   `json:"resumed" doc:"the data connection resumed a TLS session of the account"`
	Certificate    string `json:"certificate" doc:"subject of the client's certificate, as in RFC 2253"`
	CertificateSum string `json:"certificate_sha256" doc:"SHA-256 of it, hex"`

	Verb       string `json:"verb" doc:"the command"`
	Path       string `json:"path" doc:"the file or directory, in the tree of the account"`
	To         string `json:"to" doc:"the new name of a rename, or the copy; in trail-moved the folder that the trail goes to"`
	Attributes string `json:"attributes" doc:"what was set, as in modify=20260102030405;unix.mode=0644;"`
	Type       string `json:"type" doc:"ascii or binary"`
	Offset     int64  `json:"offset" doc:"the byte at which a resumed transfer began"`
	Bytes      int64  `json:"bytes" always:"transfer" doc:"bytes moved, before compression"`
	Received   int64  `json:"received" always:"session-end" doc:"bytes of all uploads of the session"`
	Sent       int64  `json:"sent" always:"session-end" doc:"bytes of all downloads and listings"`
	Commands   int64  `json:"commands" always:"session-end" doc:"number of commands in the session"`
	Transfers  int64  `json:"transfers" always:"session-end" doc:"number of transfers in the session"`
	Duration   int64  `json:"duration_us" doc:"how long it took, in microseconds, by a clock that does not jump"`
	Rate       int64  `json:"rate" doc:"bytes per second"`
	Hash       string `json:"hash" doc:"algorithm and digest of the file, where they are known, as in SHA-256:ab12"`
	End        string `json:"end" doc:"how the data connection ended: close_notify, fin, reset, timeout, aborted, failed (no handshake), none (none was made)"`
	Verdict    string `json:"verdict" doc:"ok, failed, aborted or refused"`
	Reply      int64  `json:"reply" doc:"the code of the reply that the client was sent"`
	Error      string `json:"error" doc:"why, with details that the client was not told"`

	Actor  string `json:"actor" doc:"who did it, in admin events"`
	Action string `json:"action" doc:"what was done: reload, ban, unban, account-add, and so on"`
	Object string `json:"object" doc:"to what it was done"`
	Detail string `json:"detail" doc:"more about it"`

	From string `json:"from" doc:"the folder that the trail comes from, in trail-moved"`
	Head string `json:"head" doc:"number and SHA-256 of the last line there, for log verify --head"`

	File     string `json:"file" doc:"name of a file of the trail"`
	Previous string `json:"previous" doc:"name of the file before"`
	Last     int64  `json:"last" doc:"the last number of the file that is deleted"`
	Sink     string `json:"sink" doc:"file, syslog or journald"`
	Lost     int64  `json:"lost" doc:"how many events or lines were lost"`
	Dropped  int64  `json:"dropped" doc:"bytes of an unfinished line that were dropped"`
	Missing  int64  `json:"missing" doc:"lines that the server had written and that were not there"`

	Key       string `json:"key" doc:"which key has signed: the first 16 digits of the SHA-256 of the public key"`
	Signature string `json:"signature" doc:"Ed25519 signature, base64"`

	Cut bool `json:"cut" doc:"a text was longer than 8,192 bytes, and was cut"`
}

// Took is Duration as a time.Duration.
func (e *Event) Took() time.Duration { return time.Duration(e.Duration) * time.Microsecond }
