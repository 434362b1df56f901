# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided by a setting's value, or by the node: a rule for each key that the table (_docker_settings.py) does not settle."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._docker_settings import (
    BY_KEY,
    NOT_APPLICABLE,
    NOTHING,
    Given,
    Setting,
)
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, note

KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
RUNC = "io.containerd.runc.v2"
#: Names under which dockerd knows runc without being told (moby, daemon/config; daemon/runtime_unix.go).
STOCK_RUNTIMES = ("runc", "io.containerd.runc.v1", RUNC, "io.containerd.runtime.v1.linux")
#: Docker's storage driver -> containerd's snapshotter; None for its default.
SNAPSHOTTERS = {"overlay2": None, "overlay": None, "overlayfs": None, "btrfs": "btrfs", "zfs": "zfs", "vfs": "native"}
#: The snapshotters whose data must lie on a file system of their kind.
SNAPSHOTTER_FILESYSTEMS = {"btrfs": "btrfs", "zfs": "zfs"}
#: docker/go-units, ulimit.go -> systemd.exec(5).
LIMITS = {
    "as": "LimitAS",
    "core": "LimitCORE",
    "cpu": "LimitCPU",
    "data": "LimitDATA",
    "fsize": "LimitFSIZE",
    "locks": "LimitLOCKS",
    "memlock": "LimitMEMLOCK",
    "msgqueue": "LimitMSGQUEUE",
    "nice": "LimitNICE",
    "nofile": "LimitNOFILE",
    "nproc": "LimitNPROC",
    "rss": "LimitRSS",
    "rtprio": "LimitRTPRIO",
    "rttime": "LimitRTTIME",
    "sigpending": "LimitSIGPENDING",
    "stack": "LimitSTACK",
}
#: containerd itself and all shims live with the limit too: with fewer open files it would not serve a node.
LEAST_OPEN_FILES = 8192
#: Log drivers of Docker's whose max-size and max-file mean what the kubelet's settings mean, with their default of max-file.
FILE_DRIVERS = {"json-file": 1, "local": 5}
#: The kubelet refuses to rotate with fewer (container_log_manager.go).
LEAST_LOG_FILES = 2
#: First releases of the kubelet with the setting: the release notes of 1.27 and 1.21 (GracefulNodeShutdown on by default).
MAX_PARALLEL_PULLS_SINCE = (1, 27)
SHUTDOWN_SINCE = (1, 21)
#: First releases of containerd with enable_cdi, and with the format of its messages.
CDI_SINCE = (1, 7)
DEBUG_FORMAT_SINCE = (1, 5)
LEVELS = ("trace", "debug", "info", "warn", "error", "fatal", "panic")

_DOCKER_SIZE = re.compile(r"(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?[iI]?[bB]?\Z")
_QUANTITY = re.compile(r"(-?\d+(?:\.\d*)?)(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?\Z")
_DECIMAL = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5}


@dataclass
class Outcome:
    """What becomes of all that Docker was told.

    :param containerd: settings for containerd_config.
    :param kubelet: settings of C(KubeletConfiguration).
    :param limits: limits of containerd.service, by systemd's names.
    """

    carried: list[dict[str, Any]] = field(default_factory=list)
    attention: list[Note] = field(default_factory=list)
    not_applicable: list[Note] = field(default_factory=list)
    blockers: list[Note] = field(default_factory=list)
    containerd: dict[str, Any] = field(default_factory=dict)
    kubelet: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    no_proxy_added: list[str] = field(default_factory=list)
    oom_score_adjust: int | None = None

    def carry(self, what: str, where: str, value: Any) -> None:
        self.carried.append({"what": what, "where": where, "value": value})

    def attend(self, what: str, why: str, what_to_do: str) -> None:
        self.attention.append(note(what, why, what_to_do))

    def drop(self, what: str, why: str, what_to_do: str = NOTHING) -> None:
        self.not_applicable.append(note(what, why, what_to_do))


class Context:
    """What the rules look at."""

    def __init__(self, facts: Facts, given: list[Given], outcome: Outcome) -> None:
        self.facts = facts
        self.values = {item.key: item.value for item in given}
        self.outcome = outcome
        kubelet = facts["kubelet"]
        self.kubelet_flags = kubelet["flags"]
        self.kubelet_release = kubelet_flags.release(kubelet["version"])
        config = yaml.safe_load(kubelet["config"]) or {}
        self.kubelet_config = config if isinstance(config, dict) else {}
        containerd = facts["containerd"]["version"]
        # One that is still to be installed will be a recent one.
        self.containerd_release = kubelet_flags.release(containerd) if containerd else None

    def tell_kubelet(
        self, given: Given, key: str, value: Any, *, flag: str, same: Callable[[Any], bool], unset: tuple[Any, ...] = ()
    ) -> None:
        """Gives the kubelet a setting, unless its administrator has set another value.

        :param flag: the kubelet's flag for it, which wins over its file.
        :param same: tells whether a value that is set already means the same.
        :param unset: values that mean that nobody has set it.
        """
        place, present = (f"--{flag}", self.kubelet_flags[flag]) if flag in self.kubelet_flags else (key, self.kubelet_config.get(key))
        if present is None or present in unset:
            self.outcome.kubelet[key] = value
            self.outcome.carry(given.what, f"{KUBELET_CONFIG} {key}", value)
        elif same(present):
            self.outcome.carry(given.what, f"the kubelet's {place}, which has it already", present)
        else:
            self.outcome.attend(
                given.what,
                f"the kubelet's {place} is {present} already, which takes effect now; Docker's value would be {value}",
                f"See which of the two is wanted, and set {key} in the kubelet's configuration.",
            )


# --- logs of the containers ---


def docker_size(text: str) -> str | None:
    """Returns a size of Docker's (C(10m)) as a quantity of Kubernetes' (C(10M)): both decimal; None for what is no size."""
    match = _DOCKER_SIZE.match(text.strip())
    try:
        number = Decimal(match.group(1)) if match else None
    except InvalidOperation:
        number = None
    if match is None or number is None or number <= 0:
        return None
    unit = (match.group(2) or "").upper().replace("K", "k")
    if number == number.to_integral_value():
        return f"{int(number)}{unit}"
    return str(int(number * 1000 ** _DECIMAL[unit]))


def _bytes(quantity: Any) -> Decimal | None:
    match = _QUANTITY.match(str(quantity).strip())
    if match is None:
        return None
    unit = match.group(2) or ""
    factor = 1024 ** _DECIMAL[unit[0].replace("K", "k")] if unit.endswith("i") else 1000 ** _DECIMAL[unit]
    return Decimal(match.group(1)) * factor


def _log_driver(context: Context) -> str:
    return context.values.get("log-driver") or context.facts["docker"].get("logging_driver") or "json-file"


def log_driver(context: Context, given: Given) -> None:
    place = BY_KEY["log-driver"]
    if given.value in FILE_DRIVERS:
        context.outcome.drop(given.what, place.text, place.what_to_do)
    else:
        context.outcome.attend(
            f"{given.what} {given.value}",
            "no log driver stands behind the kubelet: logs end in files below /var/log/pods, in CRI's format",
            "Let a log agent on the node read them and send them on.",
        )


def log_max_size(context: Context, given: Given) -> None:
    if _log_driver(context) not in FILE_DRIVERS:
        context.outcome.attend(given.what, BY_KEY["log-opts.*"].text, BY_KEY["log-opts.*"].what_to_do)
        return
    size = docker_size(given.value)
    if size is None:
        context.outcome.attend(given.what, f"dockerd does not take {given.value} for a size", "Set containerLogMaxSize of the kubelet.")
        return
    context.tell_kubelet(
        given, "containerLogMaxSize", size, flag="container-log-max-size", same=lambda present: _bytes(present) == _bytes(size)
    )
    if "log-opts.max-file" not in context.values and context.outcome.kubelet.get("containerLogMaxSize") == size:
        files = max(FILE_DRIVERS[_log_driver(context)], LEAST_LOG_FILES)
        default = Given(
            "log-opts.max-file", None, f"{given.what} (as many files as Docker keeps by itself, at least {LEAST_LOG_FILES})", None
        )
        context.tell_kubelet(
            default, "containerLogMaxFiles", files, flag="container-log-max-files", same=lambda present: str(present) == str(files)
        )


def log_max_file(context: Context, given: Given) -> None:
    if _log_driver(context) not in FILE_DRIVERS:
        context.outcome.attend(given.what, BY_KEY["log-opts.*"].text, BY_KEY["log-opts.*"].what_to_do)
    elif "log-opts.max-size" not in context.values and _log_driver(context) == "json-file":
        context.outcome.drop(given.what, "without max-size Docker never began another file")
    elif not re.match(r"\d{1,9}\Z", given.value) or int(given.value) < 1:
        context.outcome.attend(given.what, f"dockerd does not take {given.value} for a number of files", "Set containerLogMaxFiles.")
    else:
        files = max(int(given.value), LEAST_LOG_FILES)
        context.tell_kubelet(
            given, "containerLogMaxFiles", files, flag="container-log-max-files", same=lambda present: str(present) == str(files)
        )


# --- images and data ---


def max_concurrent_downloads(context: Context, given: Given) -> None:
    outcome = context.outcome
    outcome.containerd["max_concurrent_downloads"] = given.value
    outcome.carry(given.what, "containerd max_concurrent_downloads", given.value)
    serialize = context.kubelet_flags.get("serialize-image-pulls", context.kubelet_config.get("serializeImagePulls", True))
    if str(serialize).lower() != "false" or "maxParallelImagePulls" in context.kubelet_config or not given.value:
        return
    if context.kubelet_release >= MAX_PARALLEL_PULLS_SINCE:
        outcome.kubelet["maxParallelImagePulls"] = given.value
        outcome.carry(f"{given.what}, for the whole node", f"{KUBELET_CONFIG} maxParallelImagePulls", given.value)
    else:
        outcome.attend(
            "serializeImagePulls of the kubelet",
            f"it is false, and {given.what} was for the whole node: containerd's number is for each of the images pulled at once",
            "Set serializeImagePulls: true if the network or the disk needs the limit (maxParallelImagePulls comes with 1.27).",
        )


def data_root(context: Context, given: Given) -> None:
    docker, containerd, disk = context.facts["docker"], context.facts["containerd"], context.facts["disk"]
    root, here = docker["root_dir"], containerd["root"]
    places = disk["filesystems"]
    if root == "/var/lib/docker":
        context.outcome.drop(given.what, "it is where Docker's data lies by default")
    elif here != "/var/lib/containerd":
        context.outcome.drop(given.what, f"containerd has been given a place of its own, {here}")
    elif places[root]["device"] == places[here]["device"]:
        context.outcome.drop(given.what, f"containerd's data, in {here}, lies on the same file system as Docker's")
    elif containerd["installed"] and containerd["namespaces"]:
        context.outcome.attend(
            given.what,
            f"containerd holds containers or images already ({', '.join(containerd['namespaces'])}), those that Docker runs among them, "
            f"and would lose them with another root: it goes on in {here}, on the file system of {places[here]['mount']}",
            f"See that there is room. To have its data on Docker's disk, stop Docker and containerd, move {here} there and bind-mount it "
            "in its old place, before the migration.",
        )
    else:
        parent = os.path.dirname(root)
        beside = places[parent]["device"] == places[root]["device"]
        target = os.path.join(parent, "containerd") if beside else os.path.join(root, "containerd-root")
        context.outcome.containerd["root"] = target
        context.outcome.carry(given.what, "containerd root, on the same disk", target)


def storage_driver(context: Context, given: Given) -> None:
    docker, outcome = context.facts["docker"], context.outcome
    driver = docker.get("storage_driver") or given.value
    here = context.facts["disk"]["filesystems"].get(outcome.containerd.get("root") or context.facts["containerd"]["root"], {})
    if driver not in SNAPSHOTTERS:
        outcome.attend(
            f"{given.what} {driver}",
            "containerd has no such snapshotter, or not any more: it uses overlayfs",
            "See that the file system of containerd's data is fit for overlayfs (ext4, or xfs with ftype=1).",
        )
        return
    snapshotter = SNAPSHOTTERS[driver]
    if snapshotter is None:
        outcome.carry(given.what, "containerd's snapshotter, its default", "overlayfs")
    elif SNAPSHOTTER_FILESYSTEMS.get(snapshotter) not in (None, here.get("type")):
        outcome.attend(
            f"{given.what} {driver}",
            f"containerd's data lies on {here.get('type', 'another file system')}, where its snapshotter {snapshotter} cannot work: it "
            "uses overlayfs",
            f"To keep {snapshotter}, give containerd a root on such a file system, and set snapshotter in containerd_settings.",
        )
    else:
        outcome.containerd["snapshotter"] = snapshotter
        outcome.carry(given.what, "containerd snapshotter", snapshotter)


def storage_opts(context: Context, given: Given) -> None:
    place = BY_KEY["storage-opts"]
    for option in given.value:
        if option.partition("=")[0].endswith(".override_kernel_check"):
            context.outcome.drop(f"{given.what} {option}", "containerd does not look at the kernel's release")
        else:
            context.outcome.attend(f"{given.what} {option}", place.text, place.what_to_do)


# --- runtimes ---


def runtimes(context: Context, given: Given) -> None:
    handlers: dict[str, Any] = {}
    for name, runtime in sorted(given.value.items()):
        what = f"{given.what} {name}"
        arguments = runtime.get("runtimeArgs") or runtime.get("args")
        options = runtime.get("options") or {}
        runtime_type = runtime.get("runtimeType") or RUNC
        if not isinstance(runtime_type, str) or not isinstance(options, dict) or not isinstance(runtime.get("path") or "", str):
            context.outcome.attend(what, "it is not a runtime that dockerd could read", "Correct it.")
            continue
        plain = {key: value for key, value in options.items() if isinstance(value, (str, bool, int))}
        if runtime.get("path"):
            plain["BinaryName"] = runtime["path"]
        if arguments or len(plain) < len(options):
            context.outcome.attend(
                what,
                "its arguments or nested options have no equivalent in containerd's configuration",
                "Add a runtime handler of that name to containerd's configuration, with a script as BinaryName that gives the arguments.",
            )
            continue
        handlers[name] = {"runtime_type": runtime_type, "options": plain}
        context.outcome.carry(what, "containerd's runtime handler of that name", plain.get("BinaryName") or runtime_type)
    if handlers:
        context.outcome.containerd["runtimes"] = handlers


def default_runtime(context: Context, given: Given) -> None:
    name = given.value
    if name in STOCK_RUNTIMES:
        context.outcome.drop(given.what, "runc is containerd's default too")
    elif name in context.outcome.containerd.get("runtimes", {}):
        context.outcome.containerd["default_runtime_name"] = name
        context.outcome.carry(given.what, "containerd default_runtime_name", name)
    else:
        context.outcome.attend(
            f"{given.what} {name}",
            "the runtime is not among those that are carried over, so containerd starts pods with runc",
            "Add a runtime handler of that name to containerd's configuration, and set default_runtime_name in containerd_settings.",
        )


def exec_opts(context: Context, given: Given) -> None:
    for option in given.value:
        name, _equals, value = option.partition("=")
        if name.strip().lower() != "native.cgroupdriver":
            context.outcome.attend(f"{given.what} {option}", "it has no equivalent", "See whether the workload needs it.")
        elif value.strip() == context.facts["kubelet"]["effective_cgroup_driver"]:
            context.outcome.carry(
                f"{given.what} native.cgroupdriver", "containerd SystemdCgroup, as the kubelet's cgroupDriver", value.strip()
            )
        else:
            context.outcome.attend(*_cgroup_disagreement(context, value.strip()))


def _cgroup_disagreement(context: Context, driver: str) -> tuple[str, str, str]:
    kubelets = context.facts["kubelet"]["effective_cgroup_driver"]
    return (
        f"Docker's cgroup driver {driver}",
        f"the kubelet's is {kubelets}, which containerd is given: pods' cgroups move",
        f"See that whatever reads cgroups finds them where {kubelets} puts them. To keep {driver}, set cgroupDriver of the kubelet to it "
        "before the migration.",
    )


def cgroup_drivers(context: Context) -> None:
    """A disagreement of Docker's driver with the kubelet's that no key of Docker's explains."""
    driver = context.facts["docker"].get("cgroup_driver")
    named = any("native.cgroupdriver" in option.lower() for option in context.values.get("exec-opts") or [])
    if driver and not named and driver not in ("none", context.facts["kubelet"]["effective_cgroup_driver"]):
        context.outcome.attend(*_cgroup_disagreement(context, driver))


# --- limits and security ---


def _limit(runtime_value: Any) -> str | None:
    if not isinstance(runtime_value, int) or isinstance(runtime_value, bool):
        return None
    return "infinity" if runtime_value < 0 else str(runtime_value)


def default_ulimits(context: Context, given: Given) -> None:
    for name, entry in sorted(given.value.items()):
        # Go decodes the names without regard to case.
        fields = {key.lower(): value for key, value in entry.items()}
        soft, hard = _limit(fields.get("soft", 0)), _limit(fields.get("hard", 0))
        what = f"{given.what} {name}"
        if name not in LIMITS or soft is None or hard is None:
            context.outcome.attend(what, "systemd has no such limit", "Set it in the containers that need it.")
        elif name == "nofile" and hard != "infinity" and int(hard) < LEAST_OPEN_FILES:
            context.outcome.attend(
                f"{what} {soft}:{hard}",
                f"containers inherit containerd's own limit, and containerd needs more than {hard} open files",
                "Set the limit in the containers that need it (ulimit -n at their start).",
            )
        else:
            context.outcome.limits[LIMITS[name]] = f"{soft}:{hard}"
            context.outcome.carry(what, f"containerd.service {LIMITS[name]}", f"{soft}:{hard}")


def oom_score_adjust(context: Context, given: Given) -> None:
    if -1000 <= given.value <= 1000:
        context.outcome.oom_score_adjust = given.value
        context.outcome.carry(given.what, "containerd.service OOMScoreAdjust", given.value)
    else:
        context.outcome.attend(given.what, f"{given.value} is no score that Linux knows", "Set OOMScoreAdjust of containerd.service.")


def selinux_enabled(context: Context, given: Given) -> None:
    if given.value:
        context.outcome.containerd["enable_selinux"] = True
        context.outcome.carry(given.what, "containerd enable_selinux", True)
    else:
        context.outcome.drop(given.what, "containerd's default is the same")


def attention_if_on(context: Context, given: Given) -> None:
    """Where only true says something."""
    place = BY_KEY[given.key]
    if given.value:
        context.outcome.attend(given.what, place.text, place.what_to_do)
    else:
        context.outcome.drop(given.what, "it is off")


def rootless(context: Context, given: Given) -> None:
    if given.value:
        context.outcome.blockers.append(note("rootless Docker", BY_KEY["rootless"].text, BY_KEY["rootless"].what_to_do))
        context.outcome.attend(given.what, BY_KEY["rootless"].text, BY_KEY["rootless"].what_to_do)
    else:
        context.outcome.drop(given.what, "it is off")


def security_options(context: Context) -> None:
    """What Docker says is in force, whatever told it so."""
    options = context.facts["docker"].get("security_options") or []
    if "rootless" in options and not context.outcome.blockers:
        context.outcome.blockers.append(note("rootless Docker", BY_KEY["rootless"].text, BY_KEY["rootless"].what_to_do))


# --- the daemon ---


def debug(context: Context, given: Given) -> None:
    if given.value:
        context.outcome.containerd["debug_level"] = "debug"
        context.outcome.carry(given.what, "containerd [debug] level", "debug")
    else:
        context.outcome.drop(given.what, "it is off")


def log_level(context: Context, given: Given) -> None:
    level = given.value.lower()
    if context.values.get("debug"):
        context.outcome.drop(given.what, "debug is on, which wins")
    elif level == "info":
        context.outcome.drop(given.what, "containerd's default is the same")
    elif level in LEVELS:
        context.outcome.containerd["debug_level"] = level
        context.outcome.carry(given.what, "containerd [debug] level", level)
    else:
        context.outcome.attend(f"{given.what} {given.value}", "dockerd knows no such level", "Set [debug] level of containerd.")


def log_format(context: Context, given: Given) -> None:
    if given.value != "json":
        context.outcome.drop(given.what, "containerd writes text too")
    elif context.containerd_release is None or context.containerd_release >= DEBUG_FORMAT_SINCE:
        context.outcome.containerd["debug_format"] = "json"
        context.outcome.carry(given.what, "containerd [debug] format", "json")
    else:
        context.outcome.attend(given.what, "containerd writes text only until 1.4", BY_KEY["log-format"].what_to_do)


def shutdown_timeout(context: Context, given: Given) -> None:
    if given.value <= 0:
        context.outcome.drop(given.what, "it is off")
    elif context.kubelet_release < SHUTDOWN_SINCE:
        context.outcome.attend(
            given.what,
            f"a kubelet {context.kubelet_release[0]}.{context.kubelet_release[1]} does not end pods when the node shuts down",
            BY_KEY["shutdown-timeout"].what_to_do,
        )
    else:
        wanted = f"{given.value}s"
        context.tell_kubelet(
            given, "shutdownGracePeriod", wanted, flag="shutdown-grace-period", same=lambda present: present == wanted, unset=("0s", 0, "0")
        )


def cdi(context: Context, given: Given) -> None:
    if not given.value:
        context.outcome.drop(given.what, "it is off")
    elif context.containerd_release is None or context.containerd_release >= CDI_SINCE:
        context.outcome.containerd["enable_cdi"] = True
        context.outcome.carry(given.what, "containerd enable_cdi", True)
    else:
        context.outcome.attend(given.what, "containerd has CDI from 1.7 on", BY_KEY["features.cdi"].what_to_do)


def hosts(context: Context, given: Given) -> None:
    remote = [host for host in given.value if not host.startswith(("fd://", "unix://"))]
    if remote:
        context.outcome.attend(f"{given.what} {', '.join(remote)}", BY_KEY["hosts"].text, BY_KEY["hosts"].what_to_do)
    else:
        context.outcome.drop(given.what, BY_KEY["hosts"].text)


def ip_forward(context: Context, given: Given) -> None:
    if given.value:
        context.outcome.carry(given.what, "/etc/sysctl.d net.ipv4.ip_forward", 1)
    else:
        context.outcome.drop(given.what, "the node's own settings see to it")


#: Key -> what decides about it.
RULES: dict[str, Callable[[Context, Given], None]] = {
    "data-root": data_root,
    "debug": debug,
    "default-runtime": default_runtime,
    "default-ulimits": default_ulimits,
    "exec-opts": exec_opts,
    "features.cdi": cdi,
    "graph": data_root,
    "hosts": hosts,
    "init": attention_if_on,
    "ip-forward": ip_forward,
    "log-driver": log_driver,
    "log-format": log_format,
    "log-level": log_level,
    "log-opts.max-file": log_max_file,
    "log-opts.max-size": log_max_size,
    "max-concurrent-downloads": max_concurrent_downloads,
    "no-new-privileges": attention_if_on,
    "oom-score-adjust": oom_score_adjust,
    "rootless": rootless,
    "runtimes": runtimes,
    "selinux-enabled": selinux_enabled,
    "shutdown-timeout": shutdown_timeout,
    "storage-driver": storage_driver,
    "storage-opts": storage_opts,
    "userns-remap": attention_if_on,
}
#: Keys of which other parts of the plan take care: of the registries, and of the proxies as a whole.
ELSEWHERE = ("registry-mirrors", "insecure-registries", "proxies.http-proxy", "proxies.https-proxy", "proxies.no-proxy")
#: What a rule needs to have been decided before it.
FIRST = ("data-root", "graph", "runtimes")


def settle(context: Context, given: Given) -> None:
    """Gives one setting its place."""
    setting: Setting | None = given.setting
    if given.key in ELSEWHERE:
        return
    if setting is None:
        context.outcome.attend(given.what, "this collection does not know the setting", "See what it did, and whether the node needs it.")
    elif given.value in ("", [], {}):
        context.outcome.drop(given.what, "it is empty")
    elif given.key in RULES:
        RULES[given.key](context, given)
    elif setting.destination == NOT_APPLICABLE:
        context.outcome.drop(given.what, setting.text, setting.what_to_do)
    else:
        context.outcome.attend(given.what, setting.text, setting.what_to_do)
