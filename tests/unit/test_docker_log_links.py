# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest
from ansible_collections.dockershim.migration.plugins.modules import docker_log_links
from module_runner import run_module


@pytest.fixture
def node(tmp_path):
    """Logs as the dockershim leaves them, beside one that a newer runtime has written."""
    docker_log = tmp_path / "docker/containers/1f/1f-json.log"
    pod_log = tmp_path / "pods/demo_keeper_42/keeper/0.log"
    own_log = tmp_path / "pods/demo_keeper_42/keeper/1.log"
    for path in (docker_log, pod_log, tmp_path / "containers/x"):
        path.parent.mkdir(parents=True)
    docker_log.write_text("kept\n")
    own_log.write_text("containerd's\n")
    pod_log.symlink_to(docker_log)
    (tmp_path / "containers/keeper-1f.log").symlink_to(pod_log)
    (tmp_path / "containers/keeper-2e.log").symlink_to(own_log)
    return tmp_path


def run(node, **options):
    names = {"docker_root": "docker", "pod_logs": "pods", "container_logs": "containers"}
    return run_module(docker_log_links, **{name: str(node / directory) for name, directory in names.items()}, **options)


def links(node):
    return sorted(str(path.relative_to(node)) for path in node.rglob("*") if path.is_symlink())


def test_links_into_dockers_data_go_and_nothing_else_does(node):
    result = run(node)
    assert result["changed"]
    assert sorted(os.path.relpath(path, node) for path in result["removed"]) == [
        "containers/keeper-1f.log",
        "pods/demo_keeper_42/keeper/0.log",
    ]
    assert links(node) == ["containers/keeper-2e.log"]
    assert (node / "docker/containers/1f/1f-json.log").read_text() == "kept\n"
    assert (node / "pods/demo_keeper_42/keeper/1.log").read_text() == "containerd's\n"


def test_a_second_run_changes_nothing(node):
    run(node)
    assert not run(node)["changed"]


def test_check_mode_removes_nothing(node):
    before = links(node)
    result = run(node, check_mode=True)
    assert result["changed"]
    assert "0.log -> " in result["diff"]["before"]
    assert links(node) == before


def test_a_link_whose_log_is_gone_goes_as_well(node):
    (node / "docker/containers/1f/1f-json.log").unlink()
    run(node)
    assert links(node) == ["containers/keeper-2e.log"]


def test_docker_may_name_its_directory_by_another_path(node):
    (node / "docker").rename(node / "disk")
    (node / "docker").symlink_to(node / "disk")
    (node / "pods/demo_keeper_42/keeper/0.log").unlink()
    (node / "pods/demo_keeper_42/keeper/0.log").symlink_to(node / "disk/containers/1f/1f-json.log")
    run(node)
    assert "pods/demo_keeper_42/keeper/0.log" not in links(node)


def test_where_docker_left_the_links_of_containers_only(node):
    # What a run that was killed in the middle leaves is found again: the links to the pods' logs go first.
    order = [path for path, _target in docker_log_links.docker_links(str(node / "pods"), str(node / "containers"), str(node / "docker"))]
    assert order[-1].startswith(str(node / "pods"))


def test_nothing_is_there(tmp_path):
    assert not run(tmp_path)["changed"]
