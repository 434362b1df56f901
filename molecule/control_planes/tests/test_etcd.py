# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watcher outside the cluster saw of etcd since the beginning."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

RECORD = Path(__file__).resolve().parents[3] / "build" / "lab" / "services" / "etcd.jsonl"
MEMBERS = 3
#: Seconds.
ELECTION = 10


@pytest.fixture(scope="module")
def rounds() -> list[dict]:
    lines = RECORD.read_text(encoding="utf-8").splitlines()
    # The last one may be in the making. A member that is asked in vain is waited for, so lines are not in order.
    return sorted((json.loads(line) for line in lines[:-1]), key=lambda one: one["time"])


def members(one: dict, *states: str) -> list[str]:
    return [name for name, said in one["members"].items() if said in states]


def test_every_member_was_asked_every_second(rounds):
    assert all(len(one["members"]) == MEMBERS for one in rounds)
    seconds = rounds[-1]["time"] - rounds[0]["time"]
    assert time.time() - rounds[-1]["time"] < 20
    # A machine that is busy may be late, but hardly ever.
    assert len(rounds) > 0.95 * seconds


def test_it_did_see_each_member_restart(rounds):
    for name in rounds[0]["members"]:
        assert [one for one in rounds if one["members"][name] == "away"], f"{name} never went away: the watcher looks at something else"


def test_a_majority_answered_all_the_time(rounds):
    assert not [one for one in rounds if 2 * len(members(one, "healthy", "unhealthy")) <= MEMBERS]


def test_a_majority_had_a_leader_but_for_moments(rounds):
    # All members up, but none the leader, is an election: on a busy machine it comes by itself, and takes some seconds.
    longest, since = 0.0, None
    for one in rounds:
        if 2 * len(members(one, "healthy")) > MEMBERS:
            since = None
        else:
            since = one["time"] if since is None else since
            longest = max(longest, one["time"] - since)
    assert longest <= ELECTION


def test_two_members_were_never_away_at_once(rounds):
    assert not [one for one in rounds if len(members(one, "away", "silent")) > 1]


def test_all_members_are_healthy_now(rounds):
    assert members(rounds[-1], "healthy") == list(rounds[-1]["members"])
