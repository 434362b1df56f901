# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit's files tell a service: systemd.unit(5), systemd.service(5), systemd.exec(5) as a table."""

from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _unit_files as unit_files


def arguments(*texts, environment=None):
    settings = unit_files.effective_settings(texts)
    return unit_files.command_arguments(settings, environment or unit_files.environment(settings))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["[Service]\nExecStart=/usr/bin/dockerd -H fd://\n"], ["/usr/bin/dockerd", "-H", "fd://"]),
        (["[Service]\nExecStart=-/usr/bin/dockerd\n"], ["/usr/bin/dockerd"]),
        # A drop-in takes the command back before it gives its own.
        (["[Service]\nExecStart=/old\n", "[Service]\nExecStart=\nExecStart=/new -D\n"], ["/new", "-D"]),
        (["[Service]\nExecStart=/a \\\n  -b \\\n# a comment within\n  -c\n"], ["/a", "-b", "-c"]),
        (["[Service]\nExecStart=/a '--label=x y' \"--tag=%%{n}\"\n"], ["/a", "--label=x y", "--tag=%{n}"]),
        (
            ['[Service]\nEnvironment="O=-a -b" P=c\nExecStart=/a $O ${O} $P $NONE x${P}y $$P\n'],
            ["/a", "-a", "-b", "-a -b", "c", "xcy", "$P"],
        ),
        (["[Install]\nExecStart=/not/this\n[Service]\nType=notify\n"], []),
        (["; a comment\n\n[Unit]\nDescription=ExecStart=/not/this\n"], []),
        ([""], []),
    ],
)
def test_the_command_line(texts, expected):
    assert arguments(*texts) == expected


def test_a_file_wins_over_the_unit(tmp_path):
    file = tmp_path / "docker"
    file.write_text("A=file\nB='two words'\n")
    settings = unit_files.effective_settings(
        [f"[Service]\nEnvironmentFile={file}\nEnvironmentFile=-/not/there\n", "[Service]\nEnvironment=A=unit C=3\n"]
    )
    assert unit_files.environment(settings) == {"A": "file", "B": "two words", "C": "3"}


def test_an_empty_environment_takes_back_what_stood_before():
    assert unit_files.environment(unit_files.effective_settings(["[Service]\nEnvironment=A=1\n", "[Service]\nEnvironment=\n"])) == {}
