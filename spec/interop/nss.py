"""NSS's selfserv and tstclnt (libnss3-tools) as a peer: see run.lua for what it is asked. The server is one of HTTP: it
answers any request with a page."""
import re
import socket
import subprocess
import sys
import tempfile
import time

role = sys.argv[1]
options = dict(arg.split("=", 1) for arg in sys.argv[2:])
groups = {"secp384r1": "P384"}


def run(*command, check=True, **more):
    return subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def database(folder):
    run("certutil", "-N", "-d", folder, "--empty-password")
    with open(options["cafile"], encoding="ascii") as file:
        roots = re.findall("-----BEGIN.*?-----END CERTIFICATE-----", file.read(), re.S)
    for i, root in enumerate(roots):  # it has no Ed25519
        run("certutil", "-A", "-d", folder, "-n", f"root{i}", "-t", "CT,C,C", "-a", check=False, input=root.encode())
    if "certificate" in options:
        p12 = folder + "/own.p12"
        run("openssl", "pkcs12", "-export", "-name", "own", "-passout", "pass:secret", "-out", p12,
            "-in", options["certificate"], "-inkey", options["key"])
        run("pk12util", "-d", folder, "-i", p12, "-W", "secret")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def server(folder):
    port = free_port()
    kind = "-n" if "rsa" in options["key"] else "-e"
    more = ["-r", "-r"] if "client_auth" in options else []
    more += ["-I", groups[options["group"]]] if "group" in options else []
    process = subprocess.Popen(["selfserv", "-d", folder, "-p", str(port), kind, "own", "-u", "-G", "-Q",
                                "-V", "tls1.2:tls1.3"] + more)
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.01)
    print("port", port, flush=True)
    process.wait()


def client(folder):
    data = sys.stdin.buffer.read()
    command = ["tstclnt", "-d", folder, "-h", "localhost", "-4", "-p", options["port"], "-V", "tls1.2:tls1.3", "-G"]
    command += ["-n", "own"] if "certificate" in options else []
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(b"%d\n" % len(data) + data)
    process.stdin.flush()
    back = process.stdout.read(len(data))
    process.stdin.close()
    print("same" if back == data else "other", len(back), flush=True)
    process.wait()


with tempfile.TemporaryDirectory() as name:
    database(name)
    (server if role == "server" else client)(name)
