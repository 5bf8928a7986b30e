"""Python's ssl as a peer: see run.lua for what it is asked."""
import socket
import ssl
import sys
import threading

role = sys.argv[1]
options = {"times": "1"}
options.update(arg.split("=", 1) for arg in sys.argv[2:])


def context():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "server" else ssl.PROTOCOL_TLS_CLIENT)
    c.load_verify_locations(options["cafile"])
    if "certificate" in options:
        c.load_cert_chain(options["certificate"], options["key"])
    if "client_auth" in options:
        c.verify_mode = ssl.CERT_REQUIRED
    if "alpn" in options:
        c.set_alpn_protocols(options["alpn"].split(","))
    if "group" in options:
        c.set_ecdh_curve(options["group"])
    return c


def read(s, size):
    parts = []
    while size > 0:
        part = s.recv(min(size, 65536))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def leave(s):
    try:
        s.unwrap().close()  # close_notify, and the other's
    except (OSError, ValueError):
        s.close()


def serve(tcp, c):
    try:
        s = c.wrap_socket(tcp, server_side=True)
        size = b""
        while not size.endswith(b"\n"):
            size += read(s, 1)
        s.sendall(read(s, int(size)))
        print("echoed", int(size), flush=True)
        leave(s)
    except (OSError, EOFError) as e:
        print("failed", e, flush=True)
        tcp.close()


def request(c, data, session):
    tcp = socket.create_connection(("127.0.0.1", int(options["port"])))
    s = c.wrap_socket(tcp, server_hostname="localhost", session=session)
    writer = threading.Thread(target=lambda: s.sendall(b"%d\n" % len(data) + data))
    writer.start()
    same = read(s, len(data)) == data
    writer.join()
    print("same" if same else "other", len(data), flush=True)
    session = s.session
    leave(s)
    return session


def main():
    c = context()
    if role == "server":
        listener = socket.create_server(("127.0.0.1", 0))
        print("port", listener.getsockname()[1], flush=True)
        for _ in range(int(options["times"])):
            serve(listener.accept()[0], c)
        return
    data, session = sys.stdin.buffer.read(), None
    for _ in range(int(options["times"])):
        session = request(c, data, session)


main()
