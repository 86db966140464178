package cli

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/internal/ui"
)

// certFiles is what the commands have that write files.
type certFiles struct {
	env   *Env
	json  bool
	force bool
}

func (f *certFiles) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.force, "force", false, "overwrite files that are there")
	cmd.Flags().BoolVar(&f.json, "json", false, "print a JSON object")
}

// errThere is the error of a file that would be overwritten.
type errThere struct{ name string }

func (e errThere) Error() string { return e.name + " is there already" }

func (errThere) Unwrap() error { return fs.ErrExist }

// outFile is a file to be written.
type outFile struct {
	name string
	data []byte
	mode fs.FileMode
}

// free demands that none of the names is taken, before any work is done.
func (f *certFiles) free(names ...string) error {
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil && !f.force {
			return withHint(errThere{name}, "choose another name with --out, or overwrite it with --force")
		}
	}
	return nil
}

// write writes keys before certificates: a crash in between leaves no certificate
// that somebody trusts and nobody can use.
func (f *certFiles) write(files ...outFile) error {
	for _, out := range files {
		err := certs.WriteFile(out.name, out.data, out.mode, f.force)
		if errors.Is(err, fs.ErrExist) {
			return withHint(errThere{out.name}, "choose another name with --out, or overwrite it with --force")
		}
		if err != nil {
			if path := (*fs.PathError)(nil); errors.As(err, &path) {
				err = &fs.PathError{Op: "cannot write", Path: out.name, Err: path.Err} // not that of the temporary file
			}
			return err
		}
	}
	return nil
}

// madeJSON is what the commands print that make something.
type madeJSON struct {
	Files       []string       `json:"files"`
	Certificate *certs.Details `json:"certificate,omitempty"`
	Notes       []string       `json:"notes,omitempty"`
}

// made tells what was made.
func (f *certFiles) made(chain []*x509.Certificate, notes []string, files ...outFile) error {
	out := madeJSON{Notes: notes}
	for _, file := range files {
		out.Files = append(out.Files, file.name)
	}
	if len(chain) > 0 {
		out.Certificate = &certs.Inspect(chain[:1], certs.InspectOptions{}).Certificates[0]
	}
	if f.json {
		return ui.WriteJSON(f.env.Stdout, out)
	}
	var b strings.Builder
	if d := out.Certificate; d != nil {
		describeCertificate(&b, *d, time.Now())
	}
	for _, n := range notes {
		fmt.Fprintf(&b, "note          %s\n", ui.Safe(n))
	}
	for _, file := range files {
		who := ""
		if file.mode&0o077 == 0 {
			who = " (keep it secret)"
		}
		fmt.Fprintf(&b, "written       %s%s\n", ui.Safe(file.name), who)
	}
	_, err := io.WriteString(f.env.Stdout, b.String())
	return err
}

// describeCertificate writes the rows about one certificate. All of its text is a
// stranger's.
func describeCertificate(b *strings.Builder, d certs.Details, now time.Time) {
	row := func(name, text string) { fmt.Fprintf(b, "%-13s %s\n", name, ui.Safe(text)) }
	row("subject", d.Subject)
	if issuer := d.Issuer; d.SelfSigned {
		row("issuer", "itself")
	} else {
		row("issuer", issuer)
	}
	names := strings.Join(d.Names, ", ")
	if d.MoreNames > 0 {
		names += fmt.Sprintf(" and %d more", d.MoreNames)
	}
	if names != "" {
		row("names", names)
	}
	use := strings.Join(d.Uses, ", ")
	if d.Authority {
		use = "authority: signs other certificates"
	}
	if use != "" {
		row("for", use)
	}
	row("valid", fmt.Sprintf("%s to %s (%s)", d.NotBefore.Format(time.DateOnly), d.NotAfter.Format(time.DateOnly), daysLeft(d, now)))
	row("key", d.Key)
	row("signature", d.Signature)
	row("public key", d.Pin)
	row("SHA-256", d.Fingerprint)
}

func daysLeft(d certs.Details, now time.Time) string {
	const day = 24 * time.Hour
	switch {
	case now.Before(d.NotBefore):
		return "begins in " + ui.Counted(int64((d.NotBefore.Sub(now)+day-1)/day), "day")
	case now.After(d.NotAfter):
		return "expired " + ui.Counted(int64(now.Sub(d.NotAfter)/day), "day") + " ago"
	}
	return "expires in " + ui.Counted(int64(d.NotAfter.Sub(now)/day), "day")
}

// keyFlags choose the key to be made.
type keyFlags struct{ kind string }

func (k *keyFlags) flags(cmd *cobra.Command) {
	names := make([]string, 0, 6)
	for _, a := range certs.KeyAlgorithms() {
		names = append(names, string(a))
	}
	cmd.Flags().StringVar(&k.kind, "key-type", string(certs.ECDSAP256), "make a key of this `KIND`: "+strings.Join(names, ", "))
}

// generate makes a key, and says what is to be known of its kind.
func (k *keyFlags) generate() (key crypto.Signer, pem []byte, notes []string, err error) {
	kind, err := certs.ParseKeyAlgorithm(k.kind)
	if err != nil {
		return nil, nil, nil, usageError{err}
	}
	if key, err = certs.GenerateKey(kind); err != nil {
		return nil, nil, nil, fmt.Errorf("cannot make a key: %w", err)
	}
	if w := kind.Warning(); w != "" {
		notes = []string{w}
	}
	pem, err = certs.EncodeKey(key)
	return key, pem, notes, err
}

// issuer is the private authority that the flags name.
type issuer struct{ cert, key string }

func (i *issuer) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&i.cert, "ca", "", "sign with the authority whose certificate is in `FILE`")
	cmd.Flags().StringVar(&i.key, "ca-key", "", "the authority's key in `FILE`")
}

// load gives nil if no authority was named.
func (i *issuer) load() (*certs.CA, error) {
	switch {
	case i.cert == "" && i.key == "":
		return nil, nil
	case i.cert == "" || i.key == "":
		return nil, usagef("--ca and --ca-key go together")
	}
	ca, err := certs.LoadCA(i.cert, i.key)
	if errors.Is(err, certs.ErrNotCA) {
		return nil, withHint(err, "make an authority with sealane cert ca new")
	}
	return ca, err
}

// dayCount is the value of --days; 0 is that nobody has given it.
type dayCount int

// Set is that of pflag.Value.
func (d *dayCount) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 36500 {
		return errors.New("it must be a number from 1 to 36500")
	}
	*d = dayCount(n)
	return nil
}

// String is that of pflag.Value.
func (d *dayCount) String() string {
	if *d == 0 {
		return ""
	}
	return strconv.Itoa(int(*d))
}

// Type is that of pflag.Value.
func (d *dayCount) Type() string { return "NUMBER" }

func (d *dayCount) duration() time.Duration { return time.Duration(*d) * 24 * time.Hour }

// shortened says that the authority ends before the certificate was to.
func shortened(ca *certs.CA, leaf *x509.Certificate) []string {
	if ca != nil && leaf.NotAfter.Equal(ca.Chain[0].NotAfter) {
		return []string{"it ends with its authority, on " + leaf.NotAfter.UTC().Format(time.DateOnly)}
	}
	return nil
}

// requestHint makes what the library refuses to sign an error of usage.
func requestHint(err error) error {
	if errors.Is(err, certs.ErrRequest) {
		return usageError{err}
	}
	return err
}

// splitNames tells e-mail addresses from host names and IP addresses.
func splitNames(args []string) (hosts, emails []string) {
	for _, a := range args {
		if strings.Contains(a, "@") {
			emails = append(emails, a)
		} else {
			hosts = append(hosts, a)
		}
	}
	return hosts, emails
}
