# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes down every task boundary of a run on one host, and stops the run at a chosen one so that it can be killed there."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fault_points
type: aggregate
short_description: Records the task boundaries of a run, or stops it at one of them
description:
  - For the fault-injection tests only.
  - A boundary is named by play, task and how often that task was started before in that play on that host, so that it is found again in
    another run.
requirements:
  - enabled in configuration
options:
  watched_host:
    description: Inventory name of the host whose tasks count.
    type: str
    env: [{name: FAULT_HOST}]
  record:
    description: File that gets one JSON object a task.
    type: path
    env: [{name: FAULT_RECORD}]
  point:
    description:
      - JSON object with play, task, occurrence and where.
      - Before a task the run stops for good, or with C(pause) until it is told to go on. In the C(middle) it goes on by itself.
    type: str
    env: [{name: FAULT_POINT}]
  report_to:
    description: Number of an open file descriptor that is told when the point is reached.
    type: int
    env: [{name: FAULT_REPORT_TO}]
  go_on:
    description: Number of an open file descriptor from which a pausing run reads that it is to go on.
    type: int
    env: [{name: FAULT_GO_ON}]
"""

import json  # noqa: E402
import os  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402

from ansible.plugins.callback import CallbackBase  # noqa: E402


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "fault_points"
    CALLBACK_NEEDS_ENABLED = True

    def set_options(self, task_keys=None, var_options=None, direct=None):
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        self.host = self.get_option("watched_host")
        self.record = self.get_option("record")
        self.point = json.loads(self.get_option("point") or "null")
        self.play = ""
        self.seen = Counter()
        self.current = None

    def v2_playbook_on_play_start(self, play):
        self.play = play.get_name()

    def v2_runner_on_start(self, host, task):
        """Called before the task is handed to a worker."""
        if host.get_name() != self.host:
            return
        name = task.get_name()
        self.current = {
            "play": self.play,
            "task": name,
            "occurrence": self.seen[self.play, name],
            "action": task.action,
            "start": time.time(),
        }
        self.seen[self.play, name] += 1
        if self._is_at_point():
            os.write(self.get_option("report_to"), b"reached\n")
            if self.point["where"] == "before":
                self._wait_for_the_end()
            if self.point["where"] == "pause":
                os.read(self.get_option("go_on"), 1)
                self.point = None

    def v2_runner_on_ok(self, result):
        self._ended(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_skipped(self, result):
        self._ended(result, "skipped")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._ended(result, "failed")

    def v2_runner_on_unreachable(self, result):
        self._ended(result, "unreachable")

    def _ended(self, result, status):
        if result._host.get_name() != self.host or self.current is None:
            return
        if self.record:
            with open(self.record, "a", encoding="utf-8") as file:
                file.write(json.dumps({**self.current, "status": status, "end": time.time()}) + "\n")
        if self._is_at_point():
            # Its middle came too late: its end is as near as it gets.
            self._wait_for_the_end()
        self.current = None

    def _is_at_point(self):
        """Whether the current task is the one that the run was started for; a point without a play is in any."""
        return self.point is not None and all(self.point[key] in (self.current[key], None) for key in ("play", "task", "occurrence"))

    @staticmethod
    def _wait_for_the_end():
        while True:
            time.sleep(1)
