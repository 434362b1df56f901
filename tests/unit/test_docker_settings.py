# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of dockerd's settings, held against moby's own structures (fixtures/docker/dockerd_settings.json names its sources)."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils import _docker_settings as table

RELEASES = json.loads((Path(__file__).parent / "fixtures" / "docker" / "dockerd_settings.json").read_text(encoding="utf-8"))["releases"]
KEYS = sorted({key for release in RELEASES.values() for key in release["keys"]})
FLAGS = sorted({flag for release in RELEASES.values() for flag in release["flags"]})
DOCKERD = "/usr/bin/dockerd"


def test_the_fixture_reaches_from_19_03_to_29():
    assert list(RELEASES) == ["19.03", "20.10.24", "26.1.5", "27.5.1", "28.5.2", "29"]
    assert all(len(release["keys"]) >= 90 and release["source"] for release in RELEASES.values())


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_dockerd_has_its_place(key):
    place = table.place_of(key)
    assert place is not None
    assert place.destination != table.PER_KEY or key == place.key


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_of_dockerd_has_its_place(flag):
    assert flag in table.BY_FLAG


def test_the_table_knows_no_key_that_dockerd_does_not():
    objects = {"features", "log-opts"}  # Open maps, and what holds others: their keys are in no structure.
    parents = {key.partition(".")[0] for key in KEYS if "." in key}
    known = {s.key for s in table.SETTINGS if "*" not in s.key and s.key.partition(".")[0] not in objects} - parents
    assert known <= set(KEYS)


def test_each_key_stands_in_the_table_once():
    assert [key for key, count in Counter(setting.key for setting in table.SETTINGS).items() if count > 1] == []


@pytest.mark.parametrize("setting", table.SETTINGS, ids=lambda setting: setting.key)
def test_every_place_says_why_and_whence(setting):
    assert setting.text
    assert not setting.text.endswith(".")
    assert setting.what_to_do.endswith(".")
    assert setting.source
    if setting.destination == table.ATTENTION:
        assert setting.what_to_do != table.NOTHING


def given(daemon_json, *flags):
    settings, notes = table.given_settings(daemon_json, [DOCKERD, *flags])
    return {setting.key: setting.value for setting in settings}, [note["what"] for note in notes]


@pytest.mark.parametrize(
    ("daemon_json", "flags", "expected"),
    [
        ({}, [], {}),
        ({"debug": None}, [], {}),
        ({}, ["-H", "fd://", "--containerd=/run/c.sock"], {"hosts": ["fd://"], "containerd": "/run/c.sock"}),
        ({}, ["-D", "-l", "warn"], {"debug": True, "log-level": "warn"}),
        ({}, ["--debug=false"], {"debug": False}),
        ({}, ["--mtu", "1400"], {"mtu": 1400}),
        ({}, ["--dns=192.0.2.1", "--dns", "192.0.2.2"], {"dns": ["192.0.2.1", "192.0.2.2"]}),
        ({}, ["--log-opt", "max-size=10m", "--log-opt=max-file=3"], {"log-opts.max-size": "10m", "log-opts.max-file": "3"}),
        ({}, ["--default-ulimit=nofile=1:2"], {"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1, "Hard": 2}}}),
        ({}, ["--default-ulimit=core=-1"], {"default-ulimits": {"core": {"Name": "core", "Soft": -1, "Hard": -1}}}),
        ({}, ["--feature=cdi", "--feature", "buildkit=false"], {"features.cdi": True, "features.buildkit": False}),
        ({}, ["--http-proxy=http://proxy:1"], {"proxies.http-proxy": "http://proxy:1"}),
        ({"proxies": {"no-proxy": "a"}}, [], {"proxies.no-proxy": "a"}),
        ({"builder": {"GC": {"enabled": True}}}, [], {"builder.gc": {"enabled": True}}),
        ({"nri-opts": {"enable": True}}, [], {"nri-opts.enable": True}),
        ({}, ["--nri-opts=enable,socket-path=/run/nri"], {"nri-opts.enable": "true", "nri-opts.socket-path": "/run/nri"}),
        ({"log-opts": {}}, [], {}),
        # The only key that dockerd takes from both places.
        (
            {"runtimes": {"a": {"path": "/a"}}},
            ["--add-runtime=b=/b"],
            {"runtimes": {"a": {"path": "/a"}, "b": {"path": "/b"}}},
        ),
        ({"new-in-99": 1}, [], {"new-in-99": 1}),
        ({"log-opts.max-size": "10m"}, [], {"log-opts.max-size": "10m"}),
    ],
)
def test_file_and_flags_make_one_configuration(daemon_json, flags, expected):
    assert given(daemon_json, *flags) == (expected, [])


@pytest.mark.parametrize(
    ("daemon_json", "flags", "value", "told"),
    [
        ({"debug": True}, ["--debug=false"], {"debug": False}, "daemon.json debug and dockerd --debug"),
        ({"labels": ["a=b"]}, ["--label=c=d"], {"labels": ["c=d"]}, "daemon.json labels and dockerd --label"),
        (
            {"proxies": {"http-proxy": "http://a:1"}},
            ["--http-proxy=http://b:1"],
            {"proxies.http-proxy": "http://b:1"},
            "daemon.json proxies.http-proxy and dockerd --http-proxy",
        ),
    ],
)
def test_a_key_in_both_places_is_told_and_the_flag_counts(daemon_json, flags, value, told):
    assert given(daemon_json, *flags) == (value, [told])


def test_an_unknown_flag_is_told():
    assert given({}, "--new-in-99=1") == ({}, ["dockerd --new-in-99"])


@pytest.mark.parametrize("key", ["new-in-99", "Debug", "log-opts.max-size", "http-proxy", "*"])
def test_an_unknown_key_has_no_place(key):
    assert [given.setting for given in table.given_settings({key: "x"}, [])[0]] == [None]


@pytest.mark.parametrize(
    "daemon_json",
    [
        {"debug": "true"},
        {"mtu": 1400.5},
        {"mtu": True},
        {"labels": "a=b"},
        {"labels": [1]},
        {"log-opts": {"max-file": 3}},
        {"log-opts": ["max-file=3"]},
        {"features": {"buildkit": "yes"}},
        {"data-root": ["/srv"]},
        {"default-ulimits": {"nofile": "1:2"}},
        {"runtimes": ["nvidia"]},
        {"builder": []},
        {"proxies": "http://proxy"},
    ],
    ids=json.dumps,
)
def test_what_dockerd_could_not_read_is_named(daemon_json):
    with pytest.raises(MigrationError, match=next(iter(daemon_json))):
        table.given_settings(daemon_json, [])


@pytest.mark.parametrize("flag", ["--mtu=wide", "--default-ulimit=nofile=many"])
def test_a_flag_that_dockerd_could_not_read_is_named(flag):
    with pytest.raises(MigrationError, match=flag.partition("=")[0]):
        table.given_settings({}, [DOCKERD, flag])


def test_the_document_is_as_the_table():
    file = Path(__file__).resolve().parents[2] / "docs" / "generate.py"
    specification = importlib.util.spec_from_file_location("generate_documents", file)
    generate = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generate)
    assert generate.SETTINGS_FILE.read_text(encoding="utf-8") == generate.settings_document(), "stale: run 'make docs'"
