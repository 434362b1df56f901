# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it takes to be let into the registries: a private CA, a client certificate, a password. Made anew for each lab."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
from pathlib import Path

from labcluster import machine
from labcluster import settings as s
from labcluster.command import run

USER = "puller"
_DAYS = "30"


def make_access(directory: Path) -> None:
    """Makes the CA, the certificates of registries and client, and the password."""
    directory.mkdir(parents=True)
    directory.chmod(0o700)
    names = ",".join(f"DNS:{address.partition(':')[0]}" for address in s.TLS_REGISTRIES)
    _certificate(directory, "ca", "/CN=lab registries CA", "basicConstraints=critical,CA:TRUE", signed_by=None)
    _certificate(directory, "server", "/CN=registries", f"subjectAltName={names}", signed_by="ca")
    _certificate(directory, "client", "/CN=nodes", "extendedKeyUsage=clientAuth", signed_by="ca")
    _write_private(directory / "password", secrets.token_urlsafe(24))


def _certificate(directory: Path, name: str, subject: str, extension: str, *, signed_by: str | None) -> None:
    key = directory / f"{name}.key"
    run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
    key.chmod(0o600)
    signer = ["-CA", directory / f"{signed_by}.crt", "-CAkey", directory / f"{signed_by}.key"] if signed_by else []
    # Without the system's configuration, whose extensions would come on top.
    request = ["openssl", "req", "-config", "/dev/null", "-x509", "-new", "-key", key, "-subj", subject, "-addext", extension]
    run([*request, "-days", _DAYS, *signer, "-out", directory / f"{name}.crt"])


def credentials(directory: Path) -> str:
    """User and password as HTTP's basic authentication and Docker's configuration have them."""
    password = (directory / "password").read_text(encoding="ascii")
    return base64.b64encode(f"{USER}:{password}".encode()).decode("ascii")


def write_services_files(root: Path, directory: Path) -> None:
    """What the registries need, into the tree of the services' machine."""
    target = root / "etc/lab/tls"
    target.mkdir(parents=True)
    for name in ("ca.crt", "server.crt", "server.key"):
        _copy(directory / name, target / name)
    password = (directory / "password").read_text(encoding="ascii")
    # Not on the command line, which goes to the lab's log.
    _write_private(target / "htpasswd", run(["chroot", root, "htpasswd", "-niB", USER], stdin=password).stdout)


def write_node_files(root: Path, directory: Path) -> None:
    """The certificates that a node's Docker needs."""
    for address in s.TLS_REGISTRIES:
        target = root / "etc/docker/certs.d" / address
        target.mkdir(parents=True)
        _copy(directory / "ca.crt", target / "ca.crt")
        if address == s.CLIENT:
            _copy(directory / "client.crt", target / "client.cert")
            _copy(directory / "client.key", target / "client.key")


def give_credentials(container: str, directory: Path) -> None:
    """Gives the node's kubelet the password, for pods that bring none."""
    config = json.dumps({"auths": {s.AUTH: {"auth": credentials(directory)}}})
    machine.execute(container, "sh", "-euc", "umask 077; cat > /var/lib/kubelet/config.json", stdin=config)


def known_secrets(directory: Path) -> dict[str, str]:
    """Everything secret that is on a node because of the registries, by what it is: strings that must be found nowhere else."""
    key = (directory / "client.key").read_text(encoding="ascii").splitlines()
    return {
        "the registry's password": (directory / "password").read_text(encoding="ascii"),
        "the registry's credentials": credentials(directory),
        "the client certificate's key": key[1],
    }


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(source.stat().st_mode & 0o777)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
