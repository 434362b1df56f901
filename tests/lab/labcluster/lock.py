# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once would pull the lab from under each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labcluster.console import say
from labcluster.errors import LabError


@contextmanager
def only_one(path: Path, what: str, wait: bool = False) -> Iterator[None]:
    """Holds a lock that ends with this process, however that ends.

    :param what: what the holder of the lock does, for the message.
    :param wait: wait for the other one instead of giving up.
    :raises LabError: another run holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = f"another run (process {file.read().strip() or 'unknown'}) {what} just now"
            if not wait:
                raise LabError(f"{holder}; wait for its end") from None
            say(f"{holder}; waiting for its end")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
