# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks every member of etcd whether it has a leader, on a fixed schedule, and writes down what each says.

Usage: etcd_client.py CONFIG RESULTS

CONFIG is JSON: interval and timeout in seconds, ca, certificate and key (paths), members as name -> address. The schedule never waits for
an answer. RESULTS gets one JSON line each time, when all have answered, so lines are not ordered by C(time) (seconds since the epoch, when
they were asked). C(members) is name -> "healthy" (it has a leader), "unhealthy" (it answers, but has none), "away" (nobody listens there,
or hangs up) or "silent" (no answer in time). Not by /health, which also times a read within a second, and so measures the machine's load.
Source: metric etcd_server_has_leader, https://etcd.io/docs/v3.4/metrics/.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO


def health(address: str, context: ssl.SSLContext, timeout: float) -> str:
    """What one member says."""
    try:
        with urllib.request.urlopen(f"https://{address}:2379/metrics", context=context, timeout=timeout) as response:
            return "healthy" if b"\netcd_server_has_leader 1\n" in response.read() else "unhealthy"
    except urllib.error.HTTPError:
        return "unhealthy"
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        return "silent" if isinstance(reason, TimeoutError) else "away"


def one_round(config: dict[str, Any], context: ssl.SSLContext, results: TextIO, lock: threading.Lock) -> None:
    """Asks all members at once and writes the line about them."""
    asked = time.time()
    with ThreadPoolExecutor(len(config["members"])) as pool:
        answers = pool.map(lambda address: health(address, context, config["timeout"]), config["members"].values())
        line = json.dumps({"time": round(asked, 3), "members": dict(zip(config["members"], answers, strict=True))})
    with lock:
        results.write(line + "\n")
        results.flush()


def main(config: dict[str, Any], path: Path) -> None:
    """Asks until it is ended."""
    context = ssl.create_default_context(cafile=config["ca"])
    context.load_cert_chain(config["certificate"], config["key"])
    lock = threading.Lock()
    began, number = time.monotonic(), 0
    with path.open("a", encoding="utf-8") as results:
        while True:
            threading.Thread(target=one_round, args=(config, context, results, lock), daemon=True).start()
            number += 1
            time.sleep(max(0.0, began + number * config["interval"] - time.monotonic()))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
