# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, addresses, versions and the knobs that a user has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from labcluster.errors import LabError

#: Every container, volume and network of the lab bears this name or begins with it.
DEFAULT_NAME = "dockershim-migration-lab"

KUBERNETES_VERSION = "v1.20.2"
#: The commit that upstream's tag v1.20.2 points at; the binaries report it as upstream's do.
KUBERNETES_COMMIT = "faecb196815e248d3ecfb03c680a4507229c2a56"
#: What kubeadm v1.20.2 asks for (`kubeadm config images list`).
ETCD_TAG = "3.4.13-0"
PAUSE_TAG = "3.2"
IMAGE_REPOSITORY = "k8s.gcr.io"

#: kubeadm v1.20 (CRI v1alpha2, dockershim) with Docker 20.10 and containerd 1.6.
DEBIAN_SUITE = "bookworm"

POD_SUBNET = "10.244.0.0/16"
SERVICE_SUBNET = "10.96.0.0/12"
NODE_PORT = 30080

MIRROR = "mirror.lab:5000"
PRIVATE = "registry.lab:5001"
#: One with a private CA, one that also asks for a client certificate, one that also asks for a password.
TLS = "tls.lab:5002"
CLIENT = "client.lab:5003"
AUTH = "auth.lab:5004"
#: Every registry that runs, by the name of its service.
REGISTRIES = {"mirror": MIRROR, "private": PRIVATE, "tls": TLS, "client": CLIENT, "auth": AUTH}
TLS_REGISTRIES = (TLS, CLIENT, AUTH)
#: The first mirror in daemon.json: nobody listens there.
DOWN_MIRROR = "down.lab:5009"

MAX_CONTROL_PLANES = 3
MAX_WORKERS = 9


@dataclass(frozen=True)
class Node:
    """One machine of the cluster."""

    name: str
    role: str
    container: str
    address: str
    pod_subnet: str
    pod_gateway: str

    @property
    def is_control_plane(self) -> bool:
        return self.role == "control-plane"


@dataclass(frozen=True)
class Settings:
    """All that a run of the lab depends on."""

    name: str
    checkout: Path
    cache_dir: Path
    subnet: IPv4Network
    nodes: tuple[Node, ...]
    #: A real cri-dockerd for the nodes; None for the stand-in that the lab builds.
    cri_dockerd: Path | None = None

    @property
    def build_dir(self) -> Path:
        """Where the results are: inventory, kubeconfig, keys, logs."""
        return build_dir(self.checkout)

    @property
    def log_dir(self) -> Path:
        return self.build_dir / "log"

    @property
    def services_dir(self) -> Path:
        """Visible on both sides: the registries' access logs and the probe's file."""
        return self.build_dir / "services"

    @property
    def registries_dir(self) -> Path:
        """Certificates, keys and the password of the registries, made anew for each lab."""
        return self.build_dir / "registries"

    @property
    def probe_file(self) -> Path:
        return self.services_dir / "probe.jsonl"

    @property
    def cri_dockerd_file(self) -> Path:
        """Where the role that installs cri-dockerd finds it."""
        return self.build_dir / "cri-dockerd"

    @property
    def etcd_file(self) -> Path:
        """What the watcher of etcd writes down."""
        return self.services_dir / "etcd.jsonl"

    @property
    def control_planes(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.is_control_plane)

    @property
    def workers(self) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if not node.is_control_plane)

    def node(self, name: str) -> Node:
        """The node of that name.

        :raises LabError: there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"there is no node {name}; the lab has {', '.join(node.name for node in self.nodes)}")

    @property
    def gateway(self) -> str:
        return str(self.subnet[1])

    @property
    def services_address(self) -> str:
        return str(self.subnet[5])

    @property
    def services_container(self) -> str:
        return f"{self.name}-services"

    @property
    def api_endpoint(self) -> str:
        """The control plane's address for everybody: itself when it is alone, else the load balancer."""
        if len(self.control_planes) == 1:
            return f"{self.control_planes[0].address}:6443"
        return f"{self.services_address}:6443"

    @property
    def hosts(self) -> dict[str, str]:
        """Every name that resolves on every machine of the lab."""
        names = {node.name: node.address for node in self.nodes}
        registries = [address.partition(":")[0] for address in (*REGISTRIES.values(), DOWN_MIRROR)]
        names.update(dict.fromkeys(("services.lab", *registries), self.services_address))
        return names


def build_dir(checkout: Path) -> Path:
    """Where everything that users of the lab need is written."""
    return checkout / "build" / "lab"


def load_settings(environ: Mapping[str, str], checkout: Path) -> Settings:
    """Reads the knobs from the environment.

    :raises LabError: a value makes no sense; the message names it.
    """
    name = environ.get("LAB_NAME") or DEFAULT_NAME
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        raise LabError(f"LAB_NAME={name}: expected up to 40 lower-case letters, digits and dashes")
    control_planes = _number(environ, "LAB_CONTROL_PLANES", 1, MAX_CONTROL_PLANES)
    workers = _number(environ, "LAB_WORKERS", 2, MAX_WORKERS)
    if control_planes == 2:
        raise LabError("LAB_CONTROL_PLANES=2: etcd has no quorum to spare with two members; use 1 or 3")
    subnet_text = environ.get("LAB_SUBNET") or "10.177.0.0/24"
    try:
        subnet = IPv4Network(subnet_text)
    except ValueError as error:
        raise LabError(f"LAB_SUBNET={subnet_text}: not a network ({error}); for example 10.177.0.0/24") from error
    if subnet.num_addresses < 64:
        raise LabError(f"LAB_SUBNET={subnet_text}: too small; a /24 is what the lab expects")
    cache_home = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or Path.home()) / ".cache")
    cache_dir = Path(environ.get("LAB_CACHE_DIR") or cache_home / "dockershim-migration" / "lab").absolute()
    for label, path in (("LAB_CACHE_DIR", cache_dir), ("the checkout", checkout)):
        if set(":,\\") & set(str(path)):
            raise LabError(f"{label}={path}: neither overlay mounts nor podman take colon, comma or backslash in a path; use another one")
    nodes = [_node(name, "control-plane", number, subnet[10 + number]) for number in range(1, control_planes + 1)]
    nodes += [_node(name, "worker", number, subnet[20 + number]) for number in range(1, workers + 1)]
    cri_dockerd = Path(environ["LAB_CRI_DOCKERD"]).absolute() if environ.get("LAB_CRI_DOCKERD") else None
    if cri_dockerd and not cri_dockerd.is_file():
        raise LabError(f"LAB_CRI_DOCKERD={cri_dockerd}: there is no such file; without the variable the lab builds a stand-in")
    return Settings(name=name, checkout=checkout, cache_dir=cache_dir, subnet=subnet, nodes=tuple(nodes), cri_dockerd=cri_dockerd)


def _number(environ: Mapping[str, str], name: str, default: int, maximum: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= maximum:
        raise LabError(f"{name}={text}: expected a number from 1 to {maximum}")
    return int(text)


def _node(lab: str, role: str, number: int, address: object) -> Node:
    host_part = str(address).rsplit(".", 1)[1]
    return Node(
        name=f"{role}-{number}",
        role=role,
        container=f"{lab}-{role}-{number}",
        address=str(address),
        pod_subnet=f"10.244.{host_part}.0/24",
        pod_gateway=f"10.244.{host_part}.1",
    )
