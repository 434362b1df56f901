# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registries' own access logs as records: who pulled what, when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

#: Apache's combined format, which docker-registry writes.
_LINE = re.compile(
    r'^(?P<client>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) [^"]*" (?P<status>\d+) (?P<size>\d+|-)'
    r' "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"'
)
_PULL = re.compile(r"^/v2/(?P<repository>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/?]+)(?:\?(?P<query>.*))?$")
_TIME_FORMAT = "%d/%b/%Y:%H:%M:%S %z"


def parse_time(text: str) -> datetime:
    """A point in time as users give it: seconds since 1970, or ISO 8601 (UTC where it names no zone).

    :raises ValueError: it is neither.
    """
    try:
        return datetime.fromtimestamp(float(text), tz=timezone.utc)
    except ValueError:
        pass
    moment = datetime.fromisoformat(text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def parse_pulls(registry: str, lines: Iterable[str], since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The pulls among the lines: GET and HEAD of manifests and blobs.

    The log has whole seconds, so a pull in the very second of C(since) counts as after it.
    """
    earliest = since.replace(microsecond=0) if since else None
    for line in lines:
        match = _LINE.match(line)
        if not match or match["method"] not in ("GET", "HEAD"):
            continue
        pull = _PULL.match(match["path"])
        if not pull:
            continue
        moment = datetime.strptime(match["time"], _TIME_FORMAT).astimezone(timezone.utc)
        if earliest and moment < earliest:
            continue
        yield {
            "time": moment.isoformat(),
            "registry": registry,
            "client": match["client"].rpartition(":")[0] if match["client"].count(":") == 1 else match["client"],
            "method": match["method"],
            "kind": pull["kind"].removesuffix("s"),
            "repository": pull["repository"],
            "reference": pull["reference"],
            "query": pull["query"],
            "status": int(match["status"]),
            "user_agent": match["agent"],
        }
