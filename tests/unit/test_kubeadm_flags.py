# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.modules import kubeadm_flags
from module_runner import ModuleFailedError, run_module

BEFORE = 'KUBELET_KUBEADM_ARGS="--network-plugin=cni --pod-infra-container-image=k8s.gcr.io/pause:3.2"\n'
AFTER = 'KUBELET_KUBEADM_ARGS="--pod-infra-container-image=k8s.gcr.io/pause:3.2 --container-runtime=remote"\n'


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "kubeadm-flags.env"
    path.write_text(BEFORE)
    path.chmod(0o640)
    return path


def switch(path, **arguments):
    return run_module(kubeadm_flags, path=str(path), flags={"container-runtime": "remote"}, absent=["network-plugin"], **arguments)


def test_flags_are_changed_and_the_old_file_is_kept(path):
    result = switch(path)
    assert result["changed"]
    assert path.read_text() == AFTER
    assert path.stat().st_mode & 0o777 == 0o640
    assert result["flags"] == {"container-runtime": "remote", "pod-infra-container-image": "k8s.gcr.io/pause:3.2"}
    assert result["args"] == ["--pod-infra-container-image=k8s.gcr.io/pause:3.2", "--container-runtime=remote"]
    assert (result["diff"]["before"], result["diff"]["after"]) == (BEFORE, AFTER)
    with open(result["backup_file"]) as backup:
        assert backup.read() == BEFORE


def test_the_second_run_changes_nothing(path):
    first = switch(path)
    second = switch(path)
    assert not second["changed"]
    assert (second["flags"], second["args"]) == (first["flags"], first["args"])
    assert "backup_file" not in second


def test_check_mode_tells_the_same_and_writes_nothing(path):
    result = switch(path, check_mode=True)
    assert path.read_text() == BEFORE
    del result["invocation"]
    real = switch(path, backup=False)
    del real["invocation"]
    assert result == real


def test_a_missing_file_is_created_as_kubeadm_does(tmp_path):
    path = tmp_path / "new.env"
    assert switch(path)["changed"]
    assert path.read_text() == 'KUBELET_KUBEADM_ARGS="--container-runtime=remote"\n'
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_missing_file_is_not_created_to_remove_something(tmp_path):
    path = tmp_path / "new.env"
    result = run_module(kubeadm_flags, path=str(path), variable="KUBELET_EXTRA_ARGS", absent=["network-plugin"])
    assert (result["changed"], result["flags"], result["args"]) == (False, {}, [])
    assert not path.exists()


def test_numbers_and_booleans_are_written_as_the_command_line_has_them(path):
    result = run_module(kubeadm_flags, path=str(path), flags={"v": 2, "fail-swap-on": False})
    assert result["args"][-2:] == ["--v=2", "--fail-swap-on=false"]


def test_a_value_that_is_no_string_is_refused(path):
    with pytest.raises(ModuleFailedError, match=r"flags: the value of 'node-labels' must be a string"):
        run_module(kubeadm_flags, path=str(path), flags={"node-labels": ["a=b"]})
    assert path.read_text() == BEFORE


SOCKET = "/run/containerd/containerd.sock"


@pytest.mark.parametrize(
    ("version", "arguments"),
    [
        (
            "1.20.2",
            [
                "--pod-infra-container-image=k8s.gcr.io/pause:3.2",
                "--container-runtime=remote",
                "--container-runtime-endpoint=unix:///run/containerd/containerd.sock",
            ],
        ),
        (
            "1.27.0",
            ["--pod-infra-container-image=k8s.gcr.io/pause:3.2", "--container-runtime-endpoint=unix:///run/containerd/containerd.sock"],
        ),
        ("1.35.0", ["--container-runtime-endpoint=unix:///run/containerd/containerd.sock"]),
        ("1.37.0", []),
    ],
)
def test_a_runtimes_socket_is_enough(path, version, arguments):
    result = run_module(kubeadm_flags, path=str(path), cri_socket=SOCKET, kubernetes_version=version)
    assert result["args"] == arguments
    assert not run_module(kubeadm_flags, path=str(path), cri_socket=SOCKET, kubernetes_version=version)["changed"]


def test_kubeadms_own_file_for_the_endpoint_takes_the_flag_away(path):
    (path.parent / "instance-config.yaml").write_text("containerRuntimeEndpoint: x\n")
    assert run_module(kubeadm_flags, path=str(path), cri_socket=SOCKET, kubernetes_version="1.35.1")["args"] == []


def test_the_administrators_variable_only_loses_what_contradicts(path):
    path.write_text("KUBELET_EXTRA_ARGS=--v=2 --container-runtime=docker --network-plugin=cni --node-ip=192.0.2.7\n")
    result = run_module(kubeadm_flags, path=str(path), variable="KUBELET_EXTRA_ARGS", cri_socket=SOCKET, kubernetes_version="1.20.2")
    assert result["args"] == ["--v=2", "--node-ip=192.0.2.7"]


def test_what_is_named_wins_over_what_the_socket_means(path):
    result = run_module(
        kubeadm_flags,
        path=str(path),
        cri_socket=SOCKET,
        kubernetes_version="1.20.2",
        flags={"container_runtime_endpoint": "unix:///run/other.sock", "network-plugin": "cni"},
    )
    assert result["flags"]["container-runtime-endpoint"] == "unix:///run/other.sock"
    assert result["flags"]["network-plugin"] == "cni"


def test_the_nodes_own_kubelet_is_asked(path, tmp_path):
    kubelet = tmp_path / "kubelet"
    kubelet.write_text("#!/bin/sh\necho Kubernetes v1.37.0\n")
    kubelet.chmod(0o755)
    assert run_module(kubeadm_flags, path=str(path), cri_socket=SOCKET, kubelet=str(kubelet))["args"] == []
    kubelet.write_text("#!/bin/sh\necho something else\n")
    with pytest.raises(ModuleFailedError, match="does not name a version of Kubernetes but says 'something else'"):
        run_module(kubeadm_flags, path=str(path), cri_socket=SOCKET, kubelet=str(kubelet))
    with pytest.raises(ModuleFailedError, match=r"there is no .*nowhere on this host"):
        run_module(kubeadm_flags, path=str(path), cri_socket=SOCKET, kubelet=str(tmp_path / "nowhere"))


@pytest.mark.parametrize(("option", "value"), [("cri_socket", "tcp://192.0.2.1:1"), ("kubernetes_version", "latest")])
def test_what_is_no_socket_and_no_version(path, option, value):
    options = {"cri_socket": SOCKET, "kubernetes_version": "1.20.2", option: value}
    with pytest.raises(ModuleFailedError, match=option):
        run_module(kubeadm_flags, path=str(path), **options)
