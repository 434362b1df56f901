# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's registries ask for: certificates that their CA vouches for, and secrets that only root can read."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
from pathlib import Path

import pytest
from labcluster import registry_access
from labcluster import settings as s


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("lab") / "registries"
    registry_access.make_access(directory)
    return directory


def test_certificates(access: Path) -> None:
    purposes = {"server": "sslserver", "client": "sslclient"}
    for name, purpose in purposes.items():
        command = ["openssl", "verify", "-purpose", purpose, "-CAfile", str(access / "ca.crt"), str(access / f"{name}.crt")]
        subprocess.run(command, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(access / f"{name}.crt", access / f"{name}.key")
    text = subprocess.run(
        ["openssl", "x509", "-in", str(access / "server.crt"), "-noout", "-text"], check=True, capture_output=True, text=True
    ).stdout
    assert all(f"DNS:{address.partition(':')[0]}" in text for address in s.TLS_REGISTRIES)


def test_what_is_secret_is_for_root_alone(access: Path) -> None:
    open_to_all = {path.name for path in access.iterdir() if path.stat().st_mode & 0o077}
    assert open_to_all == {"ca.crt", "server.crt", "client.crt"}


def test_known_secrets(access: Path) -> None:
    known = registry_access.known_secrets(access)
    password = known["the registry's password"]
    assert base64.b64decode(known["the registry's credentials"]).decode() == f"{registry_access.USER}:{password}"
    assert known["the client certificate's key"] in (access / "client.key").read_text(encoding="ascii")
    assert all(len(secret) > 20 for secret in known.values())


def test_a_nodes_files(access: Path, tmp_path: Path) -> None:
    registry_access.write_node_files(tmp_path, access)
    certs = tmp_path / "etc/docker/certs.d"
    files = {str(path.relative_to(certs)): path.stat().st_mode & 0o777 for path in certs.rglob("*") if path.is_file()}
    assert files == {
        "tls.lab:5002/ca.crt": 0o644,
        "client.lab:5003/ca.crt": 0o644,
        "client.lab:5003/client.cert": 0o644,
        "client.lab:5003/client.key": 0o600,
        "auth.lab:5004/ca.crt": 0o644,
    }


def test_docker_is_told_of_a_mirror_that_is_down_first() -> None:
    daemon = json.loads((Path(registry_access.__file__).parent / "files/node/etc/docker/daemon.json").read_text(encoding="utf-8"))
    assert daemon["registry-mirrors"] == [f"http://{s.DOWN_MIRROR}", f"http://{s.MIRROR}"]
    assert s.DOWN_MIRROR not in s.REGISTRIES.values()
