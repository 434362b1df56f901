# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.plugin_utils import _compatibility as compatibility


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.20.2", {"v1alpha2"}),
        ("1.22.17", {"v1alpha2"}),
        ("1.23.0", {"v1alpha2", "v1"}),
        ("1.25.16", {"v1alpha2", "v1"}),
        ("1.26.0", {"v1"}),
    ],
)
def test_the_cri_of_a_kubelet(version, expected):
    assert compatibility.kubelet_cri(version) == expected


@pytest.mark.parametrize(
    ("containerd", "kubelet", "problem"),
    [
        ("1.4.13~ds1", "1.20.2", None),
        ("1.7.24", "1.22.17", None),
        ("2.0.0", "1.20.2", "CRI v1 only, kubelet 1.20.2 v1alpha2 only"),
        ("2.1.9", "1.22.17", "CRI v1 only"),
        ("2.0.0", "1.23.0", None),
        ("1.5.18", "1.25.0", None),
        ("1.5.18", "1.26.0", "CRI v1alpha2 only, kubelet 1.26.0 v1 only"),
        ("1.6.36", "1.37.2", None),
        ("1.7.28", "1.38.0", "from 1.38 on does not work with it"),
        ("2.3.0", "1.38.0", None),
        ("1.2.6", "1.20.2", "no CRI plugin"),
        ("0.0", "1.20.2", "no CRI plugin"),
    ],
)
def test_a_containerd_and_a_kubelet(containerd, kubelet, problem):
    problems = compatibility.containerd_problems(containerd, kubelet)
    assert (problem in "; ".join(problems)) if problem else problems == []


@pytest.mark.parametrize(
    ("containerd", "kubelet", "warnings"),
    [
        ("1.6.20", "1.20.2", []),
        ("1.5.18", "1.24.0", []),
        ("1.5.18", "1.25.0", ["Kubernetes 1.26, the next release"]),
        ("1.7.28", "1.37.0", ["Kubernetes 1.38, the next release"]),
        ("2.2.0", "1.37.0", []),
        ("1.6.14", "1.26.0", ["support 1.6.15, 1.7.0"]),
        ("1.6.15", "1.26.0", []),
        ("1.7.0", "1.27.0", []),
        ("2.0.0", "1.27.0", []),
        ("1.7.29", "1.36.1", ["support 2.2.0, 2.3.0"]),
        ("2.2.1", "1.36.1", []),
    ],
)
def test_what_is_to_be_said_about_a_containerd(containerd, kubelet, warnings):
    found = compatibility.containerd_warnings(containerd, kubelet)
    assert len(found) == len(warnings)
    assert all(wanted in said for wanted, said in zip(warnings, found, strict=True))


@pytest.mark.parametrize(
    ("docker", "kubelet", "expected"),
    [
        ("19.03.15", "1.20.2", None),
        ("20.10.24+dfsg1", "1.20.2", "0.3.2"),
        ("20.10.24", "1.23.17", "0.3.2"),
        ("23.0.6", "1.22.17", "0.3.7"),
        ("24.0.7", "1.23.17", "0.3.15"),
        ("25.0.3", "1.22.17", "0.3.21"),
        ("26.1.5+dfsg1", "1.28.15", "0.3.21"),
        ("27.5.1", "1.22.17", "0.4.1"),
        # They refuse what 0.3.15 and older speak.
        ("29.1.0", "1.30.0", "0.4.1"),
    ],
)
def test_the_cri_dockerd_for_a_node(docker, kubelet, expected):
    assert compatibility.choose_cri_dockerd(docker, kubelet) == expected


@pytest.mark.parametrize(
    ("version", "docker", "kubelet", "problem"),
    [
        ("0.2.6", "20.10.24", "1.20.2", None),
        ("0.2.6", "20.10.24", "1.26.0", "CRI v1alpha2 only, kubelet 1.26.0 v1"),
        ("0.3.3", "20.10.24", "1.20.2", "needs Docker 23.0 or newer; the node has 20.10.24"),
        ("0.3.8", "23.0.6", "1.20.2", "needs Docker 24.0"),
        ("0.3.16", "24.0.7", "1.20.2", "needs Docker 25.0"),
        ("0.3.21", "25.0.3", "1.22.0", None),
        ("0.3.22", "25.0.3", "1.22.0", "CRI v1 only, kubelet 1.22.0 v1alpha2"),
        ("0.3.24", "25.0.3", "1.23.0", None),
        ("0.4.0", "26.1.5", "1.30.0", "needs Docker 27.0"),
        ("0.4.2", "28.5.2", "1.22.0", "CRI v1 only"),
        ("0.3.15", "29.0.1", "1.30.0", "takes 1.44 or newer only"),
        ("0.3.15", "29.3.0", "1.30.0", None),
        ("0.9.0", "28.5.2", "1.30.0", "no such release is known"),
    ],
)
def test_what_does_not_go_together(version, docker, kubelet, problem):
    problems = compatibility.cri_dockerd_problems(version, docker, kubelet)
    assert (problem in "; ".join(problems)) if problem else problems == []
