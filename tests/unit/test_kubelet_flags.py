# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags


@pytest.mark.parametrize(
    ("version", "flags", "configured", "expected"),
    [
        ("1.20.2", {}, "", ("dockershim", kubelet_flags.DOCKERSHIM_ENDPOINT)),
        ("1.23.17", {"container-runtime": "docker"}, "", ("dockershim", kubelet_flags.DOCKERSHIM_ENDPOINT)),
        (
            "1.20.2",
            {"container-runtime": "remote", "container-runtime-endpoint": "unix:///run/containerd/containerd.sock"},
            "",
            ("containerd", "unix:///run/containerd/containerd.sock"),
        ),
        (
            "1.22.0",
            {"container-runtime": "remote", "container-runtime-endpoint": "/run/containerd/containerd.sock"},
            "",
            ("containerd", "unix:///run/containerd/containerd.sock"),
        ),
        (
            "1.24.0",
            {"container-runtime-endpoint": "unix:///var/run/cri-dockerd.sock"},
            "",
            ("cri-dockerd", "unix:///var/run/cri-dockerd.sock"),
        ),
        # KubeletConfiguration, 1.27: an empty endpoint is containerd's.
        ("1.27.1", {}, "", ("containerd", "unix:///run/containerd/containerd.sock")),
        ("1.29.0", {}, "unix:///run/cri-dockerd.sock", ("cri-dockerd", "unix:///run/cri-dockerd.sock")),
        ("1.29.0", {"container-runtime-endpoint": "unix:///var/run/crio/crio.sock"}, "", ("unknown", "unix:///var/run/crio/crio.sock")),
    ],
)
def test_the_runtime_of_a_kubelet(version, flags, configured, expected):
    assert kubelet_flags.runtime_of(flags, version, configured) == expected


@pytest.mark.parametrize(
    ("version", "has_container_runtime"),
    [("1.20.2", True), ("1.23.17", True), ("1.24.0", False), ("1.26.15", False), ("1.27.0", False), ("1.31.0", False)],
)
def test_the_flags_of_a_remote_runtime(version, has_container_runtime):
    flags = kubelet_flags.remote_runtime_flags(version, "unix:///run/containerd/containerd.sock")
    assert flags["container-runtime-endpoint"] == "unix:///run/containerd/containerd.sock"
    assert ("container-runtime" in flags) is has_container_runtime


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("/var/run/dockershim.sock", "unix:///var/run/dockershim.sock"),
        ("unix:///run/x.sock", "unix:///run/x.sock"),
        ("unix://unix:///run/x.sock", "unix:///run/x.sock"),
        (" unix:////run/x.sock", "unix:///run/x.sock"),
        ("tcp://10.0.0.1:1", "tcp://10.0.0.1:1"),
    ],
)
def test_an_endpoint_as_it_is_written(given, written):
    assert kubelet_flags.unix_endpoint(given) == written


@pytest.mark.parametrize(
    ("endpoint", "runtime"),
    [
        ("/var/run/dockershim.sock", "dockershim"),
        ("unix:///var/run/cri-dockerd.sock", "cri-dockerd"),
        ("/run/containerd/containerd.sock", "containerd"),
        ("unix:///run/k3s/containerd/containerd.sock", "containerd"),
        ("unix:///var/run/crio/crio.sock", "unknown"),
    ],
)
def test_the_runtime_at_a_socket(endpoint, runtime):
    assert kubelet_flags.runtime_at(endpoint) == runtime


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: KubeletConfiguration\ncontainerRuntimeEndpoint: unix:///run/x.sock\n", "unix:///run/x.sock"),
        ('containerRuntimeEndpoint: "unix:///run/x.sock" # ours\n', "unix:///run/x.sock"),
        ("containerRuntimeEndpoint: 'unix:///run/x.sock'\r\n", "unix:///run/x.sock"),
        ('{"kind": "KubeletConfiguration", "containerRuntimeEndpoint": "unix:///run/x.sock"}', "unix:///run/x.sock"),
        ('containerRuntimeEndpoint: ""\nz: unix:///run/x.sock\n', ""),
        ("containerRuntimeEndpoint:\nz: unix:///run/x.sock\n", ""),
        ("# containerRuntimeEndpoint: unix:///run/x.sock\n", ""),
        ("", ""),
    ],
)
def test_the_configured_endpoint(text, expected):
    assert kubelet_flags.configured_endpoint(text) == expected


@pytest.mark.parametrize(
    ("version", "runtime", "gone", "kept"),
    [
        ("1.20.2", "dockershim", set(), {"network-plugin", "container-runtime", "docker-root"}),
        ("1.20.2", "containerd", {"network-plugin", "docker-root"}, {"container-runtime", "pod-infra-container-image"}),
        ("1.23.17", "cri-dockerd", {"network-plugin", "cni-bin-dir"}, {"docker-root", "container-runtime"}),
        ("1.24.0", "cri-dockerd", {"network-plugin", "non-masquerade-cidr"}, {"docker-root", "container-runtime"}),
        ("1.26.15", "containerd", set(), {"container-runtime", "pod-infra-container-image"}),
        ("1.27.0", "containerd", {"container-runtime"}, {"container-runtime-endpoint", "pod-infra-container-image"}),
        ("1.34.2", "containerd", {"container-runtime"}, {"pod-infra-container-image"}),
        ("1.35.0", "containerd", {"pod-infra-container-image"}, {"container-runtime-endpoint"}),
        ("1.37.0", "cri-dockerd", {"docker-root"}, {"container-runtime-endpoint"}),
    ],
)
def test_the_flags_that_mean_nothing(version, runtime, gone, kept):
    names = set(kubelet_flags.meaningless_flags(version, runtime))
    assert gone <= names
    assert not kept & names


@pytest.mark.parametrize(
    ("version", "instance_config", "expected"),
    [
        ("1.19.16", False, (True, False, "present")),
        # Somebody's own file: nothing reads it before 1.32.
        ("1.31.9", True, (True, False, "present")),
        ("1.32.0", False, (True, False, "present")),
        ("1.33.5", True, (True, True, "present")),
        ("1.34.0", True, (False, True, "kept")),
        ("1.36.1", True, (False, True, "kept")),
        ("1.36.1", False, (True, False, "present")),
        ("1.37.0", False, (False, True, "absent")),
        ("1.37.0", True, (False, True, "absent")),
    ],
)
def test_the_places_of_the_endpoint(version, instance_config, expected):
    assert tuple(kubelet_flags.endpoint_places(version, instance_config)) == expected
