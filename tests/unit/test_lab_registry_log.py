# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registries' access logs: which lines are pulls, and from when."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from labcluster.registry_log import parse_pulls, parse_time

DOCKER = "docker/20.10.24+dfsg1 go/go1.19.8 UpstreamClient(Docker-Client/20.10.24+dfsg1 \\\\(linux\\\\))"


def log_line(request: str, time: str = "23/Nov/2026:21:44:54 +0000", client: str = "10.177.0.21", agent: str = DOCKER) -> str:
    return f'{client} - - [{time}] "{request} HTTP/1.1" 200 528 "" "{agent}"\n'


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        pytest.param("GET /v2/demo/web/manifests/1.0", ("GET", "manifest", "demo/web", "1.0", None), id="manifest by tag"),
        pytest.param("HEAD /v2/demo/web/manifests/1.0", ("HEAD", "manifest", "demo/web", "1.0", None), id="manifest asked for"),
        pytest.param("GET /v2/a/b/c/manifests/sha256:12", ("GET", "manifest", "a/b/c", "sha256:12", None), id="manifest by digest"),
        pytest.param("GET /v2/demo/web/blobs/sha256:12", ("GET", "blob", "demo/web", "sha256:12", None), id="blob"),
        pytest.param(
            "GET /v2/demo/web/manifests/1.0?ns=docker.io", ("GET", "manifest", "demo/web", "1.0", "ns=docker.io"), id="containerd's mirror"
        ),
        pytest.param("GET /v2/blobs/manifests/1.0", ("GET", "manifest", "blobs", "1.0", None), id="repository called blobs"),
    ],
)
def test_pull(request_line: str, expected: tuple[str, ...]) -> None:
    (pull,) = parse_pulls("mirror", [log_line(request_line)])
    assert (pull["method"], pull["kind"], pull["repository"], pull["reference"], pull["query"]) == expected
    assert pull["registry"] == "mirror"
    assert pull["client"] == "10.177.0.21"
    assert pull["time"] == "2026-11-23T21:44:54+00:00"
    assert pull["status"] == 200
    assert pull["user_agent"] == DOCKER


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(log_line("GET /v2/"), id="ping"),
        pytest.param(log_line("PUT /v2/demo/web/manifests/1.0"), id="push of a manifest"),
        pytest.param(log_line("HEAD /v2/demo/web/blobs/uploads/12"), id="push of a blob"),
        pytest.param(log_line("GET /v2/demo/web/tags/list"), id="tags"),
        pytest.param("not a line of the log\n", id="something else"),
        pytest.param("", id="empty"),
    ],
)
def test_no_pull(text: str) -> None:
    assert list(parse_pulls("mirror", [text])) == []


@pytest.mark.parametrize(
    ("client", "expected"), [("10.177.0.21:50234", "10.177.0.21"), ("10.177.0.21", "10.177.0.21"), ("fe80::1", "fe80::1")]
)
def test_client_without_port(client: str, expected: str) -> None:
    (pull,) = parse_pulls("mirror", [log_line("GET /v2/a/manifests/1", client=client)])
    assert pull["client"] == expected


def test_since_keeps_the_second_it_falls_in() -> None:
    times = ["23/Nov/2026:21:44:53 +0000", "23/Nov/2026:21:44:54 +0000", "23/Nov/2026:22:44:55 +0100"]
    lines = [log_line(f"GET /v2/a/manifests/{number}", time) for number, time in enumerate(times)]
    since = datetime(2026, 11, 23, 21, 44, 54, 900_000, tzinfo=timezone.utc)
    assert [pull["reference"] for pull in parse_pulls("mirror", lines, since)] == ["1", "2"]


@pytest.mark.parametrize(
    "text",
    ["1795470294", "2026-11-23T21:44:54Z", "2026-11-23T21:44:54", "2026-11-23 22:44:54+01:00"],
    ids=["seconds", "UTC", "no zone", "another zone"],
)
def test_parse_time(text: str) -> None:
    assert parse_time(text) == datetime(2026, 11, 23, 21, 44, 54, tzinfo=timezone.utc)


def test_parse_time_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        parse_time("yesterday")
