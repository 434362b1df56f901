# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A watcher that asks each member of etcd every second, from outside the cluster, and what it saw."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from labcluster import machine
from labcluster import settings as s
from labcluster.node_files import FILES

INTERVAL = 1
TIMEOUT = 10
HEALTHY = "healthy"
#: Nobody listens, or nobody answers in time.
AWAY = ("away", "silent")
_UNIT = "lab-etcd-watch.service"
_PKI = "/etc/kubernetes/pki/etcd"


@dataclass(frozen=True)
class Report:
    """What the watcher saw.

    :param rounds: how often it asked.
    :param without_quorum: rounds in which less than a majority had a leader.
    :param several_away: rounds in which more than one member was away, or silent.
    :param away: member -> in how many rounds it was.
    :param unhealthy: member -> in how many rounds it answered that it has no leader.
    :param longest_gap: seconds between two rounds.
    """

    rounds: int
    without_quorum: tuple[dict[str, Any], ...]
    several_away: tuple[dict[str, Any], ...]
    away: dict[str, int]
    unhealthy: dict[str, int]
    longest_gap: float

    @property
    def ok(self) -> bool:
        return self.rounds > 0 and not self.without_quorum and not self.several_away


def start(settings: s.Settings) -> None:
    """Begins a new record."""
    stop(settings)
    settings.etcd_file.unlink(missing_ok=True)
    container, first = settings.services_container, settings.control_planes[0].container
    machine.shell(container, "mkdir -p -m 0700 /run/lab-etcd")
    for name in ("ca.crt", "healthcheck-client.crt", "healthcheck-client.key"):
        machine.execute(
            container, "sh", "-c", f"umask 077; cat > /run/lab-etcd/{name}", stdin=machine.execute(first, "cat", f"{_PKI}/{name}")
        )
    config = {
        "interval": INTERVAL,
        "timeout": TIMEOUT,
        "ca": "/run/lab-etcd/ca.crt",
        "certificate": "/run/lab-etcd/healthcheck-client.crt",
        "key": "/run/lab-etcd/healthcheck-client.key",
        "members": {node.name: node.address for node in settings.control_planes},
    }
    machine.execute(container, "sh", "-c", "cat > /run/lab-etcd/config.json", stdin=json.dumps(config))
    program = (FILES / "watch" / "etcd_client.py").read_text(encoding="utf-8")
    machine.execute(container, "sh", "-c", "cat > /run/lab-etcd/etcd_client.py", stdin=program)
    machine.execute(
        container, "systemd-run", "--quiet", f"--unit={_UNIT}",
        "python3", "/run/lab-etcd/etcd_client.py", "/run/lab-etcd/config.json", f"/srv/lab/{settings.etcd_file.name}",
    )  # fmt: skip


def stop(settings: s.Settings) -> None:
    """Ends the record; nothing need run."""
    machine.execute(settings.services_container, "systemctl", "stop", _UNIT, check=False)


def make_report(rounds: Iterable[dict[str, Any]]) -> Report:
    """Adds up the lines of a record.

    :param rounds: dicts of time and members, see etcd_client.py.
    """
    everything = sorted(rounds, key=lambda one: one["time"])

    def with_state(one: dict[str, Any], *states: str) -> list[str]:
        return [member for member, said in one["members"].items() if said in states]

    names = sorted({member for one in everything for member in one["members"]})

    def counted(*states: str) -> dict[str, int]:
        return {member: sum(one["members"].get(member) in states for one in everything) for member in names}

    return Report(
        rounds=len(everything),
        without_quorum=tuple(one for one in everything if len(with_state(one, HEALTHY)) * 2 <= len(one["members"])),
        several_away=tuple(one for one in everything if len(with_state(one, *AWAY)) > 1),
        away=counted(*AWAY),
        unhealthy=counted("unhealthy"),
        longest_gap=max((later["time"] - earlier["time"] for earlier, later in pairwise(everything)), default=0.0),
    )


def render(report: Report) -> str:
    """For a human."""
    lines = [f"{report.rounds} rounds, the longest {report.longest_gap:.1f} s after the one before"]
    lines += [f"  {name}: {report.away[name]} times away, {report.unhealthy[name]} times unhealthy" for name in report.away]
    lines.append(f"{len(report.without_quorum)} rounds without a healthy majority, {len(report.several_away)} with more than one away")
    lines += [f"  {one['time']:.0f} {one['members']}" for one in (*report.without_quorum, *report.several_away)[:20]]
    return "\n".join(lines) + "\n"
