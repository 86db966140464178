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

	DataPorts DataPorts `json:"data_ports"`
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

// Problem is the body of every answer of 4xx and 5xx.
type Problem struct {
	Message string `json:"error"`
	Advice  string `json:"hint,omitempty"`
}

// Error tells what went wrong.
func (p *Problem) Error() string { return p.Message }

// Hint says what to do about it; it may be empty.
func (p *Problem) Hint() string { return p.Advice }
