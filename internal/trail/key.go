package trail

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sealane/sealane/internal/atomicfile"
)

// The files beside the lines.
const (
	keyFile  = "key.pem" // private, PKCS #8
	headFile = "head"    // what the last line is
)

// KeyID names a public key in few digits.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// FormatKey gives a public key as [ParseKey] reads it: "ed25519:" and base64.
func FormatKey(key ed25519.PublicKey) string {
	return "ed25519:" + base64.StdEncoding.EncodeToString(key)
}

// ParseKey reads a public key.
func ParseKey(s string) (ed25519.PublicKey, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "ed25519:"))
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%.80q is not a key: it is ed25519: and 44 characters of base64", s)
	}
	return b, nil
}

// PublicKey gives the public part of the key in the folder of a trail.
func PublicKey(dir string) (ed25519.PublicKey, error) {
	key, err := readKey(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	return key.Public().(ed25519.PublicKey), nil
}

func readKey(name string) (ed25519.PrivateKey, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text [4096]byte
	n, err := f.Read(text[:])
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text[:n])
	if block == nil {
		return nil, fmt.Errorf("%s holds no key in PEM", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is not a key of Ed25519", name)
	}
	return key, nil
}

// loadKey reads the key, or makes one.
func loadKey(dir string) (ed25519.PrivateKey, error) {
	name := filepath.Join(dir, keyFile)
	key, err := readKey(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	_, key, err = ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, replaceFile(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), true)
}

// replaceFile puts text under a name whole or not at all. Nobody else writes the trail.
func replaceFile(name string, text []byte, sync bool) error {
	return atomicfile.Write(name, text, atomicfile.Options{Temp: name + tmpSuffix, Unsynced: !sync, Before: adopt})
}

// checkpointText is what the signature of a checkpoint is over.
func checkpointText(seq uint64, prev Sum, at time.Time) []byte {
	return signedText("sealane trail checkpoint 1", seq, prev, at)
}

func headText(seq uint64, sum Sum, at time.Time) []byte {
	return signedText("sealane trail head 1", seq, sum, at)
}

func signedText(what string, seq uint64, sum Sum, at time.Time) []byte {
	b := append([]byte(what), '\n')
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, '\n')
	b = append(b, sum.String()...)
	b = append(b, '\n')
	b = appendTime(b, at)
	return append(b, '\n')
}

// checkSignature reports whether a signature in base64 is right.
func checkSignature(key ed25519.PublicKey, text []byte, signature string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && len(sig) == ed25519.SignatureSize && ed25519.Verify(key, text, sig)
}

// Head is what the last line is: its number and SHA-256. The server keeps it in a file
// beside the lines, signed; who keeps a copy elsewhere sees later whether lines before
// it are missing.
type Head struct {
	Seq uint64
	Sum Sum
}

// ParseHead reads SEQ:SHA256, as String gives it.
func ParseHead(s string) (Head, error) {
	seq, sum, _ := strings.Cut(s, ":")
	n, err := strconv.ParseUint(seq, 10, 64)
	h := Head{Seq: n}
	var ok bool
	if h.Sum, ok = ParseSum(sum); !ok || err != nil || n == 0 {
		return Head{}, fmt.Errorf("%.100q is not SEQ:SHA256", s)
	}
	return h, nil
}

func (h Head) String() string { return strconv.FormatUint(h.Seq, 10) + ":" + h.Sum.String() }

// headForm is the file of a Head.
type headForm struct {
	V         int       `json:"v"`
	Seq       uint64    `json:"seq"`
	Sum       string    `json:"sha256"`
	Time      time.Time `json:"time"`
	Key       string    `json:"key"`
	Signature string    `json:"signature"`
}

func writeHead(dir string, key ed25519.PrivateKey, h Head, at time.Time, sync bool) error {
	sig := ed25519.Sign(key, headText(h.Seq, h.Sum, at))
	b := append([]byte(nil), `{"v":1,"seq":`...)
	b = strconv.AppendUint(b, h.Seq, 10)
	b = append(b, `,"sha256":"`+h.Sum.String()+`","time":"`...)
	b = appendTime(b, at)
	b = append(b, `","key":"`+KeyID(key.Public().(ed25519.PublicKey))+`","signature":"`+base64.StdEncoding.EncodeToString(sig)+"\"}\n"...)
	return replaceFile(filepath.Join(dir, headFile), b, sync)
}

var errHead = errors.New("its signature is not right")

// readHead reads the file. The error wraps fs.ErrNotExist if there is none.
func readHead(dir string, key ed25519.PublicKey) (Head, error) {
	f, err := os.Open(filepath.Join(dir, headFile))
	if err != nil {
		return Head{}, err
	}
	defer f.Close()
	var text [4096]byte
	n, err := f.Read(text[:])
	if err != nil {
		return Head{}, err
	}
	var form headForm
	if err := json.Unmarshal(text[:n], &form); err != nil {
		return Head{}, err
	}
	sum, ok := ParseSum(form.Sum)
	if !ok || !checkSignature(key, headText(form.Seq, sum, form.Time), form.Signature) {
		return Head{}, errHead
	}
	return Head{form.Seq, sum}, nil
}
