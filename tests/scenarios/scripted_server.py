"""The far end of a server in a scenario: it hands what it reads to the runner, and writes, complains,
stops reading and ends when the runner says so. Frames both ways: a letter, four bytes of length,
content."""

import os
import socket
import struct
import sys
import threading

runner = socket.socket(socket.AF_UNIX)
reading = threading.Event()
reading.set()


def tell(kind, content=b""):
    runner.sendall(kind + struct.pack(">I", len(content)) + content)


def exactly(size):
    data = bytearray(size)
    left = memoryview(data)
    while left:
        received = runner.recv_into(left)
        if received == 0:
            os._exit(1)  # the runner is gone
        left = left[received:]
    return bytes(data)


def write(fd, data):
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left):]


def forward_input():
    while True:
        reading.wait()
        data = os.read(0, 1 << 16)
        if not data:
            tell(b"z")
            return
        tell(b"i", data)


def main():
    runner.connect(sys.argv[1])
    tell(b"h", f"{sys.argv[2]} {os.getpid()}".encode())
    threading.Thread(target=forward_input, daemon=True).start()
    while True:
        kind = exactly(1)
        content = exactly(struct.unpack(">I", exactly(4))[0])
        if kind == b"o":
            write(1, content)
        elif kind == b"s":
            write(2, content)
        elif kind == b"p":
            reading.clear()
        elif kind == b"r":
            reading.set()
        elif kind == b"c":
            os.close(1)
        elif kind == b"x":
            os._exit(int(content))


main()
