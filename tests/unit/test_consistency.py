# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node on which all places agree, and one wrong value at a time."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._consistency import ANNOTATION, compare
from ansible_collections.dockershim.migration.plugins.modules import runtime_consistency
from api_stand_in import ApiStandIn, make_node
from module_runner import ModuleFailedError, run_module

C, D = "unix:///run/containerd/containerd.sock", "unix:///var/run/cri-dockerd.sock"
ENV, EXTRA = "/var/lib/kubelet/kubeadm-flags.env", "/etc/default/kubelet"
CONFIG, INSTANCE = "/var/lib/kubelet/config.yaml", "/var/lib/kubelet/instance-config.yaml"
CRICTL = f"runtime-endpoint: {C}\nimage-endpoint: {C}\ntimeout: 10\n"


def config_yaml(endpoint):
    return f'apiVersion: kubelet.config.k8s.io/v1beta1\ncontainerRuntimeEndpoint: "{endpoint}"\nkind: KubeletConfiguration\n'


def make_kubelet(version, flags, config, instance):
    return {
        "version": version,
        "active": True,
        "flags": {**flags, "config": CONFIG},
        "flag_sources": [
            {"path": ENV, "variable": "KUBELET_KUBEADM_ARGS", "flags": dict(flags)},
            {"path": EXTRA, "variable": "KUBELET_EXTRA_ARGS", "flags": {"node-ip": "192.0.2.7"}},
        ],
        "unit_flags": [{"path": "/kubelet.service", "line": 4, "variable": "KUBELET_CONFIG_ARGS", "flags": {"config": CONFIG}}],
        "config_path": CONFIG,
        "config": config,
        "instance_config": instance,
    }


def make_cluster_node(annotation, reported="containerd://1.6.20"):
    node = make_node()
    if annotation:
        node["metadata"]["annotations"][ANNOTATION] = annotation
    node["status"]["nodeInfo"]["containerRuntimeVersion"] = reported
    return node


REMOTE = {"container-runtime": "remote", "container-runtime-endpoint": C}
#: (kubelet, Node object) of a node on containerd, as the migration leaves it or kubeadm makes it.
NODES = {
    "1.20": (make_kubelet("1.20.2", REMOTE, config_yaml(""), None), make_cluster_node(C)),
    "1.29": (make_kubelet("1.29.3", {"container-runtime-endpoint": C}, config_yaml(""), None), make_cluster_node(C)),
    "1.33": (make_kubelet("1.33.1", {"container-runtime-endpoint": C}, config_yaml(C), config_yaml(C)), make_cluster_node(C)),
    "1.35": (make_kubelet("1.35.1", {}, config_yaml(C), f"containerRuntimeEndpoint: {C}\n"), make_cluster_node(None)),
    "1.37": (make_kubelet("1.37.0", {}, config_yaml(C), f"containerRuntimeEndpoint: {C}\n"), make_cluster_node(None)),
}


def disagreements(kubelet, node, crictl=CRICTL, endpoint=C):
    return [entry["place"] for entry in compare(kubelet, crictl, node, endpoint)[2]]


@pytest.mark.parametrize("release", NODES)
@pytest.mark.parametrize("endpoint", [C, None], ids=["given", "the kubelet's"])
@pytest.mark.parametrize("crictl", [CRICTL, None], ids=["crictl", "no crictl"])
def test_where_all_agree(release, endpoint, crictl):
    kubelet, node = NODES[release]
    expected, places, wrong = compare(kubelet, crictl, node, endpoint)
    assert (expected, wrong) == (C, [])
    assert len(places) >= 5


def set_flag(kubelet, number, **flags):
    kubelet["flag_sources"][number]["flags"].update({name.replace("_", "-"): value for name, value in flags.items()})


WRONG = {
    "the command line": (
        "1.20 1.29 1.33 1.35 1.37",
        lambda k, n: k["flags"].update({"container-runtime": "remote", "container-runtime-endpoint": D}),
        "the running kubelet",
    ),
    "a stopped kubelet": ("1.20 1.37", lambda k, n: k.update(active=False), "the running kubelet"),
    "kubeadm's flags": ("1.20 1.29 1.33", lambda k, n: set_flag(k, 0, container_runtime_endpoint=D), f"{ENV} (KUBELET_KUBEADM_ARGS)"),
    "a flag that overrides the file": (
        "1.35 1.37",
        lambda k, n: set_flag(k, 0, container_runtime_endpoint=C),
        f"{ENV} (KUBELET_KUBEADM_ARGS)",
    ),
    "kubeadm's flags, lost": ("1.20 1.29", lambda k, n: k["flag_sources"].pop(0), f"{ENV} (KUBELET_KUBEADM_ARGS)"),
    "--container-runtime": ("1.20", lambda k, n: set_flag(k, 0, container_runtime="docker"), f"{ENV} (KUBELET_KUBEADM_ARGS)"),
    "a flag that the kubelet does not know": (
        "1.35 1.37",
        lambda k, n: set_flag(k, 1, pod_infra_container_image="x"),
        f"{EXTRA} (KUBELET_EXTRA_ARGS)",
    ),
    "the administrator's flags": (
        "1.20 1.29 1.33 1.35 1.37",
        lambda k, n: set_flag(k, 1, container_runtime_endpoint=D),
        f"{EXTRA} (KUBELET_EXTRA_ARGS)",
    ),
    "a unit file": (
        "1.20 1.29 1.33 1.35 1.37",
        lambda k, n: k["unit_flags"][0]["flags"].update({"container-runtime-endpoint": D}),
        "/kubelet.service, line 4 (KUBELET_CONFIG_ARGS)",
    ),
    "config.yaml": ("1.29 1.33 1.35 1.37", lambda k, n: k.update(config=config_yaml(D)), CONFIG),
    "config.yaml, empty": ("1.33 1.35 1.37", lambda k, n: k.update(config=config_yaml("")), CONFIG),
    "instance-config.yaml": ("1.33 1.35 1.37", lambda k, n: k.update(instance_config=config_yaml(D)), INSTANCE),
    "instance-config.yaml, empty": ("1.33 1.35 1.37", lambda k, n: k.update(instance_config="# nothing\n"), INSTANCE),
    "instance-config.yaml, lost": ("1.37", lambda k, n: k.update(instance_config=None), INSTANCE),
    "the annotation": (
        "1.20 1.29 1.33 1.35 1.37",
        lambda k, n: n["metadata"]["annotations"].update({ANNOTATION: "/var/run/dockershim.sock"}),
        f"Node worker-1, annotation {ANNOTATION}",
    ),
    "the annotation, doubled": (
        "1.20 1.29",
        lambda k, n: n["metadata"]["annotations"].update({ANNOTATION: "unix://" + C}),
        f"Node worker-1, annotation {ANNOTATION}",
    ),
    "the annotation, lost": (
        "1.20 1.29 1.33",
        lambda k, n: n["metadata"]["annotations"].pop(ANNOTATION),
        f"Node worker-1, annotation {ANNOTATION}",
    ),
    "the runtime that the node reports": (
        "1.20 1.29 1.33 1.35 1.37",
        lambda k, n: n["status"]["nodeInfo"].update(containerRuntimeVersion="docker://20.10.24"),
        "Node worker-1, containerRuntimeVersion",
    ),
}


@pytest.mark.parametrize(("what", "release"), [(what, release) for what, row in WRONG.items() for release in row[0].split()])
def test_one_wrong_value_is_found_where_it_is(what, release):
    kubelet, node = copy.deepcopy(NODES[release])
    _releases, change, place = WRONG[what]
    change(kubelet, node)
    assert disagreements(kubelet, node) == [place]


@pytest.mark.parametrize("key", ["runtime-endpoint", "image-endpoint"])
def test_crictl(key):
    kubelet, node = NODES["1.29"]
    assert disagreements(kubelet, node, CRICTL.replace(f"{key}: {C}", f"{key}: {D}")) == ["/etc/crictl.yaml"]
    without = CRICTL.replace(f"{key}: {C}\n", "")
    assert disagreements(kubelet, node, without) == (["/etc/crictl.yaml"] if key == "runtime-endpoint" else [])


def test_old_spellings_of_the_same_socket_agree():
    old = "/var/run/containerd/containerd.sock"
    flags = {"container-runtime": "remote", "container-runtime-endpoint": old}
    assert disagreements(make_kubelet("1.22.17", flags, config_yaml(""), None), make_cluster_node(old)) == []


def test_a_dockershim_node_agrees_with_itself_and_not_with_containerd():
    kubelet = make_kubelet("1.20.2", {"network-plugin": "cni"}, config_yaml(""), None)
    node = make_cluster_node("/var/run/dockershim.sock", "docker://20.10.24")
    assert disagreements(kubelet, node, None, None) == []
    assert disagreements(kubelet, node, None, C) == [
        "the running kubelet",
        f"{ENV} (KUBELET_KUBEADM_ARGS)",
        f"Node worker-1, annotation {ANNOTATION}",
        "Node worker-1, containerRuntimeVersion",
    ]


def test_the_module_names_every_place_that_disagrees():
    kubelet, node = copy.deepcopy(NODES["1.20"])
    options = {"name": "worker-1", "kubelet": kubelet, "crictl": CRICTL, "cri_socket": C, "api_timeout": 2}
    with ApiStandIn() as server:
        server.add(node)
        result = run_module(runtime_consistency, host=server.url, **options)
        assert (result["changed"], result["endpoint"], result["disagreements"]) == (False, C, [])
        node["metadata"]["annotations"][ANNOTATION] = "/var/run/dockershim.sock"
        set_flag(kubelet, 1, container_runtime_endpoint=D)
        with pytest.raises(ModuleFailedError) as caught:
            run_module(runtime_consistency, host=server.url, **options)
    assert f"{EXTRA} (KUBELET_EXTRA_ARGS) says --container-runtime-endpoint={D}" in str(caught.value)
    assert f"annotation {ANNOTATION} says /var/run/dockershim.sock, expected: {C}" in str(caught.value)
    assert [entry["place"] for entry in caught.value.result["disagreements"]] == [
        f"{EXTRA} (KUBELET_EXTRA_ARGS)",
        f"Node worker-1, annotation {ANNOTATION}",
    ]
    assert server.changes() == []
