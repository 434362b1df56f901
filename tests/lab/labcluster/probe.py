# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe saw: its lines, added up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Report:
    """A run of the probe."""

    requests: int
    failures: tuple[dict[str, Any], ...]
    #: numbers of requests that were begun, or should have been, and have no line
    missing: tuple[int, ...]
    seconds: float
    longest_latency: float
    longest_latency_time: float | None
    #: longest time between two requests sent one after the other; much more than the interval means the probe itself stood still
    longest_gap: float
    longest_gap_time: float | None
    #: longest time during which no request succeeded, from one success (or the beginning) to the next (or the end)
    longest_outage: float
    nodes: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.requests > 0 and not self.failures and not self.missing


def read_lines(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The complete lines; the last one may still be in the making."""
    records = []
    for line in lines:
        if line.endswith("\n"):
            records.append(json.loads(line))
    return records


def make_report(records: Iterable[dict[str, Any]]) -> Report:
    """Adds up the lines of one run, in whatever order they were written."""
    everything = list(records)
    requests = sorted((record for record in everything if "number" in record), key=lambda record: record["number"])
    ends = [record["end"] for record in everything if "end" in record]
    # Without an end the last few may be under way; what lies between the first and the last line is not.
    expected = ends[-1] if ends else (requests[-1]["number"] + 1 if requests else 0)
    seen = {record["number"] for record in requests}
    slowest = max(requests, key=lambda record: record["seconds"], default=None)
    times = sorted(record["time"] for record in requests)
    gaps = [(later - earlier, earlier) for earlier, later in pairwise(times)]
    gap = max(gaps, default=(0.0, None))
    successes = sorted(record["time"] for record in requests if record["ok"])
    # A run may begin or end with failures.
    outages = [later - earlier for earlier, later in pairwise([*times[:1], *successes, *times[-1:]])]
    nodes: dict[str, int] = {}
    for record in requests:
        nodes[record["node"]] = nodes.get(record["node"], 0) + 1
    return Report(
        requests=len(requests),
        failures=tuple(record for record in requests if not record["ok"]),
        missing=tuple(number for number in range(expected) if number not in seen),
        seconds=times[-1] - times[0] if times else 0.0,
        longest_latency=slowest["seconds"] if slowest else 0.0,
        longest_latency_time=slowest["time"] if slowest else None,
        longest_gap=gap[0],
        longest_gap_time=gap[1],
        longest_outage=max(outages, default=0.0),
        nodes=nodes,
    )


def render(report: Report, most_failures: int = 50) -> str:
    """For a human."""
    if not report.requests:
        return "no request was made\n"
    per_node = ", ".join(f"{count} through {node}" for node, count in sorted(report.nodes.items()))
    lines = [
        f"{report.requests} requests in {report.seconds:.1f} s ({per_node})",
        f"{len(report.failures)} failed, {len(report.missing)} without a result",
        f"longest latency {report.longest_latency * 1000:.0f} ms at {_clock(report.longest_latency_time)}",
        f"longest gap between two requests {report.longest_gap * 1000:.0f} ms at {_clock(report.longest_gap_time)}",
        f"longest time without a success {report.longest_outage * 1000:.0f} ms",
    ]
    lines += [f"  {_clock(failure['time'])} {failure['node']}: {failure['error']}" for failure in report.failures[:most_failures]]
    if len(report.failures) > most_failures:
        lines.append(f"  ... and {len(report.failures) - most_failures} more")
    return "\n".join(lines) + "\n"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%H:%M:%S.%f")[:-3] + " UTC"
