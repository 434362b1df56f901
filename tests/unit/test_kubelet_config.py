# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubelet_config and crictl_config as a user runs them: with C(ansible), against this machine."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from adhoc import run_task
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.modules import crictl_config, kubelet_config
from ansible_collections.dockershim.migration.plugins.plugin_utils import _kubelet_yaml
from module_runner import ModuleFailedError, run_module

BEFORE = """\
apiVersion: kubelet.config.k8s.io/v1beta1
cgroupDriver: systemd # as containerd
kind: KubeletConfiguration
"""
AFTER = BEFORE + 'containerLogMaxSize: "10M"\n'


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "kubelet" / "config.yaml"
    path.parent.mkdir()
    path.write_text(BEFORE)
    path.chmod(0o600)
    return path


@pytest.fixture
def run(tmp_path, path):
    return functools.partial(run_task, tmp_path, "kubelet_config", path=str(path))


def test_a_setting_is_added_the_mode_kept_and_a_backup_left(run, path):
    result, output = run("--diff", settings={"containerLogMaxSize": "10M"})
    assert result["changed"]
    assert path.read_text() == AFTER
    assert path.stat().st_mode & 0o777 == 0o600
    assert Path(result["backup_file"]).read_text() == BEFORE
    assert '+containerLogMaxSize: "10M"' in output
    again, _output = run(settings={"containerLogMaxSize": "10M"})
    assert not again["changed"]
    assert "backup_file" not in again


def test_check_mode_writes_nothing(run, path):
    result, output = run("--check", "--diff", settings={"containerLogMaxSize": "10M"})
    assert result["changed"]
    assert path.read_text() == BEFORE
    assert '+containerLogMaxSize: "10M"' in output


def test_a_missing_file_is_made_as_kubeadm_makes_its_instance_config(run, path):
    path.unlink()
    settings = {"containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock"}
    result, _output = run(settings=settings)
    assert "does not exist" in result["msg"]
    assert not path.exists()
    result, _output = run(settings=settings, create=True)
    assert path.read_text() == "containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n"
    assert path.stat().st_mode & 0o777 == 0o644
    result, _output = run(settings=settings, create=True)
    assert not result["changed"]


def test_nothing_is_made_to_remove_something(run, path):
    path.unlink()
    result, _output = run(settings={"containerRuntimeEndpoint": None})
    assert not result["changed"]
    assert not path.exists()


def test_a_file_of_another_kind_is_refused(run, path):
    path.write_text("apiVersion: kubeadm.k8s.io/v1beta2\nkind: ClusterConfiguration\n")
    result, _output = run(settings={"a": 1})
    assert f"{path} is a ClusterConfiguration of kubeadm.k8s.io/v1beta2" in result["msg"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "runtime-endpoint: unix:///run/x.sock\nimage-endpoint: unix:///run/x.sock\n"),
        (
            "# ours\nruntime-endpoint: unix:///var/run/dockershim.sock\ntimeout: 10\n",
            "# ours\nruntime-endpoint: unix:///run/x.sock\ntimeout: 10\nimage-endpoint: unix:///run/x.sock\n",
        ),
    ],
    ids=["missing", "existing"],
)
def test_crictl(tmp_path, before, after):
    path = tmp_path / "crictl.yaml"
    if before:
        path.write_text(before)
    result, _output = run_task(tmp_path, "crictl_config", path=str(path), endpoint="unix:///run/x.sock")
    assert result["changed"]
    assert path.read_text() == after
    result, _output = run_task(tmp_path, "crictl_config", path=str(path), endpoint="unix:///run/x.sock")
    assert not result["changed"]


@pytest.mark.parametrize(
    ("module", "specification"),
    [(kubelet_config, _kubelet_yaml.KUBELET_CONFIG_SPEC), (crictl_config, _kubelet_yaml.CRICTL_CONFIG_SPEC)],
)
def test_the_module_alone_says_that_it_needs_its_action(module, specification, monkeypatch):
    seen = {}
    real = module.AnsibleModule
    monkeypatch.setattr(
        module, "AnsibleModule", lambda argument_spec, **options: seen.update(argument_spec) or real(argument_spec, **options)
    )
    required = {name: {} if option["type"] == "dict" else "x" for name, option in specification.items() if option.get("required")}
    with pytest.raises(ModuleFailedError, match="through its action plugin"):
        run_module(module, **required)
    assert seen == specification, "both halves have the same options"


def test_a_broken_file_is_named():
    with pytest.raises(MigrationError, match=r"/x, line 1: not YAML"):
        _kubelet_yaml.edit_kubelet_configuration("a: [", {"a": 1}, False, "/x")
