# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that differ from machine to machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from labcluster.command import run
from labcluster.host import has_sys_resource
from labcluster.layers import FILES
from labcluster.settings import Node, Settings


def write_machine_files(root: Path, hostname: str, hosts: Mapping[str, str], host_key: Path, authorized_key: str) -> None:
    """What every machine of the lab has of its own: name, names of the others, resolver, SSH keys."""
    _write(root / "etc/hostname", hostname + "\n")
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback", *(f"{address} {name}" for name, address in hosts.items())]
    _write(root / "etc/hosts", "\n".join(lines) + "\n")
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    for suffix in ("", ".pub"):
        target = root / f"etc/ssh/ssh_host_ed25519_key{suffix}"
        shutil.copyfile(f"{host_key}{suffix}", target)
        target.chmod(0o644 if suffix else 0o600)
    keys = root / "home/admin/.ssh/authorized_keys"
    _write(keys, authorized_key)
    keys.chmod(0o600)
    owner = keys.parent.stat()
    shutil.chown(keys, owner.st_uid, owner.st_gid)


def write_node_files(root: Path, node: Node, settings: Settings) -> None:
    """A node's own pod network: the bridge plugin with one subnet a node, and routes to the subnets of the others."""
    network = {
        "cniVersion": "0.3.1",
        "name": "lab",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "hairpinMode": True,
                "ipMasq": False,
                "ipam": {"type": "host-local", "ranges": [[{"subnet": node.pod_subnet}]], "routes": [{"dst": "0.0.0.0/0"}]},
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }
    _write(root / "etc/cni/net.d/10-lab.conflist", json.dumps(network, indent=2) + "\n")
    routes = [f"ip route replace {other.pod_subnet} via {other.address}\n" for other in settings.nodes if other != node]
    _write(root / "etc/lab/routes", "".join(routes))
    if not has_sys_resource():
        run(["cp", "-r", "--preserve=mode", f"{FILES}/limits/.", root])


def make_key(path: Path, comment: str) -> None:
    """An SSH key without passphrase, made once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
