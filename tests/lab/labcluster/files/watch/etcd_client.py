# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks every member of etcd for its health, on a fixed schedule, and writes down what each says.

Usage: etcd_client.py CONFIG RESULTS

CONFIG is JSON: interval and timeout in seconds, ca, certificate and key (paths), members as name -> address. RESULTS gets one JSON line
each time: time (seconds since the epoch) and members as name -> "healthy" (it has a leader and can read through it), "unhealthy"
(it answers, but cannot) or "away". Source: GET /health of etcd 3.4, https://etcd.io/docs/v3.4/op-guide/monitoring/.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def health(address: str, context: ssl.SSLContext, timeout: float) -> str:
    """What one member says."""
    try:
        with urllib.request.urlopen(f"https://{address}:2379/health", context=context, timeout=timeout) as response:
            return "healthy" if json.load(response)["health"] == "true" else "unhealthy"
    except urllib.error.HTTPError:
        return "unhealthy"
    except (OSError, ValueError, KeyError):
        return "away"


def main(config: dict[str, Any], path: Path) -> None:
    """Asks until it is ended."""
    context = ssl.create_default_context(cafile=config["ca"])
    context.load_cert_chain(config["certificate"], config["key"])
    began, number = time.monotonic(), 0
    with ThreadPoolExecutor(len(config["members"])) as pool, path.open("a", encoding="utf-8") as results:
        while True:
            asked = time.time()
            answers = pool.map(lambda address: health(address, context, config["timeout"]), config["members"].values())
            results.write(json.dumps({"time": round(asked, 3), "members": dict(zip(config["members"], answers, strict=True))}) + "\n")
            results.flush()
            number += 1
            time.sleep(max(0.0, began + number * config["interval"] - time.monotonic()))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
