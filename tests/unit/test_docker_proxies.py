# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._docker_proxies import docker_proxies, proxies_of, redacted

DOCKERD = "/usr/bin/dockerd"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {}),
        ({"http_proxy": "http://small"}, {"HTTP_PROXY": "http://small"}),
        ({"http_proxy": "http://small", "HTTP_PROXY": "http://capital"}, {"HTTP_PROXY": "http://capital"}),
        ({"NO_PROXY": "", "HTTPS_PROXY": "http://a", "ALL_PROXY": "http://b"}, {"HTTPS_PROXY": "http://a"}),
    ],
)
def test_the_environment(environment, expected):
    assert proxies_of(environment) == expected


@pytest.mark.parametrize(
    ("daemon_json", "flags", "expected"),
    [
        ({}, [], {"HTTP_PROXY": "http://environment"}),
        ({"proxies": {"http-proxy": "http://file"}}, [], {"HTTP_PROXY": "http://file"}),
        ({"proxies": {"http-proxy": None, "no-proxy": "a"}}, [], {"HTTP_PROXY": "http://environment", "NO_PROXY": "a"}),
        ({}, ["--http-proxy=http://flag"], {"HTTP_PROXY": "http://flag"}),
        # What dockerd would refuse does not stop the reading: the plan names it.
        ({"proxies": ["http://a"]}, [], {"HTTP_PROXY": "http://environment"}),
        ({"proxies": {"http-proxy": 3}}, [], {"HTTP_PROXY": "http://environment"}),
    ],
)
def test_what_docker_is_told_wins_over_its_environment(daemon_json, flags, expected):
    assert docker_proxies({"HTTP_PROXY": "http://environment"}, daemon_json, [DOCKERD, *flags]) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://user:p@ss/word@proxy:3128", "http://********@proxy:3128"),
        ("user:password@proxy:3128", "********@proxy:3128"),
    ],
)
def test_what_is_shown_of_a_proxy(value, expected):
    assert redacted({"HTTP_PROXY": value, "NO_PROXY": "a@b"}) == {"HTTP_PROXY": expected, "NO_PROXY": "a@b"}
