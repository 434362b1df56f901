# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The starting points of a node's configuration, and what is wanted of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from binaries import Binary

R = 'plugins."io.containerd.grpc.v1.cri"'
IMAGES = 'plugins."io.containerd.cri.v1.images"'
RUNTIME = 'plugins."io.containerd.cri.v1.runtime"'

DOCKER_PACKAGE = (Path(__file__).parents[1] / "unit" / "fixtures" / "containerd" / "docker-package.toml").read_text(encoding="utf-8")

#: A secret that stands in the files and must not stand anywhere else.
SECRET = "hunter2-in-the-file"  # noqa: S105 (made up)
WANTED_SECRET = "hunter2-in-the-task"  # noqa: S105 (made up)

#: Everything that every release from 1.4 on has.
EVERYWHERE: dict[str, Any] = {
    "cri_enabled": True,
    "systemd_cgroup": True,
    "sandbox_image": "registry.example.com/pause:3.9",
    "snapshotter": "native",
    "discard_unpacked_layers": True,
    "max_concurrent_downloads": 7,
    "root": "/data/containerd",
    "cni_bin_dir": "/opt/own/cni/bin",
    "cni_conf_dir": "/opt/own/cni/net.d",
    "runtimes": {"nvidia": {"options": {"BinaryName": "/usr/bin/nvidia-container-runtime"}}},
    "default_runtime_name": "nvidia",
    "enable_selinux": True,
    "unset_seccomp_profile": "runtime/default",
    "oom_score": -500,
    "debug_level": "debug",
    "metrics_address": "127.0.0.1:13380",
}


def wanted(binary: Binary, directory: Path) -> dict[str, Any]:
    """Returns every logical setting that a release has."""
    settings = dict(EVERYWHERE)
    if binary.release < (1, 5):
        settings["registry_mirrors"] = {"docker.io": ["https://wanted.example.com", "http://second.example.com:5000"]}
        settings["registry_configs"] = {
            "wanted.example.com": {"tls": {"ca_file": "/etc/wanted.crt"}, "auth": {"username": "u", "password": WANTED_SECRET}},
            "insecure.example.com:5000": {"tls": {"insecure_skip_verify": True}},
        }
    else:
        settings["registry_config_path"] = str(directory / "certs.d")
        settings["registry_configs"] = {"wanted.example.com": {"auth": {"username": "u", "password": WANTED_SECRET}}}
        settings["debug_format"] = "json"
    if binary.release >= (1, 7):
        settings["enable_cdi"] = True
    return settings


@dataclass
class Case:
    """One starting point.

    :param text: the file; None for none.
    :param beside: files that lie beside it, by their name.
    :param settings: what is wanted; None for everything that the release has.
    :param failure: what the error must say; empty where it must work.
    """

    name: str
    text: str | None
    beside: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] | None = None
    failure: tuple[str, ...] = ()


COMMENTED = {
    1: """# Site configuration, version 1 without saying so. See ticket 4711.

  root    =   '/var/lib/containerd'   # keep on the system disk
disabled_plugins = [ "aufs",   # gone anyhow
  "cri" ]

[plugins]
  [plugins.cri] # everything for Kubernetes
    # The image of the pause container:
    sandbox_image   = "old/pause:3.1" # from the old mirror
    stream_server_port = "10010"
    [plugins.cri.containerd]
      no_pivot = false # do not touch
  [plugins.opt]
    path = "/srv/containerd" # ours
[timeouts]
  "io.containerd.timeout.shim.cleanup" = "7s"
# The end.
""",
    2: f"""# Site configuration. See ticket 4711.
version=2 # since 1.3

  root    =   '/var/lib/containerd'   # keep on the system disk
disabled_plugins = [
  "io.containerd.snapshotter.v1.zfs",   # no such disks
  "io.containerd.grpc.v1.cri",          # Docker serves the kubelet
]
debug = {{ level = "warn", uid = 0 }} # quiet

[{R}] # everything for Kubernetes
  # The image of the pause container:
  sandbox_image   = "old/pause:3.1" # from the old mirror
  stream_server_port = "10010"
  cni . conf_dir = "/etc/old" # dotted

[ {R} . containerd . runtimes . crun ]
  runtime_type = "io.containerd.runc.v2" # also of runc's type
  [ {R} . containerd . runtimes . crun . options ]
    BinaryName = '''/usr/bin/crun'''

[plugins."io.containerd.internal.v1.opt"]
\tpath = "/srv/containerd" # ours
[timeouts]
  "io.containerd.timeout.shim.cleanup" = "7s"
# The end.
""",
    3: f"""# Site configuration. See ticket 4711.
version=3 # since 2.0

  root    =   '/var/lib/containerd'   # keep on the system disk
disabled_plugins = [
  "io.containerd.snapshotter.v1.zfs",   # no such disks
  "io.containerd.cri.v1.images",        # Docker serves the kubelet
]
debug = {{ level = "warn", uid = 0 }} # quiet

[{IMAGES}] # everything for Kubernetes
  # The image of the pause container:
  pinned_images = {{ sandbox = "old/pause:3.1" }} # from the old mirror
  stats_collect_period = 20

[ {RUNTIME} . containerd . runtimes . crun ]
  runtime_type = "io.containerd.runc.v2" # also of runc's type
  [ {RUNTIME} . containerd . runtimes . crun . options ]
    BinaryName = '''/usr/bin/crun'''

[plugins."io.containerd.internal.v1.opt"]
\tpath = "/srv/containerd" # ours
[timeouts]
  "io.containerd.timeout.shim.cleanup" = "7s"
# The end.
""",
}


def _mirrors(binary: Binary) -> str:
    if binary.release >= (2, 0):
        version, registry = 3, f"{IMAGES}.registry"
    else:
        version, registry = 2, f"{R}.registry"
    return f"""version = {version}
disabled_plugins = ["io.containerd.grpc.v1.cri"] # Docker serves the kubelet
[{registry}]
  # Our mirrors
  [{registry}.mirrors]
    [{registry}.mirrors."docker.io"] # Docker Hub
      endpoint = [
        "https://mirror.example.com:5000", # in this house
        "https://far.example.com/hub",
      ]
    [{registry}.mirrors."plain.example.com:5000"]
      endpoint = ["http://plain.example.com:5000"]
  [{registry}.configs."mirror.example.com:5000".auth] # read only
    username = "reader"
    password = "{SECRET}" # changed every spring
  [{registry}.configs."mirror.example.com:5000".tls]
    ca_file = "/etc/ssl/house.crt"
[plugins."io.containerd.nri.v1.nri"]
  disable = true # not here
"""


#: Stands for the directory of the case's file.
HERE = "@HERE@"


def cases(binary: Binary) -> list[Case]:
    """Returns the cases of one containerd."""
    newest = 2 if binary.release < (2, 0) else 3
    other = f'version = {newest}\n[plugins."io.containerd.gc.v1.scheduler"]\n  pause_threshold = 0.05\n'
    cri = f'version = 2\n[{R}]\n  sandbox_image = "imported/pause:1"\n'
    found = [
        Case("no file", None),
        Case("config default", binary.run("config", "default")),
        Case("Docker's package", DOCKER_PACKAGE),
        # containerd 1.4 reads no dotted keys.
        Case("comments", COMMENTED[newest] if binary.release >= (1, 5) else COMMENTED[newest].replace("cni . conf_dir", "unknown")),
        Case("mirrors and configs", _mirrors(binary)),
        Case("imports", f'# imports\nversion = {newest}\nimports = ["{HERE}/conf.d/*.toml"] # ours\n', {"conf.d/10-gc.toml": other}),
        Case(
            "imports that override",
            f'version = 2\nimports = ["{HERE}/conf.d/*.toml"]\n[{R}]\n  stream_server_port = "1"\n',
            {"conf.d/10-gc.toml": other.replace(f"version = {newest}", "version = 2"), "conf.d/20-cri.toml": cri},
            {"sandbox_image": "wanted/pause:2", "systemd_cgroup": True},
            ("sandbox_image is wanted as 'wanted/pause:2', in force is 'imported/pause:1'", "conf.d/20-cri.toml sets", "sandbox_image"),
        ),
        Case(
            "imports that say the same",
            'version = 2\nimports = ["conf.d/10-cri.toml"]\n',
            {"conf.d/10-cri.toml": f'version = 2\n[{R}]\n  sandbox_image = "wanted/pause:2"\n'},
            {"sandbox_image": "wanted/pause:2"},
        ),
    ]
    if binary.release < (2, 0):
        found += [
            Case("version 1", COMMENTED[1]),
            Case(
                "imports that replace the plugin's table",
                f'version = 2\nimports = ["{HERE}/conf.d/*.toml"]\n',
                {"conf.d/10-cri.toml": f'version = 2\n[{R}]\n  stream_server_port = "2"\n'},
                {"sandbox_image": "wanted/pause:2"},
                ('conf.d/10-cri.toml has plugins."io.containerd.grpc.v1.cri", which replaces the whole table of',),
            ),
            Case(
                "imports that disable CRI",
                f'version = 2\nimports = ["{HERE}/conf.d/*.toml"]\n',
                {"conf.d/10-cri.toml": 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n'},
                {"cri_enabled": True},
                ("cri_enabled is wanted as true, in force is false", "conf.d/10-cri.toml disables it"),
            ),
        ]
        if binary.release < (1, 7):
            found.append(
                Case(
                    "imports that are not found",
                    'version = 2\nimports = ["conf.d/*.toml"]\n',
                    {"conf.d/10-cri.toml": cri},
                    {"sandbox_image": "wanted/pause:2"},
                )
            )
    else:
        nvidia = f'[{RUNTIME}.containerd.runtimes.gpu]\nruntime_type = "io.containerd.runc.v2"\n'
        found += [
            Case("version 2", COMMENTED[2]),
            Case(
                "an imported handler",
                f'version = 3\nimports = ["{HERE}/conf.d/*.toml"]\n',
                {"conf.d/99-nvidia.toml": f'version = 3\n{nvidia}[{RUNTIME}.containerd.runtimes.gpu.options]\nBinaryName = "/gpu"\n'},
                {"systemd_cgroup": True},
            ),
            Case(
                "an import of a higher version",
                f'version = 2\nimports = ["{HERE}/conf.d/*.toml"]\n[{R}]\n  stream_server_port = "1"\n',
                {"conf.d/99-nvidia.toml": f"version = 3\n{nvidia}"},
                {"sandbox_image": "wanted/pause:2"},
                ("conf.d/99-nvidia.toml has version = 3", "Give both files the same version"),
            ),
        ]
    return found
