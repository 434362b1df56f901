# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a container runtime over its CRI socket for its version: the one call that tells who really answers there.

A unary gRPC call without arguments needs little of HTTP/2: one request with literal headers, and the first message of the answer.
Sources: RFC 9113 (frames), RFC 7541 6.2.2 (headers as literals), gRPC over HTTP2 (https://github.com/grpc/grpc/blob/master/doc/
PROTOCOL-HTTP2.md), VersionResponse in k8s.io/cri-api pkg/apis/runtime (field numbers 1 to 4 in v1alpha2 and v1).
Runs on the node: standard library and Python 3.6 only.
"""

import socket
import struct

#: The two versions of the CRI, the newer one first.
CRI_VERSIONS = ("v1", "v1alpha2")

_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
_ACK = _END_STREAM = 0x1
_END_HEADERS = 0x4
_PADDED = 0x8
_STREAM = 1
_VERSION_FIELDS = {1: "version", 2: "runtime_name", 3: "runtime_version", 4: "runtime_api_version"}


def frame(kind, flags, stream, payload=b""):
    """Returns one HTTP/2 frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def version_request(cri_version):
    """Returns all that the client sends: bytes."""
    headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/runtime.{0}.RuntimeService/Version".format(cri_version)),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    block = b"".join(b"\0" + _string(name) + _string(value) for name, value in headers)
    return (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        + frame(_SETTINGS, 0, 0)
        + frame(_HEADERS, _END_HEADERS, _STREAM, block)
        # An empty message: not compressed, no bytes.
        + frame(_DATA, _END_STREAM, _STREAM, b"\0" + struct.pack(">I", 0))
    )


def _string(text):
    # A length below 127 is one byte, and without its highest bit the text is not Huffman-coded.
    return bytes(bytearray([len(text)])) + text.encode("ascii")


def parse_version_response(message):
    """Returns the fields of a VersionResponse: dict of version, runtime_name, runtime_version, runtime_api_version (str).

    Raises ValueError for what is no such message.
    """
    result = dict.fromkeys(_VERSION_FIELDS.values(), "")
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        if key & 7 != 2:
            raise ValueError("field {0} is not a string".format(key >> 3))
        length, position = _varint(message, position)
        if position + length > len(message):
            raise ValueError("the message ends inside field {0}".format(key >> 3))
        if key >> 3 in _VERSION_FIELDS:
            result[_VERSION_FIELDS[key >> 3]] = message[position : position + length].decode("utf-8", "replace")
        position += length
    return result


def _varint(data, position):
    value = shift = 0
    while position < len(data):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if not byte & 0x80:
            return value, position
        shift += 7
    raise ValueError("the message ends inside a number")


def ask_version(path, timeout=10):
    """Asks who answers at a CRI socket.

    Connecting to a socket that systemd listens at starts its service: see first that it runs.

    :param path: str, absolute path of the socket.
    :param timeout: seconds for each step of the exchange.
    :returns: dict of the CRI versions that it speaks (cri, a list of "v1" and "v1alpha2"), runtime_name, runtime_version,
        runtime_api_version (str); None where nobody answers as a container runtime.
    """
    answer = None
    for cri_version in CRI_VERSIONS:
        try:
            message = _call(path, version_request(cri_version), timeout)
            if message is not None:
                known = parse_version_response(message)
                del known["version"]
                answer = dict(known, cri=(answer["cri"] if answer else []) + [cri_version])
        except (OSError, ValueError):
            # Not there, not HTTP/2 or not this service.
            continue
    return answer


def _call(path, request, timeout):
    """Returns the first message of the answer: bytes, None if the call ends without one."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
        connection.sendall(request)
        received = b""
        while True:
            head = _read(connection, 9)
            length = struct.unpack(">I", b"\0" + head[:3])[0]
            kind, flags, stream = struct.unpack(">BBI", head[3:])
            payload = _read(connection, length)
            if kind in (_SETTINGS, _PING) and not flags & _ACK:
                connection.sendall(frame(kind, _ACK, 0, payload if kind == _PING else b""))
            elif kind == _DATA and stream == _STREAM:
                received += payload[1 : len(payload) - payload[0]] if flags & _PADDED else payload
                if len(received) >= 5:
                    size = struct.unpack(">I", received[1:5])[0]
                    if len(received) >= 5 + size:
                        return received[5 : 5 + size]
            if kind == _GOAWAY or (stream == _STREAM and (kind == _RST_STREAM or flags & _END_STREAM)):
                return None
    finally:
        connection.close()


def _read(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ValueError("the connection was closed")
        data += part
    return data
