# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the plan about registries: real facts of a lab node (fixtures/facts_worker.json), one thing changed a case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._registries import MARKER, describe_hosts_toml
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_registries import cri_tables, registries_part

FACTS = Path(__file__).parent / "fixtures" / "facts_worker.json"
INSECURE = '[host."https://registry.lab:5001"]\n  skip_verify = true\n\n[host."http://registry.lab:5001"]\n'


@pytest.fixture
def facts():
    return json.loads(FACTS.read_text(encoding="utf-8"))


def whats(notes):
    return [note["what"] for note in notes]


def test_what_docker_knew_is_carried_over(facts):
    facts["docker"]["certificates"] = {"tls.lab:5002": ["ca.crt", "a.cert", "a.key"]}
    part = registries_part(facts)
    assert part.settings == {"registry_config_path": "/etc/containerd/certs.d"}
    assert [(entry["what"], entry["where"], entry["value"]) for entry in part.carried] == [
        ("registry-mirrors", "/etc/containerd/certs.d/docker.io/hosts.toml", "http://mirror.lab:5000"),
        (
            "insecure-registries registry.lab:5001",
            "/etc/containerd/certs.d/registry.lab:5001/hosts.toml",
            "https://registry.lab:5001 without verification, then http://registry.lab:5001",
        ),
        (
            "/etc/docker/certs.d/tls.lab:5002",
            "/etc/containerd/certs.d/tls.lab:5002/hosts.toml",
            "https://tls.lab:5002; with a.cert, a.key, ca.crt",
        ),
    ]
    assert part.attention == part.not_applicable == []


def test_containerd_1_4_gets_tables(facts):
    facts["containerd"]["version"] = "1.4.13"
    # Nobody reads hosts.toml there.
    facts["registries"]["hosts_toml"] = {"registry.lab:5001": {"ours": False, "meaning": "other"}}
    part = registries_part(facts)
    assert part.settings == {
        "registry_mirrors": {
            "docker.io": ["http://mirror.lab:5000"],
            "registry.lab:5001": ["https://registry.lab:5001", "http://registry.lab:5001"],
        },
        "registry_configs": {"registry.lab:5001": {"tls": {"insecure_skip_verify": True}}},
    }
    assert {entry["where"] for entry in part.carried} == {"/etc/containerd/config.toml"}
    assert part.attention == []


def endpoint(url, **changes):
    return {"url": url, "capabilities": [], "skip_verify": False, "ca": [], "client": [], **changes}


@pytest.mark.parametrize(
    ("name", "endpoints", "mirrors", "configs"),
    [
        pytest.param("r", [endpoint("https://r")], {}, {}, id="what containerd does anyway"),
        pytest.param(
            "docker.io",
            [endpoint("https://m/hub"), endpoint("http://n/v2/v2"), endpoint("http://o/nov2")],
            {"docker.io": ["https://m/hub/v2", "http://n/v2/v2", "http://o/nov2/v2"]},
            {},
            id="/v2 is added to no path but an empty one",
        ),
        pytest.param(
            "r:1",
            [endpoint("https://r:1", ca=["ca.crt"], client=[["a.cert", "a.key"]])],
            {},
            {"r:1": {"tls": {"ca_file": "/d/r:1/ca.crt", "cert_file": "/d/r:1/a.cert", "key_file": "/d/r:1/a.key"}}},
            id="certificates",
        ),
        pytest.param(
            "docker.io",
            [endpoint("https://m:1", ca=["m:1/ca.crt"])],
            {"docker.io": ["https://m:1"]},
            {"m:1": {"tls": {"ca_file": "/d/docker.io/m:1/ca.crt"}}},
            id="certificates of a mirror go by its own name",
        ),
    ],
)
def test_tables(name, endpoints, mirrors, configs):
    assert cri_tables([{"name": name, "endpoints": endpoints}], "/d") == (mirrors, configs, [])


def test_tables_have_room_for_one_ca_only():
    _mirrors, configs, attention = cri_tables([{"name": "r", "endpoints": [endpoint("https://r", ca=["a.crt", "b.crt"])]}], "/d")
    assert configs == {"r": {"tls": {"ca_file": "/d/r/a.crt"}}}
    assert whats(attention) == ["certificates of r"]
    assert "/d/r/b.crt" in attention[0]["why"]


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        pytest.param({}, [], id="nothing there"),
        pytest.param({"registry.lab:5001": MARKER + "\nold"}, [], id="written by this collection"),
        pytest.param({"registry.lab:5001": "# mine\n" + INSECURE}, [], id="the same in other words"),
        pytest.param({"registry.lab:5001": 'server = "https://x"\n'}, [("registry.lab:5001", "it will be kept")], id="something else"),
        pytest.param(
            {"registry.lab:5001": INSECURE + '[host."http://registry.lab:5001".header]\n  Authorization = "Basic eA=="\n'},
            [("registry.lab:5001", "it will be kept")],
            id="headers",
        ),
        pytest.param({"other.example": "x"}, [("other.example", "nothing of the kind")], id="a registry that Docker does not know"),
        pytest.param({"_default": "x"}, [("_default", "every registry without a directory")], id="all other registries"),
        pytest.param({"registry.lab_5001_": "x"}, [("registry.lab_5001_", "instead of registry.lab:5001")], id="a directory before ours"),
        pytest.param({"gone:5000": MARKER}, [], id="left by this collection"),
    ],
)
def test_files_that_are_there_already_are_pointed_out_before_anything_is_done(facts, existing, expected):
    facts["registries"]["hosts_toml"] = {name: describe_hosts_toml(text) for name, text in existing.items()}
    found = registries_part(facts).attention
    assert whats(found) == [f"/etc/containerd/certs.d/{name}/hosts.toml" for name, _why in expected]
    assert all(why in note["why"] for (_name, why), note in zip(expected, found, strict=True))


def test_a_file_that_will_be_replaced_is_pointed_out_too(facts):
    facts["registries"]["hosts_toml"] = {"registry.lab:5001": describe_hosts_toml("x = 1\n")}
    (found,) = registries_part(facts, overwrite=True).attention
    assert "will be replaced" in found["why"]


def test_networks_are_resolved_against_the_registries_of_the_whole_cluster(facts):
    facts["docker"]["daemon_json"] = {"insecure-registries": ["10.0.0.0/8"]}
    facts["registries"]["addresses"] = {"near:5000": ["10.1.1.1"]}
    assert [host["name"] for host in registries_part(facts).hosts] == ["near:5000"]
    everywhere = {"near:5000": ["10.1.1.1"], "elsewhere:5000": ["10.2.2.2"], "quay.io": ["192.0.2.1"]}
    assert [host["name"] for host in registries_part(facts, everywhere).hosts] == ["elsewhere:5000", "near:5000"]


def credentials(**changes):
    return {
        "path": "/var/lib/kubelet/config.json",
        "searched_by_kubelet": True,
        "read_by_kubelet": True,
        "world_readable": False,
        "valid": True,
        "registries": ["registry.lab:5001"],
        "helper_registries": [],
        "helpers": [],
        **changes,
    }


ROOTS = {"path": "/root/.docker/config.json", "searched_by_kubelet": False, "read_by_kubelet": False}


@pytest.mark.parametrize(
    ("files", "carried", "attention", "not_applicable"),
    [
        pytest.param([credentials()], ["/var/lib/kubelet/config.json"], [], [], id="the kubelet's"),
        pytest.param(
            [credentials(), credentials(path="/.docker/config.json", read_by_kubelet=False)],
            ["/var/lib/kubelet/config.json"],
            [],
            ["/.docker/config.json"],
            id="the first file counts",
        ),
        pytest.param(
            [credentials(), credentials(**ROOTS)],
            ["/var/lib/kubelet/config.json"],
            [],
            ["/root/.docker/config.json"],
            id="root's, and the kubelet has some too",
        ),
        pytest.param(
            [credentials(**ROOTS)],
            [],
            ["/root/.docker/config.json for registry.lab:5001"],
            [],
            id="root's only, for a registry whose images are on the node",
        ),
        pytest.param(
            [credentials(**ROOTS, registries=["https://index.docker.io/v1/x"])],
            [],
            ["/root/.docker/config.json for docker.io"],
            [],
            id="Docker Hub",
        ),
        pytest.param(
            [credentials(**ROOTS, registries=["unused.example"])],
            [],
            [],
            ["/root/.docker/config.json"],
            id="root's only, for a registry that no image comes from",
        ),
        pytest.param(
            [credentials(world_readable=True)],
            ["/var/lib/kubelet/config.json"],
            ["/var/lib/kubelet/config.json"],
            [],
            id="readable for everybody",
        ),
        pytest.param([credentials(valid=False, registries=[])], [], ["/var/lib/kubelet/config.json"], [], id="broken"),
        pytest.param(
            [credentials(registries=[], helpers=["ecr-login"], helper_registries=["x.example"])],
            [],
            ["/var/lib/kubelet/config.json: docker-credential-ecr-login"],
            [],
            id="a helper, which the kubelet never asks",
        ),
    ],
)
def test_credentials(facts, files, carried, attention, not_applicable):
    facts["docker"]["daemon_json"] = {}
    facts["registries"]["credentials"] = files
    part = registries_part(facts)
    assert (whats(part.carried), whats(part.attention), whats(part.not_applicable)) == (carried, attention, not_applicable)
