# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a web service on a fixed schedule and writes down every answer and every failure.

Usage: probe_client.py CONFIG RESULTS

CONFIG is JSON: interval and timeout in seconds, targets as a list of node, host and port. Each tick asks the next target over a
new connection. The schedule never waits for an answer, so a request that hangs delays no other; a request that could not be sent
in time shows in C(late). One JSON line per request goes to RESULTS when it has ended, so lines are not ordered by C(time).
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any, TextIO


async def ask(host: str, port: int) -> None:
    """One request over one connection; anything but a complete answer with status 200 raises."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET / HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not answer:
        raise ConnectionError("connection closed without an answer")
    status = head.split(b"\r\n")[0].decode(errors="replace")
    if status.split()[1:2] != ["200"]:
        raise ConnectionError(f"answer was {status!r}")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    if not separator or (lengths and len(body) != int(lengths[0])):
        raise ConnectionError(f"answer cut short after {len(answer)} bytes")


async def record(results: TextIO, number: int, target: dict[str, Any], timeout: float, late: float) -> None:
    """Asks one target and writes the line about it."""
    sent = time.time()
    started = time.monotonic()
    error = None
    try:
        await asyncio.wait_for(ask(target["host"], target["port"]), timeout)
    except (TimeoutError, asyncio.TimeoutError):
        error = f"no answer within {timeout} s"
    except (OSError, ValueError) as failure:
        error = f"{type(failure).__name__}: {failure}"
    line = {
        "number": number,
        "time": round(sent, 3),
        "node": target["node"],
        "ok": error is None,
        "seconds": round(time.monotonic() - started, 4),
        "late": round(late, 4),
        "error": error,
    }
    results.write(json.dumps(line) + "\n")
    results.flush()


async def main(config: dict[str, Any], results: TextIO) -> None:
    """Keeps the schedule until SIGTERM, then waits for what is under way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    under_way: set[asyncio.Task[None]] = set()
    began = time.monotonic()
    number = 0
    while not stop.is_set():
        due = began + number * config["interval"]
        wait = due - time.monotonic()
        if wait > 0:
            try:
                await asyncio.wait_for(stop.wait(), wait)
                break
            except (TimeoutError, asyncio.TimeoutError):
                pass
        target = config["targets"][number % len(config["targets"])]
        late = max(0.0, time.monotonic() - due)
        task = asyncio.create_task(record(results, number, target, config["timeout"], late))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        number += 1
        await asyncio.sleep(0)
    if under_way:
        await asyncio.wait(under_way)
    results.write(json.dumps({"end": number}) + "\n")


if __name__ == "__main__":
    with Path(sys.argv[2]).open("a", encoding="utf-8") as file:
        asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), file))
