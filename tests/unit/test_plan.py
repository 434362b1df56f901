# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as a table: real facts of a lab node (fixtures/facts_worker.json), one thing changed a case."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan import migration_plan
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Wishes
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_text import plan_text

FACTS = json.loads((Path(__file__).parent / "fixtures" / "facts_worker.json").read_text(encoding="utf-8"))
CONTAINERD = kubelet_flags.CONTAINERD_ENDPOINT
CRI_DOCKERD = kubelet_flags.CRI_DOCKERD_ENDPOINT
CRI_DOCKERD_WISH = Wishes(target="cri-dockerd", cri_dockerd={"source": "url", "checksum": "sha256:" + 64 * "0"})


@pytest.fixture
def facts():
    return copy.deepcopy(FACTS)


def change(facts, path, value):
    """Sets facts["a"]["b"] for the path a.b."""
    *parents, last = path.split(".")
    for key in parents:
        facts = facts[key]
    facts[last] = value


def migrated(facts):
    """The same node after its migration."""
    facts["kubelet"].update(
        flags={"container-runtime": "remote", "container-runtime-endpoint": CONTAINERD}, runtime="containerd", endpoint=CONTAINERD
    )
    facts["docker"].update(active=False, enabled=False, containers=[], images=[])
    facts["journal"] = [{"event": "switch_started"}, {"event": "switch_completed"}]
    return facts


def running_cri_dockerd(facts):
    """The same node with cri-dockerd beside its dockershim."""
    facts["cri_dockerd"].update(
        active=True,
        program="/usr/bin/cri-dockerd",
        version="0.3.2",
        unit="cri-docker",
        units=["cri-docker.socket", "cri-docker.service"],
        flags={"network-plugin": "cni", "cni-bin-dir": "/srv/cni", "pod-infra-container-image": "registry.example/pause:3.9"},
        listeners=[{"pid": 1, "program": "/usr/lib/systemd/systemd"}, {"pid": 14, "program": "/usr/bin/cri-dockerd"}],
        answer={"cri": ["v1", "v1alpha2"], "runtime_name": "docker", "runtime_version": "20.10.24", "runtime_api_version": "1.41.0"},
    )


def behind_cri_dockerd(facts):
    """The same node with its kubelet on cri-dockerd, as an earlier migration left it."""
    facts["kubelet"].update(
        flags={"container-runtime": "remote", "container-runtime-endpoint": CRI_DOCKERD}, runtime="cri-dockerd", endpoint=CRI_DOCKERD
    )
    running_cri_dockerd(facts)
    return facts


def blockers(facts, **wishes):
    return [blocker["what"] for blocker in migration_plan(facts, Wishes(**wishes))["blockers"]]


def test_a_node_with_dockershim(facts):
    plan = migration_plan(facts, Wishes())
    assert plan["blockers"] == []
    assert plan["runtime"] == {"from": "dockershim", "to": "containerd", "endpoint": CONTAINERD, "reported": "containerd"}
    assert plan["switch"]["needed"]
    assert plan["switch"]["drain"]
    assert not plan["switch"]["kubelet_done"]
    assert plan["containerd"]["settings"] == {
        "sandbox_image": "k8s.gcr.io/pause:3.2",
        "systemd_cgroup": True,
        "cri_enabled": True,
        "registry_config_path": "/etc/containerd/certs.d",
        "cni_bin_dir": "/opt/cni/bin",
        "cni_conf_dir": "/etc/cni/net.d",
        # As Docker 20.10 has it.
        "enable_unprivileged_ports": True,
        "enable_unprivileged_icmp": True,
    }
    assert not plan["containerd"]["restart_in_window"]
    assert [host["name"] for host in plan["registries"]] == ["docker.io", "registry.lab:5001"]
    assert plan["kubelet"]["files"] == [
        {
            "path": "/var/lib/kubelet/kubeadm-flags.env",
            "variable": "KUBELET_KUBEADM_ARGS",
            "flags": {"container-runtime": "remote", "container-runtime-endpoint": CONTAINERD},
            "absent": sorted(
                ["image-service-endpoint"] + [flag.name for flag in kubelet_flags.FLAGS if flag.read_by in ("dockershim", "cAdvisor")]
            ),
        }
    ]
    # The settings are Docker's; 1.20 reads no endpoint there.
    assert [(file["path"], set(file["settings"])) for file in plan["kubelet"]["config_files"]] == [
        ("/var/lib/kubelet/config.yaml", {"containerLogMaxFiles", "containerLogMaxSize"})
    ]
    assert plan["kubelet"]["annotation"] == "present"
    assert plan["crictl"] == {"path": "/etc/crictl.yaml", "endpoint": CONTAINERD}


def test_a_migrated_node_needs_nothing_and_says_nothing(facts):
    plan = migration_plan(migrated(facts), Wishes())
    assert not plan["switch"]["needed"]
    assert plan["blockers"] == plan["attention"] == plan["not_applicable"] == []
    assert plan_text(plan) == ["worker-1: nothing to do, the kubelet uses containerd"]


def test_a_node_with_dockershim_on_its_way_to_cri_dockerd(facts):
    plan = migration_plan(facts, CRI_DOCKERD_WISH)
    assert plan["blockers"] == plan["attention"] == plan["not_applicable"] == []
    # The Node object names Docker before and after.
    assert plan["runtime"] == {"from": "dockershim", "to": "cri-dockerd", "endpoint": CRI_DOCKERD, "reported": "docker"}
    assert plan["switch"]["needed"]
    assert plan["kubelet"]["files"][0]["flags"] == {"container-runtime": "remote", "container-runtime-endpoint": CRI_DOCKERD}
    assert plan["docker"]["stop"] is False
    assert plan["docker"]["foreign"] == "keep"
    assert plan["images"]["missing"] == []
    part = plan["cri_dockerd"]
    assert (part["install"], part["configure"], part["version"], part["remove"]) == (True, True, "0.3.2", [])
    assert part["url"] == "https://github.com/Mirantis/cri-dockerd/releases/download/v0.3.2/cri-dockerd-0.3.2.amd64.tgz"
    assert part["command_line"] == ("--network-plugin=cni --pod-infra-container-image=k8s.gcr.io/pause:3.2 --streaming-bind-addr=127.0.0.1")
    assert "  cri-dockerd 0.3.2 will be installed: " + part["command_line"] in plan_text(plan)


OWN_UNITS = ["/etc/systemd/system/cri-docker.service", "/etc/systemd/system/cri-docker.socket"]


@pytest.mark.parametrize(
    ("program", "units", "wish", "brought"),
    [
        (None, [], {}, ["/usr/bin/cri-dockerd", *OWN_UNITS]),
        (None, [], {"path": "/opt/bin/cri-dockerd"}, ["/opt/bin/cri-dockerd", *OWN_UNITS]),
        (None, [], {"source": "file", "file": "cri-dockerd.deb"}, []),
        ("/usr/local/bin/cri-dockerd", [], {}, OWN_UNITS),
        ("/usr/bin/cri-dockerd", ["cri-docker.socket", "cri-docker.service"], {}, []),
    ],
    ids=["an archive", "elsewhere", "a package", "a program alone", "all there"],
)
def test_what_a_way_back_from_cri_dockerd_takes_away(facts, program, units, wish, brought):
    facts["cri_dockerd"].update(program=program, units=units, unit="cri-docker" if units else None)
    plan = migration_plan(facts, Wishes(target="cri-dockerd", cri_dockerd={**CRI_DOCKERD_WISH.cri_dockerd, **wish}))
    drop_in = plan["cri_dockerd"]["drop_in"]
    assert plan["cri_dockerd"]["own_files"] == [drop_in, *brought]
    assert {drop_in, *brought} <= set(plan["journal"]["files"])
    assert plan["cri_dockerd"]["own_units"] is bool(set(OWN_UNITS) & set(brought))


def test_the_kubelets_network_flags_go_to_cri_dockerd(facts):
    facts["kubelet"]["flags"].update(
        {
            "cni-bin-dir": "/opt/cni/bin,/srv/my plugins",
            "network-plugin-mtu": "1400",
            "image-pull-progress-deadline": "5m",
            "experimental-dockershim-root-directory": "/srv/dockershim",
        }
    )
    wish = {"checksum": "sha256:0", "arguments": {"cri-dockerd-root-directory": "/srv/50%$x", "network-plugin-mtu": 1450}}
    part = migration_plan(facts, Wishes(target="cri-dockerd", cri_dockerd=wish))["cri_dockerd"]
    assert part["command_line"] == (
        '"--cni-bin-dir=/opt/cni/bin,/srv/my plugins" "--cri-dockerd-root-directory=/srv/50%%$$x" --image-pull-progress-deadline=5m '
        "--network-plugin=cni --network-plugin-mtu=1450 --pod-infra-container-image=k8s.gcr.io/pause:3.2 --streaming-bind-addr=127.0.0.1"
    )


STRANGER = [{"pid": 99, "program": "/usr/bin/socat"}]


@pytest.mark.parametrize(
    ("change_of", "wish", "what", "why"),
    [
        ({}, {"checksum": ""}, "cri_dockerd_checksum", "without knowing that it is the right file"),
        ({"architecture": "s390x"}, {}, "architecture s390x", "for amd64 and arm64 only"),
        ({"architecture": "s390x"}, {"url": "https://mirror.example/cri-dockerd"}, None, None),
        ({"architecture": "s390x"}, {"source": "file", "file": "/srv/cri-dockerd", "checksum": ""}, None, None),
        ({}, {"source": "file"}, "cri_dockerd_file", "no file is named"),
        ({}, {"source": "package", "checksum": ""}, None, None),
        ({"docker.version": "19.03.15"}, {}, "Docker 19.03.15", "no release of cri-dockerd goes with it"),
        ({}, {"version": "0.3.8"}, "cri-dockerd 0.3.8", "needs Docker 24.0 or newer; the node has 20.10.24"),
        ({"docker.version": "25.0.3"}, {"version": "0.3.22"}, "cri-dockerd 0.3.22", "CRI v1 only, kubelet 1.20.2 v1alpha2"),
        ({"cri_dockerd.listeners": STRANGER}, {}, "socket /run/cri-dockerd.sock", "/usr/bin/socat (process 99) listens there"),
        ({"docker.cgroup_driver": "cgroupfs"}, {}, "cgroup driver", "the kubelet has systemd, Docker"),
    ],
)
def test_what_stands_in_the_way_of_cri_dockerd(facts, change_of, wish, what, why):
    for path, value in change_of.items():
        change(facts, path, value)
    found = migration_plan(facts, Wishes(target="cri-dockerd", cri_dockerd={**CRI_DOCKERD_WISH.cri_dockerd, **wish}))["blockers"]
    assert [blocker["what"] for blocker in found] == ([what] if what else [])
    assert all(why in blocker["why"] and blocker["what_to_do"] for blocker in found)


def test_an_installed_cri_dockerd_that_does_not_fit_is_a_blocker(facts):
    running_cri_dockerd(facts)
    assert migration_plan(facts, Wishes(target="cri-dockerd"))["blockers"] == []
    facts["cri_dockerd"]["version"] = "0.3.4"
    found = migration_plan(facts, Wishes(target="cri-dockerd"))["blockers"]
    assert [blocker["what"] for blocker in found] == ["cri-dockerd 0.3.4"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"answer": None}, "cri-dockerd does not answer at /run/cri-dockerd.sock"),
        ({"answer": {"runtime_name": "containerd", "cri": ["v1alpha2"]}}, "containerd answers at"),
        ({"answer": {"runtime_name": "docker", "cri": ["v1"]}}, "cri-dockerd speaks CRI v1 only, kubelet 1.20.2 v1alpha2"),
        ({"listeners": STRANGER}, "/usr/bin/socat listens at"),
    ],
)
def test_that_the_node_names_docker_proves_nothing(facts, changes, reason):
    behind_cri_dockerd(facts)
    facts["cri_dockerd"].update(changes)
    switch = migration_plan(facts, Wishes(target="cri-dockerd"))["switch"]
    assert switch["needed"] is bool(reason)
    assert (reason or "") in "".join(switch["reasons"])
    assert not switch["drain"]


def test_other_things_than_json_files_are_pointed_out(facts):
    facts["docker"]["daemon_json"]["log-driver"] = "journald"
    assert [item["what"] for item in migration_plan(facts, CRI_DOCKERD_WISH)["attention"]] == ["daemon.json log-driver journald"]


def test_a_node_behind_cri_dockerd_on_its_way_to_containerd(facts):
    behind_cri_dockerd(facts)
    installed = ["/usr/bin/cri-dockerd", "/etc/systemd/system/cri-docker.service"]
    facts["journal"] = [{"event": "cri_dockerd_installing", "details": {"files": installed}}]
    plan = migration_plan(facts, Wishes())
    assert plan["blockers"] == []
    # What cri-dockerd was told counts, not what the kubelet no longer has.
    assert plan["containerd"]["settings"]["sandbox_image"] == "registry.example/pause:3.9"
    assert plan["containerd"]["settings"]["cni_bin_dir"] == "/srv/cni"
    assert plan["cri_dockerd"]["units"] == ["cri-docker.socket", "cri-docker.service"]
    assert plan["cri_dockerd"]["remove"] == sorted([*installed, "/run/cri-dockerd.sock", "/var/lib/cri-dockerd"])
    # For a way back.
    assert set(installed) <= set(plan["journal"]["files"])


def test_what_others_installed_is_left(facts):
    behind_cri_dockerd(facts)
    assert migration_plan(facts, Wishes())["cri_dockerd"]["remove"] == ["/run/cri-dockerd.sock", "/var/lib/cri-dockerd"]


@pytest.mark.parametrize(
    ("node", "target", "needed", "source"),
    [
        (lambda facts: facts, "containerd", True, "dockershim"),
        (lambda facts: facts, "cri-dockerd", True, "dockershim"),
        (behind_cri_dockerd, "containerd", True, "cri-dockerd"),
        (behind_cri_dockerd, "cri-dockerd", False, "cri-dockerd"),
        (migrated, "containerd", False, "containerd"),
        # It is further than that already.
        (migrated, "cri-dockerd", False, "containerd"),
    ],
)
def test_each_node_of_a_mixed_cluster_tells_its_own_way(facts, node, target, needed, source):
    plan = migration_plan(node(facts), Wishes(target=target))
    assert (plan["switch"]["needed"], plan["runtime"]["from"]) == (needed, source)
    # Which kubeadm is told as well: a node that is further than that keeps its endpoint.
    assert plan["runtime"]["endpoint"] == (CONTAINERD if "containerd" in (source, target) else CRI_DOCKERD)


@pytest.mark.parametrize(
    ("journal", "kubelet", "target", "blocked", "source"),
    [
        # Cordoned only: it may still go the other way.
        ([{"from": "dockershim", "to": "containerd"}], {}, "cri-dockerd", False, "dockershim"),
        ([{"from": "dockershim", "to": "containerd"}], {"active": False}, "cri-dockerd", True, "dockershim"),
        ([{"from": "dockershim", "to": "cri-dockerd"}], {"active": False}, "cri-dockerd", False, "dockershim"),
        ([{"from": "dockershim", "to": "cri-dockerd"}], {"active": False}, "containerd", True, "dockershim"),
        # Taken up again after the flags were written: where it came from the first entry knows.
        (
            [{"from": "cri-dockerd", "to": "containerd"}, {"from": "containerd", "to": "containerd"}],
            {"active": False, "runtime": "containerd"},
            "containerd",
            False,
            "cri-dockerd",
        ),
    ],
)
def test_an_unfinished_switch_is_finished_in_its_own_direction(facts, journal, kubelet, target, blocked, source):
    facts["journal"] = [{"event": "switch_started", "details": details} for details in journal]
    facts["kubelet"].update(kubelet)
    running_cri_dockerd(facts)
    plan = migration_plan(facts, Wishes(target=target))
    assert [blocker["what"] for blocker in plan["blockers"]] == (["an unfinished switch"] if blocked else [])
    assert plan["runtime"]["from"] == source


@pytest.mark.parametrize(
    ("changes", "drain", "kubelet_done", "resuming"),
    [
        ({"journal": [{"event": "switch_started"}]}, False, True, True),
        ({"journal": [{"event": "switch_started"}, {"event": "drain_started"}], "kubelet.active": False}, False, False, True),
        (
            {
                "journal": [{"event": "switch_completed"}, {"event": "switch_started"}],
                "kubelet.active": False,
                "kubelet.runtime": "dockershim",
                "kubelet.flags": FACTS["kubelet"]["flags"],
            },
            False,
            False,
            True,
        ),
    ],
    ids=["killed after the kubelet's start", "killed before the kubelet's start", "killed before the flags were written"],
)
def test_a_killed_run_is_taken_up_where_it_stood(facts, changes, drain, kubelet_done, resuming):
    migrated(facts)
    for path, value in changes.items():
        change(facts, path, value)
    plan = migration_plan(facts, Wishes())
    switch = plan["switch"]
    assert (switch["needed"], switch["drain"], switch["kubelet_done"], switch["resuming"]) == (True, drain, kubelet_done, resuming)
    assert plan["blockers"] == []


def test_containers_that_outlived_the_switch_are_a_reason_to_act(facts):
    containers = copy.deepcopy(facts["docker"]["containers"])
    migrated(facts)
    facts["docker"].update(active=True, containers=containers)
    switch = migration_plan(facts, Wishes())["switch"]
    assert switch["needed"]
    assert "Docker still runs containers of 2 pods" in switch["reasons"][0]


@pytest.mark.parametrize(
    ("flags", "config", "expected"),
    [
        ({}, "cgroupDriver: systemd\n", "systemd"),
        ({}, "cgroupDriver: cgroupfs\n", "cgroupfs"),
        # kubeadm up to 1.20 wrote Docker's driver into kubeadm-flags.env; a flag wins over the file.
        ({"cgroup-driver": "systemd"}, "cgroupDriver: cgroupfs\n", "systemd"),
        ({"cgroup-driver": "cgroupfs"}, "cgroupDriver: systemd\n", "cgroupfs"),
        # The kubelet's own default, whatever kubeadm's is.
        ({}, "", "cgroupfs"),
        ({}, "kind: KubeletConfiguration\n", "cgroupfs"),
    ],
)
def test_containerd_gets_the_kubelets_cgroup_driver(facts, flags, config, expected):
    facts["kubelet"]["flags"].update(flags)
    facts["kubelet"]["config"] = config
    assert migration_plan(facts, Wishes())["containerd"]["settings"]["systemd_cgroup"] is (expected == "systemd")


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("kubelet.installed", False, "kubelet"),
        ("kubelet.runtime", "unknown", "runtime unknown at unix:///var/run/dockershim.sock"),
        ("kubelet.active", False, "kubelet.service"),
        ("kubelet.flags.network-plugin", "kubenet", "--network-plugin=kubenet"),
        ("docker.swarm", "active", "Docker Swarm"),
        ("docker.units", [], "docker.service"),
        ("docker.active", False, "docker.service"),
        ("docker.unstoppable_units", ["docker.socket"], "docker.socket"),
        ("docker.stray_pids", [4711], "dockerd, process 4711"),
        ("disk.containerd", 1024**3, "disk space below /var/lib/containerd"),
        ("containerd.unit", False, "containerd 1.6.20"),
        ("containerd.version", "2.0.1", "containerd 2.0.1"),
    ],
)
def test_what_stands_in_the_way(facts, path, value, what):
    assert blockers(facts) == []
    change(facts, path, value)
    assert blockers(facts) == [what]


def test_every_blocker_says_why_and_what_to_do(facts):
    facts["docker"]["swarm"] = "active"
    facts["docker"]["containers"].append(
        {"id": "1", "name": "ceph-osd", "image": "ceph:16", "kubernetes": False, "sandbox": False, "pod": None}
    )
    found = migration_plan(facts, Wishes())["blockers"]
    assert [blocker["what"] for blocker in found] == ["Docker containers ceph-osd (ceph:16)", "Docker Swarm"]
    assert all(blocker["why"] and blocker["what_to_do"] for blocker in found)
    assert blockers(facts, foreign_containers="stop") == ["Docker Swarm"]


@pytest.mark.parametrize(
    ("kubelet", "containerd", "blocked"),
    [
        ("1.22.17", "1.5.18", False),
        ("1.22.17", "1.7.24", False),
        ("1.22.17", "2.0.0", True),
        ("1.23.17", "2.0.0", False),
        ("1.23.17", "1.6.20", False),
    ],
)
def test_kubelet_and_containerd_must_speak_a_common_cri(facts, kubelet, containerd, blocked):
    facts["kubelet"]["version"] = kubelet
    facts["containerd"]["version"] = containerd
    assert bool(blockers(facts)) is blocked


@pytest.mark.parametrize(
    ("preload", "expected"),
    [
        (
            "all",
            {
                "docker.io/demo/web:1.0",
                "docker.io/library/busybox:1.35",
                "k8s.gcr.io/kube-proxy:v1.20.2",
                "k8s.gcr.io/pause:3.2",
                "registry.lab:5001/demo/agent:1.0",
                "registry.lab:5001/demo/unused:1.0",
            },
        ),
        ("used", {"k8s.gcr.io/kube-proxy:v1.20.2", "k8s.gcr.io/pause:3.2", "registry.lab:5001/demo/agent:1.0"}),
        ("none", set()),
    ],
)
def test_the_images_to_copy(facts, preload, expected):
    images = migration_plan(facts, Wishes(preload=preload))["images"]
    names = {name for image in images["missing"] for name in image["references"]}
    assert {name for name in names if "@" not in name} == expected
    # One that pods name by its digest has no tag in Docker, and is copied under that name.
    assert any(name.startswith("registry.lab:5001/demo/pinned@sha256:") for name in names) is (preload == "all")
    assert len(images["nameless"]) == 1


def test_an_image_that_containerd_has_is_not_copied_again(facts):
    web = next(image for image in facts["docker"]["images"] if "demo/web:1.0" in image["tags"])
    facts["containerd"]["images"] = {"docker.io/demo/web:1.0": web["id"], "docker.io/library/busybox:1.35": "sha256:another"}
    missing = migration_plan(facts, Wishes())["images"]["missing"]
    names = [name for image in missing for name in image["references"]]
    assert "docker.io/demo/web:1.0" not in names
    assert any(name.startswith("docker.io/demo/web@") for name in names)
    assert "docker.io/library/busybox:1.35" in names


def test_flags_that_the_administrator_repeats_go_as_well(facts):
    facts["kubelet"]["flag_sources"].append(
        {"path": "/etc/default/kubelet", "variable": "KUBELET_EXTRA_ARGS", "flags": {"network-plugin": "cni", "v": "2"}}
    )
    files = migration_plan(facts, Wishes())["kubelet"]["files"]
    assert files[1:] == [{"path": "/etc/default/kubelet", "variable": "KUBELET_EXTRA_ARGS", "flags": {}, "absent": ["network-plugin"]}]


def test_nothing_of_daemon_json_is_dropped_silently(facts):
    facts["docker"]["daemon_json"]["dns"] = ["192.0.2.53"]
    facts["docker"]["daemon_json"]["exec-opts"].append("isolation=default")
    plan = migration_plan(facts, Wishes())
    told = [note["what"] for note in plan["attention"] + plan["not_applicable"] + plan["carried"]]
    assert "daemon.json exec-opts isolation=default" in told
    for key in set(facts["docker"]["daemon_json"]) - {"registry-mirrors", "insecure-registries"}:
        assert [what for what in told if what.startswith(f"daemon.json {key}")], key


@pytest.mark.parametrize(
    ("flag", "wish", "expected"),
    [
        ("k8s.gcr.io/pause:3.2", "", "k8s.gcr.io/pause:3.2"),
        ("k8s.gcr.io/pause:3.2", "registry.example/pause:3.9", "registry.example/pause:3.9"),
        # What a running pod has, where the flags are silent.
        ("", "", "k8s.gcr.io/pause:3.2"),
    ],
)
def test_the_pause_image(facts, flag, wish, expected):
    facts["kubelet"]["flags"]["pod-infra-container-image"] = flag
    assert migration_plan(facts, Wishes(sandbox_image=wish))["containerd"]["settings"]["sandbox_image"] == expected


def test_an_unknown_pause_image_is_a_blocker(facts):
    del facts["kubelet"]["flags"]["pod-infra-container-image"]
    facts["docker"]["containers"] = []
    assert blockers(facts) == ["pause image"]


def test_a_docker_bound_to_containerd_postpones_the_restart(facts):
    facts["docker"]["bound_to_containerd"] = True
    assert migration_plan(facts, Wishes())["containerd"]["restart_in_window"]


REFUSED = {
    "failed": False,
    "failed_when_result": False,
    "msg": "Node worker-1 is not drained, and nothing was changed: demo/one-shot has no controller.",
}
BUDGETS = {
    "budgets": [
        {"namespace": "demo", "name": "web", "disruptions_allowed": 0, "current_healthy": 3, "desired_healthy": 3},
        {"namespace": "demo", "name": "api", "disruptions_allowed": 1, "current_healthy": 3, "desired_healthy": 2},
    ]
}


def test_a_refused_drain_is_a_blocker(facts):
    found = migration_plan(facts, Wishes(), REFUSED)["blockers"]
    assert [blocker["what"] for blocker in found] == ["draining worker-1"]
    assert "demo/one-shot has no controller" in found[0]["why"]


def test_a_configuration_that_cannot_be_changed_is_a_blocker(facts):
    found = migration_plan(facts, Wishes(), configuration={"failed": False, "msg": "config.toml is not valid TOML: line 1."})["blockers"]
    assert [blocker["what"] for blocker in found] == ["containerd's configuration"]
    assert "config.toml is not valid TOML: line 1" in found[0]["why"]


def test_a_configuration_that_can_be_changed_is_none(facts):
    assert migration_plan(facts, Wishes(), configuration={"changed": True, "failed": False})["blockers"] == []


def test_a_budget_that_allows_nothing_is_pointed_out(facts):
    plan = migration_plan(facts, Wishes(), BUDGETS)
    assert plan["blockers"] == []
    assert [note["what"] for note in plan["attention"] if "Budget" in note["what"]] == ["PodDisruptionBudget demo/web"]


@pytest.mark.parametrize("drain", [REFUSED, BUDGETS], ids=["refused", "budgets"])
def test_a_node_that_is_not_drained_has_nothing_to_fear_from_draining(facts, drain):
    interrupted = migrated(facts)
    interrupted["journal"] = [{"event": "switch_started"}]
    plan = migration_plan(interrupted, Wishes(), drain)
    assert plan["switch"]["needed"]
    assert plan["blockers"] == []
    assert not [note for note in plan["attention"] if "Budget" in note["what"]]


def test_the_text_names_everything(facts):
    facts["docker"]["swarm"] = "active"
    text = "\n".join(plan_text(migration_plan(facts, Wishes())))
    for word in (
        "dockershim -> containerd",
        "k8s.gcr.io/pause:3.2",
        "registry.lab:5001",
        "blockers: Docker Swarm",
        "carried over: daemon.json log-opts.max-size",
    ):
        assert word in text


UNIT = {"path": "/etc/systemd/system/kubelet.service.d/20-ours.conf", "line": 3, "variable": "KUBELET_NETWORK_ARGS"}


def test_a_runtime_that_a_unit_file_names_is_a_blocker(facts):
    facts["kubelet"]["unit_flags"] = [{**UNIT, "flags": {"container-runtime-endpoint": "/run/cri-dockerd.sock", "v": "2"}}]
    found = migration_plan(facts, Wishes())["blockers"]
    assert [blocker["what"] for blocker in found] == [
        "/etc/systemd/system/kubelet.service.d/20-ours.conf, line 3: --container-runtime-endpoint (KUBELET_NETWORK_ARGS)"
    ]
    assert "/etc/default/kubelet" in found[0]["what_to_do"]


def test_what_a_unit_file_says_to_the_dockershim_is_pointed_out(facts):
    facts["kubelet"]["unit_flags"] = [{**UNIT, "flags": {"network-plugin": "cni", "cni-bin-dir": "/srv/cni", "v": "2"}}]
    plan = migration_plan(facts, Wishes())
    assert plan["blockers"] == []
    assert [note["what"] for note in plan["attention"] if "20-ours.conf" in note["what"]] == [
        "/etc/systemd/system/kubelet.service.d/20-ours.conf, line 3: --network-plugin --cni-bin-dir (KUBELET_NETWORK_ARGS)"
    ]


def test_a_containerd_that_ends_with_the_next_kubernetes_is_pointed_out(facts):
    facts["kubelet"]["version"], facts["containerd"]["version"] = "1.25.16", "1.5.18"
    assert "containerd 1.5.18" in [note["what"] for note in migration_plan(facts, Wishes())["attention"]]
