# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.modules import docker_containers
from module_runner import ModuleFailedError, run_module

SHOW = "Id=docker.service\nMainPID={docker}\nLoadState=loaded\n\nId=containerd.service\nMainPID={containerd}\nLoadState=loaded\n"


def labels(kind, grace=None, pod="web-1"):
    result = {
        "io.kubernetes.docker.type": kind,
        "io.kubernetes.pod.uid": "42",
        "io.kubernetes.pod.name": pod,
        "io.kubernetes.pod.namespace": "demo",
    }
    if grace is not None:
        result["annotation.io.kubernetes.pod.terminationGracePeriod"] = grace
    return result


def container(identifier, **labels_):
    return {"Id": identifier, "Names": [f"/{identifier}"], "Image": "web:1", "ImageID": "sha256:1", "Labels": labels_}


SANDBOX = container("pause", **labels("podsandbox"))
WEB = container("web", **labels("container", grace="5"))
SLOW = container("slow", **labels("container", grace="3600"))
FOREIGN = container("ceph")


@pytest.fixture
def stop(docker, ctr, tmp_path, monkeypatch):
    """Runs the module on a node where Docker runs, or does not."""
    real = AnsibleModule.run_command

    def run(docker_runs=True, containerd_runs=True, check_mode=False, **options):
        def run_command(self, command, **keywords):
            if command[0] == "systemctl":
                return 0, SHOW.format(docker=1 if docker_runs else 0, containerd=1 if containerd_runs else 0), ""
            return real(self, command, **keywords)

        monkeypatch.setattr(AnsibleModule, "run_command", run_command)
        return run_module(docker_containers, check_mode=check_mode, docker_socket=docker.path, docker_root=str(tmp_path), **options)

    return run


def outlived(ctr, tmp_path, **tasks):
    """Containers that go on under containerd, with the records that Docker left of them."""
    ctr.write({"content": {}, "moby": {"images": {}, "tasks": dict.fromkeys(tasks, 100)}})
    for identifier, labels_ in tasks.items():
        directory = tmp_path / "containers" / identifier
        directory.mkdir(parents=True)
        record = {"Name": f"/{identifier}", "Config": {"Image": "web:1", "Labels": labels_}}
        (directory / "config.v2.json").write_text(json.dumps(record))


def test_the_pause_containers_go_last_and_each_gets_its_time(stop, docker):
    docker.containers = [SANDBOX, SLOW, WEB]
    result = stop(grace_period=30)
    assert result["changed"]
    assert sorted(docker.stops[:2]) == [("slow", 30), ("web", 5)]
    assert docker.stops[2:] == [("pause", 30)]
    assert docker.containers == []
    assert {entry["pod"] for entry in result["stopped"]} == {"demo/web-1"}


def test_nothing_to_stop(stop, docker):
    result = stop()
    assert not result["changed"]
    assert docker.stops == []


def test_check_mode_stops_nothing(stop, docker):
    docker.containers = [SANDBOX, WEB]
    result = stop(check_mode=True)
    assert result["changed"]
    assert result["diff"]["before"] == "pause\nweb\n"
    assert docker.stops == []


def test_containers_of_other_people_are_refused_before_anything_stops(stop, docker):
    docker.containers = [SANDBOX, WEB, FOREIGN]
    with pytest.raises(ModuleFailedError, match=r"do not belong to Kubernetes.*: ceph \(web:1\)"):
        stop()
    assert docker.stops == []
    assert stop(foreign="stop")["changed"]
    assert docker.containers == []


def test_a_docker_that_goes_on_keeps_the_containers_of_other_people(stop, docker):
    docker.containers = [SANDBOX, WEB, FOREIGN]
    result = stop(foreign="keep")
    assert {entry["name"] for entry in result["stopped"]} == {"pause", "web"}
    assert [entry["Id"] for entry in docker.containers] == ["ceph"]
    assert not stop(foreign="keep")["changed"]


def test_a_container_that_does_not_end_is_named(stop, docker):
    docker.containers = [SANDBOX, WEB]
    docker.refuses_to_stop = {"web"}
    with pytest.raises(ModuleFailedError, match="do not end: web"):
        stop()


def test_what_outlived_docker_is_stopped_as_well(stop, ctr, tmp_path):
    outlived(ctr, tmp_path, pause=labels("podsandbox"), web=labels("container"))
    result = stop(docker_runs=False)
    assert {entry["name"] for entry in result["stopped"]} == {"pause", "web"}
    assert ctr.read()["moby"]["tasks"] == {}
    # Deleting its task is what ends a shim.
    assert ctr.subcommands().count("tasks rm") == 2


def test_what_does_not_listen_is_killed(stop, ctr, tmp_path):
    outlived(ctr, tmp_path, web=labels("container", grace="0"))
    ctr.write({**ctr.read(), "stubborn": ["web"]})
    assert stop(docker_runs=False)["changed"]
    assert ctr.read()["moby"]["tasks"] == {}


def test_other_peoples_containers_are_known_without_docker(stop, ctr, tmp_path):
    outlived(ctr, tmp_path, ceph={})
    with pytest.raises(ModuleFailedError, match=r"ceph \(web:1\)"):
        stop(docker_runs=False)
    assert ctr.read()["moby"]["tasks"] == {"ceph": 100}


def test_nobody_to_ask(stop):
    with pytest.raises(ModuleFailedError, match=r"Neither docker\.service nor containerd\.service runs"):
        stop(docker_runs=False, containerd_runs=False)
