package control

import (
	"net/netip"
	"time"
)

// Sessions is the answer of /v1/sessions.
type Sessions struct {
	At       time.Time `json:"at"` // on the server's clock
	Sessions []Session `json:"sessions"`
}

// Session is one of them. Client and Path are as the peer sent them.
type Session struct {
	ID      string         `json:"id"`
	Since   time.Time      `json:"since"`
	Remote  netip.AddrPort `json:"remote"`
	Host    string         `json:"host,omitempty"`
	Account string         `json:"account,omitempty"` // none before login
	Client  string         `json:"client,omitempty"`
	TLS     string         `json:"tls,omitempty"`
	Verb    string         `json:"verb,omitempty"` // of what runs now
	Path    string         `json:"path,omitempty"` // of its transfer
	Moved   int64          `json:"moved,omitempty"`
	Began   time.Time      `json:"began"` // of Verb; without one, of the last command
	Down    int64          `json:"down"`  // bytes of transfers that have ended
	Up      int64          `json:"up"`
}

// Stats is the answer of /v1/stats. Counts are since the start.
type Stats struct {
	Started   time.Time `json:"started"`
	Version   string    `json:"version"`
	Draining  bool      `json:"draining"`
	Sessions  int       `json:"sessions"`
	Transfers int       `json:"transfers"` // that run

	SessionsTotal  int64 `json:"sessions_total"`
	Logins         int64 `json:"logins"`
	LoginsFailed   int64 `json:"logins_failed"`
	Refused        int64 `json:"refused"` // connections turned away
	TLSFailed      int64 `json:"tls_failed"`
	Uploads        int64 `json:"uploads"`
	UploadBytes    int64 `json:"upload_bytes"`
	Downloads      int64 `json:"downloads"`
	DownloadBytes  int64 `json:"download_bytes"`
	TransferErrors int64 `json:"transfer_errors"`
	Reloads        int64 `json:"reloads"`
	ReloadsRefused int64 `json:"reloads_refused"`

	// CertificatesRefused is how often new files of certificates could not be used, so that
	// those before stayed.
	CertificatesRefused int64 `json:"certificates_refused"`

	DataPorts DataPorts `json:"data_ports"`
	Guard     Guard     `json:"guard"`
	Trail     Trail     `json:"trail"`
}

// Guard is what keeps attackers out.
type Guard struct {
	Bans              int    `json:"bans"` // in force now
	Banned            uint64 `json:"banned"`
	Failures          uint64 `json:"failures"` // of logins
	RefusedDenied     uint64 `json:"refused_denied"`
	RefusedBanned     uint64 `json:"refused_banned"`
	RefusedHandshakes uint64 `json:"refused_handshakes"`
	LoginsDelayed     uint64 `json:"logins_delayed"`
	LoginsHeld        uint64 `json:"logins_held"` // denied unseen
	LoginsBarred      uint64 `json:"logins_barred"`
	HashesRefused     uint64 `json:"hashes_refused"`
	Evicted           int    `json:"evicted"` // from its tables, for want of room
}

// Trail is how the trail is. Without one all is zero.
type Trail struct {
	On       bool   `json:"on"`
	Healthy  bool   `json:"healthy"`
	Error    string `json:"error,omitempty"` // why it is not
	Lines    uint64 `json:"lines"`
	Lost     int64  `json:"lost"`      // events that were not written
	SinkLost int64  `json:"sink_lost"` // lines that syslog or journald did not get
}

// DataPorts is how the data ports were used.
type DataPorts struct {
	Waits       uint64        `json:"waits"`
	Waited      time.Duration `json:"waited_ns"`
	LongestWait time.Duration `json:"longest_wait_ns"`
	Refused     uint64        `json:"refused"`
	Strangers   uint64        `json:"strangers"`
	Unproven    uint64        `json:"unproven"`
	Rivals      uint64        `json:"rivals"`
}

// Certificates is the answer of /v1/certs.
type Certificates struct {
	Certificates []Certificate `json:"certificates"`
}

// Certificate is one that the server shows.
type Certificate struct {
	File   string    `json:"file"`
	Names  []string  `json:"names"`
	Until  time.Time `json:"until"`
	SHA256 string    `json:"sha256"`
	Pin    string    `json:"pin"` // sha256/BASE64 of the SPKI
	Staple bool      `json:"staple"`
}

// Bans is the answer of GET /v1/bans.
type Bans struct {
	Bans []Ban `json:"bans"`
}

// Ban keeps a network away.
type Ban struct {
	Network netip.Prefix `json:"network"`
	Until   time.Time    `json:"until"` // at most ten years ahead
	Reason  string       `json:"reason,omitempty"`
}

// Drain is the body of /v1/drain.
type Drain struct {
	// For bounds the wait for sessions to end by themselves, in nanoseconds; 0: none.
	For time.Duration `json:"for_ns"`
}

// Admin is the body of /v1/admin.
type Admin struct {
	Done []Done `json:"done"`
}

// Done is one thing that was done to accounts. Secrets are not in it.
type Done struct {
	Action string `json:"action"` // one of Actions
	Object string `json:"object"` // name of the account or group
	Detail string `json:"detail,omitempty"`
}

// The actions of Done.
const (
	AccountAdd      = "account-add"
	AccountSet      = "account-set"
	AccountPassword = "account-password"
	AccountEnable   = "account-enable"
	AccountDisable  = "account-disable"
	AccountRemove   = "account-remove"
	TOTPEnable      = "account-totp-enable"
	TOTPDisable     = "account-totp-disable"
	GroupAdd        = "group-add"
	GroupSet        = "group-set"
	GroupRemove     = "group-remove"
)

// Actions lists them.
func Actions() []string {
	return []string{
		AccountAdd, AccountSet, AccountPassword, AccountEnable, AccountDisable, AccountRemove, TOTPEnable, TOTPDisable,
		GroupAdd, GroupSet, GroupRemove,
	}
}

// Recorded is the answer of /v1/admin.
type Recorded struct {
	Recorded bool `json:"recorded"` // false: the server keeps no trail
}

// Problem is the body of every answer of 4xx and 5xx.
type Problem struct {
	Message string `json:"error"`
	Advice  string `json:"hint,omitempty"`
}

// Error tells what went wrong.
func (p *Problem) Error() string { return p.Message }

// Hint says what to do about it; it may be empty.
func (p *Problem) Hint() string { return p.Advice }
