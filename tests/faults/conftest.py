# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab, and the nodes that the tests disturb."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("faultlab")

from faultlab.node import NodeUnderTest, node_under_test  # noqa: E402 (what it asserts is to be explained)
from faultlab.watch import undisturbed_workload  # noqa: E402


@pytest.fixture
def worker() -> NodeUnderTest:
    return node_under_test("worker-1")


@pytest.fixture
def site(worker: NodeUnderTest) -> Iterator[None]:
    """The worker is on dockershim, and the workload notices nothing of what is done to it from now on."""
    worker.bring_home()
    with undisturbed_workload():
        yield


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Shows a failure when it happens: the whole may take hours."""
    if report.failed:
        print(
            f"\n{report.nodeid} ({report.when}) after {report.duration:.0f} s\n{report.longreprtext[-6000:]}",
            file=sys.__stderr__,
            flush=True,
        )
