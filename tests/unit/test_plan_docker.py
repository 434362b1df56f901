# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting of Docker's ends in exactly one place: what is carried over, pointed out, or has no meaning any more."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._registries import parse_daemon_json
from ansible_collections.dockershim.migration.plugins.plugin_utils import _docker_rules as rules
from ansible_collections.dockershim.migration.plugins.plugin_utils import _docker_settings as table
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan import migration_plan
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_docker import docker_outcome
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Wishes
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_text import plan_text
from hypothesis import given, settings
from hypothesis import strategies as some

FACTS = json.loads((Path(__file__).parent / "fixtures" / "facts_worker.json").read_text(encoding="utf-8"))
#: A value for each kind that says something.
SAMPLES = {
    table.BOOL: True,
    table.TEXT: "x",
    table.NUMBER: 3,
    table.LIST: ["x"],
    table.MAP: {"x": "y"},
    table.BOOLS: {"x": True},
    table.OBJECT: {"x": "y"},
    table.ULIMITS: {"nofile": {"Name": "nofile", "Soft": 10000, "Hard": 20000}},
    table.RUNTIMES: {"nvidia": {"path": "nvidia-container-runtime"}},
}


@pytest.fixture
def facts():
    facts = copy.deepcopy(FACTS)
    facts["docker"].update(daemon_json={}, daemon_arguments=["/usr/bin/dockerd"])
    # Neither of what Docker did without being told.
    facts["docker"].update(version="19.03.15", cgroup_driver=None)
    facts["network"]["forward_policy"] = None
    return facts


def outcome(facts, daemon_json=None, *flags, **changes):
    facts["docker"]["daemon_json"] = daemon_json or {}
    facts["docker"]["daemon_arguments"] = ["/usr/bin/dockerd", *flags]
    for path, value in changes.items():
        part, _dot, key = path.partition("__")
        facts[part][key] = value
    return docker_outcome(facts)


def places(result):
    """List by list, what stands in it."""
    return (
        [(item["what"], item["value"]) for item in result.carried],
        [item["what"] for item in result.attention],
        [item["what"] for item in result.not_applicable],
    )


def test_what_is_not_settled_by_the_table_has_a_rule():
    undecided = {s.key for s in table.SETTINGS if s.destination in (table.CARRIED, table.DEPENDS)}
    assert undecided == set(rules.RULES) | set(rules.ELSEWHERE)


@pytest.mark.parametrize(
    "setting",
    [s for s in table.SETTINGS if s.destination != table.PER_KEY and "*" not in s.key and s.key not in rules.ELSEWHERE],
    ids=lambda setting: setting.key,
)
def test_every_setting_ends_in_one_place(facts, setting):
    parent, _dot, child = setting.key.partition(".")
    value = SAMPLES[setting.kind]
    result = outcome(facts, {parent: {child: value}} if child else {parent: value})
    assert sum(len(names) for names in places(result)) == 1
    assert setting.key in str(places(result))
    assert all(item["why"] and item["what_to_do"].endswith(".") for item in result.attention + result.not_applicable)


@pytest.mark.parametrize("key", ["new-in-99", "Data-Root", "log-opts.max-size"])
def test_a_setting_that_the_table_lacks_is_pointed_out(facts, key):
    assert places(outcome(facts, {key: "x"})) == ([], [f"daemon.json {key}"], [])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("10m", "10M"),
        ("10M", "10M"),
        ("10mb", "10M"),
        ("10MiB", "10M"),
        ("100k", "100k"),
        ("1g", "1G"),
        ("1.5g", "1500000000"),
        ("1048576", "1048576"),
        ("0", None),
        ("-1", None),
        ("ten", None),
        ("1.2.3m", None),
        ("", None),
    ],
)
def test_dockers_sizes_are_decimal(size, expected):
    assert rules.docker_size(size) == expected


@pytest.mark.parametrize(
    ("log_opts", "kubelet"),
    [
        ({"max-size": "10m", "max-file": "3"}, {"containerLogMaxSize": "10M", "containerLogMaxFiles": 3}),
        # Docker keeps one file by itself, the kubelet never fewer than two.
        ({"max-size": "10m"}, {"containerLogMaxSize": "10M", "containerLogMaxFiles": 2}),
        ({"max-size": "10m", "max-file": "1"}, {"containerLogMaxSize": "10M", "containerLogMaxFiles": 2}),
        ({"max-file": "3"}, {}),
        ({"max-size": "many"}, {}),
        ({"tag": "x"}, {}),
    ],
)
def test_the_kubelet_rotates_logs_as_docker_did(facts, log_opts, kubelet):
    assert outcome(facts, {"log-opts": log_opts}).kubelet == kubelet


@pytest.mark.parametrize(
    ("config", "flags", "carried"),
    [
        ("containerLogMaxSize: 10M\n", {}, True),
        ("containerLogMaxSize: 10000k\n", {}, True),
        ("containerLogMaxSize: 10Mi\n", {}, False),
        ("", {"container-log-max-size": "10M"}, True),
        ("containerLogMaxSize: 10M\n", {"container-log-max-size": "5M"}, False),
    ],
)
def test_what_the_administrator_set_is_kept(facts, config, flags, carried):
    facts["kubelet"]["config"] = config
    facts["kubelet"]["flags"].update(flags)
    result = outcome(facts, {"log-opts": {"max-size": "10m", "max-file": "3"}})
    assert result.kubelet == {"containerLogMaxFiles": 3}
    assert ("daemon.json log-opts.max-size" in [item["what"] for item in result.carried]) is carried
    assert ("daemon.json log-opts.max-size" in [item["what"] for item in result.attention]) is not carried


def test_another_log_driver_and_its_options_need_attention(facts):
    result = outcome(facts, {"log-driver": "journald", "log-opts": {"max-size": "10m", "tag": "x"}})
    assert (result.kubelet, len(result.attention), result.carried) == ({}, 3, [])


@pytest.mark.parametrize(
    ("daemon_json", "containerd"),
    [
        ({"max-concurrent-downloads": 6}, {"max_concurrent_downloads": 6}),
        ({"selinux-enabled": True}, {"enable_selinux": True}),
        ({"selinux-enabled": False}, {}),
        ({"debug": True, "log-level": "warn"}, {"debug_level": "debug"}),
        ({"log-level": "WARN"}, {"debug_level": "warn"}),
        ({"log-level": "info"}, {}),
        ({"log-format": "json"}, {"debug_format": "json"}),
        ({"log-format": "text"}, {}),
        ({"features": {"cdi": True}}, {}),
        ({"metrics-addr": "127.0.0.1:9323"}, {}),
        (
            {"runtimes": {"kata": {"runtimeType": "io.containerd.kata.v2"}}},
            {"runtimes": {"kata": {"runtime_type": "io.containerd.kata.v2", "options": {}}}},
        ),
        (
            {"default-runtime": "nvidia", "runtimes": {"nvidia": {"path": "nvidia-container-runtime", "runtimeArgs": []}}},
            {
                "runtimes": {"nvidia": {"runtime_type": "io.containerd.runc.v2", "options": {"BinaryName": "nvidia-container-runtime"}}},
                "default_runtime_name": "nvidia",
            },
        ),
        ({"runtimes": {"odd": {"path": "/odd", "runtimeArgs": ["--debug"]}}, "default-runtime": "odd"}, {}),
        ({"default-runtime": "runc"}, {}),
    ],
    ids=json.dumps,
)
def test_what_containerd_is_told(facts, daemon_json, containerd):
    assert outcome(facts, daemon_json).containerd == containerd


@pytest.mark.parametrize(
    ("driver", "filesystem", "snapshotter", "carried"),
    [
        ("overlay2", "ext4", None, True),
        ("btrfs", "btrfs", "btrfs", True),
        ("btrfs", "ext4", None, False),
        ("zfs", "zfs", "zfs", True),
        ("vfs", "ext4", "native", True),
        ("devicemapper", "ext4", None, False),
        ("aufs", "ext4", None, False),
    ],
)
def test_the_snapshotter_follows_the_storage_driver(facts, driver, filesystem, snapshotter, carried):
    facts["disk"]["filesystems"]["/var/lib/containerd"]["type"] = filesystem
    result = outcome(facts, {"storage-driver": driver}, docker__storage_driver=driver)
    assert result.containerd.get("snapshotter") == snapshotter
    assert bool(result.carried) is carried


DATA = {"mount": "/srv", "device": "8:17", "type": "ext4", "free": 1}
ROOT = {"mount": "/", "device": "8:1", "type": "ext4", "free": 1}


@pytest.mark.parametrize(
    ("changes", "root", "lists"),
    [
        # Nothing is there yet: beside Docker's data.
        ({"installed": False, "namespaces": []}, "/srv/containerd", (1, 0, 0)),
        # Docker's own containers hang on it.
        ({"namespaces": ["moby"]}, None, (0, 1, 0)),
        ({"root": "/data/containerd", "namespaces": ["moby"]}, None, (0, 0, 1)),
    ],
)
def test_containerds_root_follows_the_data_root(facts, changes, root, lists):
    facts["containerd"].update(changes)
    facts["disk"]["filesystems"] = {"/srv/docker": DATA, "/srv": DATA, facts["containerd"]["root"]: ROOT}
    result = outcome(facts, {"data-root": "/srv/docker"}, docker__root_dir="/srv/docker")
    assert result.containerd.get("root") == root
    assert tuple(len(names) for names in places(result)) == lists


def test_a_data_root_that_is_a_disk_itself_holds_containerds_root(facts):
    facts["containerd"].update(installed=False, namespaces=[])
    facts["disk"]["filesystems"] = {"/srv/docker": DATA, "/srv": ROOT, "/var/lib/containerd": ROOT}
    result = outcome(facts, {"data-root": "/srv/docker"}, docker__root_dir="/srv/docker")
    assert result.containerd["root"] == "/srv/docker/containerd-root"


def test_the_disk_is_measured_where_the_images_will_lie(facts):
    facts["docker"].update(root_dir="/srv/docker", daemon_json={"data-root": "/srv/docker"})
    facts["containerd"].update(installed=False, version=None, namespaces=[])
    facts["disk"] = {"docker": 1024**4, "containerd": 0, "filesystems": {"/srv/docker": DATA, "/srv": DATA, "/var/lib/containerd": ROOT}}
    assert migration_plan(facts, Wishes())["blockers"] == []
    facts["disk"]["docker"] = 0
    assert [blocker["what"] for blocker in migration_plan(facts, Wishes())["blockers"]] == ["disk space below /srv/containerd"]


@pytest.mark.parametrize(
    ("ulimits", "limits", "pointed_out"),
    [
        ({"nofile": {"Name": "nofile", "Soft": 10000, "Hard": 20000}}, {"LimitNOFILE": "10000:20000"}, 0),
        ({"memlock": {"name": "memlock", "soft": -1, "hard": -1}}, {"LimitMEMLOCK": "infinity:infinity"}, 0),
        # containerd could not work with it.
        ({"nofile": {"Soft": 64, "Hard": 64}}, {}, 1),
        ({"odd": {"Soft": 64, "Hard": 64}}, {}, 1),
        ({"core": {"Soft": "0", "Hard": 0}}, {}, 1),
    ],
)
def test_limits_of_containers_become_containerds(facts, ulimits, limits, pointed_out):
    result = outcome(facts, {"default-ulimits": ulimits})
    assert (result.limits, len(result.attention)) == (limits, pointed_out)


@pytest.mark.parametrize(
    ("kubelet", "config", "expected", "pointed_out"),
    [
        ("1.20.2", "", {}, 1),
        ("1.22.0", "shutdownGracePeriod: 0s\n", {"shutdownGracePeriod": "30s"}, 0),
        ("1.22.0", "shutdownGracePeriod: 60s\n", {}, 1),
        ("1.22.0", "shutdownGracePeriod: 30s\n", {}, 0),
    ],
)
def test_the_time_for_shutting_down(facts, kubelet, config, expected, pointed_out):
    facts["kubelet"].update(version=kubelet, config=config)
    result = outcome(facts, {"shutdown-timeout": 30})
    assert (result.kubelet, len(result.attention)) == (expected, pointed_out)


@pytest.mark.parametrize(
    ("kubelet", "config", "expected", "pointed_out"),
    [
        ("1.22.0", "", {}, 0),
        ("1.22.0", "serializeImagePulls: false\n", {}, 1),
        ("1.28.0", "serializeImagePulls: false\n", {"maxParallelImagePulls": 4}, 0),
        ("1.28.0", "serializeImagePulls: false\nmaxParallelImagePulls: 2\n", {}, 0),
    ],
)
def test_the_limit_of_downloads_for_the_whole_node(facts, kubelet, config, expected, pointed_out):
    facts["kubelet"].update(version=kubelet, config=config)
    result = outcome(facts, {"max-concurrent-downloads": 4})
    assert (result.kubelet, len(result.attention)) == (expected, pointed_out)


@pytest.mark.parametrize(
    ("docker", "kubelet", "options", "pointed_out"),
    [
        ("systemd", "systemd", [], 0),
        ("systemd", "systemd", ["native.cgroupdriver=systemd"], 0),
        ("cgroupfs", "systemd", [], 1),
        ("cgroupfs", "systemd", ["native.cgroupdriver=cgroupfs"], 1),
        ("systemd", "cgroupfs", ["native.cgroupdriver=systemd"], 1),
    ],
)
def test_a_disagreement_about_cgroups_goes_the_kubelets_way(facts, docker, kubelet, options, pointed_out):
    facts["kubelet"]["config"] = f"cgroupDriver: {kubelet}\n"
    facts["docker"].update(cgroup_driver=docker, daemon_json={"exec-opts": options} if options else {})
    plan = migration_plan(facts, Wishes())
    assert len([item for item in plan["attention"] if "cgroup driver" in item["what"]]) == pointed_out
    assert plan["containerd"]["settings"]["systemd_cgroup"] is (kubelet == "systemd")


def test_a_rootless_docker_is_not_migrated(facts):
    assert [item["what"] for item in outcome(facts, {"rootless": True}).blockers] == ["rootless Docker"]
    assert [item["what"] for item in outcome(facts, docker__security_options=["rootless"]).blockers] == ["rootless Docker"]


def test_proxies_reach_containerd_with_what_it_reaches_directly(facts):
    facts["docker"]["proxies"] = {"HTTPS_PROXY": "http://********@proxy:3128", "NO_PROXY": "localhost,.example"}
    facts["kubelet"]["config"] = "clusterDomain: corp.local\n"
    result = outcome(facts, {"proxies": {"https-proxy": "http://********@proxy:3128"}})
    no_proxy = "localhost,.example,127.0.0.1,.svc,.corp.local,10.88.0.11"
    assert result.environment == {"HTTPS_PROXY": "http://********@proxy:3128", "NO_PROXY": no_proxy}
    assert places(result)[0] == [
        ("daemon.json proxies.https-proxy", "http://********@proxy:3128"),
        ("NO_PROXY of docker.service", no_proxy),
    ]


def test_proxies_of_containerds_own_are_kept(facts):
    facts["docker"]["proxies"] = {"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "http://a:1"}
    facts["containerd"]["proxies"] = {"HTTP_PROXY": "http://a:1"}
    result = outcome(facts)
    assert (result.environment, places(result)[:2]) == (
        {},
        ([("HTTP_PROXY of docker.service", "http://a:1")], ["HTTPS_PROXY of docker.service"]),
    )


def test_the_kernel_keeps_what_is_in_force(facts):
    facts["kernel"]["sysctls"].update({"net.bridge.bridge-nf-call-ip6tables": "0", "net.ipv6.conf.all.forwarding": "1"})
    system = migration_plan(facts, Wishes())["system"]
    assert system["modules"] == ["overlay", "br_netfilter"]
    assert system["sysctls"] == {"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"}
    facts["docker"]["daemon_json"] = {"ipv6": True}
    assert "net.ipv6.conf.all.forwarding" in migration_plan(facts, Wishes())["system"]["sysctls"]


def test_the_policy_that_docker_set_is_pointed_out(facts):
    facts["network"]["forward_policy"] = "DROP"
    assert [item["what"] for item in outcome(facts).attention] == ["the policy DROP of the chain FORWARD"]


@pytest.mark.parametrize(
    ("docker", "containerd", "kernel", "carried", "pointed_out"),
    [
        ("19.03.15", "1.6.20", "6.1.0", False, False),
        ("20.10.24+dfsg1", "1.4.13", "6.1.0", False, True),
        ("20.10.24+dfsg1", "1.6.20", "6.1.0", True, False),
        # containerd's CRI plugin would not start.
        ("20.10.24", "1.6.20", "3.10.0-1160.el7.x86_64", False, True),
        ("20.10.24+dfsg1", "2.0.1", "6.1.0", False, False),
        ("20.10.24+dfsg1", None, "6.1.0", False, True),
    ],
)
def test_what_docker_let_every_user_do_goes_on(facts, docker, containerd, kernel, carried, pointed_out):
    result = outcome(facts, docker__version=docker, containerd__version=containerd, kernel__release=kernel)
    assert result.containerd == ({"enable_unprivileged_ports": True, "enable_unprivileged_icmp": True} if carried else {})
    assert (bool(result.carried), bool(result.attention)) == (carried, pointed_out)


def test_behind_cri_dockerd_nothing_is_carried_over(facts):
    facts["docker"]["daemon_json"] = FACTS["docker"]["daemon_json"]
    plan = migration_plan(facts, Wishes(target="cri-dockerd"))
    assert (plan["carried"], plan["not_applicable"], plan["kubelet"]["config"]) == ([], [], {})


def test_the_text_is_short_and_names_all_three_lists(facts):
    facts["docker"]["daemon_json"] = {"bip": "192.0.2.1/24", "mtu": 1400, "labels": ["a=b"], "max-concurrent-downloads": 4}
    lines = plan_text(migration_plan(facts, Wishes()))
    assert "  carried over: daemon.json max-concurrent-downloads -> containerd max_concurrent_downloads: 4" in lines
    assert [line for line in lines if line.startswith("  attention: daemon.json labels: ")]
    assert "  not applicable without Docker: daemon.json bip, daemon.json mtu" in lines


# --- whatever daemon.json is ---

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = some.sampled_from(sorted({s.key.partition(".")[0] for s in table.SETTINGS})) | some.text(max_size=8)
FLAGS = some.sampled_from(sorted(table.BY_FLAG)) | some.text(max_size=8)


def plan_of(text, arguments):
    """Returns a plan; None where an error that a person can read came instead. Anything else fails the test."""
    facts = copy.deepcopy(FACTS)
    with contextlib.suppress(MigrationError):
        facts["docker"]["daemon_json"] = parse_daemon_json(text)[0]
        facts["docker"]["daemon_arguments"] = arguments
        return migration_plan(facts, Wishes())
    return None


@settings(max_examples=150, deadline=None)
@given(some.text())
def test_any_text_ends_in_a_plan_or_in_a_clear_error(text):
    plan_of(text, [])


@settings(max_examples=300, deadline=None)
@given(some.dictionaries(KEYS, JSON, max_size=4))
def test_any_json_ends_in_a_plan_or_in_a_clear_error(daemon_json):
    plan = plan_of(json.dumps(daemon_json), ["/usr/bin/dockerd", "-H", "fd://"])
    if plan is not None:
        plan_text(plan)
        told = "\n".join(item["what"] for item in plan["carried"] + plan["attention"] + plan["not_applicable"])
        silent = ("registry-mirrors", "insecure-registries", "proxies")
        assert [key for key, value in daemon_json.items() if value not in (None, {}, []) and key not in silent and key not in told] == []


@settings(max_examples=150, deadline=None)
@given(some.lists(some.tuples(FLAGS, some.none() | some.text(max_size=8)), max_size=4))
def test_any_flags_end_in_a_plan_or_in_a_clear_error(flags):
    plan_of("{}", ["/usr/bin/dockerd", *(f"--{name}" + ("" if value is None else f"={value}") for name, value in flags)])
