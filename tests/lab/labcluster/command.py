# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs commands of the host: output goes to a log, failures say what to do."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from labcluster.console import current_log, elapsed
from labcluster.errors import LabError

#: Directory of the logs; set once by the command line before anything runs.
_log_dir: Path | None = None
_TAIL_LINES = 25


def set_log_dir(directory: Path) -> None:
    """Sends all logs to this directory."""
    global _log_dir
    directory.mkdir(parents=True, exist_ok=True)
    _log_dir = directory


def run(
    argv: Sequence[str | Path],
    *,
    stdin: str | BinaryIO | None = None,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    timeout: float = 1800,
) -> subprocess.CompletedProcess[str]:
    """Runs a command, keeps its whole output in the current step's log, and returns its standard output.

    :param stdin: text, or an open file.
    :param check: a non-zero exit is an error.
    :raises LabError: with the command, the log's path and its last lines.
    """
    words = [str(word) for word in argv]
    text_input = stdin if isinstance(stdin, str) else None
    stream = None if isinstance(stdin, str) or stdin is None else stdin
    started = elapsed()
    try:
        result = subprocess.run(
            words,
            input=text_input,
            stdin=stream if stream is not None else (None if text_input is not None else subprocess.DEVNULL),
            capture_output=True,
            text=True,
            errors="replace",
            env=dict(env) if env is not None else None,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(f"command not found: {words[0]} (needed for: {shlex.join(words)[:200]})") from error
    except subprocess.TimeoutExpired as error:
        output = "".join(part.decode(errors="replace") if isinstance(part, bytes) else part or "" for part in (error.stdout, error.stderr))
        log = _log(started, words, output, f"no end after {timeout:.0f} s")
        raise _failure(words, f"did not end within {timeout:.0f} s", output, log) from error
    output = result.stdout + result.stderr
    log = _log(started, words, output, f"exit {result.returncode}")
    if check and result.returncode != 0:
        raise _failure(words, f"ended with exit code {result.returncode}", output, log)
    return result


def run_logged(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> None:
    """Runs a long command whose output can be followed in the current step's log.

    :raises LabError: with the command, the log's path and its last lines.
    """
    words = [str(word) for word in argv]
    path = _log_path()
    if path is None:
        run(words, env=env)
        return
    with path.open("a+", encoding="utf-8", errors="replace") as file:
        file.write(f"[{elapsed():.1f}s] $ {shlex.join(words)}\n")
        file.flush()
        beginning = file.tell()
        code = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, env=dict(env) if env is not None else None, check=False
        ).returncode
        file.seek(beginning)
        output = file.read() if code else ""
        file.write(f"[{elapsed():.1f}s] exit {code}\n\n")
    if code:
        raise _failure(words, f"ended with exit code {code}", output, path)


def wait_until(what: str, condition: Callable[[], bool], timeout: float, interval: float = 0.5) -> None:
    """Asks C(condition) until it holds.

    :raises LabError: it never did.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {timeout:.0f} s in vain: {what}; see {_log_path()}")
        time.sleep(interval)


def _log_path() -> Path | None:
    return _log_dir / f"{current_log.get()}.log" if _log_dir else None


def _log(started: float, words: Sequence[str], output: str, end: str) -> Path | None:
    path = _log_path()
    if path:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"[{started:.1f}s] $ {shlex.join(words)}\n{output}\n[{elapsed():.1f}s] {end}\n\n")
    return path


def _failure(words: Sequence[str], what: str, output: str, log: Path | None) -> LabError:
    tail = "\n".join("    " + line for line in output.rstrip().splitlines()[-_TAIL_LINES:])
    command = shlex.join(words)
    command = command if len(command) < 400 else command[:400] + " ..."
    return LabError(f"command {what}:\n  {command}\nlast lines of its output (all of it: {log}):\n{tail}")
