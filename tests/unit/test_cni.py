# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
import subprocess

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _cni as cni

CONTAINER = "1bb1590132e5168cd61634d23bd82edd2d5c3ee89ef89ee6cb4b2de63a3920b6"
NETWORK = {
    "cniVersion": "0.3.1",
    "name": "lab",
    "plugins": [
        {"type": "bridge", "bridge": "cni0", "ipam": {"type": "host-local"}},
        {"type": "portmap", "capabilities": {"portMappings": True, "bandwidth": False}},
    ],
}
NETNS = "/proc/2217/ns/net"


def record(network=None, **changes):
    """What the dockershim of Kubernetes 1.20.2 left in the cache of a lab node."""
    config = base64.b64encode(json.dumps(network or NETWORK).encode()).decode()
    return {
        "kind": "cniCacheV1",
        "containerId": CONTAINER,
        "config": config,
        "ifName": "eth0",
        "networkName": "lab",
        "cniArgs": [["IgnoreUnknown", "1"], ["K8S_POD_NAME", "agent-rfsmd"]],
        "capabilityArgs": {"portMappings": [{"hostPort": 80}], "bandwidth": {}},
        "result": {"cniVersion": "0.3.1", "ips": [{"address": "10.244.11.2/24"}]},
        **changes,
    }


def configurations(cached):
    return [json.loads(call.configuration) for call in cni.teardown(cached, NETNS, "/opt/cni/bin")]


def test_the_plugins_are_asked_in_reverse_order_as_libcni_does():
    calls = cni.teardown(record(), NETNS, "/opt/cni/bin")
    assert [call.plugin for call in calls] == ["portmap", "bridge"]
    assert calls[0].environment == {
        "CNI_COMMAND": "DEL",
        "CNI_CONTAINERID": CONTAINER,
        "CNI_NETNS": NETNS,
        "CNI_IFNAME": "eth0",
        "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=agent-rfsmd",
        "CNI_PATH": "/opt/cni/bin",
    }
    portmap, bridge = configurations(record())
    assert portmap == {"type": "portmap", "name": "lab", "cniVersion": "0.3.1", "runtimeConfig": {"portMappings": [{"hostPort": 80}]}}
    assert bridge["bridge"] == "cni0"
    assert (bridge["name"], bridge["cniVersion"]) == ("lab", "0.3.1")


@pytest.mark.parametrize(("version", "told"), [("0.3.1", False), ("0.4.0", True), ("1.0.0", True)])
def test_the_previous_result_is_told_from_0_4_0_on(version, told):
    assert ["prevResult" in configuration for configuration in configurations(record({**NETWORK, "cniVersion": version}))] == [told, told]


def test_a_network_of_a_single_plugin():
    assert [c["type"] for c in configurations(record({"cniVersion": "0.3.1", "name": "flat", "type": "macvlan"}))] == ["macvlan"]


def test_a_record_of_another_kind_is_left_alone():
    assert cni.teardown({"cniVersion": "0.3.1", "ips": []}, NETNS, "/opt/cni/bin") == []


@pytest.fixture
def cache(tmp_path):
    results = tmp_path / "cache" / "results"
    results.mkdir(parents=True)
    (results / f"lab-{CONTAINER}-eth0").write_text(json.dumps(record()))
    (results / f"cni-loopback-{CONTAINER}-eth0").write_text("{}")
    (results / f"lab-{'f' * 64}-eth0").write_text("another container's")
    return results


def plugins(directory, **scripts):
    directory.mkdir()
    for name, script in scripts.items():
        (directory / name).write_text("#!/bin/sh\n" + script)
        (directory / name).chmod(0o755)
    return str(directory)


def run(command, environ_update, data):
    done = subprocess.run(command, env=environ_update, input=data, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def release(cache, path):
    return cni.release_networks(run, CONTAINER, NETNS, path, str(cache.parent))


def test_the_records_go_with_the_networks_and_nobody_elses(cache, tmp_path):
    script = f'echo "$CNI_COMMAND ${{0##*/}}" >> {tmp_path}/calls\n'
    assert release(cache, plugins(tmp_path / "bin", bridge=script, portmap=script)) == (["lab"], [])
    assert (tmp_path / "calls").read_text() == "DEL portmap\nDEL bridge\n"
    assert [path.name for path in cache.iterdir()] == [f"lab-{'f' * 64}-eth0"]
    assert release(cache, "/nowhere") == ([], [])


@pytest.mark.parametrize(
    ("scripts", "problem"),
    [
        ({"portmap": "exit 0\n"}, "there is no plugin bridge in"),
        ({"portmap": "echo '{\"code\": 7}'; exit 1\n", "bridge": ""}, 'plugin portmap failed: {"code": 7}'),
    ],
    ids=["missing", "failing"],
)
def test_a_plugin_that_does_not_do_it_is_named(cache, tmp_path, scripts, problem):
    released, problems = release(cache, plugins(tmp_path / "bin", **scripts))
    assert released == []
    assert len(problems) == 1
    assert problem in problems[0]
    assert (cache / f"lab-{CONTAINER}-eth0").exists()


def test_a_record_that_cannot_be_read_is_named(cache):
    (cache / f"lab-{CONTAINER}-eth0").write_text("{")
    _released, problems = release(cache, "/nowhere")
    assert "cannot be read" in problems[0]
