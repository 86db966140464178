package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sealane/sealane/certs"
	"github.com/sealane/sealane/ftpclient"
)

// ExitCode is one row of the table of exit codes.
type ExitCode struct {
	Code    int
	Meaning string
}

// ExitCodes gives all exit codes in their order. They stay as they are; more may
// be added. "sealane help exit-codes" and docs/exit-codes.md are made from them.
func ExitCodes() []ExitCode {
	return []ExitCode{
		{exitOK, "all done and verified"},
		{exitOther, "another failure"},
		{exitUsage, "the command line is wrong"},
		{exitPartly, "partly done: some files failed, and are listed"},
		{exitRefused, "refused by the server: login, permission, not found"},
		{exitTLS, "TLS failed, for a reason that is not one of 50 to 59"},
		{exitNetwork, "network or time-out"},
		{exitNotVerified, "not verified: truncated, or size or hash differ"},
		{exitFindings, "a check was done and has found problems"},
		{exitOtherServer, "not trusted: the data connection is not proven to be of the same server"},
		{exitUnknownAuthority, "not trusted: no authority vouches for the server, and its key is not known"},
		{exitNameMismatch, "not trusted: the certificate is made for another name"},
		{exitExpired, "not trusted: the certificate has expired"},
		{exitNotYetValid, "not trusted: the certificate is not valid yet"},
		{exitRevoked, "not trusted: the certificate has been revoked"},
		{exitChangedKey, "not trusted: the key is not the known or the pinned one"},
		{exitWeakKey, "not trusted: key or signature of the certificate are too weak"},
		{exitPlaintextOnly, "not trusted: the server offers no TLS"},
		{exitDowngrade, "not trusted: the server spoke TLS 1.3 before, and now does not"},
		{exitInterrupted, "interrupted"},
	}
}

func newExitCodesTopic() *cobra.Command {
	var text strings.Builder
	text.WriteString("Scripts may rely on these exit codes. From 50 to 59 they say why a server\nis not trusted.\n\n")
	for _, c := range ExitCodes() {
		fmt.Fprintf(&text, "  %3d  %s\n", c.Code, c.Meaning)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: text.String()}
}

// trustReason says what a reason not to trust a server means for a person.
type trustReason struct {
	err  error
	code int
	hint string
}

// trustReasons is in the order in which an error that has several is judged.
func trustReasons() []trustReason {
	return []trustReason{
		{certs.ErrChangedKey, exitChangedKey, "do not go on before the owner of the server confirms the new key; sealane cert trust list shows the old one"},
		{certs.ErrPin, exitChangedKey, "do not go on before the owner of the server confirms the new key"},
		{certs.ErrRevoked, exitRevoked, "do not go on: ask the owner of the server for a new certificate"},
		{certs.ErrWeakKey, exitWeakKey, "the owner of the server has to get a certificate with ECDSA, or RSA of 2048 bits or more, signed with SHA-256"},
		{certs.ErrDowngrade, exitDowngrade, "somebody may stand in between; --allow-downgrade accepts TLS 1.2"},
		{certs.ErrExpired, exitExpired, "the owner of the server has to renew its certificate; check the clock of this machine too"},
		{certs.ErrNotYetValid, exitNotYetValid, "check the clock of this machine, and then that of the server"},
		{certs.ErrNameMismatch, exitNameMismatch, "use the name that the certificate is made for, or trust the key itself with --pin"},
		{certs.ErrUnknownAuthority, exitUnknownAuthority, "trust the key of the server with --pin, or an authority with --ca FILE"},
		{certs.ErrStale, exitTLS, "get the present list from the authority"},
		{ftpclient.ErrPlaintextOnly, exitPlaintextOnly, "ftps://HOST (port 990) may work if the server has implicit TLS only; otherwise somebody may stand in between"},
		{ftpclient.ErrOtherCertificate, exitOtherServer, "somebody else answers on the data port, or a balancer sends it to another server"},
		{ftpclient.ErrUnresumed, exitOtherServer, "try again; if it stays so and the owner of the server says that it is right, --allow-unresumed accepts it"},
		{ftpclient.ErrTLS, exitTLS, "ftpes:// is explicit TLS (port 21), ftps:// implicit (port 990): check that the URL is of the right kind"},
	}
}

// trustOf finds the reason for err, if it is about TLS or trust.
func trustOf(err error) (trustReason, bool) {
	for _, r := range trustReasons() {
		if errors.Is(err, r.err) {
			return r, true
		}
	}
	return trustReason{}, false
}
