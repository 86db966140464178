// Package certs makes, keeps, loads and pins the X.509 certificates of a server.
//
// [LoadOrCreate] is what a server needs that is to be safe without any
// configuration: the first start makes a key and a self-signed certificate, and
// later starts find them again. [Load] takes a pair that somebody else issued
// and says at once, and by a typed error, what would make clients turn away.
//
// A self-signed certificate is trusted by being known. A person compares its
// [Fingerprint] with what the client shows; a program pins the key with
// [ParsePin] and [VerifyPin], or takes the certificate file as its only trust
// anchor (curl --cacert server.crt).
//
// A client that is to do more than crypto/tls does has [Verifier], whose errors
// name the one reason to turn away, and [KnownHosts], which remembers servers by
// their keys.
//
// A private authority ([NewCA]) signs servers and clients: from a key ([CA.Issue])
// or from a request that proves its key ([ParseRequest], [CA.Sign]). [Inspect]
// describes a chain and says, by findings with stable names, what is wrong with it.
// Chains, requests and PKCS #12 files may come from strangers: the work on them is
// bounded (1 MiB, 16 certificates, RSA keys of 8192 bits), and nothing in them but
// what is listed is ever signed.
//
// Keys are ECDSA on P-256: every TLS 1.2 client of the last ten years takes
// them, and crypto/tls signs with them many times faster than with RSA.
package certs
