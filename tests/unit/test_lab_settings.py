# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's knobs and what is written for its users."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from labcluster import kubeadm_config, results
from labcluster.errors import LabError
from labcluster.machine import own_names
from labcluster.settings import load_settings

CHECKOUT = Path("/checkout")


def test_defaults() -> None:
    lab = load_settings({"HOME": "/home/someone"}, CHECKOUT)
    assert [(node.name, node.address) for node in lab.nodes] == [
        ("control-plane-1", "10.177.0.11"),
        ("worker-1", "10.177.0.21"),
        ("worker-2", "10.177.0.22"),
    ]
    assert lab.workers[1].container == "dockershim-migration-lab-worker-2"
    assert lab.api_endpoint == "10.177.0.11:6443"
    assert lab.cache_dir == Path("/home/someone/.cache/dockershim-migration/lab")


@pytest.mark.parametrize(
    ("environ", "cache_dir"),
    [
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/dockershim-migration/lab"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x", "LAB_CACHE_DIR": "/c"}, "/c"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "", "LAB_CACHE_DIR": ""}, "/h/.cache/dockershim-migration/lab"),
    ],
    ids=["xdg", "own", "empty means unset"],
)
def test_cache_directory(environ: dict[str, str], cache_dir: str) -> None:
    assert load_settings(environ, CHECKOUT).cache_dir == Path(cache_dir)


def test_several_control_planes_stand_behind_the_load_balancer() -> None:
    lab = load_settings({"LAB_CONTROL_PLANES": "3", "LAB_WORKERS": "1", "LAB_SUBNET": "10.9.0.0/24", "LAB_NAME": "other"}, CHECKOUT)
    assert [node.name for node in lab.control_planes] == ["control-plane-1", "control-plane-2", "control-plane-3"]
    assert lab.api_endpoint == f"{lab.services_address}:6443" == "10.9.0.5:6443"
    assert lab.services_container == "other-services"
    assert len({node.pod_subnet for node in lab.nodes}) == 4


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"LAB_WORKERS": "0"}, "LAB_WORKERS=0: expected a number from 1 to 9"),
        ({"LAB_WORKERS": "two"}, "LAB_WORKERS=two"),
        ({"LAB_CONTROL_PLANES": "2"}, "LAB_CONTROL_PLANES=2"),
        ({"LAB_CONTROL_PLANES": "4"}, "LAB_CONTROL_PLANES=4"),
        ({"LAB_SUBNET": "10.0.0.1/24"}, "LAB_SUBNET=10.0.0.1/24: not a network"),
        ({"LAB_SUBNET": "10.0.0.0/28"}, "LAB_SUBNET=10.0.0.0/28: too small"),
        ({"LAB_NAME": "My Lab"}, "LAB_NAME=My Lab"),
        ({"LAB_CACHE_DIR": "/a:b"}, "LAB_CACHE_DIR=/a:b"),
        ({"LAB_CRI_DOCKERD": "/nonexistent/cri-dockerd"}, "LAB_CRI_DOCKERD=/nonexistent/cri-dockerd: there is no such file"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(LabError, match=f"^{message.replace('(', '.')}"):
        load_settings(environ, CHECKOUT)


def test_results_say_which_cri_dockerd_it_is(tmp_path: Path) -> None:
    assert "stand-in" in results.cri_dockerd_is(load_settings({}, CHECKOUT))
    real = tmp_path / "cri-dockerd"
    real.touch()
    lab = load_settings({"LAB_CRI_DOCKERD": str(real)}, CHECKOUT)
    assert "stand-in" not in results.cri_dockerd_is(lab)
    # A later command finds the same one.
    assert load_settings(results.knobs(lab), CHECKOUT).cri_dockerd == real


def test_inventory_is_what_ansible_reads() -> None:
    lab = load_settings({}, CHECKOUT)
    variables: dict[str, Any] = {"migration_list": ["a: b", 'c"d'], "migration_switch": False, "migration_word": "yes"}
    text = results.render_inventory(lab, Path("/k/id"), Path("/k/known hosts"), variables)
    inventory = yaml.safe_load(text)["all"]
    groups = {name: group["hosts"] for name, group in inventory["children"].items()}
    assert groups == {
        "kube_control_plane": {"control-plane-1": {"ansible_host": "10.177.0.11"}},
        "kube_workers": {"worker-1": {"ansible_host": "10.177.0.21"}, "worker-2": {"ansible_host": "10.177.0.22"}},
    }
    assert inventory["vars"] == {
        "ansible_user": "admin",
        "ansible_become": True,
        "ansible_ssh_private_key_file": "/k/id",
        "ansible_ssh_common_args": "-o 'UserKnownHostsFile=\"/k/known hosts\"' -o StrictHostKeyChecking=yes",
        "ansible_ssh_pipelining": True,
        "ansible_python_interpreter": "/usr/bin/python3",
        **variables,
    }


def test_ssh_config() -> None:
    text = results.render_ssh_config({"worker-1": "10.177.0.21"}, Path("/k/id"), Path("/k/known hosts"))
    assert text.startswith("Host worker-1\n  HostName 10.177.0.21\nHost *\n  User admin\n")
    assert "  IdentityFile /k/id\n" in text
    assert '  UserKnownHostsFile "/k/known hosts"\n' in text


def test_known_hosts_name_the_machine_both_ways() -> None:
    text = results.render_known_hosts({"worker-1": (("worker-1", "10.177.0.21"), "ssh-ed25519 AAAA comment here\n")})
    assert text == "worker-1,10.177.0.21 ssh-ed25519 AAAA\n"


def test_only_the_labs_own_names_are_removed() -> None:
    own = ["lab-worker-1", "lab-control-plane-2-etcd", "lab-services", "lab-services-root"]
    foreign = ["lab", "lab-x", "lab-2-worker-1", "lab-worker-1-backup", "other-lab-worker-1", "lab-worker-x"]
    assert own_names("lab", "\n".join(own + foreign)) == own


@pytest.mark.parametrize("control_planes", ["1", "3"])
def test_kubeadm_configuration_is_yaml_of_the_right_kinds(control_planes: str) -> None:
    lab = load_settings({"LAB_CONTROL_PLANES": control_planes}, CHECKOUT)
    documents = list(yaml.safe_load_all(kubeadm_config.init_config(lab, "abcdef.0123456789abcdef", "ab" * 32)))
    assert [document["kind"] for document in documents] == [
        "InitConfiguration",
        "ClusterConfiguration",
        "KubeletConfiguration",
        "KubeProxyConfiguration",
    ]
    assert documents[1]["controlPlaneEndpoint"] == lab.api_endpoint
    for node in lab.nodes[1:]:
        join = yaml.safe_load(kubeadm_config.join_config(lab, node, "abcdef.0123456789abcdef", "sha256:12", "ab" * 32))
        assert join["nodeRegistration"]["name"] == node.name
        assert ("controlPlane" in join) is node.is_control_plane
