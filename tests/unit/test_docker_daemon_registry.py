# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._registries import MARKER
from ansible_collections.dockershim.migration.plugins.modules import docker_daemon_registry
from module_runner import ModuleFailedError, run_module

KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"


@pytest.fixture
def node(tmp_path):
    (tmp_path / "daemon.json").write_text(json.dumps({"insecure-registries": ["plain:5000"], "registry-mirrors": ["https://m:5000"]}))
    certs = tmp_path / "docker" / "m:5000"
    certs.mkdir(parents=True)
    (certs / "ca.crt").write_text("CA")
    (certs / "a.cert").write_text("CERT")
    (certs / "a.key").write_text(KEY)
    (certs / "a.key").chmod(0o644)
    (certs / "ca.crt").chmod(0o640)
    return tmp_path


def run(node, **arguments):
    return run_module(
        docker_daemon_registry,
        daemon_json=str(node / "daemon.json"),
        docker_certs_d=str(node / "docker"),
        dest=str(node / "certs.d"),
        **arguments,
    )


def tree(node):
    dest = node / "certs.d"
    return {str(path.relative_to(dest)): path.read_text() for path in dest.rglob("*") if path.is_file()}


def test_registries_are_written_with_their_certificates(node):
    result = run(node)
    assert result["changed"]
    written = tree(node)
    assert set(written) == {
        "docker.io/hosts.toml",
        "docker.io/m:5000/ca.crt",
        "docker.io/m:5000/a.cert",
        "docker.io/m:5000/a.key",
        "m:5000/hosts.toml",
        "m:5000/ca.crt",
        "m:5000/a.cert",
        "m:5000/a.key",
        "plain:5000/hosts.toml",
    }
    assert written["plain:5000/hosts.toml"].startswith(MARKER)
    assert [host["name"] for host in result["registries"]] == ["docker.io", "plain:5000", "m:5000"]
    assert sorted(result["files"]) == sorted(str(node / "certs.d" / name) for name in written)
    assert result["attention"] == []


def test_modes_are_kept_and_a_key_is_never_readable_for_the_world(node):
    run(node)
    mode = {name: (node / "certs.d" / "m:5000" / name).stat().st_mode & 0o777 for name in ("ca.crt", "a.key")}
    assert mode == {"ca.crt": 0o640, "a.key": 0o640}


def test_a_key_does_not_appear_in_the_result(node):
    result = run(node)
    assert "c2VjcmV0" not in json.dumps(result)
    entry = next(entry for entry in result["diff"] if entry["after_header"].endswith("/m:5000/a.key"))
    assert entry["after"].endswith(f"a.key, {len(KEY)} bytes, mode 0640\n")


def test_the_second_run_changes_nothing(node):
    run(node)
    result = run(node)
    assert not result["changed"]
    assert (result["files"], result["diff"], result["attention"]) == ([], [], [])


def test_check_mode_tells_the_same_and_writes_nothing(node):
    check = run(node, check_mode=True)
    assert not (node / "certs.d").exists()
    real = run(node)
    for result in (check, real):
        del result["invocation"]
    assert check == real


def test_no_docker_at_all(tmp_path):
    result = run(tmp_path)
    assert not result["changed"]
    assert (result["registries"], result["attention"], result["files"]) == ([], [], [])
    assert not (tmp_path / "certs.d").exists()


def test_our_file_is_updated_and_kept_as_a_backup(node):
    run(node)
    (node / "docker" / "m:5000" / "ca.crt").write_text("NEW CA")
    (node / "daemon.json").write_text(json.dumps({"insecure-registries": ["plain:5000"], "registry-mirrors": ["http://m:5000"]}))
    result = run(node)
    assert '[host."http://m:5000"]' in tree(node)["docker.io/hosts.toml"]
    assert tree(node)["m:5000/ca.crt"] == "NEW CA"
    assert len(result["backup_files"]) == 2


def test_a_users_file_is_kept_and_reported(node):
    mine = node / "certs.d" / "plain:5000" / "hosts.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text('[host."https://plain:5000"]\n  skip_verify = true\n')
    result = run(node)
    assert mine.read_text() == '[host."https://plain:5000"]\n  skip_verify = true\n'
    assert [(item["key"], item["value"]) for item in result["attention"]] == [("hosts.toml", str(mine))]
    assert '[host."http://plain:5000"]' in result["attention"][0]["what_to_do"]


def test_a_users_file_that_says_the_same_is_left_alone_silently(node):
    mine = node / "certs.d" / "plain:5000" / "hosts.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text('# mine\n[host."https://plain:5000"]\nskip_verify = true\n[host."http://plain:5000"]\n')
    assert run(node)["attention"] == []
    assert mine.read_text().startswith("# mine")


def test_a_users_certificate_is_not_overwritten(node):
    mine = node / "certs.d" / "m:5000" / "ca.crt"
    mine.parent.mkdir(parents=True)
    mine.write_text("MINE")
    result = run(node)
    assert mine.read_text() == "MINE"
    assert [item["value"] for item in result["attention"]] == [str(mine)]
    assert not (mine.parent / "hosts.toml").exists()


def test_a_users_files_are_replaced_if_asked_and_kept_as_backups(node):
    directory = node / "certs.d" / "m:5000"
    directory.mkdir(parents=True)
    (directory / "hosts.toml").write_text('server = "https://elsewhere"\n')
    (directory / "ca.crt").write_text("MINE")
    result = run(node, overwrite=True)
    assert (directory / "hosts.toml").read_text().startswith(MARKER)
    assert (directory / "ca.crt").read_text() == "CA"
    assert {Path(path).read_text() for path in result["backup_files"]} == {'server = "https://elsewhere"\n', "MINE"}
    assert result["attention"] == []
    assert not run(node, overwrite=True)["changed"]


def test_a_registry_that_docker_no_longer_names_is_reported_and_kept(node):
    run(node)
    (node / "daemon.json").write_text("{}")
    result = run(node)
    stale = [str(node / "certs.d" / name / "hosts.toml") for name in ("docker.io", "plain:5000")]
    assert [item["value"] for item in result["attention"]] == stale
    assert all("no longer names" in item["why"] for item in result["attention"])
    assert not result["changed"]


def test_registries_in_use_are_resolved_on_the_node(node, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port: [(2, 1, 6, "", (f"10.0.0.{len(host)}", 0))])
    (node / "daemon.json").write_text('{"insecure-registries": ["10.0.0.0/29"]}')
    result = run(node, registries_in_use=["near:5000", "farther-away"])
    assert [host["name"] for host in result["registries"]] == ["near:5000", "m:5000"]
    assert [item["value"] for item in result["attention"]] == ["10.0.0.0/29"]


def test_a_key_named_twice_is_reported(node):
    (node / "daemon.json").write_text('{"insecure-registries": ["a"], "insecure-registries": ["b"]}')
    result = run(node)
    assert [item["key"] for item in result["attention"]] == ["insecure-registries"]
    assert [host["name"] for host in result["registries"]] == ["b", "m:5000"]


def test_a_broken_daemon_json_names_the_file(node):
    (node / "daemon.json").write_text("{")
    with pytest.raises(ModuleFailedError, match=r"daemon\.json is not valid JSON"):
        run(node)
