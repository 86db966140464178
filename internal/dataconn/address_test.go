package dataconn

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestParsePASV(t *testing.T) {
	for text, want := range map[string]string{
		"Entering Passive Mode (192,168,1,2,19,136).": "192.168.1.2:5000",
		"Entering Passive Mode. 10,0,0,1,255,255":     "10.0.0.1:65535",
		"=1,2,3,4,0,21":                                     "1.2.3.4:21",
		"Mode 2 of 3 (1, 2, 3, 4, 5, 6)":                    "1.2.3.4:1286",
		"(001,002,003,004,005,006), and so on 7,":           "1.2.3.4:1286",
		"Entering Passive Mode (1,2,3,4,5)":                 "",
		"Entering Passive Mode (1,2,3,4,5,6,7)":             "",
		"Entering Passive Mode (256,2,3,4,5,6)":             "",
		"Entering Passive Mode (1,2,3,4,5,-6)":              "",
		"Entering Passive Mode (1,2,3,4,0,0)":               "",
		"Entering Passive Mode (0001,2,3,4,5,6)":            "",
		"Entering Passive Mode":                             "",
		"":                                                  "",
		"1,,2,3,4,5,6":                                      "",
		strings.Repeat(" ", maxAddressText) + "1,2,3,4,5,6": "",
	} {
		got, err := ParsePASV(text)
		if want == "" {
			if !errors.Is(err, ErrPASV) {
				t.Errorf("%q: %v, %v, want ErrPASV", text, got, err)
			}
		} else if err != nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestFormatPASV(t *testing.T) {
	for addr, want := range map[string]string{
		"192.168.1.2:5000":      "192,168,1,2,19,136",
		"[::ffff:10.0.0.1]:255": "10,0,0,1,0,255", // S-58: v4-mapped is IPv4
		"[2001:db8::1]:5000":    "",
		"1.2.3.4:0":             "",
	} {
		got, err := FormatPASV(netip.MustParseAddrPort(addr))
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v, want %q", addr, got, err, want)
		}
	}
}

func TestParseEPSV(t *testing.T) {
	for text, want := range map[string]uint16{
		"Entering Extended Passive Mode (|||6446|)": 6446,
		"(very) extended (!!!65535!) mode":          65535,
		"(((((21()":                                 21,
		"(|||0|)":                                   0,
		"(|||65536|)":                               0,
		"(|||000021|)":                              0,
		"(||21|)":                                   0,
		"(|||21|":                                   0,
		"(|||21!)":                                  0,
		"(|||+21|)":                                 0,
		"(|1|10.0.0.1|21|)":                         0,
		"(   21 )":                                  0,
		"(1112111)":                                 0, // a digit cannot delimit
		"|||21|":                                    0,
		"":                                          0,
	} {
		got, err := ParseEPSV(text)
		if got != want || (err != nil) != (want == 0) || err != nil && !errors.Is(err, ErrEPSV) {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
}

// F-15.
func FuzzParsePASV(f *testing.F) {
	f.Add("Entering Passive Mode (192,168,1,2,19,136).")
	f.Add("1, 2,3,4,5,6,7")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParsePASV(text)
		if err != nil {
			return
		}
		formatted, err := FormatPASV(a)
		if err != nil {
			t.Fatalf("%q gives %v, which has no form: %v", text, a, err)
		}
		if b, err := ParsePASV(formatted); err != nil || a != b {
			t.Fatalf("%q gives %v, %q gives %v, %v", text, a, formatted, b, err)
		}
	})
}

// F-15.
func FuzzParseEPSV(f *testing.F) {
	f.Add("Entering Extended Passive Mode (|||6446|)")
	f.Add("(((((21()")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseEPSV(text)
		if err != nil {
			return
		}
		if b, err := ParseEPSV(FormatEPSV(a)); err != nil || a != b {
			t.Fatalf("%q gives %d, then %d, %v", text, a, b, err)
		}
	})
}
