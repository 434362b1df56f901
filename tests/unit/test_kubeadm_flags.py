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
