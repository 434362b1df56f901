# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever Docker's configuration says about registries, each hosts.toml is TOML that says the same, and never a traceback."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import tomllib
from ansible_collections.dockershim.migration.plugins.module_utils import _registries as registries
from ansible_collections.dockershim.migration.plugins.module_utils._containerd_settings import check_settings
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_registries import cri_tables
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.one_of(
    st.sampled_from(["docker.io", "r:5000", "m.example", "localhost:5000", "10.1.2.3:5000", "[fd00::1]:5000", "127.0.0.1", "_default"]),
    st.text(min_size=1, max_size=12),
)
ENTRIES = st.one_of(
    NAMES,
    st.builds("{}://{}{}".format, st.sampled_from(["http", "https", "HTTPS", "ftp", ""]), NAMES, st.text(max_size=8)),
    st.sampled_from(["10.0.0.0/8", "::/0", "https://[", "https://m/v2/", "https://u:p@m", "https://m:5000/a b"]),
)
FILES = st.lists(
    st.one_of(st.sampled_from(["ca.crt", "a.cert", "a.key", "b.cert"]), st.text(min_size=1, max_size=8).map(lambda name: name + ".crt")),
    unique=True,
    max_size=5,
)
ARGUMENTS = {
    "mirrors": st.lists(ENTRIES, max_size=4),
    "insecure": st.lists(ENTRIES, max_size=4),
    "certs": st.dictionaries(NAMES, FILES, max_size=3),
    "addresses": st.dictionaries(NAMES, st.lists(st.sampled_from(["10.1.1.1", "192.0.2.1", "fd00::1", "x"])), max_size=3),
}


def planned(mirrors, insecure, certs, addresses) -> dict[str, Any]:
    # As they come from the node: names that are no UTF-8 were refused when they were read.
    certs = {name: [file for file in files if _utf8(file)] for name, files in certs.items() if _utf8(name)}
    return registries.registries({"registry-mirrors": mirrors, "insecure-registries": insecure}, certs=certs, addresses=addresses)


def _utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


@given(**ARGUMENTS)
def test_every_hosts_toml_is_toml_and_says_what_was_planned(mirrors, insecure, certs, addresses):
    for host in planned(mirrors, insecure, certs, addresses)["hosts"]:
        parsed = tomllib.loads(host["hosts_toml"])
        assert set(parsed) == {"host"}
        assert parsed["host"], "containerd to 1.7 fails on a file without a host"
        # The order counts: containerd asks them in the order of the file.
        assert list(parsed["host"]) == [endpoint["url"] for endpoint in host["endpoints"]]
        for endpoint in host["endpoints"]:
            said = {key: value for key, value in endpoint.items() if key != "url" and value}
            assert parsed["host"][endpoint["url"]] == said
            assert {name for pair in endpoint["client"] for name in pair} | set(endpoint["ca"]) <= set(host["files"])
        host["hosts_toml"].encode("utf-8")


@given(**ARGUMENTS)
def test_every_entry_is_carried_over_or_pointed_out(mirrors, insecure, certs, addresses):
    result = planned(mirrors, insecure, certs, addresses)
    names = {host["name"] for host in result["hosts"]}
    assert "_default" not in names
    shown = [item["value"] for item in result["attention"]]
    if mirrors:
        assert "docker.io" in names or [item for item in result["attention"] if item["key"] == "registry-mirrors"]
    for entry in insecure:
        name = entry.partition("://")[2] if "://" in entry else entry
        assert name in names or entry in shown or registries.networks([entry]), entry


@given(**ARGUMENTS)
def test_the_tables_of_containerd_1_4_say_the_same(mirrors, insecure, certs, addresses):
    hosts = planned(mirrors, insecure, certs, addresses)["hosts"]
    tables, configs, _attention = cri_tables(hosts)
    for host in hosts:
        asked = [endpoint["url"] for endpoint in host["endpoints"]]
        urls = tables.get(host["name"], asked)
        assert len(urls) == len(asked)
        assert all(url.startswith(start) for url, start in zip(urls, asked, strict=True))
    assert all(("cert_file" in config["tls"]) == ("key_file" in config["tls"]) for config in configs.values())
    # The module that writes them takes them.
    check_settings({"registry_mirrors": tables, "registry_configs": configs})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["registry-mirrors", "insecure-registries", "other"]), VALUES))
def test_a_daemon_json_of_any_shape_gives_a_plan_or_a_clear_error(daemon):
    lists = all(value is None or (isinstance(value, list) and all(isinstance(entry, str) for entry in value)) for value in _known(daemon))
    refused = contextlib.nullcontext() if lists else pytest.raises(MigrationError, match=r"/etc/docker/daemon\.json: ")
    with refused:
        registries.registries(daemon)


def _known(daemon: dict[str, Any]) -> list[Any]:
    return [value for key, value in daemon.items() if key != "other"]
