# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exchange over the wire, with a server that says what a real one does (frames of gRPC-Go 1.27)."""

from __future__ import annotations

import contextlib
import os
import socket
import threading

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _cri as cri
from ansible_collections.dockershim.migration.plugins.module_utils import _unix_socket as unix_socket

ANSWER = b"\x0a\x050.1.0\x12\x06docker\x1a\x0820.10.24\x22\x061.41.0"
DOCKER = {"cri": ["v1alpha2"], "runtime_name": "docker", "runtime_version": "20.10.24", "runtime_api_version": "1.41.0"}
SETTINGS = cri.frame(0x4, 0, 0, b"\0\5\0\0\x40\0")
HEADERS = cri.frame(0x1, 0x4, 1, b"\x88\x5f\x8b\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64")
TRAILERS = cri.frame(0x1, 0x5, 1, b"\x40\x88\x9a\xca\xc8\xb2\x12\x34\xda\x8f\x010")
PING = cri.frame(0x6, 0, 0, b"12345678")


def data(message, split=None):
    payload = b"\0" + len(message).to_bytes(4, "big") + message
    return cri.frame(0x0, 0, 1, payload) if split is None else cri.frame(0x0, 0, 1, payload[:split]) + cri.frame(0x0, 0, 1, payload[split:])


@pytest.fixture
def serve(tmp_path):
    """Starts a server that sends fixed bytes for each CRI version; returns its path."""
    path = str(tmp_path / "cri.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(5)

    def start(answers):
        def run():
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    request = connection.recv(65536)
                    known = [answer for version, answer in answers.items() if f"runtime.{version}.RuntimeService".encode() in request]
                    connection.sendall(known[0] if known else SETTINGS + TRAILERS)
                    with contextlib.suppress(OSError):
                        while known != [b""] and connection.recv(65536):
                            pass  # A server waits for the client to hang up.

        threading.Thread(target=run, daemon=True).start()
        return path

    yield start
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"v1alpha2": SETTINGS + HEADERS + data(ANSWER) + TRAILERS}, DOCKER),
        ({"v1alpha2": SETTINGS + PING + HEADERS + data(ANSWER, split=3) + TRAILERS}, DOCKER),
        ({"v1": SETTINGS + HEADERS + data(ANSWER), "v1alpha2": SETTINGS + HEADERS + data(ANSWER)}, {**DOCKER, "cri": ["v1", "v1alpha2"]}),
        ({}, None),
        ({"v1": b"HTTP/1.1 400 Bad Request\r\n\r\n", "v1alpha2": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, None),
        ({"v1": SETTINGS + HEADERS + data(b"\x0a\x7f0"), "v1alpha2": b""}, None),
    ],
    ids=["v1alpha2", "in parts", "both", "not a runtime", "not HTTP/2", "not a version"],
)
def test_who_answers(serve, answers, expected):
    assert cri.ask_version(serve(answers), timeout=0.5) == expected


def test_nobody_answers(tmp_path):
    assert cri.ask_version(str(tmp_path / "missing.sock")) is None


def test_who_listens(serve, tmp_path):
    path = serve({})
    assert unix_socket.listeners(path) == [{"pid": os.getpid(), "program": os.readlink("/proc/self/exe")}]
    assert unix_socket.listeners(str(tmp_path / "missing.sock")) == []


def test_run_and_var_run_are_the_same(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "var-run").symlink_to("run")
    table = (
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        f"0000000000000000: 00000002 00000000 00010000 0001 01 4711 {tmp_path}/var-run/cri-dockerd.sock\n"
        f"0000000000000000: 00000003 00000000 00000000 0001 03 4712 {tmp_path}/var-run/cri-dockerd.sock\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 4713\n"
    )
    assert unix_socket.listening_inodes(table, str(tmp_path / "run/cri-dockerd.sock")) == {"4711"}
