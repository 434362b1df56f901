# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading of a node, on a node made of files and stand-ins; the lab runs the module on real nodes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import (
    _facts_docker,
    _facts_registries,
    _facts_system,
    _processes,
)
from ansible_collections.dockershim.migration.plugins.module_utils._registries import MARKER
from ansible_collections.dockershim.migration.plugins.modules import node_facts
from module_runner import ModuleFailedError, run_module
from node_stand_ins import DockerStandIn

KUBELET = ["/usr/bin/kubelet", "--config=/nowhere/config.yaml", "--network-plugin=cni", "--hostname-override=node-7"]
DOCKERD = ["/usr/sbin/dockerd", "-H", "fd://", "--registry-mirror=https://user:secret@mirror.example"]
WEB = "sha256:" + "1" * 64


class FakeNode:
    """A node that is a directory: what systemd, the process table and the programs would say."""

    def __init__(self, directory: Path, docker: DockerStandIn) -> None:
        self.directory = directory
        self.docker = docker
        self.root_dir = directory / "kubelet"
        self.root_dir.mkdir()
        self.processes = {11: [*KUBELET, f"--root-dir={self.root_dir}"], 12: DOCKERD}
        self.pids = {"kubelet.service": 11, "docker.service": 12, "docker.socket": 0, "containerd.service": 13}
        self.started = time.clock_gettime(time.CLOCK_MONOTONIC)
        self.versions = {"/usr/bin/kubelet": "Kubernetes v1.20.2\n", "kubelet": "Kubernetes v1.20.2\n"}
        self.versions["containerd"] = "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n"
        self.versions["/usr/bin/cri-dockerd"] = "cri-dockerd 0.3.2 (e84f6a5)\n"
        self.missing = {"cri-dockerd"}
        self.flag_file = directory / "kubeadm-flags.env"
        self.flag_file.write_text('KUBELET_KUBEADM_ARGS="--network-plugin=cni --pod-infra-container-image=k8s.gcr.io/pause:3.2"\n')
        self.daemon_json = directory / "daemon.json"
        self.containerd_config = directory / "config.toml"
        self.environment: dict[str, str] = {}
        self.unit_file = directory / "docker.service"
        self.unit_file.write_text("[Service]\nExecStart=/usr/bin/dockerd -H fd://\n")
        self.dump = 'oom_score = 0\nroot = "/srv/containerd"\nversion = 2\n\n[plugins]\n  root = "/not/this"\n'

    def show(self) -> str:
        blocks = []
        for unit, pid in self.pids.items():
            state = "active" if pid or unit == "docker.socket" else "inactive"
            since = int(self.started * 1e6) if pid else 0
            files = f"EnvironmentFiles={self.flag_file} (ignore_errors=yes)\n" if unit == "kubelet.service" else ""
            blocks.append(
                f"Id={unit}\nMainPID={pid}\nLoadState=loaded\nActiveState={state}\nUnitFileState=enabled\n"
                f"{files}ActiveEnterTimestampMonotonic={since}\n" + (f"FragmentPath={self.unit_file}\n" if unit == "docker.service" else "")
            )
        return "\n".join(blocks)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real_run, real_read = AnsibleModule.run_command, node_facts.read_text

        def run_command(module, command, **keywords):
            if command[0] == "systemctl":
                return 0, self.show(), ""
            if command[-1] == "--version":
                return 0, self.versions[command[0]], ""
            if command[-2:] == ["config", "dump"]:
                return 0, self.dump, ""
            if command[0] == "iptables":
                return 0, "-P FORWARD DROP\n-A FORWARD -j KUBE-FORWARD\n", ""
            return real_run(module, command, **keywords)

        def read_text(path):
            if path.startswith("/proc/"):
                arguments = self.processes.get(int(path.split("/")[2]))
                return "\0".join(arguments) + "\0" if arguments else None
            return real_read(path)

        monkeypatch.setattr(AnsibleModule, "run_command", run_command)
        monkeypatch.setattr(
            AnsibleModule, "get_bin_path", lambda _module, name, **_keywords: None if name in self.missing else f"/usr/bin/{name}"
        )
        monkeypatch.setattr(node_facts, "listeners", lambda path: [{"pid": 14, "program": "/usr/bin/cri-dockerd", "path": path}])
        monkeypatch.setattr(node_facts, "ask_version", lambda path: {"runtime_name": "docker", "path": path})
        monkeypatch.setattr(_processes, "read_text", read_text)
        monkeypatch.setattr(_facts_docker, "environment_of", lambda _pid: self.environment)
        monkeypatch.setattr(_facts_docker, "DockerEngine", lambda: DockerEngineAt(self.docker.path))
        monkeypatch.setattr(node_facts, "FLAG_FILES", [str(self.flag_file)])
        monkeypatch.setattr(_facts_docker, "DAEMON_JSON", str(self.daemon_json))
        monkeypatch.setattr(_facts_docker, "DOCKER_CERTS", str(self.directory / "certs.d"))
        monkeypatch.setattr(_facts_registries, "environment_of", lambda _pid: {"HOME": str(self.directory / "home")})
        monkeypatch.setattr(_facts_registries, "working_directory_of", lambda _pid: str(self.directory / "nowhere"))
        monkeypatch.setattr(_facts_registries.credentials, "DOCKER_CONFIG", str(self.directory / "root.json"))
        monkeypatch.setattr(_facts_registries.credentials, "DOCKER_CONFIG_LEGACY", str(self.directory / ".dockercfg"))
        monkeypatch.setattr(node_facts, "API_SERVER_MANIFEST", str(self.directory / "kube-apiserver.yaml"))

    def facts(self):
        result = run_module(
            node_facts,
            journal=str(self.directory / "journal.json"),
            containerd_config=str(self.containerd_config),
            containerd_certs_d=str(self.directory / "containerd" / "certs.d"),
            check_mode=True,
        )
        assert not result["changed"]
        return result["ansible_facts"]["dockershim_migration"]


DockerEngineAt = _facts_docker.DockerEngine


@pytest.fixture
def node(tmp_path, monkeypatch, docker, ctr):
    ctr.has_image("k8s.gcr.io/pause:3.2", WEB)
    docker.info = {"ServerVersion": "20.10.24", "DockerRootDir": "/var/lib/docker", "CgroupDriver": "systemd", "Driver": "overlay2"}
    docker.images = [
        {"Id": WEB, "RepoTags": ["web:1", "<none>:<none>"], "RepoDigests": ["<none>@<none>"], "Size": 1000},
        {"Id": "sha256:nameless", "RepoTags": None, "RepoDigests": None, "Size": 10},
    ]
    pod = {"io.kubernetes.pod.uid": "1", "io.kubernetes.pod.name": "web-1", "io.kubernetes.pod.namespace": "demo"}
    docker.containers = [
        {"Id": "c1", "Names": ["/k8s_web"], "Image": "web:1", "ImageID": WEB, "Labels": pod},
        {"Id": "c2", "Names": ["/ceph"], "Image": "ceph:16", "ImageID": "sha256:other", "Labels": None},
    ]
    node = FakeNode(tmp_path, docker)
    node.install(monkeypatch)
    return node


def test_a_running_node(node):
    facts = node.facts()
    kubelet = facts["kubelet"]
    assert (kubelet["installed"], kubelet["active"], kubelet["version"], kubelet["runtime"]) == (True, True, "1.20.2", "dockershim")
    assert kubelet["node_name"] == "node-7"
    assert kubelet["flags"]["network-plugin"] == "cni"
    assert kubelet["flag_sources"][0]["flags"]["pod-infra-container-image"] == "k8s.gcr.io/pause:3.2"
    docker = facts["docker"]
    assert (docker["active"], docker["version"], docker["cgroup_driver"]) == (True, "20.10.24", "systemd")
    assert [(c["name"], c["kubernetes"], c["pod"]) for c in docker["containers"]] == [
        ("k8s_web", True, "demo/web-1"),
        ("ceph", False, None),
    ]
    assert [(i["tags"], i["digests"], i["used"]) for i in docker["images"]] == [(["web:1"], [], True), ([], [], False)]
    assert facts["containerd"]["version"] == "1.6.20"
    assert facts["containerd"]["images"] == {"k8s.gcr.io/pause:3.2": WEB}
    assert facts["journal"] == []
    assert not facts["control_plane"]


def test_a_node_without_cri_dockerd(node):
    shim = node.facts()["cri_dockerd"]
    assert (shim["unit"], shim["units"], shim["program"], shim["version"], shim["active"]) == (None, [], None, None, False)
    assert shim["answer"] is None


@pytest.mark.parametrize("name", ["cri-docker", "cri-dockerd"])
def test_a_node_with_cri_dockerd(node, name):
    node.pids.update({f"{name}.service": 14, f"{name}.socket": 0})
    node.processes[14] = ["/usr/bin/cri-dockerd", "--container-runtime-endpoint", "fd://", "--network-plugin=cni"]
    shim = node.facts()["cri_dockerd"]
    assert (shim["unit"], shim["units"]) == (name, [f"{name}.socket", f"{name}.service"])
    assert (shim["program"], shim["version"], shim["active"]) == ("/usr/bin/cri-dockerd", "0.3.2", True)
    assert shim["flags"] == {"container-runtime-endpoint": "fd://", "network-plugin": "cni"}
    assert shim["answer"] == {"runtime_name": "docker", "path": "/run/cri-dockerd.sock"}


def test_a_stopped_cri_dockerd_is_not_woken_through_its_socket(node):
    node.pids.update({"cri-docker.service": 0, "cri-docker.socket": 0})
    node.missing.clear()
    shim = node.facts()["cri_dockerd"]
    assert (shim["active"], shim["version"], shim["answer"]) == (False, "0.3.2", None)


def test_the_socket_is_the_one_that_the_kubelet_uses(node):
    node.processes[11] = ["/usr/bin/kubelet", "--container-runtime=remote", "--container-runtime-endpoint=unix:///run/my/cri-dockerd.sock"]
    assert node.facts()["cri_dockerd"]["socket"] == "/run/my/cri-dockerd.sock"


def test_what_runs_counts_more_than_what_files_say(node):
    node.flag_file.write_text(
        'KUBELET_KUBEADM_ARGS="--container-runtime=remote --container-runtime-endpoint=unix:///run/containerd/containerd.sock"\n'
    )
    assert node.facts()["kubelet"]["runtime"] == "dockershim"
    # Only of a kubelet that does not run do the files tell what it would do.
    node.pids["kubelet.service"] = 0
    kubelet = node.facts()["kubelet"]
    assert (kubelet["active"], kubelet["runtime"]) == (False, "containerd")


def test_a_stopped_docker_is_not_woken_through_its_socket(node, monkeypatch):
    node.pids["docker.service"] = 0
    monkeypatch.setattr(_facts_docker, "DockerEngine", lambda: pytest.fail("asked Docker"))
    docker = node.facts()["docker"]
    assert (docker["active"], docker["socket_active"], docker["images"]) == (False, True, [])


def test_no_credentials_leave_the_node(node):
    node.daemon_json.write_text(
        json.dumps(
            {
                "proxies": {"http-proxy": "http://me:hunter2@proxy.example:3128", "https-proxy": "me:hunter2@proxy.example:3129"},
                "log-opts": {"splunk-token": "hunter2", "tag": "x"},
            }
        )
    )
    node.environment = {"HTTP_PROXY": "http://me:hunter2@other.example"}
    node.processes[12] = [*DOCKERD, "--log-opt", "splunk-token=hunter2"]
    text = json.dumps(node.facts())
    assert "hunter2" not in text
    assert "user:secret" not in text
    assert "proxy.example:3128" in text
    assert "proxy.example:3129" in text


def test_a_broken_daemon_json_is_named(node):
    node.daemon_json.write_text('{"registry-mirrors": [')
    with pytest.raises(ModuleFailedError, match=r"daemon\.json"):
        node.facts()


def test_certificates_are_listed_by_registry(node):
    directory = node.directory / "certs.d" / "registry.example:5000"
    directory.mkdir(parents=True)
    (directory / "ca.crt").write_text("")
    assert node.facts()["docker"]["certificates"] == {"registry.example:5000": ["ca.crt"]}


def test_credentials_are_told_by_their_registries_only(node):
    auths = {"auths": {"registry.example:5000": {"auth": base64.b64encode(b"me:hunter2").decode()}}}
    (node.root_dir / "config.json").write_text("{broken, hunter2")
    (node.directory / "home" / ".docker").mkdir(parents=True)
    (node.directory / "home" / ".docker" / "config.json").write_text(json.dumps(auths))
    (node.root_dir / ".dockercfg").write_text(json.dumps(auths["auths"]))
    (node.directory / "root.json").write_text(json.dumps({"credsStore": "pass", "auths": {"other.example": {}}}))
    (node.directory / "root.json").chmod(0o600)
    found = node.facts()["registries"]["credentials"]
    assert [(file["path"], file["valid"], file["read_by_kubelet"], file["registries"]) for file in found] == [
        (str(node.root_dir / "config.json"), False, False, []),
        (str(node.directory / "home/.docker/config.json"), True, True, ["registry.example:5000"]),
        (str(node.root_dir / ".dockercfg"), True, False, ["registry.example:5000"]),
        (str(node.directory / "root.json"), True, False, []),
    ]
    assert [file["searched_by_kubelet"] for file in found] == [True, True, True, False]
    assert [file["world_readable"] for file in found] == [True, True, True, False]
    assert (found[3]["helpers"], found[3]["helper_registries"]) == (["pass"], ["other.example"])
    text = json.dumps(node.facts())
    assert "hunter2" not in text
    assert auths["auths"]["registry.example:5000"]["auth"] not in text


def test_where_a_process_is_at_home():
    with subprocess.Popen(["/bin/cat"], cwd="/usr", env={"HOME": "/root"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        # Once it answers, its environment is there to be read.
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()
        assert _processes.working_directory_of(child.pid) == "/usr"
        assert _processes.environment_of(child.pid)["HOME"] == "/root"
    assert _processes.working_directory_of(0) == ""


def test_registries_are_resolved_only_where_docker_goes_by_addresses(node, monkeypatch):
    asked = []
    monkeypatch.setattr(_facts_registries, "resolve", lambda names: asked.append(names) or {"docker.io": ["192.0.2.1"]})
    assert node.facts()["registries"]["addresses"] == {}
    assert asked == []
    node.daemon_json.write_text(json.dumps({"insecure-registries": ["10.0.0.0/8"]}))
    assert node.facts()["registries"]["addresses"] == {"docker.io": ["192.0.2.1"]}
    assert asked == [{"docker.io"}]


def test_what_containerd_has_been_told_about_registries(node):
    directory = node.directory / "containerd" / "certs.d"
    for name, text in (("a", f"{MARKER}\n"), ("b", '[host."https://b".header]\n  Authorization = "Basic hunter2"\n')):
        (directory / name).mkdir(parents=True)
        (directory / name / "hosts.toml").write_text(text)
    (directory / "empty").mkdir()
    facts = node.facts()
    assert {name: (file["ours"], bool(file["meaning"])) for name, file in facts["registries"]["hosts_toml"].items()} == {
        "a": (True, True),
        "b": (False, False),
    }
    assert "hunter2" not in json.dumps(facts)


@pytest.mark.parametrize(("age", "pending"), [(-60, False), (60, True)], ids=["older than the process", "written since it started"])
def test_a_containerd_that_does_not_know_its_file_yet(node, age, pending):
    node.containerd_config.write_text("version = 2\n")
    moment = time.time() + age
    os.utime(node.containerd_config, (moment, moment))
    assert node.facts()["containerd"]["restart_pending"] is pending


def test_a_control_plane_knows_itself(node):
    (node.directory / "kube-apiserver.yaml").write_text("")
    assert node.facts()["control_plane"]


def test_free_space_is_asked_of_the_nearest_directory_there_is(tmp_path):
    assert node_facts.free_bytes(str(tmp_path / "not" / "there")) == node_facts.free_bytes(str(tmp_path)) > 0
    assert node_facts.filesystem(str(tmp_path / "not" / "there"))["mount"] == node_facts.filesystem(str(tmp_path))["mount"]


def test_what_docker_says_is_in_force(node):
    node.docker.info.update(
        SecurityOptions=["name=seccomp,profile=default", "name=userns"],
        DriverStatus=[["driver-type", "io.containerd.snapshotter.v1"]],
        Runtimes={"runc": {}, "nvidia": {}},
        DefaultRuntime="nvidia",
        LoggingDriver="journald",
        CgroupVersion="2",
    )
    docker = node.facts()["docker"]
    assert (docker["security_options"], docker["containerd_store"]) == (["seccomp", "userns"], True)
    assert (docker["runtimes"], docker["default_runtime"]) == (["nvidia", "runc"], "nvidia")
    assert (docker["logging_driver"], docker["cgroup_version"]) == ("journald", "2")


def test_where_containerds_data_is_and_what_holds_some(node):
    facts = node.facts()
    assert facts["containerd"]["root"] == "/srv/containerd"
    assert facts["containerd"]["namespaces"] == ["k8s.io"]
    # Asked twice, while others write.
    assert facts["disk"]["filesystems"]["/srv/containerd"]["free"] == pytest.approx(facts["disk"]["containerd"], rel=0.05)
    node.dump = ""
    assert node.facts()["containerd"]["root"] == "/var/lib/containerd"


def test_the_kernel_and_the_network(node):
    facts = node.facts()
    assert facts["network"]["forward_policy"] == "DROP"
    assert set(facts["kernel"]["sysctls"]) == set(_facts_system.SYSCTLS)


def test_a_stopped_docker_is_told_by_its_unit(node):
    node.pids["docker.service"] = 0
    elsewhere = node.directory / "elsewhere.json"
    elsewhere.write_text('{"debug": true, "data-root": "/srv/docker"}')
    options = node.directory / "docker.env"
    options.write_text('OPTIONS="--label a=b"\nHTTPS_PROXY=http://other:1\n')
    node.unit_file.write_text(
        "[Unit]\nDescription=Docker\n[Service]\nExecStart=\nExecStart=-/usr/bin/dockerd -H fd:// \\\n  $OPTIONS --config-file="
        + str(elsewhere)
        + "\n"
        f"EnvironmentFile=-{options}\n"
        'Environment="HTTP_PROXY=http://me:hunter%%2@proxy:3128" "NO_PROXY=localhost,.example"\n'
    )
    docker = node.facts()["docker"]
    assert docker["daemon_arguments"] == ["/usr/bin/dockerd", "-H", "fd://", "--label", "a=b", f"--config-file={elsewhere}"]
    assert (docker["config_file"], docker["daemon_json"]["debug"], docker["root_dir"]) == (str(elsewhere), True, "/srv/docker")
    assert docker["proxies"] == {
        "HTTP_PROXY": "http://********@proxy:3128",
        "HTTPS_PROXY": "http://other:1",
        "NO_PROXY": "localhost,.example",
    }


@pytest.mark.parametrize(
    ("listing", "installed", "interrupted"),
    [
        ("installed containerd 1.6.20\ninstalled bash 5.2\nnot-installed docker.io \n", {"containerd": "1.6.20"}, []),
        ("unpacked containerd 1.6.20\nhalf-configured runc 1.1\nhalf-installed bash 5.2\n", {}, ["containerd", "runc"]),
        ("config-files docker.io 20.10.24\n", {}, []),
    ],
    ids=["installed", "dpkg was killed", "removed, but not purged"],
)
def test_packages(listing, installed, interrupted):
    assert node_facts.parse_packages(listing) == {"installed": installed, "interrupted": interrupted}
