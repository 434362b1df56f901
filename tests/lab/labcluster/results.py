# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user of the lab works with: inventory, kubeconfig, SSH configuration, and a description for programs."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labcluster import settings as s
from labcluster.registry_access import known_secrets

#: Strings that YAML takes for something else.
_YAML_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")


def render_inventory(settings: s.Settings, key: Path, known_hosts: Path, variables: Mapping[str, Any]) -> str:
    """An inventory as a person would write it."""
    groups = {"kube_control_plane": settings.control_planes, "kube_workers": settings.workers}
    lines = ["all:", "  children:"]
    for group, nodes in groups.items():
        lines += [f"    {group}:", "      hosts:"]
        for node in nodes:
            lines += [f"        {node.name}:", f"          ansible_host: {node.address}"]
    values = {
        "ansible_user": "admin",
        "ansible_become": True,
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_common_args": f"-o {shlex.quote(f'UserKnownHostsFile={_ssh_value(known_hosts)}')} -o StrictHostKeyChecking=yes",
        "ansible_ssh_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
        **variables,
    }
    lines.append("  vars:")
    lines += [f"    {name}: {_yaml(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def render_ssh_config(hosts: Mapping[str, str], key: Path, known_hosts: Path) -> str:
    """For C(ssh -F) and pytest-testinfra: every machine by its name."""
    blocks = [f"Host {name}\n  HostName {address}\n" for name, address in hosts.items()]
    common = ["User admin", f"IdentityFile {_ssh_value(key)}", "IdentitiesOnly yes"]
    common += [f"UserKnownHostsFile {_ssh_value(known_hosts)}", "StrictHostKeyChecking yes"]
    return "".join(blocks) + "Host *\n" + "".join(f"  {line}\n" for line in common)


def render_known_hosts(keys: Mapping[str, tuple[Sequence[str], str]]) -> str:
    """One line a machine: its names and its public key."""
    return "".join(f"{','.join(names)} {' '.join(key.split()[:2])}\n" for names, key in keys.values())


def migration_variables(settings: s.Settings) -> dict[str, Any]:
    """Variables of the migration that a user of this cluster would set; they end under C(all: vars:) in the inventory."""
    return {"cri_dockerd_source": "file", "cri_dockerd_file": str(settings.cri_dockerd_file)}


def write_results(
    settings: s.Settings, kubeconfig: str, images: Mapping[str, str], fresh: Sequence[Sequence[str]], unused: str, cri_dockerd: Path
) -> None:
    """Writes all of it below build/lab."""
    build = settings.build_dir
    key, known_hosts = build / "ssh" / "id_ed25519", build / "known_hosts"
    machines = {node.name: node.address for node in settings.nodes} | {"services": settings.services_address}
    keys = {name: ((name, address), (build / "ssh" / f"host-{name}.pub").read_text(encoding="ascii")) for name, address in machines.items()}
    known_hosts.write_text(render_known_hosts(keys), encoding="ascii")
    (build / "ssh_config").write_text(render_ssh_config(machines, key, known_hosts), encoding="utf-8")
    (build / "inventory.yml").write_text(render_inventory(settings, key, known_hosts, migration_variables(settings)), encoding="utf-8")
    shutil.copy(cri_dockerd, settings.cri_dockerd_file)
    settings.cri_dockerd_file.chmod(0o755)
    _write_private(build / "kubeconfig", kubeconfig)
    _write_private(build / "secrets.json", json.dumps(known_secrets(settings.registries_dir), indent=2) + "\n")
    description = describe(settings, images, fresh, unused)
    (build / "lab.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def describe(settings: s.Settings, images: Mapping[str, str], fresh: Sequence[Sequence[str]], unused: str) -> dict[str, Any]:
    """The lab for programs."""
    build = settings.build_dir
    return {
        "knobs": knobs(settings),
        "kubernetes_version": s.KUBERNETES_VERSION,
        "nodes": [{"name": n.name, "role": n.role, "address": n.address, "container": n.container} for n in settings.nodes],
        "services": {"name": "services", "address": settings.services_address, "container": settings.services_container},
        "network": {"name": settings.name, "subnet": str(settings.subnet)},
        "api_endpoint": f"https://{settings.api_endpoint}",
        "registries": {
            name: {
                "name": address,
                "url": f"{'https' if address in s.TLS_REGISTRIES else 'http'}://{settings.services_address}:{address.partition(':')[2]}",
                "access_log": str(settings.services_dir / f"{name}-access.log"),
            }
            for name, address in s.REGISTRIES.items()
        },
        "down_mirror": s.DOWN_MIRROR,
        "secrets_file": str(build / "secrets.json"),
        "images": dict(images),
        "fresh_images": [list(names) for names in fresh],
        "unused_image": unused,
        "cri_dockerd": {"path": str(settings.cri_dockerd_file), "is": cri_dockerd_is(settings)},
        "namespace": "demo",
        "node_port": s.NODE_PORT,
        "node_port_urls": [f"http://{node.address}:{s.NODE_PORT}" for node in settings.nodes],
        "probe_file": str(settings.probe_file),
        "inventory": str(build / "inventory.yml"),
        "kubeconfig": str(build / "kubeconfig"),
        "ssh_config": str(build / "ssh_config"),
    }


def cri_dockerd_is(settings: s.Settings) -> str:
    """What stands for cri-dockerd in this lab, for whoever looks at its results."""
    if settings.cri_dockerd:
        return f"the program given as LAB_CRI_DOCKERD, {settings.cri_dockerd}"
    return f"a stand-in built from the dockershim of Kubernetes {s.KUBERNETES_VERSION} (LAB_CRI_DOCKERD names a real one)"


def knobs(settings: s.Settings) -> dict[str, str]:
    """The environment that gives these settings again."""
    return {
        "LAB_NAME": settings.name,
        "LAB_CONTROL_PLANES": str(len(settings.control_planes)),
        "LAB_WORKERS": str(len(settings.workers)),
        "LAB_SUBNET": str(settings.subnet),
        **({"LAB_CRI_DOCKERD": str(settings.cri_dockerd)} if settings.cri_dockerd else {}),
    }


def read_description(checkout: Path) -> dict[str, Any] | None:
    """What the last C(up) wrote, or None."""
    path = s.build_dir(checkout) / "lab.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _yaml(value: Any) -> str:
    """A value as a person would write it: plain where that is safe, else as JSON, which is YAML too."""
    plain = isinstance(value, str) and re.fullmatch(r"[A-Za-z/][\w/.-]*", value)
    return value if plain and value.lower() not in _YAML_WORDS else json.dumps(value)


def _ssh_value(path: Path) -> str:
    """A path as ssh's configuration wants it: it splits at spaces unless they are quoted."""
    return f'"{path}"' if " " in str(path) else str(path)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
