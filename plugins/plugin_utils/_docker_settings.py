# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting of dockerd from 19.03 to 29, and where it goes: one table, and how daemon.json and flags make one configuration.

The keys are those of moby's configuration structures; tests/unit/fixtures/docker/dockerd_settings.json has them release by
release with their sources, and a test holds them against the table. docs/docker_settings.md is generated from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import parse_flags
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Note, note

#: Where a setting ends. What depends on its value or on the node is decided by a rule (_docker_rules.py), as is what is carried over.
CARRIED, ATTENTION, NOT_APPLICABLE, DEPENDS, PER_KEY = "carried", "attention", "not applicable", "depends", "key by key"

#: What a value is, which also says how the flag is read: lists and maps come from repeated flags.
BOOL, TEXT, NUMBER, LIST, MAP, BOOLS, OBJECT, ULIMITS, RUNTIMES = (
    "true or false",
    "string",
    "number",
    "list of strings",
    "object of strings",
    "object of true or false",
    "object",
    "object of limits",
    "object of runtimes",
)

MOBY = "moby, daemon/config"
DOCKERD = "https://docs.docker.com/reference/cli/dockerd/"
CONTAINERD_TOML = "containerd, docs/man/containerd-config.toml.5.md"
CRI = "containerd, docs/cri/config.md"
KUBELET = "https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/"
LOGGING = "https://docs.docker.com/engine/logging/configure/"
JSON_FILE = "https://docs.docker.com/engine/logging/drivers/json-file/"
KUBELET_LOGS = "kubernetes, pkg/kubelet/logs/container_log_manager.go"
DOCKERSHIM = "kubernetes 1.23, pkg/kubelet/dockershim"
SYSTEMD = "systemd.exec(5)"
SYSTEMD_SERVICE = "https://docs.docker.com/engine/daemon/proxy/"
PREREQUISITES = "https://kubernetes.io/docs/setup/production-environment/container-runtimes/"
NVIDIA = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
CDI = "containerd, docs/cri/config.md (enable_cdi, since 1.7)"

NOTHING = "Nothing."
BUILDS = "Build images elsewhere, or with a builder of its own (BuildKit, kaniko)."
CNI_WHY = "pods have their network from CNI plugins, not from Docker's bridge"
SWARM_WHY = "it belongs to Docker's swarm mode"
API_WHY = "it belongs to Docker's API, which ends with Docker"


@dataclass(frozen=True)
class Setting:
    """What is known about one key.

    :param key: its name in daemon.json; C(a.b) for the key b of the object a, C(a.*) for any other key of it.
    :param kind: what its value is.
    :param destination: CARRIED, ATTENTION, NOT_APPLICABLE, DEPENDS (on its value or the node), or PER_KEY for an object.
    :param text: where it goes, or why it goes nowhere.
    :param what_to_do: what is left to the administrator.
    :param flags: dockerd's flags for it, without dashes; None for one that is called like the key, empty for none.
    :param source: where this is known from.
    """

    key: str
    kind: str
    destination: str
    text: str
    what_to_do: str = NOTHING
    flags: tuple[str, ...] | None = None
    source: str = DOCKERD

    @property
    def flag_names(self) -> tuple[str, ...]:
        return (self.key,) if self.flags is None else self.flags


SETTINGS = (
    # --- images and registries ---
    Setting(
        "registry-mirrors",
        LIST,
        CARRIED,
        "/etc/containerd/certs.d/docker.io/hosts.toml, in their order, each with its own certificates",
        flags=("registry-mirror",),
        source="moby, registry/config.go; containerd, docs/hosts.md",
    ),
    Setting(
        "insecure-registries",
        LIST,
        DEPENDS,
        "/etc/containerd/certs.d/<host>/hosts.toml; a network (CIDR) for the registries in use that resolve into it",
        flags=("insecure-registry",),
        source="moby, registry/config.go; containerd, docs/hosts.md",
    ),
    Setting(
        "allow-nondistributable-artifacts",
        LIST,
        NOT_APPLICABLE,
        "it is about pushing images, which nodes do not do",
    ),
    Setting("disable-legacy-registry", BOOL, NOT_APPLICABLE, "containerd never spoke the registries' first protocol", source=MOBY),
    Setting(
        "max-concurrent-downloads",
        NUMBER,
        CARRIED,
        "max_concurrent_downloads of containerd, and maxParallelImagePulls of a kubelet from "
        "1.27 on that pulls in parallel. Docker's number was for the whole node, containerd's is for each image",
        source=CRI,
    ),
    Setting("max-concurrent-uploads", NUMBER, NOT_APPLICABLE, "nodes do not push images"),
    Setting("max-download-attempts", NUMBER, NOT_APPLICABLE, "the kubelet tries again by itself, later and later", source=KUBELET),
    # --- data ---
    Setting(
        "data-root",
        TEXT,
        DEPENDS,
        "containerd's root, beside Docker's data on the same disk, where containerd holds nothing yet",
        source=CONTAINERD_TOML,
    ),
    Setting("graph", TEXT, DEPENDS, "as data-root, whose old name it is (until 20.10)", source=CONTAINERD_TOML),
    Setting(
        "storage-driver",
        TEXT,
        DEPENDS,
        "containerd's snapshotter: overlay2 becomes overlayfs, btrfs btrfs, zfs zfs, vfs native",
        source="containerd, docs/snapshotters",
    ),
    Setting(
        "storage-opts",
        LIST,
        DEPENDS,
        "containerd's snapshotters have no such options",
        flags=("storage-opt",),
        what_to_do="See whether quotas or devices that the option gave are needed, and set them up for containerd's snapshotter.",
        source="https://docs.docker.com/reference/cli/dockerd/#daemon-storage-driver",
    ),
    Setting("exec-root", TEXT, NOT_APPLICABLE, "containerd has a state directory of its own", source=CONTAINERD_TOML),
    Setting("pidfile", TEXT, NOT_APPLICABLE, "systemd follows containerd's process"),
    # --- runtimes ---
    Setting(
        "runtimes",
        RUNTIMES,
        DEPENDS,
        "containerd's runtime handlers of the same names, with options.BinaryName as nvidia-ctk sets it; "
        "arguments of a runtime have no equivalent",
        flags=("add-runtime",),
        source=f"{CRI}; {NVIDIA}",
    ),
    Setting("default-runtime", TEXT, DEPENDS, "default_runtime_name of containerd", source=f"{CRI}; {NVIDIA}"),
    Setting(
        "exec-opts",
        LIST,
        DEPENDS,
        "native.cgroupdriver: SystemdCgroup of each runtime handler, after the kubelet's driver, which decides",
        flags=("exec-opt",),
        source=f"{CRI}; https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/configure-cgroup-driver/",
    ),
    Setting(
        "cdi-spec-dirs",
        LIST,
        ATTENTION,
        "containerd has its own list, cdi_spec_dirs (default /etc/cdi, /var/run/cdi)",
        "Set cdi_spec_dirs in containerd's configuration if the directories are others.",
        flags=("cdi-spec-dir",),
        source=CDI,
    ),
    Setting("nri-opts", OBJECT, PER_KEY, "containerd has NRI of its own"),
    Setting(
        "nri-opts.*",
        TEXT,
        ATTENTION,
        "containerd has NRI of its own, on by default from 2.0",
        'Set plugins."io.containerd.nri.v1.nri" in containerd\'s configuration.',
        flags=(),
        source="containerd, docs/NRI.md",
    ),
    # --- logs of the containers ---
    Setting(
        "log-driver",
        TEXT,
        DEPENDS,
        "the kubelet and containerd write the containers' logs below /var/log/pods, in CRI's format",
        "See that log agents read /var/log/pods and CRI's format.",
        source=LOGGING,
    ),
    Setting(
        "log-opts", MAP, PER_KEY, "for the driver json-file; another driver's options are attention", flags=("log-opt",), source=JSON_FILE
    ),
    Setting(
        "log-opts.max-size",
        TEXT,
        DEPENDS,
        "containerLogMaxSize of the kubelet: Docker's units are decimal, 10m is 10M",
        flags=(),
        source=f"{JSON_FILE}; {KUBELET}; docker/go-units, size.go",
    ),
    Setting(
        "log-opts.max-file",
        TEXT,
        DEPENDS,
        "containerLogMaxFiles of the kubelet, which is at least 2",
        flags=(),
        source=f"{JSON_FILE}; {KUBELET_LOGS}",
    ),
    Setting("log-opts.compress", TEXT, NOT_APPLICABLE, "the kubelet compresses what it has rotated, always", flags=(), source=KUBELET_LOGS),
    Setting(
        "log-opts.*",
        TEXT,
        ATTENTION,
        "the kubelet's logs have no such option",
        flags=(),
        what_to_do="Let the log agent do it, if something relies on it.",
        source=LOGGING,
    ),
    # --- limits and security of the containers ---
    Setting(
        "default-ulimits",
        ULIMITS,
        CARRIED,
        "limits of containerd.service, which the containers inherit",
        flags=("default-ulimit",),
        source=f"{SYSTEMD}; containerd, pkg/cri (it sets no limits of its own)",
    ),
    Setting(
        "default-shm-size",
        TEXT,
        ATTENTION,
        "containerd gives each pod 64 MiB of /dev/shm, and no setting changes that",
        "Give pods that need more an emptyDir of medium Memory at /dev/shm.",
        source=CRI,
    ),
    Setting("selinux-enabled", BOOL, DEPENDS, "enable_selinux of containerd", source=CRI),
    Setting(
        "seccomp-profile",
        TEXT,
        ATTENTION,
        "under the kubelet each pod names its own profile; without one it runs unconfined",
        "Put the profile below /var/lib/kubelet/seccomp and name it in the pods, or see seccompDefault of the kubelet (1.22 and later).",
        source="https://kubernetes.io/docs/tutorials/security/seccomp/",
    ),
    Setting(
        "no-new-privileges",
        BOOL,
        DEPENDS,
        "containerd has no such setting for all containers of a node",
        "Set allowPrivilegeEscalation: false in the pods, or require it with Pod Security Admission.",
        source="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
    ),
    Setting(
        "userns-remap",
        TEXT,
        DEPENDS,
        "containerd has no user namespace for all of a node's pods",
        "Use hostUsers: false in the pods (containerd 2.0, Kubernetes 1.30 and later), and mind the owners of files in volumes: without "
        "the remapping they are seen as they are on the node.",
        source="https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/",
    ),
    Setting(
        "rootless",
        BOOL,
        DEPENDS,
        "a rootless Docker is another world: this migration does not cover it",
        "Leave the node out of this run.",
        source="https://docs.docker.com/engine/security/rootless/",
    ),
    Setting(
        "authorization-plugins",
        LIST,
        ATTENTION,
        "containerd has no authorization plugins",
        "Let the Kubernetes API do it (RBAC, admission): on the node only root reaches containerd.",
        flags=("authorization-plugin",),
    ),
    Setting(
        "init",
        BOOL,
        DEPENDS,
        "containerd adds no init process to containers",
        "Put an init into images that leave zombies, or share the process namespace of the pod.",
    ),
    Setting("init-path", TEXT, NOT_APPLICABLE, "containerd adds no init process to containers"),
    Setting("default-init", TEXT, NOT_APPLICABLE, "containerd adds no init process to containers", flags=(), source=MOBY),
    Setting(
        "cpu-rt-period",
        NUMBER,
        ATTENTION,
        "neither the kubelet nor containerd gives real-time time to containers",
        "See whether any workload needs it.",
    ),
    Setting(
        "cpu-rt-runtime",
        NUMBER,
        ATTENTION,
        "neither the kubelet nor containerd gives real-time time to containers",
        "See whether any workload needs it.",
    ),
    Setting("cgroup-parent", TEXT, NOT_APPLICABLE, "the kubelet says where pods' cgroups are (cgroupRoot)", source=DOCKERSHIM),
    Setting("default-ipc-mode", TEXT, NOT_APPLICABLE, "each pod has an IPC namespace by its own specification", source=DOCKERSHIM),
    Setting(
        "default-cgroupns-mode",
        TEXT,
        NOT_APPLICABLE,
        "containerd gives each container a cgroup namespace of its own on cgroup v2, and the node's on v1",
        source=CRI,
    ),
    # --- the daemon ---
    Setting("oom-score-adjust", NUMBER, CARRIED, "OOMScoreAdjust of containerd.service", source=f"{SYSTEMD}; {MOBY} (until 23)"),
    Setting("debug", BOOL, DEPENDS, "[debug] level of containerd", source=CONTAINERD_TOML),
    Setting("log-level", TEXT, DEPENDS, "[debug] level of containerd", source=CONTAINERD_TOML),
    Setting(
        "log-format",
        TEXT,
        DEPENDS,
        "[debug] format of containerd from 1.5 on",
        "Install containerd 1.5 or later for JSON.",
        source=CONTAINERD_TOML,
    ),
    Setting("raw-logs", BOOL, NOT_APPLICABLE, "it is about how the daemon's own messages look"),
    Setting(
        "metrics-addr",
        TEXT,
        ATTENTION,
        "containerd has metrics too, under other names; while Docker runs, the address is taken",
        "After the migration set metrics_address in containerd_settings, and change what reads the metrics.",
        source=CONTAINERD_TOML,
    ),
    Setting(
        "shutdown-timeout",
        NUMBER,
        DEPENDS,
        "shutdownGracePeriod of a kubelet from 1.21 on, with which it ends pods when the node shuts down",
        "Set shutdownGracePeriod when the cluster is at 1.21 or later.",
        source=f"{KUBELET}; https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/",
    ),
    Setting("live-restore", BOOL, NOT_APPLICABLE, "containerd's shims always outlive a restart of containerd"),
    Setting(
        "labels",
        LIST,
        ATTENTION,
        "containerd has no labels for the node",
        "Set them as labels of the Node, if something relies on them.",
        flags=("label",),
    ),
    Setting("experimental", BOOL, NOT_APPLICABLE, "it opens unfinished parts of Docker"),
    Setting("features", BOOLS, PER_KEY, "what each of them is about", flags=("feature",)),
    Setting("features.buildkit", BOOL, ATTENTION, "images can no longer be built with Docker on the node", BUILDS, flags=(), source=MOBY),
    Setting(
        "features.containerd-snapshotter",
        BOOL,
        NOT_APPLICABLE,
        "Docker hands out its images in the same way from either store",
        flags=(),
        source="https://docs.docker.com/engine/storage/containerd/",
    ),
    Setting(
        "features.cdi",
        BOOL,
        DEPENDS,
        "enable_cdi of containerd from 1.7 on",
        "Install containerd 1.7 or later for CDI devices.",
        flags=(),
        source=CDI,
    ),
    Setting("features.windows-dns-proxy", BOOL, NOT_APPLICABLE, "it is about Windows", flags=(), source=MOBY),
    Setting(
        "features.*",
        BOOL,
        ATTENTION,
        "this collection does not know the feature",
        "See what it did, and whether the node needs it.",
        flags=(),
        source=MOBY,
    ),
    Setting("builder", OBJECT, PER_KEY, "images can no longer be built with Docker on the node", flags=(), source=MOBY),
    Setting("builder.*", OBJECT, ATTENTION, "images can no longer be built with Docker on the node", BUILDS, flags=(), source=MOBY),
    # --- proxies ---
    Setting("proxies", OBJECT, PER_KEY, "a drop-in of containerd.service", flags=(), source=SYSTEMD_SERVICE),
    *(
        Setting(
            f"proxies.{name}",
            TEXT,
            CARRIED,
            f"{name.replace('-', '_').upper()} in the environment of containerd.service, in a file that "
            "only root can read" + (", with what containerd and CNI plugins reach directly added" if name == "no-proxy" else ""),
            flags=(name,),
            source=SYSTEMD_SERVICE,
        )
        for name in ("http-proxy", "https-proxy", "no-proxy")
    ),
    Setting("proxies.*", TEXT, ATTENTION, "dockerd knows no such proxy", "Correct daemon.json.", flags=(), source=MOBY),
    # --- Docker's API ---
    Setting("hosts", LIST, DEPENDS, API_WHY, "See what uses Docker's API over the network: it will find nobody there.", flags=("host",)),
    *(
        Setting(name, kind, NOT_APPLICABLE, API_WHY)
        for name, kind in (("group", TEXT), ("tls", BOOL), ("tlsverify", BOOL), ("tlscacert", TEXT), ("tlscert", TEXT), ("tlskey", TEXT))
    ),
    Setting("api-cors-header", TEXT, NOT_APPLICABLE, API_WHY),
    # --- Docker's own use of containerd ---
    Setting("containerd", TEXT, NOT_APPLICABLE, "it says where Docker finds containerd"),
    Setting("containerd-namespace", TEXT, NOT_APPLICABLE, "the kubelet's containers have a namespace of their own, k8s.io", source=CRI),
    Setting("containerd-plugin-namespace", TEXT, NOT_APPLICABLE, "it is about Docker's plugins", flags=("containerd-plugins-namespace",)),
    Setting("cri-containerd", BOOL, NOT_APPLICABLE, "containerd's CRI plugin is switched on anyway", source=MOBY),
    Setting("deprecated-key-path", TEXT, NOT_APPLICABLE, "it names the daemon's old identity", source=MOBY),
    # --- Docker's networks ---
    *(
        Setting(name, kind, NOT_APPLICABLE, CNI_WHY, flags=flags, source=DOCKERSHIM)
        for name, kind, flags in (
            ("bridge", TEXT, None),
            ("bip", TEXT, None),
            ("bip6", TEXT, None),
            ("fixed-cidr", TEXT, None),
            ("fixed-cidr-v6", TEXT, None),
            ("default-gateway", TEXT, None),
            ("default-gateway-v6", TEXT, None),
            ("ip", TEXT, None),
            ("ipv6", BOOL, None),
            ("icc", BOOL, None),
            ("userland-proxy", BOOL, None),
            ("userland-proxy-path", TEXT, None),
            ("default-address-pools", OBJECT, ("default-address-pool",)),
            ("default-network-opts", OBJECT, ("default-network-opt",)),
            ("network-control-plane-mtu", NUMBER, None),
            ("network-diagnostic-port", NUMBER, None),
            ("allow-direct-routing", BOOL, None),
            ("bridge-accept-fwmark", TEXT, None),
            ("firewall-backend", TEXT, None),
            ("host-gateway-ip", TEXT, None),
            ("host-gateway-ips", LIST, ("host-gateway-ip",)),
        )
    ),
    Setting(
        "mtu", NUMBER, NOT_APPLICABLE, CNI_WHY, "See that the CNI configuration has the MTU that the network needs.", source=DOCKERSHIM
    ),
    Setting("ip-forward", BOOL, DEPENDS, "net.ipv4.ip_forward, which dockerd set at each start, in /etc/sysctl.d", source=PREREQUISITES),
    Setting("ip-forward-no-drop", BOOL, NOT_APPLICABLE, "nobody sets the policy of the chain FORWARD any more"),
    *(
        Setting(
            name, BOOL, NOT_APPLICABLE, "kube-proxy and the CNI plugins write the rules that pods need; Docker's were for its own bridge"
        )
        for name in ("iptables", "ip6tables", "ip-masq")
    ),
    *(
        Setting(name, LIST, NOT_APPLICABLE, "the kubelet writes pods' resolv.conf (clusterDNS, resolvConf)", flags=flags, source=DOCKERSHIM)
        for name, flags in (("dns", None), ("dns-opts", ("dns-opt",)), ("dns-search", None))
    ),
    Setting(
        "resolv-conf", TEXT, NOT_APPLICABLE, "the kubelet writes pods' resolv.conf (clusterDNS, resolvConf)", flags=(), source=DOCKERSHIM
    ),
    # --- swarm mode and what came before it ---
    Setting("swarm-default-advertise-addr", TEXT, NOT_APPLICABLE, SWARM_WHY),
    Setting("swarm-raft-heartbeat-tick", NUMBER, NOT_APPLICABLE, SWARM_WHY, flags=(), source=MOBY),
    Setting("swarm-raft-election-tick", NUMBER, NOT_APPLICABLE, SWARM_WHY, flags=(), source=MOBY),
    Setting("node-generic-resources", LIST, NOT_APPLICABLE, SWARM_WHY, flags=("node-generic-resource",)),
    Setting("cluster-store", TEXT, NOT_APPLICABLE, "it was for Docker's own overlay networks (until 20.10)"),
    Setting(
        "cluster-store-opts", MAP, NOT_APPLICABLE, "it was for Docker's own overlay networks (until 20.10)", flags=("cluster-store-opt",)
    ),
    Setting("cluster-advertise", TEXT, NOT_APPLICABLE, "it was for Docker's own overlay networks (until 20.10)"),
)

BY_KEY = {setting.key: setting for setting in SETTINGS}
BY_FLAG = {flag: setting for setting in reversed(SETTINGS) for flag in setting.flag_names if "*" not in setting.key}
#: The short forms of flags (moby, cmd/dockerd).
SHORT_FLAGS = {
    "D": "debug",
    "G": "group",
    "H": "host",
    "b": "bridge",
    "g": "graph",
    "l": "log-level",
    "p": "pidfile",
    "r": "restart",
    "s": "storage-driver",
}
#: Flags that stand for no key: they say which file is read, or have no effect.
OTHER_FLAGS = ("config-file", "restart", "validate", "version", "help")
#: The one key that may stand in the file and in flags (moby, daemon/config/config.go, skipDuplicates).
MERGED_KEYS = ("runtimes",)

_GO_TRUE = ("1", "t", "T", "true", "TRUE", "True")


@dataclass(frozen=True)
class Given:
    """One setting that the node's Docker was given.

    :param key: as in the table; of an object each key on its own (C(log-opts.max-size)).
    :param value: its value, as daemon.json would have it.
    :param what: what it is called where it stands, for people.
    :param setting: its place in the table, or None for a key that the table does not know.
    """

    key: str
    value: Any
    what: str
    setting: Setting | None


def place_of(key: str) -> Setting | None:
    """Returns what the table says about a key, C(a.b) for the key b of the object a, or None."""
    parent = key.partition(".")[0]
    return BY_KEY.get(key) or (BY_KEY.get(parent + ".*") if "." in key else None)


def _is_object_of(value: Any, check: Any) -> bool:
    return isinstance(value, dict) and all(check(item) for item in value.values())


#: Whether Go's decoder takes a value of daemon.json for a kind.
_FITS = {
    BOOL: lambda value: isinstance(value, bool),
    TEXT: lambda value: isinstance(value, str),
    NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    LIST: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    MAP: lambda value: _is_object_of(value, lambda item: isinstance(item, str)),
    BOOLS: lambda value: _is_object_of(value, lambda item: isinstance(item, bool)),
    OBJECT: lambda value: isinstance(value, (dict, list)),
    ULIMITS: lambda value: _is_object_of(value, lambda item: isinstance(item, dict)),
    RUNTIMES: lambda value: _is_object_of(value, lambda item: isinstance(item, dict)),
}


def _checked(setting: Setting, value: Any, file: str) -> Any:
    if not _FITS[setting.kind](value):
        raise MigrationError(
            f"{file}: {setting.key} must be a {setting.kind}, not {json.dumps(value)[:80]}: dockerd does not start with it. Correct it, "
            "then run again."
        )
    return value


def _flag_value(setting: Setting, flag: str, values: list[str | None]) -> Any:
    """Returns the value that a flag's occurrences make, as daemon.json would have it."""
    last = values[-1]
    texts = [value or "" for value in values]
    if setting.kind == BOOL:
        return last is None or last in _GO_TRUE
    if setting.kind == NUMBER:
        try:
            return int(last or "", 0)
        except ValueError as error:
            raise MigrationError(f"dockerd --{flag}={last}: that is no number, and dockerd does not start with it.") from error
    if setting.kind == LIST:
        return texts
    pairs = [text.partition("=") for text in texts]
    if setting.kind == MAP:
        return {name: value for name, _equals, value in pairs}
    if setting.kind == BOOLS:
        return {name: not equals or value in _GO_TRUE for name, equals, value in pairs}
    if setting.kind == RUNTIMES:
        return {name: {"path": value} for name, _equals, value in pairs}
    if setting.kind == ULIMITS:
        return {name: _ulimit(name, value) for name, _equals, value in pairs}
    if setting.key == "nri-opts":
        parts = [part.partition("=") for text in texts for part in text.split(",")]
        return {name: value or "true" for name, _equals, value in parts}
    return texts if setting.kind == OBJECT else last or ""


def _ulimit(name: str, value: str) -> dict[str, Any]:
    soft, _colon, hard = value.partition(":")
    try:
        return {"Name": name, "Soft": int(soft), "Hard": int(hard or soft)}
    except ValueError as error:
        raise MigrationError(f"dockerd --default-ulimit={name}={value}: that is no limit, and dockerd does not start with it.") from error


def _from_flags(arguments: list[str]) -> tuple[dict[str, tuple[str, Any]], list[Note]]:
    """Returns the settings of a command line, key -> (flag, value), and notes about flags that nobody knows."""
    found: dict[str, list[str | None]] = {}
    for flag in parse_flags(arguments[1:]):
        if flag.name is not None:
            found.setdefault(SHORT_FLAGS.get(flag.name, flag.name), []).append(flag.value)
    notes = [
        note(f"dockerd --{name}", "this collection does not know the flag", "See what it did, and whether the node needs it.")
        for name in found
        if name not in BY_FLAG and name not in OTHER_FLAGS
    ]
    return {BY_FLAG[name].key: (name, _flag_value(BY_FLAG[name], name, values)) for name, values in found.items() if name in BY_FLAG}, notes


def given_settings(daemon_json: dict[str, Any], arguments: list[str], file: str = "daemon.json") -> tuple[list[Given], list[Note]]:
    """Makes one list of what Docker was told in its file and on its command line, as dockerd does.

    dockerd refuses to start if a key stands in both (only runtimes are merged). Where it does all the same, because the file was
    changed after Docker had started, the command line counts, and a note says so.

    :param daemon_json: dict, the file.
    :param arguments: the command line, the program first.
    :param file: what to call the file.
    :returns: what was given, sorted by key, and notes (attention) about what contradicts itself or is not known.
    :raises MigrationError: a value that dockerd could not read.
    """
    flags, notes = _from_flags(arguments)
    values: dict[str, tuple[str, Any, Setting | None]] = {}
    for key, value in daemon_json.items():
        # Go leaves alone what is null. A key with a point in it is no key of dockerd's, whatever the table calls its own.
        setting = None if "." in key else BY_KEY.get(key)
        if value is not None:
            values[key] = (f"{file} {key}", value if setting is None else _checked(setting, value, file), setting)
    proxies = values["proxies"][1] if "proxies" in values else {}
    for key, (flag, value) in flags.items():
        what = f"dockerd --{flag}"
        if key in MERGED_KEYS and key in values:
            value, what = {**values[key][1], **value}, f"{file} {key} and {what}"
        elif key in values or (isinstance(proxies, dict) and proxies.get(flag) is not None):
            notes.append(
                note(
                    f"{file} {key} and {what}",
                    "dockerd does not start with a setting in both places; the flag's value is taken",
                    "Remove one of them: until then Docker cannot be restarted. See that the flag's value is the wanted one.",
                )
            )
        values[key] = (what, value, BY_KEY[key])
    return sorted(_each(values), key=lambda given: given.key), notes


def _each(values: dict[str, tuple[str, Any, Setting | None]]) -> list[Given]:
    result = []
    for key, (what, value, setting) in values.items():
        if setting is None or setting.destination != PER_KEY:
            result.append(Given(key, value, what, setting))
            continue
        if not isinstance(value, dict):
            raise MigrationError(f"{what} must be an object, not {json.dumps(value)[:80]}: dockerd does not start with it. Correct it.")
        separator = " " if what.startswith("dockerd ") else "."
        # The builder's fields have no names of their own, which Go decodes without regard to case.
        for name, item in value.items():
            full = f"{key}.{name.lower() if key == 'builder' else name}"
            # What the command line says of the proxies stands beside the object.
            if item is not None and full not in values:
                result.append(Given(full, item, f"{what}{separator}{name}", place_of(full)))
    return result
