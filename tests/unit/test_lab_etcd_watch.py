# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the watcher of etcd saw: quorum, and who was away."""

from __future__ import annotations

from typing import Any

import pytest
from labcluster.etcd_watch import make_report, render


def one_round(time: float, *said: str) -> dict[str, Any]:
    return {"time": time, "members": {f"control-plane-{number}": state for number, state in enumerate(said, 1)}}


@pytest.mark.parametrize(
    ("said", "quorum", "one_at_most"),
    [
        (("healthy", "healthy", "healthy"), True, True),
        (("healthy", "away", "healthy"), True, True),
        (("unhealthy", "healthy", "healthy"), True, True),
        (("unhealthy", "away", "healthy"), False, True),
        (("away", "away", "healthy"), False, False),
        (("unhealthy", "unhealthy", "unhealthy"), False, True),
        (("healthy",), True, True),
        (("away",), False, True),
    ],
)
def test_quorum_and_members_away(said: tuple[str, ...], quorum: bool, one_at_most: bool) -> None:
    report = make_report([one_round(1.0, *said)])
    assert (not report.without_quorum, not report.several_away) == (quorum, one_at_most)
    assert report.ok == (quorum and one_at_most)


def test_who_was_away_and_for_how_long_nobody_asked() -> None:
    report = make_report([one_round(4.5, "away", "unhealthy"), one_round(1.0, "away", "healthy"), one_round(2.0, "healthy", "healthy")])
    assert report.away == {"control-plane-1": 2, "control-plane-2": 0}
    assert report.unhealthy == {"control-plane-1": 0, "control-plane-2": 1}
    assert (report.rounds, report.longest_gap) == (3, 2.5)


def test_a_record_of_nothing_proves_nothing() -> None:
    assert not make_report([]).ok


def test_the_rounds_that_went_wrong_are_shown() -> None:
    text = render(make_report([one_round(1.0, "healthy", "healthy", "healthy"), one_round(2.0, "away", "away", "healthy")]))
    assert "1 rounds without a healthy majority, 1 with more than one away" in text
    assert "control-plane-2: 1 times away, 0 times unhealthy" in text
