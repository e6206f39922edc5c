"""A registry on this machine that serves one small image with Python: enough for an engine to pull
it for real, and to fail in every way that a registry can."""

import contextlib
import hashlib
import http.server
import json
import os
import platform
import secrets
import socket
import tarfile
import threading
from pathlib import Path

import pytest

ROOTFS = os.environ.get("HEADRACE_TEST_ROOTFS", "")
DIGEST = "sha256:"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def layer(path):
    """A tar of what Python needs out of the test environment's folder, and of one file that no
    other layer has, so that no engine has it already."""
    if not ROOTFS:
        pytest.skip("there is no folder to make an image of: see tests/environment/engines")
    root = Path(ROOTFS)
    with tarfile.open(path, "w") as tar:
        for name in ("bin", "lib", "lib64"):
            tar.add(root / name, name, recursive=False)
        for found in sorted([*root.glob("usr/lib64"), *root.glob("usr/bin/python3*"),
                             *root.glob("usr/lib/python3*"), *root.glob("usr/lib/*-linux-gnu/*.so*")]):
            tar.add(found, str(found.relative_to(root)))
        own = path.with_suffix(".id")
        own.write_text(secrets.token_hex(16))
        tar.add(own, "id")
    return path


class Registry(http.server.ThreadingHTTPServer):
    """`reference` is the image's name. `hold` cleared: half of the layer, and the rest when it is
    set. `refusal`: a status and a code, and the image can't be had."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.blobs, self.hold, self.refusal = {}, threading.Event(), None
        self.hold.set()
        self.layers_begun = 0
        self.begun = threading.Event()
        self.reference = f"127.0.0.1:{self.server_port}/headrace/python:{secrets.token_hex(4)}"
        self.layer = self._add(layer(folder / "layer.tar").read_bytes())
        config = self._add(json.dumps({
            "architecture": ARCHITECTURE, "os": "linux", "config": {"Cmd": ["python3"]},
            "rootfs": {"type": "layers", "diff_ids": [self.layer]}}).encode())
        kind = "application/vnd.docker."
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": kind + "distribution.manifest.v2+json",
            "config": {"mediaType": kind + "container.image.v1+json", "digest": config,
                       "size": len(self.blobs[config])},
            "layers": [{"mediaType": kind + "image.rootfs.diff.tar", "digest": self.layer,
                        "size": len(self.blobs[self.layer])}]}).encode()
        # podman takes plain HTTP only when told so, docker takes it from this address.
        self.podman_conf = folder / "registries.conf"
        self.podman_conf.write_text(
            f'[[registry]]\nlocation = "127.0.0.1:{self.server_port}"\ninsecure = true\n')

    def _add(self, data):
        digest = DIGEST + hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return digest

    def handle_error(self, request, client_address):
        pass  # an engine that was killed


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self):
        # podman tries TLS first, and would wait for an answer to that.
        if self.connection.recv(1, socket.MSG_PEEK) != b"\x16":
            super().handle()

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        registry = self.server
        if self.path == "/v2/":
            self._answer(200, b"{}", "application/json")
        elif registry.refusal is not None:
            status, code = registry.refusal
            error = {"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}
            self._answer(status, json.dumps(error).encode(), "application/json")
        elif "/manifests/" in self.path:
            self._answer(200, registry.manifest,
                         "application/vnd.docker.distribution.manifest.v2+json")
        else:
            digest = self.path.rpartition("/")[2]
            data = registry.blobs.get(digest)
            if data is None:
                self._answer(404, b"{}", "application/json")
            else:
                self._answer(200, data, "application/octet-stream", held=digest == registry.layer)

    def _answer(self, status, data, kind, held=False):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", DIGEST + hashlib.sha256(data).hexdigest())
        self.end_headers()
        if self.command == "HEAD":
            return
        if not held:
            self.wfile.write(data)
            return
        registry = self.server
        registry.layers_begun += 1
        self.wfile.write(data[:len(data) // 2])
        registry.begun.set()
        registry.hold.wait()
        self.wfile.write(data[len(data) // 2:])


@contextlib.contextmanager
def serve(folder):
    with Registry(folder) as registry:
        thread = threading.Thread(target=registry.serve_forever)
        thread.start()
        try:
            yield registry
        finally:
            registry.hold.set()
            registry.shutdown()
            thread.join()
