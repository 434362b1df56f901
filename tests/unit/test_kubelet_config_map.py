# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster-wide kubelet configuration, over real HTTP against the stand-in."""

from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.modules import kubelet_config_map
from api_stand_in import ApiStandIn
from module_runner import ModuleFailedError, run_module

TEXT = "apiVersion: kubelet.config.k8s.io/v1beta1\ncgroupDriver: systemd # ours\nkind: KubeletConfiguration\n"


@pytest.fixture
def server():
    with ApiStandIn() as stand_in:
        stand_in.add_config_map("kube-system", "kubelet-config-1.20", kubelet=TEXT)
        yield stand_in


def run(server, check_mode=False, version="v1.20.2", **settings):
    options = {"host": server.url, "api_timeout": 2, "kubernetes_version": version, "settings": settings}
    return run_module(kubelet_config_map, check_mode=check_mode, **options)


@pytest.mark.parametrize(
    ("version", "name"),
    [("v1.19.16", "kubelet-config-1.19"), ("1.23.17", "kubelet-config-1.23"), ("v1.24.0", "kubelet-config"), ("1.37.0", "kubelet-config")],
)
def test_its_name(version, name):
    assert kubelet_config_map.config_map_name(version) == name


def test_what_is_no_version():
    with pytest.raises(MigrationError, match="kubernetes_version: 'latest'"):
        kubelet_config_map.config_map_name("latest")


@pytest.mark.parametrize("check_mode", [True, False], ids=["check", "real"])
def test_a_setting_is_added_and_the_rest_kept(server, check_mode):
    result = run(server, check_mode, containerLogMaxSize="10M", cgroupDriver="systemd")
    assert result["changed"]
    assert result["name"] == "kubelet-config-1.20"
    assert result["config"]["cgroupDriver"] == "systemd"
    assert result["differences"] == {"containerLogMaxSize": None}
    after = TEXT + 'containerLogMaxSize: "10M"\n'
    assert (result["diff"]["before"], result["diff"]["after"]) == (TEXT, after)
    assert server.config_maps["kube-system/kubelet-config-1.20"]["data"] == {"kubelet": TEXT if check_mode else after}
    if not check_mode:
        again = run(server, containerLogMaxSize="10M")
        assert (again["changed"], again["differences"]) == (False, {})
        assert len(server.changes()) == 1


def test_without_settings_it_is_only_read(server):
    result = run(server)
    assert (result["changed"], result["config"]["kind"]) == (False, "KubeletConfiguration")


def test_a_cluster_without_it(server):
    result = run(server, version="1.29.0", containerLogMaxSize="10M")
    assert (result["changed"], result["name"], result["config"]) == (False, None, {})
    assert server.changes() == []


def test_somebody_else_changes_it_at_the_same_time(server):
    found = server.config_maps["kube-system/kubelet-config-1.20"]
    server.hook = lambda verb, path: verb == "PATCH" and found["metadata"].update(resourceVersion="99")
    with pytest.raises(ModuleFailedError, match=r"change ConfigMap kube-system/kubelet-config-1\.20.*409"):
        run(server, containerLogMaxSize="10M")


@pytest.mark.parametrize(("text", "message"), [("a: [", "kubelet, line 1: not YAML"), (None, "has no such key")])
def test_what_kubeadm_did_not_write(server, text, message):
    server.config_maps["kube-system/kubelet-config-1.20"]["data"] = {} if text is None else {"kubelet": text}
    with pytest.raises(ModuleFailedError, match=message):
        run(server, a=1)
