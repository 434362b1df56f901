# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is left of cri-dockerd on a node that has left it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("unit", ["cri-docker.socket", "cri-docker.service"])
def test_the_units_are_gone(node, unit):
    assert node.check_output(f"systemctl show --property=LoadState --value {unit}") == "not-found"
    assert not node.service(unit).is_running


@pytest.mark.parametrize(
    "path", ["/usr/bin/cri-dockerd", "/etc/systemd/system/cri-docker.service.d", "/run/cri-dockerd.sock", "/var/lib/cri-dockerd"]
)
def test_its_files_are_gone(node, path):
    assert not node.file(path).exists


def test_no_process_is_left(node):
    assert not node.process.filter(comm="cri-dockerd")
