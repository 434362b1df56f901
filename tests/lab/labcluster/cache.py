# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results that are kept between runs, each under a key made of all that it depends on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labcluster.errors import LabError


def cache_key(*inputs: Any) -> str:
    """A short name for everything that a cached result depends on: texts, numbers, lists, dictionaries."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cached(cache_dir: Path, kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """Returns the directory of the entry; builds it where it is missing.

    A new entry is built beside and renamed into place when it is complete, so that a killed run leaves nothing that looks whole.
    """
    entry = cache_dir / f"{kind}-{key}"
    if entry.is_dir():
        return entry
    cache_dir.mkdir(parents=True, exist_ok=True)
    partial = cache_dir / f"{kind}-{key}.partial"
    remove_tree(partial)
    partial.mkdir()
    build(partial)
    partial.rename(entry)
    return entry


def remove_other_keys(cache_dir: Path, entries: list[Path]) -> None:
    """Removes what earlier versions of the inputs left, for the kinds of the given entries, unless a lab that runs has it mounted."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    kinds = {entry.name.rsplit("-", 1)[0] for entry in entries}
    for candidate in cache_dir.iterdir():
        stale = candidate.is_dir() and candidate not in entries and candidate.name.rsplit("-", 1)[0] in kinds
        if stale and f"{candidate}/" not in mounts:
            remove_tree(candidate)


def remove_tree(path: Path) -> None:
    """Removes a directory, but never through something that is mounted in it."""
    if not path.exists():
        return
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    inside = [mount for mount in mounts if mount == str(path) or mount.startswith(f"{path}/")]
    if inside:
        raise LabError(f"not removing {path}: something is mounted there ({', '.join(inside)}); unmount it first")
    shutil.rmtree(path)
