# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a kubelet is told about its container runtime, release by release.

Runs on the node and on the controller: standard library and Python 3.6 only.
"""

import re
from collections import namedtuple

DOCKERSHIM = "dockershim"
CONTAINERD = "containerd"
CRI_DOCKERD = "cri-dockerd"
UNKNOWN = "unknown"

CONTAINERD_ENDPOINT = "unix:///run/containerd/containerd.sock"
CRI_DOCKERD_ENDPOINT = "unix:///run/cri-dockerd.sock"
DOCKERSHIM_ENDPOINT = "unix:///var/run/dockershim.sock"

#: Who reads a flag: the dockershim alone; the choice of the runtime; cAdvisor, where it asks Docker; any runtime's kubelet.
BY_DOCKERSHIM, BY_CHOICE, BY_CADVISOR, BY_ALL = "dockershim", "choice", "cAdvisor", "all"

# name: str, without dashes; removed_in: (major, minor) of the first kubelet that does not start with it, None where it still does;
# read_by: one of the above.
KubeletFlag = namedtuple("KubeletFlag", "name removed_in read_by")

#: The kubelet's flags that have to do with its runtime; no other flag is this collection's business.
#: Sources: pkg/kubelet/config/flags.go, cmd/kubelet/app/options/{options,globalflags_linux}.go of Kubernetes 1.20; pull requests of
#: kubernetes/kubernetes 106907 (1.24: dockershim's flags), 114017 (1.27: --container-runtime), 133779 (1.35:
#: --pod-infra-container-image), 139870 (1.37: cAdvisor's flags). --container-runtime-endpoint and --image-service-endpoint are
#: deprecated since 1.27 in favour of the configuration file, and still read.
FLAGS = (
    KubeletFlag("cni-bin-dir", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("cni-cache-dir", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("cni-conf-dir", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("docker-endpoint", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("experimental-dockershim-root-directory", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("image-pull-progress-deadline", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("network-plugin", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("network-plugin-mtu", (1, 24), BY_DOCKERSHIM),
    # kubenet's, which was a network plugin of the dockershim.
    KubeletFlag("non-masquerade-cidr", (1, 24), BY_DOCKERSHIM),
    KubeletFlag("container-runtime", (1, 27), BY_CHOICE),
    KubeletFlag("container-runtime-endpoint", None, BY_CHOICE),
    KubeletFlag("image-service-endpoint", None, BY_CHOICE),
    # With any runtime it keeps the pause image from the kubelet's garbage collection.
    KubeletFlag("pod-infra-container-image", (1, 35), BY_ALL),
    KubeletFlag("docker", (1, 37), BY_CADVISOR),
    KubeletFlag("docker-env-metadata-whitelist", (1, 37), BY_CADVISOR),
    KubeletFlag("docker-only", (1, 37), BY_CADVISOR),
    KubeletFlag("docker-root", (1, 37), BY_CADVISOR),
    KubeletFlag("docker-tls", (1, 37), BY_CADVISOR),
    KubeletFlag("docker-tls-ca", (1, 37), BY_CADVISOR),
    KubeletFlag("docker-tls-cert", (1, 37), BY_CADVISOR),
    KubeletFlag("docker-tls-key", (1, 37), BY_CADVISOR),
)

CHOICE_FLAGS = tuple(flag.name for flag in FLAGS if flag.read_by == BY_CHOICE)

#: The first release whose kubelet has no dockershim any more.
DOCKERSHIM_REMOVED_IN = (1, 24)
#: The first release with containerRuntimeEndpoint in KubeletConfiguration (v1beta1).
CONFIGURED_ENDPOINT_SINCE = (1, 27)

#: kubeadm's feature NodeLocalCRISocket: the endpoint stands in instance-config.yaml. Alpha in 1.32, on by default (beta) from 1.34, the
#: only way from 1.37 (KEP 4656; pull requests of kubernetes/kubernetes 128031, 129278, 129279 and 138645).
INSTANCE_CONFIG_SINCE = (1, 32)
INSTANCE_CONFIG_DEFAULT_SINCE = (1, 34)
INSTANCE_CONFIG_ONLY_SINCE = (1, 37)

KUBEADM_FLAGS_PATH = "/var/lib/kubelet/kubeadm-flags.env"
KUBEADM_FLAGS_VARIABLE = "KUBELET_KUBEADM_ARGS"
KUBELET_CONFIG_PATH = "/var/lib/kubelet/config.yaml"
INSTANCE_CONFIG_PATH = "/var/lib/kubelet/instance-config.yaml"

#: Where the dockershim looked for CNI plugins and their configuration (pkg/kubelet/config/flags.go, options/container_runtime.go).
DEFAULT_CNI_BIN_DIR = "/opt/cni/bin"
DEFAULT_CNI_CONF_DIR = "/etc/cni/net.d"
#: The kubelet's own default (KubeletConfiguration v1beta1), whatever kubeadm writes into its configuration.
DEFAULT_CGROUP_DRIVER = "cgroupfs"

# flags: whether kubeadm-flags.env names the endpoint; config: whether config.yaml and instance-config.yaml do; annotation: "present",
# "kept" (made right where it is, not made anew) or "absent".
Places = namedtuple("Places", "flags config annotation")


def release(version):
    """Returns (major, minor) of a version such as C(v1.20.2) or C(1.23.17-00)."""
    major, minor = version.lstrip("v").split(".")[:2]
    return int(major), int(minor)


def unix_endpoint(endpoint):
    """Returns an endpoint as it is written today: C(unix://) and an absolute path.

    Bare paths, which older releases accept, get their C(unix://). A doubled C(unix://) comes from the automation of upgrades to 1.24.
    What is no socket's path is returned as it is.
    """
    path = re.sub(r"^(unix://)+", "", endpoint.strip())
    return "unix:///" + path.lstrip("/") if path.startswith("/") else endpoint


def socket_path(endpoint):
    """Returns the path of an endpoint's socket, with which two endpoints can be compared: /var/run is /run on every systemd machine."""
    path = re.sub(r"^(unix://)+", "", endpoint.strip())
    return re.sub(r"^/var/run/", "/run/", path)


def runtime_at(endpoint):
    """Returns the runtime whose socket an endpoint is, or C(unknown)."""
    path = socket_path(endpoint)
    if "cri-dockerd" in path:
        return CRI_DOCKERD
    if path.endswith("dockershim.sock"):
        return DOCKERSHIM
    if path.endswith("containerd.sock"):
        return CONTAINERD
    return UNKNOWN


def configured_endpoint(text):
    """Returns containerRuntimeEndpoint of a kubelet's configuration file, an empty string where it has none.

    A node's Python has no parser for YAML, and this one value at the top level, which is one word, needs none.

    :param text: str, the file; YAML or JSON.
    """
    match = re.search(r"""(?:^|[{,]\s*)["']?containerRuntimeEndpoint["']?[ \t]*:[ \t]*["']?([^\s"',}#]+)""", text, re.MULTILINE)
    return match.group(1) if match else ""


def runtime_of(flags, version, configured=""):
    """Tells which runtime a kubelet with these flags uses.

    :param flags: dict of flag name -> value, the effective ones.
    :param version: str, version of the kubelet.
    :param configured: str, containerRuntimeEndpoint of its configuration file (read from 1.27 on).
    :returns: tuple (runtime, endpoint); an endpoint that belongs to no runtime we know has "unknown".
    """
    if release(version) < DOCKERSHIM_REMOVED_IN and flags.get("container-runtime", "docker") == "docker":
        return DOCKERSHIM, DOCKERSHIM_ENDPOINT
    if release(version) < CONFIGURED_ENDPOINT_SINCE:
        configured = ""
    endpoint = unix_endpoint(flags.get("container-runtime-endpoint") or configured or CONTAINERD_ENDPOINT)
    # 1.24 and later have no dockershim: who listens at its socket is cri-dockerd, which served there in its first releases.
    runtime = runtime_at(endpoint)
    return (CRI_DOCKERD if runtime == DOCKERSHIM else runtime), endpoint


def endpoint_places(version, instance_config):
    """Returns where a kubelet of this version and the kubeadm of its release look for the endpoint.

    Up to 1.31 it is the flag for the kubelet and the annotation for kubeadm. In 1.32 and 1.33 instance-config.yaml, where there is one,
    counts as well. In 1.34 to 1.36 it counts instead of both, and kubeadm takes flag and annotation away; a node on which there is none
    is as it was before. From 1.37 on there is nothing else.

    :param version: str, version of the kubelet.
    :param instance_config: bool, whether /var/lib/kubelet/instance-config.yaml exists.
    :returns: Places.
    """
    number = release(version)
    if number >= INSTANCE_CONFIG_ONLY_SINCE:
        return Places(flags=False, config=True, annotation="absent")
    if number >= INSTANCE_CONFIG_DEFAULT_SINCE and instance_config:
        return Places(flags=False, config=True, annotation="kept")
    return Places(flags=True, config=instance_config and number >= INSTANCE_CONFIG_SINCE, annotation="present")


def remote_runtime_flags(version, endpoint):
    """Returns the flags that point a kubelet of this version to a CRI endpoint: dict of name -> value.

    From 1.24 on C(remote) is the only value of --container-runtime and its default (kubelet --help of 1.24); without the flag nothing is
    in the way of an upgrade to 1.27.
    """
    flags = {}  # In this order: so are the dicts of CPython 3.6 already.
    if release(version) < DOCKERSHIM_REMOVED_IN:
        flags["container-runtime"] = "remote"
    flags["container-runtime-endpoint"] = endpoint
    return flags


def meaningless_flags(version, runtime):
    """Returns the flags that a kubelet of this version does not start with, or that nobody reads with this runtime: list of names."""
    number = release(version)
    names = []
    for flag in FLAGS:
        removed = flag.removed_in is not None and number >= flag.removed_in
        unread = (flag.read_by == BY_DOCKERSHIM and runtime != DOCKERSHIM) or (flag.read_by == BY_CADVISOR and runtime == CONTAINERD)
        if removed or unread:
            names.append(flag.name)
    return names


def flags_for(version, endpoint, instance_config, kubeadms):
    """Returns what becomes of the flags in one of the kubelet's variables.

    :param version: str, version of the kubelet.
    :param endpoint: str, the runtime's.
    :param instance_config: bool, whether /var/lib/kubelet/instance-config.yaml exists.
    :param kubeadms: bool, whether it is the variable that kubeadm writes; another one only loses what contradicts that.
    :returns: tuple of the flags to set (dict) and the names to remove (sorted list). An image service of its own goes with the
        runtime that it belonged to.
    """
    wanted = remote_runtime_flags(version, endpoint) if kubeadms and endpoint_places(version, instance_config).flags else {}
    absent = set(meaningless_flags(version, runtime_at(endpoint))) | set(CHOICE_FLAGS)
    return wanted, sorted(absent - set(wanted))
