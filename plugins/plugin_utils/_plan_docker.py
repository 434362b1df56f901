# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of Docker, and of all that it was told and did for the node."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _containerd_settings as where
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.module_utils._docker_proxies import PROXY_KEYS, extended_no_proxy
from ansible_collections.dockershim.migration.plugins.module_utils._facts_system import MODULES
from ansible_collections.dockershim.migration.plugins.plugin_utils import _docker_rules as rules
from ansible_collections.dockershim.migration.plugins.plugin_utils._docker_settings import given_settings
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_kubelet import kubelet_cgroup_driver
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Wishes

#: What pods' network needs of the kernel (https://kubernetes.io/docs/setup/production-environment/container-runtimes/).
POD_NETWORK_SYSCTLS = ("net.ipv4.ip_forward", "net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables")
IPV6_FORWARDING = "net.ipv6.conf.all.forwarding"
#: What containerd, and CNI plugins in its environment, reach without a proxy.
LOCAL_NAMES = ("localhost", "127.0.0.1", ".svc")
#: First Docker that lets every user bind ports below 1024 and ping in containers with a network of their own (moby, daemon/oci_linux.go),
#: and first containerd that does so without being told (its release notes of 2.0).
DOCKER_UNPRIVILEGED_SINCE = (20, 10)
CONTAINERD_UNPRIVILEGED_BY_DEFAULT = (2, 0)
#: On an older kernel containerd's CRI plugin does not start with it (containerd, ValidateEnableUnprivileged in its CRI configuration).
UNPRIVILEGED_KERNEL = (4, 11)


def docker_part(facts: Facts, wishes: Wishes) -> dict[str, Any]:
    """What becomes of Docker itself: it ends with a move to containerd, and goes on behind cri-dockerd."""
    ends = wishes.target == kubelet_flags.CONTAINERD
    return {
        "units": facts["docker"]["units"],
        "root_dir": facts["docker"]["root_dir"],
        "stop": ends,
        "foreign": wishes.foreign_containers if ends else "keep",
    }


def docker_outcome(facts: Facts) -> rules.Outcome:
    """Returns what becomes of all that Docker was told: every setting in exactly one of carried, attention and not_applicable.

    :param facts: dict, of a node that is to move away from Docker.
    :raises MigrationError: Docker was told something that it could not read.
    """
    docker = facts["docker"]
    file = "daemon.json" if docker["config_file"] == "/etc/docker/daemon.json" else docker["config_file"]
    given, notes = given_settings(docker["daemon_json"], docker["daemon_arguments"], file)
    outcome = rules.Outcome(attention=notes)
    kubelet = {**facts["kubelet"], "effective_cgroup_driver": kubelet_cgroup_driver(facts["kubelet"])}
    context = rules.Context({**facts, "kubelet": kubelet}, given, outcome)
    for item in sorted(given, key=lambda item: item.key not in rules.FIRST):
        rules.settle(context, item)
    rules.cgroup_drivers(context)
    rules.security_options(context)
    _proxies(context, {item.key: item.what for item in given})
    _what_docker_did(context)
    return outcome


def system_part(facts: Facts, outcome: rules.Outcome) -> dict[str, Any]:
    """What systemd and the kernel are told: what Docker did at each start, and what containerd.service needs."""
    sysctls = facts["kernel"]["sysctls"]
    names = [name for name in POD_NETWORK_SYSCTLS if sysctls.get(name) != "0"]
    if facts["docker"]["daemon_json"].get("ipv6") is True and sysctls.get(IPV6_FORWARDING) == "1":
        names.append(IPV6_FORWARDING)
    return {
        "modules": list(MODULES),
        "sysctls": dict.fromkeys(names, "1"),
        "containerd_unit": {
            "environment": outcome.environment,
            "no_proxy_added": outcome.no_proxy_added,
            "limits": outcome.limits,
            "oom_score_adjust": outcome.oom_score_adjust,
        },
    }


def _proxies(context: rules.Context, told: dict[str, str]) -> None:
    """The proxies as a whole, whether they stand in daemon.json, in flags or in the unit's environment."""
    facts, outcome = context.facts, context.outcome
    proxies, own = facts["docker"]["proxies"], facts["containerd"]["proxies"]
    for name, key in PROXY_KEYS:
        what = told.get(f"proxies.{key}", f"{name} of docker.service")
        value = proxies.get(name)
        if value is None:
            if f"proxies.{key}" in told:
                outcome.drop(what, "it is empty")
        elif own and own.get(name) != value:
            outcome.attend(
                what,
                "containerd.service has proxies of its own already, and this one not among them",
                f"See that {name} of containerd.service is right.",
            )
        elif own:
            outcome.carry(what, "the environment of containerd.service, which has it already", value)
        else:
            outcome.environment[name] = value
    if outcome.environment:
        if set(outcome.environment) - {"NO_PROXY"}:
            domain = context.kubelet_config.get("clusterDomain") or "cluster.local"
            outcome.no_proxy_added = [*LOCAL_NAMES, f".{domain}", *facts["network"]["api_servers"]]
            outcome.environment["NO_PROXY"] = extended_no_proxy(outcome.environment.get("NO_PROXY", ""), outcome.no_proxy_added)
        for name, key in PROXY_KEYS:
            if name in outcome.environment and name in proxies:
                what = told.get(f"proxies.{key}", f"{name} of docker.service")
                outcome.carry(what, "the environment of containerd.service", outcome.environment[name])


def _what_docker_did(context: rules.Context) -> None:
    """What Docker did for the node and its pods without having been told."""
    docker, outcome = context.facts["docker"], context.outcome
    if context.facts["network"]["forward_policy"] == "DROP":
        outcome.attend(
            "the policy DROP of the chain FORWARD",
            "Docker sets it when it starts; without Docker it is ACCEPT from the next reboot on",
            "If the node's safety relies on it, set it in the node's own firewall, with rules for the pods' network.",
        )
    version, containerd = docker.get("version"), context.containerd_release
    if version and kubelet_flags.release(version) >= DOCKER_UNPRIVILEGED_SINCE:
        what = "ports below 1024 and ping for users other than root"
        # One that is still to be installed may be of either kind; from 2.0 on it is containerd's default.
        able = kubelet_flags.release(context.facts["kernel"]["release"]) >= UNPRIVILEGED_KERNEL
        if able and containerd and where.SINCE["enable_unprivileged_ports"] <= containerd < CONTAINERD_UNPRIVILEGED_BY_DEFAULT:
            outcome.containerd.update(enable_unprivileged_ports=True, enable_unprivileged_icmp=True)
            outcome.carry(
                f"{what}, which Docker allows in every pod", "containerd enable_unprivileged_ports, enable_unprivileged_icmp", True
            )
        elif containerd is None or containerd < CONTAINERD_UNPRIVILEGED_BY_DEFAULT:
            outcome.attend(
                what,
                f"Docker {version} allows in every pod what the kernel lets it; containerd before 1.6 or on a kernel before 4.11 does not",
                "Give pods that need it NET_BIND_SERVICE or NET_RAW, or set the sysctl net.ipv4.ip_unprivileged_port_start in them.",
            )
    directories = context.kubelet_flags.get("cni-bin-dir", "").split(",")
    if len(directories) > 1:
        outcome.attend(
            f"--cni-bin-dir={','.join(directories)}",
            f"containerd takes one directory: {directories[0]}",
            "Put all CNI plugins there.",
        )
