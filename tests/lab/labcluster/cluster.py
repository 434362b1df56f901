# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From empty machines to a Kubernetes cluster."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from labcluster import kubeadm_config, machine, registry_access
from labcluster import settings as s
from labcluster.artifacts import Artifacts
from labcluster.command import wait_until
from labcluster.console import in_parallel, say, step
from labcluster.node_files import make_key, write_machine_files, write_node_files

#: A container has no kernel modules or configuration of its own to be checked, and as many processors as the host.
_IGNORED = "--ignore-preflight-errors=all"
_CONTROL_PLANE_IMAGES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
_NODE_IMAGES = ("kube-proxy", "pause")


def start_machines(settings: s.Settings, artifacts: Artifacts) -> None:
    """Starts nodes and services and waits until each has booted."""
    make_key(settings.build_dir / "ssh" / "id_ed25519", "lab")
    authorized_key = (settings.build_dir / "ssh" / "id_ed25519.pub").read_text(encoding="ascii")

    def files(root: Path, name: str) -> None:
        host_key = settings.build_dir / "ssh" / f"host-{name}"
        make_key(host_key, name)
        write_machine_files(root, name, settings.hosts, host_key, authorized_key)

    def services() -> None:
        container = settings.services_container
        mounts = {settings.services_dir: "/srv/lab"}
        root = machine.create_machine(
            container, "services", settings.name, settings.services_address, artifacts.services_layers, mounts=mounts
        )
        files(root, "services")
        registry_access.write_services_files(root, settings.registries_dir)
        if len(settings.control_planes) > 1:
            write_load_balancer(root, settings)
        machine.start(container)
        _report_boot(container)

    def node(one: s.Node) -> None:
        root = machine.create_machine(one.container, one.name, settings.name, one.address, artifacts.node_layers, machine.DATA_DIRECTORIES)
        files(root, one.name)
        write_node_files(root, one, settings)
        registry_access.write_node_files(root, settings.registries_dir)
        machine.start(one.container)
        _report_boot(one.container)
        registry_access.give_credentials(one.container, settings.registries_dir)

    settings.services_dir.mkdir(parents=True, exist_ok=True)
    registry_access.make_access(settings.registries_dir)
    machine.create_network(settings.name, settings.subnet, settings.gateway)
    in_parallel(services, *(lambda one=one: node(one) for one in settings.nodes))


def write_load_balancer(root: Path, settings: s.Settings) -> None:
    """haproxy before several API servers."""
    servers = "".join(f"    server {node.name} {node.address}:6443 check\n" for node in settings.control_planes)
    (root / "etc/haproxy/haproxy.cfg").write_text(
        f"""\
defaults
    mode tcp
    timeout connect 2s
    timeout client 10m
    timeout server 10m
listen api
    bind :6443
    option httpchk GET /readyz
    http-check expect status 200
    default-server check-ssl verify none inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{servers}""",
        encoding="utf-8",
    )
    wants = root / "etc/systemd/system/multi-user.target.wants/haproxy.service"
    wants.symlink_to("/lib/systemd/system/haproxy.service")


def load_system_images(settings: s.Settings, artifacts: Artifacts) -> None:
    """Puts into each node's Docker what kubeadm would pull, and only what that node needs."""

    def load(node: s.Node) -> None:
        for name in (*_NODE_IMAGES, *(_CONTROL_PLANE_IMAGES if node.is_control_plane else ())):
            with artifacts.system_image(name).open("rb") as archive:
                machine.execute(node.container, "docker", "load", "--quiet", stdin=archive)

    in_parallel(*(lambda node=node: load(node) for node in settings.nodes))


def create_cluster(settings: s.Settings) -> None:
    """kubeadm init and join, as the documentation has it."""
    token = f"{secrets.token_hex(3)}.{secrets.token_hex(8)}"
    certificate_key = secrets.token_hex(32)
    first, *others = settings.control_planes
    with step("kubeadm init", log="kubeadm-init"):
        machine.execute(
            first.container, "sh", "-c", "cat > /root/kubeadm.yaml", stdin=kubeadm_config.init_config(settings, token, certificate_key)
        )
        upload = ["--upload-certs"] if others else []
        machine.execute(
            first.container,
            "kubeadm", "init", "--config=/root/kubeadm.yaml", "--skip-phases=addon/coredns", _IGNORED, *upload,
        )  # fmt: skip
    ca_hash = machine.shell(
        first.container,
        "openssl x509 -pubkey -in /etc/kubernetes/pki/ca.crt | openssl pkey -pubin -outform der | sha256sum | cut -d' ' -f1",
    )

    def join(node: s.Node) -> None:
        with step(f"kubeadm join of {node.name}", log=f"kubeadm-join-{node.name}"):
            config = kubeadm_config.join_config(settings, node, token, f"sha256:{ca_hash.strip()}", certificate_key)
            machine.execute(node.container, "sh", "-c", "cat > /root/kubeadm.yaml", stdin=config)
            machine.execute(node.container, "kubeadm", "join", "--config=/root/kubeadm.yaml", _IGNORED)

    # etcd takes one new member at a time.
    for node in others:
        join(node)
    in_parallel(*(lambda node=node: join(node) for node in settings.workers))


def kubectl(settings: s.Settings, *arguments: str, stdin: object = None, check: bool = True) -> str:
    """Runs kubectl on the first control plane as its administrator."""
    command = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *arguments)
    return machine.execute(settings.control_planes[0].container, *command, stdin=stdin, check=check)


def get(settings: s.Settings, *arguments: str) -> dict[str, Any]:
    """A Kubernetes object or list; empty when the API does not answer just now."""
    output = kubectl(settings, "get", *arguments, "--output=json", check=False)
    try:
        return json.loads(output)
    except json.JSONDecodeError:
        return {}


def wait_nodes_ready(settings: s.Settings, timeout: float = 120) -> None:
    def ready() -> bool:
        items = get(settings, "nodes").get("items", [])
        return len([item for item in items if is_ready(item)]) == len(settings.nodes)

    wait_until("all nodes to be Ready (kubectl get nodes)", ready, timeout)


def is_ready(node: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in node.get("status", {}).get("conditions", []))


def _report_boot(container: str) -> None:
    state = machine.wait_booted(container)
    if state != "running":
        say(f"warning: {container} is {state}; failed: {', '.join(machine.failed_units(container)) or 'nothing any more'}")
