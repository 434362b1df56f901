# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine: what must be installed on it, what it can and cannot do."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path

from labcluster.command import run
from labcluster.console import say, step
from labcluster.errors import LabError

#: Program -> the Debian or Ubuntu package it comes from. Everything else is built in trees of the lab's own.
_PROGRAMS = {
    "debootstrap": "debootstrap",
    "podman": "podman",
    "runc": "runc",
    "iptables": "iptables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
    "openssl": "openssl",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
_CAP_SYS_RESOURCE = 24
#: Each node's systemd, kubelet, containerd and so on take inotify instances, which the kernel counts per user for the whole machine.
_INOTIFY = {"max_user_instances": 8192, "max_user_watches": 524288}


def install_packages() -> None:
    """Installs the programs that the lab needs on this machine and does not find.

    :raises LabError: there is no apt-get to install them with.
    """
    missing = sorted({package for program, package in _PROGRAMS.items() if not shutil.which(program)})
    # podman's network needs its plugin, which is only recommended.
    if not any(Path(path).exists() for path in ("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark", "/usr/lib/cni/bridge")):
        missing.append("netavark")
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise LabError(f"the lab needs these packages on this machine: {', '.join(missing)}; install them and run it again")
    with step(f"installing packages on this machine: {' '.join(missing)}", log="host"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update"], env=env)
        run(["apt-get", "install", "-y", "--no-install-recommends", *missing], env=env)


def has_sys_resource() -> bool:
    """Whether this machine lets root raise limits; a virtual machine does, a container often does not."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_RESOURCE & 1)
    return False


def limit_options() -> list[str]:
    """Options for podman where its own default limits are more than this machine grants."""
    if has_sys_resource():
        return []
    options = []
    # podman lowers its own limit of processes before it starts a container, so the hard limit seen here would already be too much.
    for name, number, most in (("nofile", resource.RLIMIT_NOFILE, 1048576), ("nproc", resource.RLIMIT_NPROC, 30000)):
        hard = resource.getrlimit(number)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(hard, most)
        options.append(f"--ulimit={name}={limit}:{limit}")
    return options


def raise_inotify_limits() -> None:
    """Raises the kernel's inotify limits where they are too small for several nodes."""
    for name, wanted in _INOTIFY.items():
        path = Path("/proc/sys/fs/inotify") / name
        current = int(path.read_text(encoding="ascii"))
        if current < wanted:
            try:
                path.write_text(str(wanted), encoding="ascii")
            except OSError as error:
                say(f"warning: fs.inotify.{name} is {current} and cannot be raised ({error}); programs on the nodes may fail")
            else:
                say(f"fs.inotify.{name} raised from {current} to {wanted} on this machine until its next boot")


def apt_settings() -> str:
    """How this machine's apt reaches its archive, for the trees and nodes of the lab: proxies and checks of dates."""
    wanted = ("acquire::http::proxy", "acquire::https::proxy", "acquire::check-valid-until", "acquire::check-date")
    lines = []
    if shutil.which("apt-config"):
        output = run(["apt-config", "dump"]).stdout
        lines = [line for line in output.splitlines() if line.split(" ", 1)[0].lower() in wanted and not line.endswith('"";')]
    for scheme in ("http", "https"):
        proxy = os.environ.get(f"{scheme}_proxy") or os.environ.get(f"{scheme.upper()}_PROXY")
        if proxy and not any(line.lower().startswith(f"acquire::{scheme}::proxy") for line in lines):
            lines.append(f'Acquire::{scheme}::Proxy "{proxy}";')
    return "\n".join(lines)
