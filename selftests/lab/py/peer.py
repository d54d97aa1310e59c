# SPDX-License-Identifier: GPL-2.0-only
"""The other end of a connection, for tests in a network namespace.

peer.py sink PORT          prints the sha256 of what one connection brings
peer.py source PORT LINES  sends the numbers from 1 to LINES, one a line
peer.py frames IFACE COUNT LENGTH [SECONDS]
                           sends so many Ethernet frames of a type for experiments (0x88b5), each with its number;
                           prints "sent N back N wrong N" when all came back or none came for that time (15)
peer.py datagrams PORT     prints what comes by UDP until it is ended
peer.py hold PORT          lets one client connect, and takes nothing from it
peer.py pages PORT         an empty page for each HTTP request, one connection each, until it is ended
"""

import hashlib
import select
import socket
import struct
import sys
import time

SECONDS = 60
EXPERIMENTS = 0x88b5
ABREAST = 32        # frames under way at a time


def frame(mac, number, length):
    """To all stations, from MAC; numbered, and filled with what follows from the number."""
    head = b"\xff" * 6 + mac + struct.pack(">HI", EXPERIMENTS, number)
    return head + bytes((number + i) & 0xff for i in range(length - len(head)))


class Frames:
    def __init__(self, iface, length):
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EXPERIMENTS))
        self.link.bind((iface, EXPERIMENTS))
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.mac = self.link.getsockname()[4]
        self.length = length
        self.sent, self.wrong, self.back = 0, 0, set()

    def send(self):
        self.link.send(frame(self.mac, self.sent, self.length))
        self.sent += 1

    def receive(self, seconds):
        """Takes one, if it comes within that time."""
        if not select.select([self.link], [], [], seconds)[0]:
            return False
        data, address = self.link.recvfrom(65536)
        if address[2] == socket.PACKET_OUTGOING:
            return True
        number = struct.unpack(">I", data[14:18])[0]
        if number >= self.sent or number in self.back or data[12:] != frame(self.mac, number, self.length)[12:]:
            self.wrong += 1
        self.back.add(number)
        return True


def frames(iface, count, length, silence=15.0):
    port = Frames(iface, length)
    while port.sent < count:
        port.send()
        # Not faster than they come back; but they may be meant not to.
        while port.receive(0.005 if port.sent - len(port.back) > ABREAST else 0):
            pass
    while len(port.back) < count and port.receive(silence):
        pass
    print(f"sent {port.sent} back {len(port.back)} wrong {port.wrong}", flush=True)


def pages(port):
    server = socket.create_server(("", port), backlog=128)
    while True:
        client, _ = server.accept()
        with client:
            client.settimeout(SECONDS)
            try:
                if client.recv(4096):
                    client.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                pass


def main():
    if sys.argv[1] == "frames":
        frames(sys.argv[2], *(int(word) for word in sys.argv[3:]))
        return
    verb, port = sys.argv[1], int(sys.argv[2])
    if verb == "pages":
        pages(port)
    if verb == "hold":
        with socket.socket() as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", port))
            held.listen(1)
            client = held.accept()
            print(f"{client[1]} connected", flush=True)
            time.sleep(10 * SECONDS)
        return
    if verb == "datagrams":
        with socket.socket(type=socket.SOCK_DGRAM) as sink:
            sink.bind(("", port))
            while True:
                print(sink.recv(65536).decode(errors="replace"), flush=True)
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
