# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._redact import without_secrets, without_url_credentials


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://user:secret@proxy:3128/path", "http://********@proxy:3128/path"),
        # Go takes the last @ for the end of the credentials.
        ("--http-proxy=http://user:se@cret@proxy", "--http-proxy=http://********@proxy"),
        ("admin@example.org", "admin@example.org"),
        (["https://u:p@a", 1, None], ["https://********@a", 1, None]),
        ({"proxies": {"http-proxy": "http://u:p@a"}, "debug": True}, {"proxies": {"http-proxy": "http://********@a"}, "debug": True}),
    ],
)
def test_urls_lose_their_credentials(value, expected):
    assert without_url_credentials(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"log-opts": {"splunk-token": "x", "tag": "y"}}, {"log-opts": {"splunk-token": "********", "tag": "y"}}),
        (
            ["--log-opt", "splunk-token=x", "--log-opt=gelf-password=x"],
            ["--log-opt", "splunk-token=********", "--log-opt=gelf-password=********"],
        ),
        (
            ["--http-proxy", "me:pw@proxy:1", "--https-proxy=me:pw@proxy"],
            ["--http-proxy", "********@proxy:1", "--https-proxy=********@proxy"],
        ),
        (
            {"proxies": {"http-proxy": "http://u:p@a", "https-proxy": "u:p@a"}},
            {"proxies": {"http-proxy": "http://********@a", "https-proxy": "********@a"}},
        ),
        ({"tlskey": "/etc/key.pem", "mtu": 1, "labels": ["a=b"]}, {"tlskey": "/etc/key.pem", "mtu": 1, "labels": ["a=b"]}),
    ],
)
def test_secrets_are_known_by_their_names(value, expected):
    assert without_secrets(value) == expected
