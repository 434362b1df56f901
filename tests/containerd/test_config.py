# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containerd_config writes, read by the real containerd of each suite: C(config dump), and a daemon that is started with it.

The places here are written down once more on purpose: containerd's own words are compared with them, not with the module's table.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import Any

import pytest
import tomllib
from binaries import SUITES
from cases import SECRET, WANTED_SECRET

V2 = "plugins/io.containerd.grpc.v1.cri/"
IMAGES, RUNTIME = "plugins/io.containerd.cri.v1.images/", "plugins/io.containerd.cri.v1.runtime/"

#: setting: its value in the dump and its place there, in version 2 (containerd 1.x) and 3 (2.x).
PLACES = {
    "sandbox_image": ("registry.example.com/pause:3.9", V2 + "sandbox_image", IMAGES + "pinned_images/sandbox"),
    "snapshotter": ("native", V2 + "containerd/snapshotter", IMAGES + "snapshotter"),
    "discard_unpacked_layers": (True, V2 + "containerd/discard_unpacked_layers", IMAGES + "discard_unpacked_layers"),
    "max_concurrent_downloads": (7, V2 + "max_concurrent_downloads", IMAGES + "max_concurrent_downloads"),
    "root": ("/data/containerd", "root", "root"),
    "cni_conf_dir": ("/opt/own/cni/net.d", V2 + "cni/conf_dir", RUNTIME + "cni/conf_dir"),
    "default_runtime_name": ("nvidia", V2 + "containerd/default_runtime_name", RUNTIME + "containerd/default_runtime_name"),
    "enable_selinux": (True, V2 + "enable_selinux", RUNTIME + "enable_selinux"),
    "unset_seccomp_profile": ("runtime/default", V2 + "unset_seccomp_profile", RUNTIME + "unset_seccomp_profile"),
    "oom_score": (-500, "oom_score", "oom_score"),
    "debug_level": ("debug", "debug/level", "debug/level"),
    "metrics_address": ("127.0.0.1:13380", "metrics/address", "metrics/address"),
}
SINCE_1_5 = {"debug_format": ("json", "debug/format", "debug/format")}
SINCE_1_7 = {"enable_cdi": (True, V2 + "enable_cdi", RUNTIME + "enable_cdi")}

#: What an edit may change beside those: where the settings may stand in a file that is of version 1 or 2.
CHANGEABLE = [
    *("version", "disabled_plugins", "registry/", "runtimes/", "pinned_images/", "/cni/", "transfer.v1.local/max_concurrent_downloads"),
    *("sandbox_image", "snapshotter", "discard_unpacked_layers", "max_concurrent_downloads", "default_runtime_name", "enable_selinux"),
    *("unset_seccomp_profile", "enable_cdi", "oom_score", "root", "debug/level", "debug/format", "metrics/address"),
]


def leaves(data: Any, path: str = "") -> dict[str, Any]:
    if isinstance(data, dict) and data:
        return {key: value for name, item in data.items() for key, value in leaves(item, f"{path}/{name}" if path else name).items()}
    return {path: data}


def get(data: Any, path: str) -> Any:
    # Plugins have dots in their names, images' registries none that matters here: a slash parts the names.
    for part in path.split("/"):
        data = data.get(part) if isinstance(data, dict) else None
    return data


def comments(text: str) -> list[str]:
    """Returns what stands behind each # that begins a comment in these files, none of which has one in a string."""
    return [line.split("#", 1)[1].strip() for line in text.splitlines() if "#" in line]


@pytest.fixture(params=SUITES)
def node(request, nodes):
    return nodes[request.param]


def test_every_case_ends_as_it_should(node):
    for case, result in zip(node.cases, node.results["done"], strict=True):
        if case.failure:
            # With failed_when in the task, msg alone tells of a failure.
            assert [part for part in case.failure if part not in result["msg"]] == [], f"{case.name}: {result['msg']}"
        else:
            assert "msg" not in result, f"{case.name}: {result.get('msg')}"
            assert result["changed"], case.name


def test_check_mode_told_the_truth(node):
    for case, foretold, done in zip(node.cases, node.results["foretold"], node.results["done"], strict=True):
        assert {key: foretold.get(key) for key in ("changed", "effective", "msg")} == {
            key: done.get(key) for key in ("changed", "effective", "msg")
        }, case.name
        assert foretold.get("registries") == done.get("registries"), case.name


def test_a_second_run_changes_nothing(node):
    for case, result in zip(node.cases, node.results["again"], strict=True):
        if not case.failure:
            assert not result["changed"], case.name
            assert "msg" not in result, case.name


def test_what_could_not_be_done_left_the_file_alone(node):
    for case in node.cases:
        if case.failure:
            assert node.path(case).read_text() == case.text, case.name


def test_every_setting_is_in_force(node):
    binary = node.binary
    number = 1 if binary.release < (2, 0) else 2
    expected = {**PLACES, **(SINCE_1_5 if binary.release >= (1, 5) else {}), **(SINCE_1_7 if binary.release >= (1, 7) else {})}
    for case in node.cases:
        if case.failure or case.settings is not None:
            continue
        dump = node.dump(case)
        for setting, (value, *places) in expected.items():
            assert get(dump, places[number - 1]) == value, f"{case.name}: {setting}"
        assert not any("cri" in name for name in dump["disabled_plugins"]), case.name
        cni = get(dump, (V2 if number == 1 else RUNTIME) + "cni")
        assert (cni["bin_dirs"] if binary.release >= (2, 1) else cni["bin_dir"]) == (
            ["/opt/own/cni/bin"] if binary.release >= (2, 1) else "/opt/own/cni/bin"
        ), case.name
        if binary.release >= (2, 1):
            assert get(dump, "plugins/io.containerd.transfer.v1.local/max_concurrent_downloads") == 7, case.name
        # 1.4 prints no options: there the file itself has to do.
        source = dump if binary.release >= (1, 6) else tomllib.loads(node.path(case).read_text())
        cri = (V2 if source.get("version", 1) > 1 else "plugins/cri/") if number == 1 else RUNTIME
        runtimes = get(source, cri + "containerd/runtimes")
        assert {"runc", "nvidia"} <= set(runtimes), case.name
        assert {name for name, handler in runtimes.items() if handler["options"].get("SystemdCgroup") is not True} == set(), case.name
        assert runtimes["nvidia"]["options"]["BinaryName"] == "/usr/bin/nvidia-container-runtime", case.name


def test_registries(node):
    registry = ("plugins/io.containerd.cri.v1.images" if node.binary.release >= (2, 0) else V2.rstrip("/")) + "/registry"
    for case in node.cases:
        if case.failure or case.settings is not None:
            continue
        found = get(node.dump(case), registry)
        assert found["configs"]["wanted.example.com"]["auth"]["password"] == WANTED_SECRET, case.name
        if node.binary.release < (1, 5):
            assert found["mirrors"]["docker.io"]["endpoint"] == ["https://wanted.example.com", "http://second.example.com:5000"], case.name
            assert found["configs"]["wanted.example.com"]["tls"]["ca_file"] == "/etc/wanted.crt"
            assert found["configs"]["insecure.example.com:5000"]["tls"]["insecure_skip_verify"] is True
        else:
            assert found["config_path"] == str(node.directory(case) / "certs.d"), case.name
            assert not found.get("mirrors"), case.name


def test_mirrors_and_tls_live_on_in_hosts_toml(node):
    case = node.case("mirrors and configs")
    text = node.path(case).read_text()
    assert SECRET in text, "credentials stay"
    if node.binary.release < (1, 5):
        return  # There they stay in force, where they are.
    certs = node.directory(case) / "certs.d"
    assert tomllib.loads((certs / "docker.io" / "hosts.toml").read_text())["host"] == {
        "https://mirror.example.com:5000": {"capabilities": ["pull", "resolve"], "ca": ["/etc/ssl/house.crt"]},
        "https://far.example.com/hub": {"capabilities": ["pull", "resolve"], "override_path": True},
    }
    assert sorted(path.name for path in certs.iterdir()) == ["docker.io", "mirror.example.com:5000", "plain.example.com:5000"]
    assert '# "https://mirror.example.com:5000", # in this house' in text, "and what they were can be read"


def test_comments_and_foreign_keys_are_all_there(node):
    for case in node.cases:
        if case.text is None:
            continue
        after = node.path(case).read_text()
        kept = comments(after)
        assert [comment for comment in comments(case.text) if not any(comment in other for other in kept)] == [], case.name
        before_data, after_data = leaves(tomllib.loads(case.text)), leaves(tomllib.loads(after))
        foreign = {key: value for key, value in before_data.items() if not any(part in key for part in CHANGEABLE)}
        assert {key: after_data.get(key) for key in foreign} == foreign, case.name
        for name, text in case.beside.items():
            assert (node.directory(case) / name).read_text() == text, f"{case.name}: what is imported is not ours"


def test_no_secret_was_shown(nodes, output):
    assert SECRET not in output
    assert WANTED_SECRET not in output
    for node in nodes.values():
        for results in node.results.values():
            assert SECRET not in str(results)
            assert WANTED_SECRET not in str(results)


def test_what_is_in_force_is_returned(node):
    result = node.results["done"][node.cases.index(node.case("no file"))]
    effective = result["effective"]
    assert effective["sandbox_image"] == "registry.example.com/pause:3.9"
    assert effective["systemd_cgroup"] is True
    assert effective["runtimes"]["nvidia"]["options"]["BinaryName"] == "/usr/bin/nvidia-container-runtime"
    assert set(effective["registry_configs"]["wanted.example.com"]["auth"].values()) == {"********"}


@pytest.mark.skipif(os.geteuid() != 0, reason="containerd runs as root only; its configuration was read all the same")
def test_a_daemon_that_is_started_with_it_serves_cri(node, tmp_path):
    case = node.case("mirrors and configs")
    socket, log = tmp_path / "containerd.sock", tmp_path / "log"
    places = {"root": tmp_path / "root", "state": tmp_path / "state", "address": socket}
    with log.open("w") as output:
        daemon = subprocess.Popen(
            [node.binary.containerd, "--config", node.path(case), *(word for name in places for word in (f"--{name}", places[name]))],
            stdout=output,
            stderr=output,
        )
        try:
            listing = ""
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and not re.search(r"\scri\s.*\s(ok|error)\s*$", listing, re.MULTILINE):
                time.sleep(0.3)
                done = subprocess.run([node.binary.ctr, "--address", socket, "plugins", "ls"], capture_output=True, text=True, check=False)
                listing = done.stdout
        finally:
            daemon.terminate()
            daemon.wait(timeout=20)
    states = re.findall(r"^io\.containerd\.(?:grpc\.v1\s+cri|cri\.v1\s+\w+)\s.*?(\w+)\s*$", listing, re.MULTILINE)
    assert states == ["ok"] * (3 if node.binary.release >= (2, 0) else 1), log.read_text()[-3000:]
