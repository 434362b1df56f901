# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe's report: what failed, what is missing, how long nothing came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from labcluster import probe


def line(number: int, **changes: Any) -> dict[str, Any]:
    """A successful request, sent on time, a tenth of a second after the one before."""
    record = {"number": number, "time": 1000 + number / 10, "node": "worker-1", "ok": True, "seconds": 0.004, "late": 0.0, "error": None}
    return record | changes


FAILED = {"ok": False, "seconds": 2.0, "error": "no answer within 2 s"}


@pytest.mark.parametrize(
    ("records", "ok", "failures", "missing"),
    [
        pytest.param([line(0), line(1), line(2)], True, [], [], id="all well"),
        pytest.param([], False, [], [], id="nothing asked proves nothing"),
        pytest.param([line(0), line(1, **FAILED), line(2)], False, [1], [], id="one failed"),
        pytest.param([line(0), line(2)], False, [], [1], id="one without a result"),
        pytest.param([line(0), line(1), {"end": 3}], False, [], [2], id="the last one without a result"),
        pytest.param([line(2), line(0), line(1), {"end": 3}], True, [], [], id="answers out of order"),
    ],
)
def test_verdict(records: list[dict[str, Any]], ok: bool, failures: list[int], missing: list[int]) -> None:
    report = probe.make_report(records)
    assert report.ok is ok
    assert [failure["number"] for failure in report.failures] == failures
    assert list(report.missing) == missing


@pytest.mark.parametrize(
    ("records", "latency", "gap", "outage"),
    [
        pytest.param([line(0), line(1), line(2)], 0.004, 0.1, 0.1, id="regular"),
        pytest.param([line(0), line(1, seconds=0.9), line(2)], 0.9, 0.1, 0.1, id="a slow answer delays no other"),
        pytest.param([line(0), line(1), line(2, time=1005.0)], 0.004, 4.9, 4.9, id="the probe itself stood still"),
        pytest.param([line(0), line(1, **FAILED), line(2, **FAILED), line(3)], 2.0, 0.1, 0.3, id="failures in between"),
        pytest.param([line(0), *(line(number, **FAILED) for number in range(1, 9))], 2.0, 0.1, 0.8, id="failures to the end"),
        pytest.param([line(0, **FAILED), line(1, **FAILED), line(2)], 2.0, 0.1, 0.2, id="failures from the beginning"),
    ],
)
def test_longest(records: list[dict[str, Any]], latency: float, gap: float, outage: float) -> None:
    report = probe.make_report(records)
    assert report.longest_latency == pytest.approx(latency)
    assert report.longest_gap == pytest.approx(gap)
    assert report.longest_outage == pytest.approx(outage)


def test_a_line_in_the_making_is_left_out() -> None:
    text = [json.dumps(line(0)) + "\n", json.dumps(line(1))[:20]]
    assert probe.read_lines(text) == [line(0)]


def test_text_names_each_failure_and_counts_nodes() -> None:
    text = probe.render(probe.make_report([line(0, node="control-plane-1"), line(1, **FAILED), line(2)]))
    assert "3 requests in 0.2 s (1 through control-plane-1, 2 through worker-1)" in text
    assert "1 failed, 0 without a result" in text
    assert "00:16:40.100 UTC worker-1: no answer within 2 s" in text


def test_text_cuts_a_long_list_and_says_so() -> None:
    text = probe.render(probe.make_report([line(number, **FAILED) for number in range(5)]), most_failures=2)
    assert text.count("no answer within") == 2
    assert "... and 3 more" in text


def test_text_without_requests() -> None:
    assert probe.render(probe.make_report([])) == "no request was made\n"
