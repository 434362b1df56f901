# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""At which points a run is killed: computed from what a run wrote down about itself, never listed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

#: Actions that work in the controller's memory alone. A kill before one of them leaves what a kill before the next task leaves.
IN_MEMORY = frozenset(
    f"ansible.builtin.{name}"
    for name in (
        "add_host", "assert", "debug", "fail", "group_by", "import_role", "import_tasks", "include_role", "include_tasks", "include_vars",
        "meta", "set_fact", "set_stats", "validate_argument_spec",
    )
)  # fmt: skip

#: Seconds from which on a task that changes nothing, such as waiting for the node's health, has a middle of its own.
LONG = 2.0


@dataclass(frozen=True)
class Task:
    """One task of a recorded run on the watched host.

    :param occurrence: how often the play had started a task of that name before.
    :param status: ok, changed, skipped, failed or unreachable.
    :param start: seconds since the epoch; C(end) likewise.
    """

    play: str
    task: str
    occurrence: int
    action: str
    status: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Point:
    """Where a run is killed, or disturbed.

    :param play: None for the first play that has such a task.
    :param where: C(before) the task starts, after all before it have ended; in its C(middle), while its work goes on elsewhere; or
        C(pause) before it, to go on later.
    :param delay: seconds from the task's start to the kill.
    """

    number: int
    play: str | None
    task: str
    occurrence: int
    where: str
    delay: float

    def __str__(self) -> str:
        name = re.sub(r"\W+", "-", self.task.rpartition(" : ")[2]).strip("-").lower()
        return f"{self.number:02}-{self.where}-{name}"

    def for_callback(self) -> str:
        """What the callback plugin fault_points reads."""
        return json.dumps(asdict(self))


def pause_before(task: str) -> Point:
    """A point at which a run waits: before a task of that name is started for the first time."""
    return Point(0, None, task, 0, "pause", 0.0)


def parse_recording(lines: Iterable[str]) -> list[Task]:
    """The tasks of a recording (one JSON object a line), in the order in which they ran."""
    return [Task(**json.loads(line)) for line in lines if line.strip()]


def window(tasks: Sequence[Task]) -> Sequence[Task]:
    """The tasks from the first that changed something to the last one; empty where none did."""
    changed = [number for number, task in enumerate(tasks) if task.status == "changed"]
    return tasks[changed[0] : changed[-1] + 1] if changed else []


def kill_points(tasks: Sequence[Task]) -> list[Point]:
    """Every point of a recorded run that is worth a kill of its own, in order.

    These are: each boundary between two tasks from the first change to the last, and the middle of each task that changes something
    or takes long. Boundaries that differ only by what happened in the controller's memory are one.
    """
    found: list[tuple[Task, str, float]] = []
    for number, task in enumerate(window(tasks)):
        if not _leaves_memory(task):
            continue
        if number > 0:
            found.append((task, "before", 0.0))
        if task.status == "changed" or task.seconds >= LONG:
            found.append((task, "middle", round(task.seconds / 2, 2)))
    return [Point(number, task.play, task.task, task.occurrence, where, delay) for number, (task, where, delay) in enumerate(found, 1)]


def restart_points(tasks: Sequence[Task], first: str) -> list[Point]:
    """Every boundary at which a restart finds another node than at the one before: before the first task after each change.

    :param first: name of the task that changes something last before the first of the points.
    """
    found: list[Task] = []
    begun = changed = False
    for task in window(tasks):
        if changed and _leaves_memory(task):
            found.append(task)
            changed = False
        begun = begun or task.task == first
        changed = changed or (begun and task.status == "changed")
    return [Point(number, task.play, task.task, task.occurrence, "pause", 0.0) for number, task in enumerate(found, 1)]


def _leaves_memory(task: Task) -> bool:
    """Whether a task did something outside of the controller's memory, if only look."""
    return task.status != "skipped" and task.action not in IN_MEMORY


def sample(points: Sequence[Point], number: int) -> list[Point]:
    """So many of the points, evenly spaced: the middle one of each of C(number) equal parts. 0: all of them."""
    if number < 0:
        raise ValueError(f"a sample of {number} points: expected 0 (all) or more")
    if not number or number >= len(points):
        return list(points)
    return [points[int((part + 0.5) * len(points) / number)] for part in range(number)]


def part(points: Sequence[Point], which: str) -> list[Point]:
    """One of several equal parts of the points, interleaved, so that labs can share them: C(2/4) is the second of four."""
    match = re.fullmatch(r"([1-9][0-9]*)/([1-9][0-9]*)", which)
    if not match or int(match[1]) > int(match[2]):
        raise ValueError(f"part {which!r} of the points: expected one of several, such as 2/4")
    return list(points[int(match[1]) - 1 :: int(match[2])])
