# SPDX-License-Identifier: GPL-2.0-only
"""The other end of a TCP connection, for tests in a network namespace.

peer.py sink PORT          prints the sha256 of what one connection brings
peer.py source PORT LINES  sends the numbers from 1 to LINES, one a line
"""

import hashlib
import socket
import sys

SECONDS = 60


def main():
    verb, port = sys.argv[1], int(sys.argv[2])
    server = socket.create_server(("", port))
    server.settimeout(SECONDS)
    connection, _ = server.accept()
    connection.settimeout(SECONDS)
    if verb == "source":
        connection.sendall("".join(f"{n}\n" for n in range(1, int(sys.argv[3]) + 1)).encode())
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        return
    digest = hashlib.sha256()
    while True:
        data = connection.recv(65536)
        if not data:
            break
        digest.update(data)
    print(digest.hexdigest(), flush=True)


if __name__ == "__main__":
    main()
