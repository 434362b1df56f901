# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's nodes over SSH, its API, and what the cluster was like before the migration."""

from __future__ import annotations

from typing import Any

import cluster
import pytest
from testinfra.host import Host


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "node" in metafunc.fixturenames:
        metafunc.parametrize("node", cluster.node_names(), indirect=True)


@pytest.fixture
def node(request: pytest.FixtureRequest) -> Host:
    """One of the nodes, each in turn."""
    return cluster.node_host(request.param)


@pytest.fixture(scope="session")
def before() -> dict[str, Any]:
    """The state that prepare.yml wrote down."""
    return cluster.read_json(cluster.BUILD / "before.json")


@pytest.fixture(scope="session")
def lab() -> dict[str, Any]:
    """The lab's description of itself."""
    return cluster.description()
