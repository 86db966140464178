package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/sealane/sealane/auth"
)

// UploadsConfig is the section [uploads].
type UploadsConfig struct {
	Durability string        // DurabilityFull or DurabilityProcess
	Keep       time.Duration // of uploads that broke off
}

// The values of UploadsConfig.Durability.
const (
	DurabilityFull    = auth.DurabilityFull
	DurabilityProcess = auth.DurabilityProcess
)

// The values of Storage.Uploads.
const (
	UploadsAtomic = auth.UploadsAtomic
	UploadsDirect = auth.UploadsDirect
)

// Storage, Mounted and Owner are what auth describes an account with.
type (
	Storage = auth.Storage
	Mounted = auth.Mount
	Owner   = auth.Owner
)

// ParseDurability reads "full" or "process".
func ParseDurability(s string) (string, error) {
	return oneOf(s, DurabilityFull, DurabilityProcess)
}

// ParseUploads reads "atomic" or "direct".
func ParseUploads(s string) (string, error) { return oneOf(s, UploadsAtomic, UploadsDirect) }

// ParsePermissions reads permission bits in octal, as chmod has them.
func ParsePermissions(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n > 0o777 {
		return 0, mistakef(`write octal digits, such as "0640", in quotes`, "must be permission bits from 0 to 0777")
	}
	return uint32(n), nil
}

func parseUmask(s string) (*uint32, error) {
	n, err := ParsePermissions(s)
	return &n, err
}

func ParseOwner(s string) (*Owner, error) {
	uid, gid, ok := strings.Cut(s, ":")
	u, uerr := strconv.ParseUint(uid, 10, 31)
	g, gerr := strconv.ParseUint(gid, 10, 31)
	if !ok || uerr != nil || gerr != nil {
		return nil, mistakef(`write "UID:GID", as "id -u NAME" and "id -g NAME" print them`, "must be two numbers")
	}
	return &Owner{UID: uint32(u), GID: uint32(g)}, nil
}

// byteUnits are the factors of sizes.
var byteUnits = []struct {
	suffix string
	factor int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1}}

// ParseBytes reads a size such as "10 GiB".
func ParseBytes(s string) (int64, error) {
	for _, u := range byteUnits {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 1 || n > 1<<60/u.factor {
			break
		}
		return n * u.factor, nil
	}
	return 0, mistakef(`write "500 MB", "10 GiB" or the like, in quotes`, "must be a size above zero")
}

// ParseRate reads a rate such as "5 MB/s".
func ParseRate(s string) (int64, error) {
	size, ok := strings.CutSuffix(s, "/s")
	n, err := ParseBytes(strings.TrimSpace(size))
	if !ok || err != nil {
		return 0, mistakef(`write "5 MB/s" or "500 KiB/s", in quotes`, "must be a rate above zero")
	}
	return n, nil
}

// ParseMount reads "/path = folder", with " (read-only)" behind it or not.
func ParseMount(s string) (Mounted, error) {
	at, dir, ok := strings.Cut(s, "=")
	m := Mounted{At: strings.TrimSpace(at), Dir: strings.TrimSpace(dir)}
	m.Dir, m.ReadOnly = strings.CutSuffix(m.Dir, "(read-only)")
	m.Dir = strings.TrimSpace(m.Dir)
	if !ok || len(m.At) < 2 || m.At[0] != '/' || m.Dir == "" || strings.ContainsAny(s, "\x00\r\n") {
		return m, mistakef(`write "/archive = /srv/archive" or "/archive = /srv/archive (read-only)"`, "must say what is where")
	}
	return m, nil
}

func anyText(s string) (string, error) {
	if s == "" {
		return "", mistakef("remove it", "holds an empty text")
	}
	return s, nil
}
