# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the users of the cluster see while a run is disturbed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import kubernetes
import urllib3

from faultlab.controller import CHECKOUT, LAB

NAMESPACE = "demo"
BUDGET = "web"
INTERVAL = 1.0


class Watcher:
    """Asks a question every second until it is closed, from a thread of its own."""

    def __init__(self, question: Callable[[], Any]) -> None:
        self.question = question
        self.answers: list[Any] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self) -> None:
        while not self.ended.wait(INTERVAL):
            answer = self.question()
            if answer is not None:
                self.answers.append(answer)

    def close(self) -> list[Any]:
        self.ended.set()
        self.thread.join()
        return self.answers


def api_client() -> kubernetes.client.ApiClient:
    return kubernetes.config.new_client_from_config(str(LAB / "kubeconfig"))


def budget_question() -> Callable[[], int | None]:
    """How many pods the workload has above its budget; None while the API is away."""
    core = kubernetes.client.CoreV1Api(api_client())
    least = 3

    def ask() -> int | None:
        try:
            pods = core.list_namespaced_pod(NAMESPACE, label_selector=f"app={BUDGET}", _request_timeout=2).items
        except (kubernetes.client.ApiException, urllib3.exceptions.HTTPError):
            return None
        ready = [pod for pod in pods if any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions or [])]
        return len(ready) - least

    return ask


def lab_command(*arguments: str, check: bool = True) -> str:
    """Runs tests/lab/lab.py."""
    command = [sys.executable, str(CHECKOUT / "tests/lab/lab.py"), *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout


@contextmanager
def undisturbed_workload(but_through: str | None = None) -> Iterator[None]:
    """Asserts that nobody who uses the workload noticed anything meanwhile, and that its budget was kept.

    :param but_through: a node that is restarted, through whose port nothing can be reached then.
    :raises AssertionError: a request to the Service failed, or fewer pods were ready than the budget demands.
    """
    lab_command("probe", "start")
    watcher = Watcher(budget_question())
    try:
        yield
    finally:
        above = watcher.close()
        lab_command("probe", "stop")
    report = json.loads(lab_command("probe", "report", "--json", check=False))
    assert report["requests"] > 0
    assert [failure for failure in report["failures"] if failure["node"] != but_through] == []
    assert report["missing"] == []
    assert above
    assert min(above) >= 0, f"the workload had {-min(above)} pods fewer than its budget demands"
