"""A session that walks through the methods of ftplib.FTP_TLS in the order of
their own tests: see TestPythonFtplibSession for the arguments."""
import datetime
import ftplib
import io
import ssl
import sys

host, port, version, cafile, user, password = sys.argv[1:7]
data = b"line one\nline two \xc3\xa9\n" * 5000


def equal(what, got, want):
    if got != want:
        sys.exit(f"{what}: got {got!r:.300}, want {want!r:.300}")


def refused(what, code, call, *args):
    """call must raise error_perm with this code, and leave the session usable."""
    try:
        call(*args)
    except ftplib.error_perm as e:
        equal(what, str(e)[:3], code)
    else:
        sys.exit(f"{what}: done, want {code}")
    ftp.voidcmd("NOOP")


context = ssl.create_default_context(cafile=cafile)
context.minimum_version = context.maximum_version = {
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}[version]

with ftplib.FTP_TLS(context=context, timeout=60, encoding="utf-8") as ftp:
    equal("greeting", ftp.connect(host, int(port))[:3], "220")
    equal("getwelcome", ftp.getwelcome(), ftp.welcome)
    refused("USER in clear", "530", ftp.sendcmd, "USER " + user)
    equal("auth", ftp.auth()[:3], "234")
    equal("TLS", ftp.sock.version(), "TLSv" + version)
    refused("a wrong password", "530", ftp.login, user, "wrong")
    equal("login", ftp.login(user, password)[:3], "230")
    try:
        ftp.login(user, "again")
        sys.exit("login: a wrong password is taken after login")
    except ftplib.error_perm:
        pass
    equal("login again", ftp.login(user, password)[:3], "230")
    refused("auth under TLS", "503", ftp.sendcmd, "AUTH TLS")
    equal("prot_p", ftp.prot_p()[:3], "200")
    equal("acct", ftp.acct("none")[:3], "202")
    equal("voidcmd", ftp.voidcmd("NOOP")[:3], "200")
    if " MLST " not in ftp.sendcmd("FEAT"):
        sys.exit("FEAT names no MLST")

    # Directories.
    equal("pwd", ftp.pwd(), "/")
    equal("mkd", ftp.mkd('a "quoted" dir'), '/a "quoted" dir')
    equal("cwd", ftp.cwd('a "quoted" dir')[:3], "250")
    equal("pwd", ftp.pwd(), '/a "quoted" dir')
    equal("cwd ..", ftp.cwd("..")[:3], "250")
    equal("pwd", ftp.pwd(), "/")
    refused("mkd again", "550", ftp.mkd, 'a "quoted" dir')
    equal("rmd", ftp.rmd('a "quoted" dir')[:3], "250")
    refused("cwd", "550", ftp.cwd, 'a "quoted" dir')

    # Uploads.
    calls = []
    equal("storbinary", ftp.storbinary("STOR f", io.BytesIO(data), blocksize=1000, callback=calls.append)[:3], "226")
    equal("callback", b"".join(calls), data)
    equal("size", ftp.size("f"), len(data))
    equal("storbinary rest", ftp.storbinary("STOR f", io.BytesIO(data[1234:]), rest=1234)[:3], "226")
    equal("size after rest", ftp.size("f"), len(data))
    calls = []
    equal("storlines", ftp.storlines("STOR lines", io.BytesIO(b"one\ntwo\r\nthree"), calls.append)[:3], "226")
    equal("storlines callback", calls, [b"one\r\n", b"two\r\n", b"three\r\n"])

    # Downloads.
    for rest in None, 0, 1234, str(len(data)):
        got = []
        equal("retrbinary", ftp.retrbinary("RETR f", got.append, blocksize=777, rest=rest)[:3], "226")
        equal(f"retrbinary {rest}", b"".join(got), data[int(rest or 0):])
    lines = []
    equal("retrlines", ftp.retrlines("RETR lines", lines.append)[:3], "226")
    equal("lines", lines, ["one", "two", "three"])
    refused("retrbinary", "550", ftp.retrbinary, "RETR absent", print)
    ftp.voidcmd("TYPE I")
    got = []
    ftp.retrbinary("RETR lines", got.append)
    equal("stored lines", b"".join(got), b"one\ntwo\nthree\n")
    ftp.trust_server_pasv_ipv4_address = True
    equal("makepasv", ftp.makepasv()[0], host)
    equal("abort of a port", ftp.abort()[:3], "225")
    conn, _ = ftp.ntransfercmd("RETR f")
    with conn:
        got = b""
        while chunk := conn.recv(8192):
            got += chunk
    equal("ntransfercmd", (got, ftp.voidresp()[:3]), (data, "226"))

    # Listings.
    ftp.mkd("d")
    equal("nlst", sorted(ftp.nlst()), ["d", "f", "lines"])
    equal("nlst of nothing", ftp.nlst("d"), [])
    lines = []
    ftp.dir(lines.append)
    equal("dir", sorted(line.split()[-1] for line in lines), ["d", "f", "lines"])
    facts = {name: fact for name, fact in ftp.mlsd(facts=["type", "size", "modify"]) if fact["type"] in ("file", "dir")}
    equal("mlsd", sorted(facts), ["d", "f", "lines"])
    equal("mlsd facts", (facts["d"]["type"], facts["f"]["type"], facts["f"]["size"]), ("dir", "file", str(len(data))))
    modified = datetime.datetime.strptime(facts["f"]["modify"][:14] + "+0000", "%Y%m%d%H%M%S%z")
    if abs(datetime.datetime.now(datetime.timezone.utc) - modified) > datetime.timedelta(hours=1):
        sys.exit(f"modify is {modified}")
    equal("mlsd of nothing", [n for n, f in ftp.mlsd("d") if f["type"] in ("file", "dir")], [])

    # Names.
    equal("rename", ftp.rename("f", "d/g")[:3], "250")
    refused("rename", "550", ftp.rename, "f", "h")
    refused("rmd of a full one", "550", ftp.rmd, "d")
    equal("delete", ftp.delete("d/g")[:3], "250")
    refused("delete", "550", ftp.delete, "d/g")
    equal("rmd", ftp.rmd("d")[:3], "250")
    equal("delete", ftp.delete("lines")[:3], "250")
    for bad in "MKD a\nb", "MKD a\rb":
        try:
            ftp.sendcmd(bad)
            sys.exit("ftplib sent a line break")
        except ValueError:
            pass

    # What the policy of a server refuses by default.
    refused("prot_c", "534", ftp.prot_c)
    refused("ccc", "534", ftp.sendcmd, "CCC")
    ftp.set_pasv(False)
    refused("active mode", "502", ftp.nlst)
    ftp.set_pasv(True)
    equal("nlst", ftp.nlst(), [])
    equal("abort", ftp.abort()[:3], "225")
if ftp.sock is not None:
    sys.exit("the session is open behind its with")
print("done")
