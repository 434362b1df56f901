# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab, and the nodes that the tests disturb."""

from __future__ import annotations

import pytest
from faultlab.node import NodeUnderTest, tested_node


@pytest.fixture
def worker() -> NodeUnderTest:
    return tested_node("worker-1")


@pytest.fixture
def control_plane() -> NodeUnderTest:
    return tested_node("control-plane-1")
