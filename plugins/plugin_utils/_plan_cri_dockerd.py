# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the plan that is about cri-dockerd: as what a node gets, and as what it leaves."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._compatibility import (
    CRI_DOCKERD_ARCHITECTURES,
    choose_cri_dockerd,
    cri_dockerd_problems,
    release,
)
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import kubelet_cgroup_driver
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, Plan, Wishes, note
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_runtime import PAUSE_FLAG, pause_image, unproven

#: Flags that the kubelet has for its dockershim and cri-dockerd has by the same name (cri-dockerd: config/options.go).
CARRIED_FLAGS = (
    "cni-bin-dir",
    "cni-cache-dir",
    "cni-conf-dir",
    "docker-endpoint",
    "image-pull-progress-deadline",
    "network-plugin",
    "network-plugin-mtu",
)
STREAMING_FLAG = "streaming-bind-addr"
#: First release with that flag (github.com/Mirantis/cri-dockerd, pull request 109).
STREAMING_FLAG_SINCE = (0, 2, 6)

ARCHIVE_URL = "https://github.com/Mirantis/cri-dockerd/releases/download/v{version}/cri-dockerd-{version}.{architecture}.tgz"
PROGRAM = "/usr/bin/cri-dockerd"
DEFAULT_UNIT = "cri-docker"
UNIT_DIRECTORY = "/etc/systemd/system"
#: The journal's event whose details name the files that the migration adds to a node for cri-dockerd.
INSTALLING = "cri_dockerd_installing"
ROOT_DIRECTORY = "/var/lib/cri-dockerd"


def exec_argument(text: str) -> str:
    """Returns a word as systemd's ExecStart wants it (systemd.service(5), COMMAND LINES)."""
    if re.fullmatch(r"[\w@:=,./+-]+", text, re.ASCII):
        return text
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        text = text.replace(character, escaped)
    return f'"{text}"'


def _arguments(facts: Facts, wishes: Wishes, version: str) -> dict[str, str]:
    flags = facts["kubelet"]["flags"]
    arguments = {name: flags[name] for name in CARRIED_FLAGS if name in flags}
    image = pause_image(facts, wishes)
    if image:
        arguments[PAUSE_FLAG] = image
    if not version or release(version) >= STREAMING_FLAG_SINCE:
        arguments[STREAMING_FLAG] = wishes.cri_dockerd.get("streaming_address") or "127.0.0.1"
    arguments.update({name: str(value) for name, value in (wishes.cri_dockerd.get("arguments") or {}).items()})
    return dict(sorted(arguments.items()))


def _comes_as_package(wish: dict[str, Any], url: str) -> bool:
    source = wish.get("source", "url")
    name = {"url": url, "file": wish.get("file", "")}.get(source, "")
    return source == "package" or name.endswith((".deb", ".rpm"))


def cri_dockerd_part(facts: Facts, wishes: Wishes) -> dict[str, Any]:
    found, wish = facts["cri_dockerd"], wishes.cri_dockerd
    install = found["program"] is None
    chosen = wish.get("version") or choose_cri_dockerd(facts["docker"]["version"] or "", facts["kubelet"]["version"]) or ""
    # Another address may hold another release than the table's choice.
    named = bool(wish.get("version")) or (wish.get("source", "url") == "url" and not wish.get("url"))
    version = (chosen if named else "") if install else found["version"] or ""
    url = wish.get("url") or ARCHIVE_URL.format(version=chosen, architecture=facts["architecture"])
    unit = found["unit"] or DEFAULT_UNIT
    drop_in = f"{UNIT_DIRECTORY}/{unit}.service.d/50-dockershim-migration.conf"
    arguments = _arguments(facts, wishes, version)
    recorded = [path for entry in facts["journal"] if entry["event"] == INSTALLING for path in entry["details"]["files"]]
    own = [drop_in]
    # A package brings both, a program that somebody has put there only itself.
    if not (install and _comes_as_package(wish, url)):
        own += [wish.get("path") or PROGRAM] if install else []
        own += [f"{UNIT_DIRECTORY}/{unit}.{kind}" for kind in ("service", "socket")] if not found["units"] else []
    leaving = wishes.target == kubelet_flags.CONTAINERD
    root = found["flags"].get("cri-dockerd-root-directory", ROOT_DIRECTORY)
    return {
        "install": install,
        "version": version,
        "url": url,
        "unit": unit,
        "units": found["units"],
        "active": found["active"],
        # Where the kubelet has left the dockershim its flags no longer tell what cri-dockerd has to be told: that was done before.
        "configure": facts["kubelet"]["runtime"] == kubelet_flags.DOCKERSHIM,
        "command_line": " ".join(exec_argument(f"--{name}={value}") for name, value in arguments.items()),
        "drop_in": drop_in,
        "own_files": own,
        "own_units": f"{UNIT_DIRECTORY}/{unit}.service" in own + recorded,
        "record": not set(own) <= set(recorded),
        "removed_files": sorted(set(recorded)) if leaving else [],
        "remove": sorted({*recorded, root, found["socket"]}) if leaving and (recorded or found["units"]) else [],
    }


def cri_dockerd_blockers(facts: Facts, plan: Plan, wishes: Wishes) -> list[Note]:
    """What would keep cri-dockerd from serving the kubelet, on a node that still has the dockershim."""
    found, part, wish = facts["cri_dockerd"], plan["cri_dockerd"], wishes.cri_dockerd
    docker, kubelet = facts["docker"], facts["kubelet"]
    blockers = []
    strangers = [listener for listener in found["listeners"] if not _may_listen(listener, found)]
    if strangers:
        names = ", ".join(f"{listener['program'] or 'a program'} (process {listener['pid']})" for listener in strangers)
        blockers.append(
            note(
                f"socket {found['socket']}",
                f"{names} listens there, and it is no unit of cri-dockerd's",
                "Stop it and keep it from starting again.",
            )
        )
    if part["install"]:
        blockers += _installation_blockers(facts, part, wish)
    if part["version"] and docker["version"]:
        blockers += [
            note(
                f"cri-dockerd {part['version']}",
                problem,
                "Set cri_dockerd_version to one that fits, or leave it empty to have it chosen."
                if part["install"]
                else "Install one that fits, or remove it from the node to have one chosen.",
            )
            for problem in cri_dockerd_problems(part["version"], docker["version"], kubelet["version"])
        ]
    # One that serves already is asked, whatever the table says.
    if found["answer"] is not None and not strangers:
        blockers += [
            note(f"cri-dockerd at {found['socket']}", problem, "See 'journalctl --unit cri-docker.service' on the node.")
            for problem in unproven(found, kubelet["version"])
        ]
    driver = kubelet_cgroup_driver(kubelet)
    if docker.get("cgroup_driver") and docker["cgroup_driver"] != driver:
        blockers.append(
            note(
                "cgroup driver",
                f"the kubelet has {driver}, Docker, whose driver cri-dockerd takes, has {docker['cgroup_driver']}",
                "Give both the same (native.cgroupdriver in daemon.json, cgroupDriver in the kubelet's configuration).",
            )
        )
    if not part["command_line"].count(f"--{PAUSE_FLAG}="):
        blockers.append(
            note(
                "pause image",
                "neither the kubelet's flags nor a running pod tell which one the node uses",
                "Name it: cri_dockerd_arguments: {pod-infra-container-image: ...}.",
            )
        )
    return blockers


def _may_listen(listener: dict[str, Any], found: Facts) -> bool:
    """True for cri-dockerd itself, and for systemd where it listens for one of its units."""
    return bool(found["units"]) and (listener["pid"] == 1 or listener["program"].rpartition("/")[2] == "cri-dockerd")


def _installation_blockers(facts: Facts, part: dict[str, Any], wish: dict[str, Any]) -> list[Note]:
    source = wish.get("source", "url")
    blockers = []
    if source == "file" and not wish.get("file"):
        blockers.append(note("cri_dockerd_file", "cri_dockerd_source is file, and no file is named", "Set it to a path on the controller."))
    if source != "url":
        return blockers
    if not wish.get("url"):
        if facts["architecture"] not in CRI_DOCKERD_ARCHITECTURES:
            blockers.append(
                note(
                    f"architecture {facts['architecture']}",
                    f"upstream has archives of cri-dockerd for {' and '.join(CRI_DOCKERD_ARCHITECTURES)} only",
                    "Build one for it, and name it with cri_dockerd_url or cri_dockerd_file.",
                )
            )
        if not part["version"] and facts["docker"]["version"]:
            blockers.append(
                note(
                    f"Docker {facts['docker']['version']}",
                    f"no release of cri-dockerd goes with it and kubelet {facts['kubelet']['version']}",
                    "Upgrade Docker to 20.10 or newer first.",
                )
            )
    if not wish.get("checksum"):
        blockers.append(
            note(
                "cri_dockerd_checksum",
                f"{part['url']} would be installed without knowing that it is the right file",
                "Set it to sha256:... of that file, or take cri-dockerd from elsewhere (cri_dockerd_source).",
            )
        )
    return blockers


def cri_dockerd_attention(facts: Facts, plan: Plan) -> list[Note]:
    """What is different behind cri-dockerd. Docker itself keeps all its settings."""
    notes = []
    driver = facts["docker"]["daemon_json"].get("log-driver", "json-file")
    if driver != "json-file":
        notes.append(
            note(
                f"daemon.json log-driver {driver}",
                "behind cri-dockerd the kubelet reads logs of the driver json-file only (with the dockershim it also asked Docker)",
                "kubectl logs will show nothing: use json-file, or read the logs where the driver sends them.",
            )
        )
    version = plan["cri_dockerd"]["version"]
    if version and release(version) < STREAMING_FLAG_SINCE:
        notes.append(
            note(
                f"cri-dockerd {version}",
                "it serves the streams of kubectl exec at every address of the node and cannot be told otherwise",
                "Close the port to others, or take 0.2.6 or newer.",
            )
        )
    return notes
