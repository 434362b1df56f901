# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook as a user does, and kills it as no user should."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from faultlab.points import Point, Task, parse_recording

CHECKOUT = Path(__file__).resolve().parents[3]
PLUGINS = CHECKOUT / "tests" / "faults" / "callback_plugins"
CONFIGURATION = CHECKOUT / "tests" / "faults" / "ansible.cfg"
LAB = CHECKOUT / "build" / "lab"
#: Starts a run on what it takes for another machine.
ON_ANOTHER_HOST = ("unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh")
#: A run that takes longer hangs.
TIMEOUT = 1800


@dataclass(frozen=True)
class Run:
    """What became of a run.

    :param returncode: None where it was killed.
    :param tasks: what ran on the watched host.
    """

    returncode: int | None
    output: str
    tasks: tuple[Task, ...]
    seconds: float

    @property
    def changed(self) -> list[str]:
        return [task.task for task in self.tasks if task.status == "changed"]

    @property
    def ended_well(self) -> bool:
        return self.returncode == 0

    def tail(self, lines: int = 60) -> str:
        return "\n".join(self.output.splitlines()[-lines:])


class Playbook:
    """A playbook that is started and can be waited for, or killed.

    :param playbook: its name in playbooks/.
    :param host: the host that the run is limited to, and whose tasks are recorded; None for all of the inventory.
    :param point: where the run stops to be killed.
    :param launcher: a command that runs the rest of its command line.
    """

    def __init__(
        self,
        playbook: str,
        host: str | None,
        variables: Mapping[str, str] | None = None,
        point: Point | None = None,
        launcher: tuple[str, ...] = (),
    ) -> None:
        command = [*launcher, "ansible-playbook", str(CHECKOUT / "playbooks" / playbook), "-i", str(LAB / "inventory.yml")]
        for name, value in {**({"migration_hosts": host} if host else {}), **(variables or {})}.items():
            command += ["-e", f"{name}={value}"]
        self.directory = tempfile.TemporaryDirectory(prefix="faults-")
        self.record = Path(self.directory.name) / "tasks.jsonl"
        self.log = Path(self.directory.name) / "output"
        self.reached, told = os.pipe()
        told_to_go_on, self.going_on = os.pipe()
        env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ANSIBLE_CONFIG": str(CONFIGURATION),
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS),
            "ANSIBLE_CALLBACKS_ENABLED": "fault_points",
            "ANSIBLE_NOCOLOR": "1",
            "FAULT_HOST": host or "",
            "FAULT_RECORD": str(self.record),
            "FAULT_POINT": point.for_callback() if point else "",
            "FAULT_REPORT_TO": str(told),
            "FAULT_GO_ON": str(told_to_go_on),
        }
        self.point = point
        self.started = time.monotonic()
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                pass_fds=[told, told_to_go_on], start_new_session=True,
            )  # fmt: skip
        os.close(told)
        os.close(told_to_go_on)

    def wait(self) -> Run:
        """Waits for the end of the run."""
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"no end after {TIMEOUT} s:\n{self.text()[-8000:]}") from None
        return self._result(self.process.returncode)

    def wait_for_point(self) -> None:
        """Waits until the run has reached its point.

        :raises AssertionError: it ended without coming there.
        """
        # Nothing but the end of the run closes the pipe.
        if not os.read(self.reached, 1):
            raise AssertionError(f"the run never reached {self.point}:\n{self.wait().tail()}")

    def go_on(self) -> None:
        """Lets a run that pauses at its point go on."""
        os.write(self.going_on, b"\n")

    def kill_at_point(self) -> Run:
        """Waits until the run has reached its point, and kills it there."""
        assert self.point is not None
        self.wait_for_point()
        time.sleep(self.point.delay)
        return self.kill()

    def kill(self) -> Run:
        """Kills the controller: every process of the run at once and without notice. What it began on the node goes on there."""
        kill_tree(self.process.pid)
        self.process.wait()
        return self._result(None)

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _result(self, returncode: int | None) -> Run:
        os.close(self.reached)
        os.close(self.going_on)
        tasks = parse_recording(self.record.read_text(encoding="utf-8").splitlines()) if self.record.exists() else []
        result = Run(returncode, self.text(), tuple(tasks), time.monotonic() - self.started)
        self.directory.cleanup()
        return result


def run(playbook: str, host: str | None, variables: Mapping[str, str] | None = None, launcher: tuple[str, ...] = ()) -> Run:
    """Runs a playbook to its end."""
    return Playbook(playbook, host, variables, launcher=launcher).wait()


def run_disturbed(
    playbook: str,
    host: str,
    point: Point,
    disturb: Callable[[], object],
    mend: Callable[[], object] = lambda: None,
    variables: Mapping[str, str] | None = None,
) -> Run:
    """Runs a playbook that is disturbed at a point where it waits; what disturbed it ends with the run."""
    disturbed = Playbook(playbook, host, variables, point)
    try:
        disturbed.wait_for_point()
        disturb()
        disturbed.go_on()
        return disturbed.wait()
    finally:
        mend()


def kill_tree(root: int) -> None:
    """SIGKILL for a process and all that it started, which Ansible's workers leave the process group and the session for."""
    # Nobody may start another one, or see the others end, in between.
    tree, found = [], [root]
    os.kill(root, signal.SIGSTOP)
    while found:
        pid = found.pop()
        tree.append(pid)
        for child in _children(pid):
            _signal(child, signal.SIGSTOP)
            found.append(child)
    for pid in tree:
        _signal(pid, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    children = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += [int(word) for word in path.read_text(encoding="ascii").split()]
    return children


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
