"""There is no network, and no way round that."""

import os
import socket
import threading


def test_has_only_a_loopback_of_its_own(sandbox):
    answer = sandbox.ask("""
import json, socket
print(json.dumps([name for _, name in socket.if_nameindex()]))
""")
    # Kernels make some tunnel interfaces, all of them down, in every network namespace.
    assert "lo" in answer
    assert not [name for name in answer if name.startswith(("eth", "en", "wl", "veth", "docker"))]


def test_reaches_nothing(sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        hits = []
        threading.Thread(target=lambda: hits.append(server.accept()), daemon=True).start()
        answer = sandbox.ask(f"""
import json, socket
results = {{}}
for address in (("127.0.0.1", {port}), ("198.51.100.1", 80), ("169.254.169.254", 80),
                ("172.17.0.1", 80)):
    try:
        socket.create_connection(address, timeout=5).close()
        results[address[0]] = "connected"
    except OSError as error:
        results[address[0]] = type(error).__name__
try:
    socket.getaddrinfo("example.com", 80)
    results["dns"] = "resolved"
except OSError:
    results["dns"] = "failed"
try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(b"x", ("198.51.100.1", 53))
    results["udp"] = "sent"
except OSError:
    results["udp"] = "failed"
print(json.dumps(results))
""")
        assert answer["dns"] == "failed"
        assert answer["udp"] == "failed"
        assert answer["127.0.0.1"] == "ConnectionRefusedError"
        assert "connected" not in answer.values()
        assert hits == []


def test_reaches_no_unix_socket_of_the_host(sandbox):
    name = f"\0headrace-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        answer = sandbox.ask(f"""
import json, os, socket
results = {{}}
for path in ({name!r}, "/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock",
             "/run/dbus/system_bus_socket", "/run/systemd/private"):
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
            results[path] = True
        except OSError:
            results[path] = False
print(json.dumps(results))
""")
        assert not any(answer.values()), answer


def test_other_kinds_of_sockets_do_not_exist(sandbox):
    answer = sandbox.ask("""
import json, socket
results = {}
for family, kind, protocol in ((40, 1, 0), (38, 5, 0), (17, 3, 0), (16, 3, 9), (2, 3, 1),
                               (31, 3, 1), (15, 3, 2), (29, 3, 1), (44, 3, 0), (41, 5, 0),
                               (1000, 1, 0)):
    try:
        socket.socket(family, kind, protocol).close()
        results[f"{family} {kind} {protocol}"] = None
    except OSError as error:
        results[f"{family} {kind} {protocol}"] = error.errno
print(json.dumps(results))
""")
    # vsock, alg, packet, netlink audit, raw, bluetooth, key, can, xdp, kcm, none.
    assert None not in answer.values(), answer
    assert answer["40 1 0"] == 97


def test_talks_to_itself(sandbox):
    answer = sandbox.ask("""
import asyncio, json

async def main():
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"hello\\n")
    print(json.dumps((await reader.readline()).decode()))

asyncio.run(main())
""")
    assert answer == "HELLO\n"
