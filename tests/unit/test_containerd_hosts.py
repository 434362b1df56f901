# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
import tomlkit
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils._containerd_hosts import hosts_files

PULL = {"capabilities": ["pull", "resolve"]}
TLS = {"tls": {"ca_file": "/ca", "cert_file": "/c", "key_file": "/k"}}
CLIENT = {"ca": ["/ca"], "client": [["/c", "/k"]]}


def files(registry, release=(1, 6, 20)):
    """Returns {directory: {URL: keys}}, in order."""
    found = hosts_files(registry, release, "config.toml: registry")
    assert all("[host." in file["hosts_toml"] for file in found), "1.5 to 1.7 fail on a file without a table"
    return {file["name"]: tomlkit.parse(file["hosts_toml"]).unwrap()["host"] for file in found}


# cri/server/images: registryHosts and registryEndpoints
@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        pytest.param(
            {"mirrors": {"docker.io": {"endpoint": ["https://a", "http://b:5000", "https://registry-1.docker.io"]}}},
            {"docker.io": {"https://a": PULL, "http://b:5000": PULL, "https://registry-1.docker.io": PULL}},
            id="endpoints keep their order",
        ),
        pytest.param(
            {"mirrors": {"r": {"endpoint": ["https://a/prefix", "https://b/v2", "c:5000", "localhost:5000"]}}},
            {
                "r": {
                    "https://a/prefix": {**PULL, "override_path": True},
                    "https://b/v2": PULL,
                    "https://c:5000": PULL,
                    "http://localhost:5000": PULL,
                }
            },
            id="a path stays as it is, and a scheme is added",
        ),
        pytest.param(
            {"mirrors": {"r": {"endpoint": ["https://a"]}}, "configs": {"a": TLS}},
            {"r": {"https://a": {**PULL, **CLIENT}}, "a": {"https://a": CLIENT}},
            id="TLS belongs to the host that is asked",
        ),
        pytest.param(
            {"mirrors": {"r": {"endpoint": ["https://a"]}}, "configs": {"r": {"tls": {"insecure_skip_verify": True}}}},
            {"r": {"https://a": PULL, "https://r": {"skip_verify": True}}},
            id="and to the registry itself, which comes last",
        ),
        pytest.param(
            {"configs": {"registry-1.docker.io": {"tls": {"ca_file": "/ca"}}, "r": {"auth": {"username": "u"}}}},
            {"docker.io": {"https://registry-1.docker.io": {"ca": ["/ca"]}}},
            id="Docker Hub's own host; credentials are no reason for a file",
        ),
        pytest.param(
            {"mirrors": {"*": {"endpoint": ["https://a"]}}, "configs": {"r": TLS}},
            {"_default": {"https://a": PULL}, "r": {"https://a": PULL, "https://r": CLIENT}},
            id="a mirror of everything",
        ),
        pytest.param({"mirrors": {"docker.io": {"endpoint": ["https://registry-1.docker.io"]}, "r": {}}}, {}, id="what is so anyhow"),
    ],
)
def test_old_tables_as_files(registry, expected):
    found = files(registry)
    assert found == expected
    assert {name: list(hosts) for name, hosts in found.items()} == {name: list(hosts) for name, hosts in expected.items()}


@pytest.mark.parametrize(
    ("registry", "release", "message"),
    [
        pytest.param({"mirrors": {"*": {"endpoint": ["https://a"]}}}, (1, 6, 16), "since 1.6.17", id="a mirror of everything"),
        pytest.param({"mirrors": {"r": {"endpoint": ["https://a/x"]}}}, (1, 5, 18), "has a path that containerd 1.5.18", id="a path"),
        pytest.param({"mirrors": {"r": {"endpoint": "https://a"}}}, (1, 7, 0), r"mirrors\.r has no list of URLs", id="no list"),
        pytest.param({"mirrors": {"r": {"endpoint": ["ftp://u:SECRET@a"]}}}, (1, 7, 0), "is no http", id="another scheme"),
        pytest.param(
            {"configs": {"r": {"tls": {"cert_file": "/c"}}}}, (1, 7, 0), "has one of cert_file and key_file alone", id="half a pair"
        ),
    ],
)
def test_what_has_no_equivalent(registry, release, message):
    with pytest.raises(MigrationError, match=message) as error:
        hosts_files(registry, release, "config.toml: registry")
    assert "SECRET" not in error.value.message


def test_a_user_in_a_url_is_not_carried_over():
    assert files({"mirrors": {"r": {"endpoint": ["https://u:p@a"]}}}) == {"r": {"https://a": PULL}}
