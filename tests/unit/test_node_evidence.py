# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._redact import masked_secrets
from ansible_collections.dockershim.migration.plugins.modules import node_evidence
from module_runner import run_module

# Lines of a kubelet 1.20 and a containerd 1.6 in the lab.
INFO = "Nov 23 21:12:09 worker-1 kubelet[4711]: I1123 21:12:09.1 4711 server.go:416] Version: v1.20.2"
ERROR = "Nov 23 21:12:10 worker-1 kubelet[4711]: E1123 21:12:10.2 4711 kubelet.go:1842] skipping pod synchronization"
FATAL = 'Nov 23 21:12:11 worker-1 containerd[42]: time="2026-11-23T21:12:11Z" level=fatal msg="load config"'


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("", 3, []),
        ("-- No entries --\n", 3, []),
        ("\n".join([ERROR, INFO, INFO, INFO]), 2, [ERROR, INFO]),
        ("\n".join([INFO, ERROR, FATAL, INFO]), 2, [ERROR, FATAL]),
        ("\n".join([ERROR, ERROR, FATAL]), 2, [ERROR, FATAL]),
        (INFO, 5, [INFO]),
    ],
    ids=["nothing", "journalctl's own words", "room for more", "errors only", "the last errors", "all"],
)
def test_the_telling_lines_are_picked(text, lines, expected):
    assert node_evidence.pick(text, lines) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("HTTP_PROXY=http://me:s3cret@proxy:3128/", "HTTP_PROXY=http://********@proxy:3128/"),
        ("Authorization: Bearer s3cret.s3cret", "Authorization: Bearer ********"),
        ('{"password":"s3cret","user":"me"}', '{"password":"********","user":"me"}'),
        ("token=s3cret, next", "token=********, next"),
        ("using bearer s3cret-s3cret-s3cret", "using bearer ********"),
        ("failed to pull image registry.lab:5001/demo/web:1", "failed to pull image registry.lab:5001/demo/web:1"),
    ],
)
def test_no_secret_gets_into_the_evidence(line, expected):
    assert masked_secrets(line) == expected


def test_what_the_units_say(monkeypatch):
    commands = []

    def run_command(self, command, **keywords):
        commands.append(command)
        if command[0] == "systemctl":
            return 0, "activating\nauto-restart\n", ""
        return 0, FATAL + "\n", ""

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    result = run_module(node_evidence, units=["containerd.service"], since="2026-11-23T21:12:08Z")
    assert result["text"] == ["containerd.service: activating (auto-restart)", "  " + FATAL]
    assert "--since=2026-11-23 21:12:08 UTC" in commands[1]
    assert not result["changed"]
