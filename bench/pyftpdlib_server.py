"""pyftpdlib as bench measures it: one event loop, TLS required on both
connections unless no certificate is given.

Arguments: control port, first and last data port, folder, user, file with the
argon2id hash, file with key and certificate or an empty text.
"""
import ctypes
import logging
import sys

from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

port, first, last, folder, user, hash_file, cert = sys.argv[1:]
sodium = ctypes.CDLL("libsodium.so.23")
if sodium.sodium_init() < 0:
    sys.exit("libsodium does not start")
with open(hash_file, "rb") as f:
    phc = f.read().strip()


class Authorizer(DummyAuthorizer):
    def validate_authentication(self, username, password, handler):
        word = password.encode()
        if username != user or sodium.crypto_pwhash_str_verify(phc, word, ctypes.c_ulonglong(len(word))) != 0:
            raise AuthenticationFailed("Authentication failed.")


authorizer = Authorizer()
authorizer.add_user(user, "", folder, perm="elradfmwMT")
handler = TLS_FTPHandler if cert else FTPHandler
handler.authorizer = authorizer
handler.passive_ports = range(int(first), int(last) + 1)
handler.timeout = 900
if cert:
    handler.certfile = cert
    handler.tls_control_required = True
    handler.tls_data_required = True
logging.basicConfig(level=logging.CRITICAL)
server = FTPServer(("127.0.0.1", int(port)), handler, backlog=128)
server.max_cons = 20000
server.max_cons_per_ip = 0
server.serve_forever(handle_exit=False)
