# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""At which points a run is killed: every boundary between first change and last, and a sample of them by rule."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest
from faultlab.controller import kill_tree
from faultlab.points import Point, Task, kill_points, parse_recording, part, restart_points, sample, window


def make_task(task: str, status: str = "changed", action: str = "ansible.builtin.copy", seconds: float = 1.0, occurrence: int = 0) -> Task:
    return Task("Switch", task, occurrence, action, status, 100.0, 100.0 + seconds)


READ = make_task("read", "ok")
WRITE = make_task("write")
CHECK = make_task("check", "ok")
DECIDE = make_task("decide", "ok", "ansible.builtin.set_fact")
SKIPPED = make_task("skipped", "skipped")
WAIT = make_task("role : Wait until it's well", "ok", seconds=10.0)
LAST = make_task("last")
DRAIN = make_task("drain")


def test_a_recording_is_read_as_it_was_written() -> None:
    tasks = [READ, WRITE]
    assert parse_recording([json.dumps(asdict(task)) + "\n" for task in tasks] + ["\n"]) == tasks


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([READ, WRITE, CHECK, LAST, CHECK], [WRITE, CHECK, LAST]),
        ([READ, WRITE], [WRITE]),
        ([READ, CHECK], []),
        ([], []),
    ],
    ids=["from the first change to the last", "a single change", "nothing changed", "nothing ran"],
)
def test_window(tasks: list[Task], expected: list[Task]) -> None:
    assert list(window(tasks)) == expected


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        # Before the first change nothing has been done yet.
        ([READ, WRITE], [("write", "middle", 0.5)]),
        ([WRITE, CHECK, LAST], [("write", "middle", 0.5), ("check", "before", 0.0), ("last", "before", 0.0), ("last", "middle", 0.5)]),
        ([WRITE, SKIPPED, LAST], [("write", "middle", 0.5), ("last", "before", 0.0), ("last", "middle", 0.5)]),
        ([WRITE, DECIDE, LAST], [("write", "middle", 0.5), ("last", "before", 0.0), ("last", "middle", 0.5)]),
        (
            [WRITE, WAIT, LAST],
            [
                ("write", "middle", 0.5),
                (WAIT.task, "before", 0.0),
                (WAIT.task, "middle", 5.0),
                ("last", "before", 0.0),
                ("last", "middle", 0.5),
            ],
        ),
        ([CHECK], []),
    ],
    ids=["first change", "unchanged task", "skipped task", "task in memory", "long task", "nothing changed"],
)
def test_kill_points(tasks: list[Task], expected: list[tuple[str, str, float]]) -> None:
    points = kill_points(tasks)
    assert [(point.task, point.where, point.delay) for point in points] == expected
    assert [point.number for point in points] == list(range(1, len(points) + 1))


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        # What follows the last change belongs to a node that is done.
        ([DRAIN, CHECK, CHECK, LAST, WAIT], [CHECK]),
        ([WRITE, CHECK, DRAIN, WAIT, LAST], [WAIT]),
        ([DRAIN, SKIPPED, DECIDE, LAST], [LAST]),
        ([WRITE, CHECK, LAST], []),
    ],
    ids=["once after each change", "not before the first", "the next task that is more than memory", "the first never ran"],
)
def test_restart_points(tasks: list[Task], expected: list[Task]) -> None:
    points = restart_points(tasks, DRAIN.task)
    assert [(point.task, point.where) for point in points] == [(task.task, "pause") for task in expected]


def test_a_point_has_a_name_that_a_test_can_bear() -> None:
    assert str(kill_points([WRITE, WAIT, LAST])[1]) == "02-before-wait-until-it-s-well"


def test_the_callback_is_told_all_that_tells_a_boundary_from_others() -> None:
    point = Point(7, "Switch", "write", 1, "middle", 0.5)
    told = json.loads(point.for_callback())
    assert (told["play"], told["task"], told["occurrence"], told["where"]) == ("Switch", "write", 1, "middle")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, list(range(10))), (10, list(range(10))), (20, list(range(10))), (1, [5]), (2, [2, 7]), (4, [1, 3, 6, 8])],
)
def test_sample(number: int, expected: list[int]) -> None:
    points = [Point(index, "Switch", "write", 0, "before", 0.0) for index in range(10)]
    assert [point.number for point in sample(points, number)] == expected


def test_a_sample_of_less_than_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        sample([], -1)


def test_the_parts_of_the_points_are_all_of_them_and_no_point_is_in_two() -> None:
    points = [Point(index, "Switch", "write", 0, "before", 0.0) for index in range(10)]
    parts = [part(points, f"{which}/4") for which in range(1, 5)]
    assert [len(one) for one in parts] == [3, 3, 2, 2]
    assert sorted((point for one in parts for point in one), key=lambda point: point.number) == points


@pytest.mark.parametrize("which", ["", "4", "0/4", "5/4", "1/0", "1/4/2", "-1/4"])
def test_a_part_that_there_is_not_is_refused(which: str) -> None:
    with pytest.raises(ValueError, match="such as 2/4"):
        part([], which)


def test_no_process_of_a_killed_run_lives_on_though_it_has_a_session_of_its_own() -> None:
    child = "import os, sys, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait()"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) != process.pid
        kill_tree(process.pid)
        assert process.wait(10) == -9
        # The pipe ends when the last process that holds it does.
        assert process.stdout.read() == ""
