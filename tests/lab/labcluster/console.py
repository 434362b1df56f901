# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress for a human: one line when something slow begins, one when it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any

_START = time.monotonic()
_lock = threading.Lock()

#: Name of the log file (without directory and suffix) that commands of the current step write to.
current_log: ContextVar[str] = ContextVar("current_log", default="lab")


def elapsed() -> float:
    """Seconds since the command began."""
    return time.monotonic() - _START


def say(text: str) -> None:
    """Prints one progress line."""
    with _lock:
        print(f"[{elapsed():6.1f}s] {text}", flush=True)


@contextmanager
def step(text: str, log: str | None = None) -> Iterator[None]:
    """Announces a slow step, tells how long it took, and sends its commands' output to C(log)."""
    token = current_log.set(log) if log else None
    say(f"{text} ...")
    started = time.monotonic()
    try:
        yield
    finally:
        if token:
            current_log.reset(token)
    say(f"{text}: done in {time.monotonic() - started:.1f} s")


def in_parallel(*calls: Callable[[], Any]) -> list[Any]:
    """Runs independent calls at the same time and returns their results in order; the first failure is raised when all have ended."""
    if not calls:
        return []
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        futures = [pool.submit(copy_context().run, call) for call in calls]
    return [future.result() for future in futures]
