# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the checkout importable as C(ansible_collections.dockershim.migration), whatever its directory is called."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

# The same links that let a playbook of a plain checkout find its own collection (see playbooks/collections/README.md).
COLLECTIONS = Path(__file__).resolve().parents[2] / "playbooks" / "collections"

# Before ansible is first imported: it reads its configuration then.
os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(COLLECTIONS)
sys.path.insert(0, str(COLLECTIONS))

# How long an example takes is up to how busy the machine is.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

from node_stand_ins import CtrStandIn, DockerStandIn  # noqa: E402 (after the path is set)


@pytest.fixture
def docker(tmp_path):
    """A Docker that answers on a socket."""
    with DockerStandIn(tmp_path / "docker.sock") as docker:
        yield docker


@pytest.fixture
def ctr(tmp_path, monkeypatch):
    """A containerd's C(ctr) on PATH."""
    ctr = CtrStandIn(tmp_path)
    monkeypatch.setenv("PATH", ctr.path)
    return ctr
