# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint in every place, for each minor release from 1.19 to 1.37: a node as kubeadm leaves it, and what becomes of it.

What kubeadm writes, in cmd/kubeadm/app of its release branch:
* phases/kubelet/flags.go (buildKubeletArgMapCommon, buildKubeletArgsCommon): up to 1.23 C(--network-plugin=cni) for the dockershim's
  socket (in 1.19 beside C(--cgroup-driver)), for any other C(--container-runtime=remote) up to 1.25 and the endpoint;
  the pause image up to 1.34; with NodeLocalCRISocket (1.34 and later) no endpoint. Arguments in alphabetical order, one line.
* phases/kubelet/config.go (WriteConfigToDisk, WriteInstanceConfigToDisk): instance-config.yaml is the one line
  C(containerRuntimeEndpoint: "..."), config.yaml has the same value merged in; C(containerRuntimeEndpoint: "") from 1.27 to 1.33.
* phases/patchnode/patchnode.go (AnnotateCRISocket, until 1.33 for everybody), constants.go (pause images and CRISocket of each release).
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import flags_as_dict, read_arguments, set_flags
from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import configured_endpoint, runtime_of
from ansible_collections.dockershim.migration.plugins.modules.cri_socket_annotation import ANNOTATION, wanted_annotation
from ansible_collections.dockershim.migration.plugins.plugin_utils._kubelet_yaml import edit_kubelet_configuration
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan import migration_plan
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Wishes

FACTS = json.loads((Path(__file__).parent / "fixtures" / "facts_worker.json").read_text(encoding="utf-8"))
ENV, CONFIG, INSTANCE = "/var/lib/kubelet/kubeadm-flags.env", "/var/lib/kubelet/config.yaml", "/var/lib/kubelet/instance-config.yaml"

C, D = "unix:///run/containerd/containerd.sock", "unix:///run/cri-dockerd.sock"
#: As people gave it to kubeadm: up to 1.23 often without unix://, and below /var/run (cri-dockerd's documentation).
GIVEN_CONTAINERD, GIVEN_CRI_DOCKERD = "/var/run/containerd/containerd.sock", "/var/run/cri-dockerd.sock"

PAUSE = {
    **dict.fromkeys((19, 20), "k8s.gcr.io/pause:3.2"),
    21: "k8s.gcr.io/pause:3.4.1",
    22: "k8s.gcr.io/pause:3.5",
    23: "k8s.gcr.io/pause:3.6",
    24: "k8s.gcr.io/pause:3.7",
    25: "registry.k8s.io/pause:3.8",
    **dict.fromkeys(range(26, 31), "registry.k8s.io/pause:3.9"),
    **dict.fromkeys(range(31, 34), "registry.k8s.io/pause:3.10"),
    34: "registry.k8s.io/pause:3.10.1",
}


@dataclass(frozen=True)
class Node:
    """The places on a node and in the cluster; None for a file or an annotation that is not there."""

    env: str
    config: str
    instance: str | None
    annotation: str | None


def config_yaml(endpoint: str | None) -> str:
    line = "" if endpoint is None else f"containerRuntimeEndpoint: {endpoint or json.dumps('')}\n"
    return f"apiVersion: kubelet.config.k8s.io/v1beta1\ncgroupDriver: systemd\n{line}kind: KubeletConfiguration\n"


def as_kubeadm_writes(minor: int, runtime: str) -> Node:
    given = {"dockershim": "/var/run/dockershim.sock", "containerd": GIVEN_CONTAINERD, "cri-dockerd": GIVEN_CRI_DOCKERD}[runtime]
    socket = given if minor < 24 else "unix://" + given
    if runtime == "dockershim":
        arguments = (["--cgroup-driver=systemd"] if minor == 19 else []) + ["--network-plugin=cni"]
    elif minor < 34:
        arguments = (["--container-runtime=remote"] if minor < 26 else []) + [f"--container-runtime-endpoint={socket}"]
    else:
        arguments = []
    arguments += [f"--pod-infra-container-image={PAUSE[minor]}"] if minor in PAUSE else []
    return Node(
        env=f'KUBELET_KUBEADM_ARGS="{" ".join(arguments)}"\n',
        config=config_yaml(None if minor < 27 else "" if minor < 34 else socket),
        instance=f'containerRuntimeEndpoint: "{socket}"\n' if minor >= 34 else None,
        annotation=socket if minor < 34 else None,
    )


def facts_of(node: Node, minor: int) -> dict:
    """What node_facts says about such a node."""
    facts = copy.deepcopy(FACTS)
    # A Docker that was told nothing: what becomes of its settings is another table's.
    facts["docker"]["daemon_json"] = {}
    kubelet = facts["kubelet"]
    given = flags_as_dict(read_arguments(node.env, "KUBELET_KUBEADM_ARGS", ENV))
    kubelet.update(
        version=f"1.{minor}.1",
        flags={**given, "config": CONFIG},
        flag_sources=[{"path": ENV, "variable": "KUBELET_KUBEADM_ARGS", "flags": given}],
        config=node.config,
        instance_config=node.instance,
    )
    kubelet["runtime"], kubelet["endpoint"] = runtime_of(given, kubelet["version"], configured_endpoint(node.config))
    return facts


def migrate(node: Node, minor: int, target: str) -> Node:
    """What the modules make of a node that has the plan's target."""
    part = migration_plan(facts_of(node, minor), Wishes(target=target))["kubelet"]
    texts = {ENV: node.env, CONFIG: node.config, INSTANCE: node.instance}
    for file in part["files"]:
        texts[file["path"]] = set_flags(texts[file["path"]], file["variable"], file["flags"], file["absent"], file["path"])[0]
    for file in part["config_files"]:
        texts[file["path"]] = edit_kubelet_configuration(texts[file["path"]], file["settings"], file["create"], file["path"])
    endpoint = {"containerd": C, "cri-dockerd": D}[target]
    known = {"metadata": {"name": "n", "annotations": {ANNOTATION: node.annotation} if node.annotation else {}}}
    annotation = wanted_annotation(known, part["annotation"], endpoint)
    return Node(env=texts[ENV], config=texts[CONFIG], instance=texts[INSTANCE], annotation=annotation)


REMOTE = "--container-runtime=remote --container-runtime-endpoint={0}"
ENDPOINT = "--container-runtime-endpoint={0}"

# minor: the arguments after the migration of a node that had the dockershim, and of one that had cri-dockerd or containerd;
# containerRuntimeEndpoint in config.yaml (None: no such key); instance-config.yaml; annotation. {0} is the target's endpoint.
AFTER = {
    19: ("--cgroup-driver=systemd --pod-infra-container-image=k8s.gcr.io/pause:3.2 " + REMOTE, REMOTE, None, False, True),
    20: ("--pod-infra-container-image=k8s.gcr.io/pause:3.2 " + REMOTE, REMOTE, None, False, True),
    21: ("--pod-infra-container-image=k8s.gcr.io/pause:3.4.1 " + REMOTE, REMOTE, None, False, True),
    22: ("--pod-infra-container-image=k8s.gcr.io/pause:3.5 " + REMOTE, REMOTE, None, False, True),
    23: ("--pod-infra-container-image=k8s.gcr.io/pause:3.6 " + REMOTE, REMOTE, None, False, True),
    # C(remote) is the kubelet's default from here on, and a kubelet of 1.27 would not start with the flag.
    24: (None, ENDPOINT, None, False, True),
    25: (None, ENDPOINT, None, False, True),
    26: (None, ENDPOINT, None, False, True),
    27: (None, ENDPOINT, "", False, True),
    28: (None, ENDPOINT, "", False, True),
    29: (None, ENDPOINT, "", False, True),
    30: (None, ENDPOINT, "", False, True),
    31: (None, ENDPOINT, "", False, True),
    32: (None, ENDPOINT, "", False, True),
    33: (None, ENDPOINT, "", False, True),
    34: (None, "PAUSE", "{0}", True, False),
    35: (None, "", "{0}", True, False),
    36: (None, "", "{0}", True, False),
    37: (None, "", "{0}", True, False),
}


def expected_after(minor: int, runtime: str, target: str) -> Node:
    endpoint = {"containerd": C, "cri-dockerd": D}[target]
    from_dockershim, from_cri, configured, has_instance, annotated = AFTER[minor]
    if runtime == "dockershim":
        arguments = from_dockershim
    else:
        pause = f"--pod-infra-container-image={PAUSE[minor]}" if minor in PAUSE else ""
        arguments = from_cri.replace("PAUSE", pause) if "PAUSE" in from_cri else f"{from_cri} {pause}".strip()
    return Node(
        env=f'KUBELET_KUBEADM_ARGS="{arguments.format(endpoint)}"\n',
        config=config_yaml(None if configured is None else configured.format(endpoint)),
        # In the double quotes of JSON only what needs them is written; kubeadm's own are kept where the value was right.
        instance=f"containerRuntimeEndpoint: {endpoint}\n" if has_instance else None,
        annotation=endpoint if annotated else None,
    )


CASES = [
    (minor, runtime, target)
    for minor in range(19, 38)
    for runtime in ("dockershim", "cri-dockerd", "containerd")
    for target in ("containerd", "cri-dockerd")
    # A node on containerd is further than cri-dockerd already, and is left alone.
    if (runtime != "dockershim" or minor < 24) and (runtime, target) != ("containerd", "cri-dockerd")
]


@pytest.mark.parametrize(("minor", "runtime", "target"), CASES)
def test_before_after_and_once_more(minor, runtime, target):
    before = as_kubeadm_writes(minor, runtime)
    assert facts_of(before, minor)["kubelet"]["runtime"] == runtime
    after = migrate(before, minor, target)
    assert after == expected_after(minor, runtime, target)
    assert facts_of(after, minor)["kubelet"]["runtime"] == target
    assert migrate(after, minor, target) == after, "a second run changes nothing"


@pytest.mark.parametrize("minor", range(19, 38))
def test_a_node_with_a_file_of_its_own_for_the_endpoint(minor):
    # From 1.32 on kubeadm may have made one (feature gate NodeLocalCRISocket); before, nothing reads it.
    before = as_kubeadm_writes(minor, "cri-dockerd")
    before = replace(before, instance=f"# ours\ncontainerRuntimeEndpoint: {D}\n")
    after = migrate(before, minor, "containerd")
    assert (f"containerRuntimeEndpoint: {C}" in after.instance) is (minor >= 32)
    assert after.instance.startswith("# ours\n")
    assert (f"containerRuntimeEndpoint: {C}" in after.config) is (minor >= 32)
    assert (f"--container-runtime-endpoint={C}" in after.env) is (minor < 34)
    assert "cri-dockerd" not in after.env
    assert migrate(after, minor, "containerd") == after


@pytest.mark.parametrize("minor", [34, 35, 36])
def test_a_node_that_kubeadm_did_not_upgrade_is_as_before(minor):
    before = replace(as_kubeadm_writes(33, "cri-dockerd"), config=config_yaml(""))
    after = migrate(before, minor, "containerd")
    assert f"--container-runtime-endpoint={C}" in after.env
    assert ("pod-infra-container-image" in after.env) is (minor < 35)
    assert (after.config, after.instance, after.annotation) == (config_yaml(""), None, C)


def test_a_node_without_the_file_that_1_37_wants_gets_it():
    before = replace(as_kubeadm_writes(33, "cri-dockerd"), config=config_yaml(""))
    after = migrate(before, 37, "containerd")
    assert after.instance == f"containerRuntimeEndpoint: {C}\n"
    assert after.config == config_yaml(C)
    assert after.env == 'KUBELET_KUBEADM_ARGS=""\n'
    assert after.annotation is None


@pytest.mark.parametrize(
    ("minor", "annotation", "expected"),
    [
        (20, "/var/run/dockershim.sock", C),
        (23, "unix:///var/run/dockershim.sock", C),
        (24, "unix://unix:///var/run/cri-dockerd.sock", C),
        (33, None, C),
        (34, None, None),
        (36, "unix:///var/run/cri-dockerd.sock", C),
        (37, "unix:///var/run/cri-dockerd.sock", None),
        (37, None, None),
    ],
)
def test_the_annotation(minor, annotation, expected):
    runtime = "dockershim" if minor < 24 else "cri-dockerd"
    before = replace(as_kubeadm_writes(minor, runtime), annotation=annotation)
    assert migrate(before, minor, "containerd").annotation == expected


def test_a_configured_endpoint_that_contradicts_the_flag_is_made_right():
    before = replace(as_kubeadm_writes(29, "cri-dockerd"), config=config_yaml(D) + f"imageServiceEndpoint: {D}\n")
    assert migrate(before, 29, "containerd").config == config_yaml(C)
