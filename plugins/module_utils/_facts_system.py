# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a node's kernel, file systems and network matters for a container runtime.

Runs on the node: standard library and Python 3.6 only.
"""

import glob
import os
import platform
import re

from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text

#: What pods need, and dockerd saw to while it started (https://kubernetes.io/docs/setup/production-environment/container-runtimes/;
#: moby, libnetwork/drivers/bridge).
MODULES = ("overlay", "br_netfilter")
SYSCTLS = (
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
    "net.bridge.bridge-nf-call-iptables",
    "net.bridge.bridge-nf-call-ip6tables",
)
#: Who on a node speaks to the API server: the kubelet, and CNI plugins, which have the runtime's environment.
KUBECONFIGS = ("/etc/kubernetes/kubelet.conf", "/etc/cni/net.d/*kubeconfig*", "/etc/cni/net.d/*/*kubeconfig*", "/etc/cni/net.d/*/*.conf")
_SERVER = re.compile(r"^\s*server:\s*[\"']?https?://(\[[^\]]+\]|[^:/\"'\s]+)", re.MULTILINE)


def free_bytes(path):
    """Returns the bytes free for root on the file system where a path lies, or would lie."""
    status = os.statvfs(existing(path))
    return status.f_bavail * status.f_frsize


def existing(path):
    """Returns a path, or the nearest directory above it that exists."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def filesystem(path):
    """Returns the file system where a path lies, or would lie: dict of mount (its mount point), device, type and free (bytes).

    Two paths are on one disk if they have one device: dockerd mounts its own directory on itself, so mount points differ there.
    """
    real = os.path.realpath(existing(path))
    best = ("/", "unknown")
    for line in (read_text("/proc/self/mounts") or "").splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # Blanks and the like stand as octal escapes (proc_mounts(5)).
        mount = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), fields[1])
        if (real == mount or real.startswith(mount.rstrip("/") + "/")) and len(mount) >= len(best[0]):
            best = (mount, fields[2])
    device = os.stat(real).st_dev
    return {
        "mount": best[0],
        "device": "{0}:{1}".format(os.major(device), os.minor(device)),
        "type": best[1],
        "free": free_bytes(path),
    }


def kernel_facts():
    """Returns the kernel's release, which of the modules are there (loaded or built in), and the values of the settings.

    A setting that the kernel lacks has None.
    """
    loaded = {line.split(" ")[0] for line in (read_text("/proc/modules") or "").splitlines()}
    supported = (read_text("/proc/filesystems") or "").split()
    there = {
        "overlay": "overlay" in supported,
        "br_netfilter": os.path.exists("/proc/sys/net/bridge"),
    }
    sysctls = {name: read_text("/proc/sys/" + name.replace(".", "/")) for name in SYSCTLS}
    return {
        "release": platform.release(),
        "modules": [name for name in MODULES if name in loaded or there[name]],
        "sysctls": {name: value.strip() if value is not None else None for name, value in sysctls.items()},
    }


def network_facts(output):
    """Returns the policy of the chain FORWARD, and the hosts at which the node's programs find the API server.

    :param output: callable(list of str) -> str, the output of a command, empty where it is missing or fails.
    """
    policy = re.search(r"^-P FORWARD (\S+)", output(["iptables", "--wait", "2", "--list-rules", "FORWARD"]), re.MULTILINE)
    hosts = []
    for pattern in KUBECONFIGS:
        for path in sorted(glob.glob(pattern)):
            if os.path.isfile(path):
                hosts += _SERVER.findall(read_text(path) or "")
    return {"forward_policy": policy.group(1) if policy else None, "api_servers": sorted({host.strip("[]") for host in hosts})}
