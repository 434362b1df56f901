# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubelet's command line says about its container runtime, release by release.

Sources: pkg/kubelet/config/flags.go and cmd/kubelet/app/options of Kubernetes 1.20 to 1.36, the release notes of 1.24
("dockershim removed"), 1.27 ("--container-runtime removed") and 1.35 ("--pod-infra-container-image removed").
Runs on the node and on the controller: standard library and Python 3.6 only.
"""

DOCKERSHIM = "dockershim"
CONTAINERD = "containerd"
CRI_DOCKERD = "cri-dockerd"

CONTAINERD_ENDPOINT = "unix:///run/containerd/containerd.sock"
CRI_DOCKERD_ENDPOINT = "unix:///run/cri-dockerd.sock"
DOCKERSHIM_ENDPOINT = "unix:///var/run/dockershim.sock"

#: Flags that only the dockershim reads. With any other runtime they do nothing up to 1.23; from 1.24 the kubelet does
#: not start with them.
DOCKERSHIM_FLAGS = (
    "cni-bin-dir",
    "cni-cache-dir",
    "cni-conf-dir",
    "docker-endpoint",
    "experimental-dockershim-root-directory",
    "image-pull-progress-deadline",
    "network-plugin",
    "network-plugin-mtu",
)

#: The first release whose kubelet has no dockershim any more.
DOCKERSHIM_REMOVED_IN = (1, 24)
#: The first release whose kubelet does not know --container-runtime.
CONTAINER_RUNTIME_REMOVED_IN = (1, 27)

#: Where the dockershim looked for CNI plugins and their configuration (pkg/kubelet/config/flags.go, options/container_runtime.go).
DEFAULT_CNI_BIN_DIR = "/opt/cni/bin"
DEFAULT_CNI_CONF_DIR = "/etc/cni/net.d"
#: The kubelet's own default (KubeletConfiguration v1beta1), whatever kubeadm writes into its configuration.
DEFAULT_CGROUP_DRIVER = "cgroupfs"


def release(version):
    """Returns (major, minor) of a version such as C(v1.20.2) or C(1.23.17-00)."""
    major, minor = version.lstrip("v").split(".")[:2]
    return int(major), int(minor)


def unix_endpoint(endpoint):
    """Returns an endpoint as a URL: bare paths, which older releases accept, get their C(unix://)."""
    return endpoint if "://" in endpoint else "unix://" + endpoint


def runtime_of(flags, version, configured_endpoint=""):
    """Tells which runtime a kubelet with these flags uses.

    :param flags: dict of flag name -> value, the effective ones.
    :param version: str, version of the kubelet.
    :param configured_endpoint: str, containerRuntimeEndpoint of its configuration file (1.27 and later).
    :returns: tuple (runtime, endpoint); an endpoint that belongs to no runtime we know has "unknown".
    """
    if release(version) < DOCKERSHIM_REMOVED_IN and flags.get("container-runtime", "docker") == "docker":
        return DOCKERSHIM, DOCKERSHIM_ENDPOINT
    endpoint = unix_endpoint(flags.get("container-runtime-endpoint") or configured_endpoint or CONTAINERD_ENDPOINT)
    if "cri-dockerd" in endpoint:
        return CRI_DOCKERD, endpoint
    if "containerd.sock" in endpoint:
        return CONTAINERD, endpoint
    return "unknown", endpoint


def remote_runtime_flags(version, endpoint):
    """Returns the flags that point a kubelet of this version to a CRI endpoint: dict of name -> value."""
    flags = {"container-runtime-endpoint": endpoint}
    if release(version) < CONTAINER_RUNTIME_REMOVED_IN:
        flags["container-runtime"] = "remote"
    return flags
