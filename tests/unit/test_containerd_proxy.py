# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import stat

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _facts_docker
from ansible_collections.dockershim.migration.plugins.modules import containerd_proxy
from module_runner import ModuleFailedError, run_module

HIDDEN = "hunter%402"


@pytest.fixture
def node(tmp_path, monkeypatch):
    """A node whose docker.service, which does not run, has these proxies."""
    unit = tmp_path / "docker.service"
    unit.write_text(
        "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n"
        f'Environment="HTTP_PROXY=http://me:{HIDDEN.replace("%", "%%")}@proxy.example:3128" NO_PROXY=localhost\n'
    )
    show = f"Id=docker.service\nMainPID=0\nLoadState=loaded\nActiveState=inactive\nFragmentPath={unit}\n"
    real = AnsibleModule.run_command
    monkeypatch.setattr(
        AnsibleModule,
        "run_command",
        lambda module, command, **keywords: (0, show, "") if command[0] == "systemctl" else real(module, command, **keywords),
    )
    monkeypatch.setattr(_facts_docker, "DAEMON_JSON", str(tmp_path / "daemon.json"))
    return tmp_path


def run(node, **arguments):
    defaults = {"file": str(node / "etc" / "proxy.env"), "drop_in": str(node / "etc" / "proxy.conf"), "no_proxy": ["localhost", ".svc"]}
    return run_module(containerd_proxy, **{**defaults, **arguments})


def test_containerd_gets_dockers_proxies_and_nobody_else_sees_them(node):
    result = run(node)
    file = node / "etc" / "proxy.env"
    assert f'HTTP_PROXY="http://me:{HIDDEN}@proxy.example:3128"\nNO_PROXY="localhost,.svc"\n' in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (node / "etc" / "proxy.conf").read_text().endswith(f"[Service]\nEnvironmentFile={file}\n")
    assert result["changed"]
    assert result["proxies"] == {"HTTP_PROXY": "http://********@proxy.example:3128", "NO_PROXY": "localhost,.svc"}
    assert HIDDEN not in json.dumps(result)
    assert "proxy.example" in json.dumps(result["diff"])
    again = run(node)
    assert (again["changed"], HIDDEN in json.dumps(again)) == (False, False)


def test_a_file_that_somebody_opened_is_closed_again(node):
    run(node)
    (node / "etc" / "proxy.env").chmod(0o644)
    assert run(node)["changed"]
    assert stat.S_IMODE((node / "etc" / "proxy.env").stat().st_mode) == 0o600


def test_in_check_mode_nothing_is_written(node):
    result = run(node, check_mode=True)
    assert result["changed"]
    assert HIDDEN not in json.dumps(result)
    assert not (node / "etc").exists()


def test_daemon_json_wins_over_the_unit(node):
    (node / "daemon.json").write_text('{"proxies": {"http-proxy": "http://other.example:1"}}')
    assert run(node)["proxies"]["HTTP_PROXY"] == "http://other.example:1"


def test_only_what_is_asked_for_is_written(node):
    assert run(node, names=["NO_PROXY"])["proxies"] == {"NO_PROXY": "localhost"}


def test_without_a_proxy_nothing_is_written(node):
    (node / "docker.service").write_text("[Service]\nExecStart=/usr/bin/dockerd\n")
    assert not run(node)["changed"]
    assert not (node / "etc").exists()


def test_what_cannot_be_written_safely_is_refused_without_showing_it(node):
    (node / "daemon.json").write_text(json.dumps({"proxies": {"http-proxy": 'http://me:hunter"2@proxy'}}))
    with pytest.raises(ModuleFailedError, match="HTTP_PROXY") as failure:
        run(node)
    assert "hunter" not in json.dumps(failure.value.result)
