# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _registry_credentials as credentials

AUTH = base64.b64encode(b"me:hunter2").decode()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(
            {},
            ["/var/lib/kubelet/config.json", "/config.json", "/.docker/config.json", "/var/lib/kubelet/.dockercfg", "/.dockercfg"],
            id="a kubelet under systemd has no HOME",
        ),
        pytest.param(
            {"root_dir": "/data/kubelet", "working_directory": "/srv", "home": "/root"},
            [
                "/data/kubelet/config.json",
                "/srv/config.json",
                "/root/.docker/config.json",
                "/.docker/config.json",
                "/data/kubelet/.dockercfg",
                "/srv/.dockercfg",
                "/root/.dockercfg",
                "/.dockercfg",
            ],
            id="HOME, root directory and working directory of its own",
        ),
    ],
)
def test_where_the_kubelet_looks(arguments, expected):
    assert credentials.kubelet_search_path(**arguments) == expected


@pytest.mark.parametrize(
    ("content", "legacy", "valid", "registries", "helper_registries", "helpers"),
    [
        pytest.param({"auths": {"r:5000": {"auth": AUTH}}}, False, True, ["r:5000"], [], [], id="auth"),
        pytest.param({"auths": {"r": {"username": "me", "password": "hunter2"}}}, False, True, ["r"], [], [], id="user and password"),
        pytest.param({"r": {"auth": AUTH}}, True, True, ["r"], [], [], id="the old format"),
        pytest.param({"auths": {"r": {}, "s": {"auth": AUTH}}, "credsStore": "pass"}, False, True, ["s"], ["r"], ["pass"], id="a store"),
        pytest.param({"credHelpers": {"r": "ecr-login"}}, False, True, [], ["r"], ["ecr-login"], id="a helper"),
        pytest.param({"auths": None}, False, True, [], [], [], id="no auths"),
        pytest.param({"auths": {"r": {"auth": "!"}}}, False, False, [], [], [], id="auth that is no base64: the kubelet refuses the file"),
        pytest.param({"auths": {"r": {"auth": "aHVudGVy"}}}, False, False, [], [], [], id="auth without a colon"),
        pytest.param({"auths": ["r"]}, False, False, [], [], [], id="auths that is no object"),
        pytest.param(["hunter2"], False, False, [], [], [], id="no object"),
        pytest.param(
            {"auths": {"https://me:hunter2@r": {"auth": AUTH}}}, False, True, ["https://********@r"], [], [], id="secret in a key"
        ),
    ],
)
def test_what_a_file_has(content, legacy, valid, registries, helper_registries, helpers):
    found = credentials.describe_credentials(json.dumps(content), legacy)
    assert found == {"valid": valid, "registries": registries, "helper_registries": helper_registries, "helpers": helpers}


def test_no_json():
    assert not credentials.describe_credentials("{hunter2", False)["valid"]


@pytest.mark.parametrize(
    ("key", "registry"),
    [("https://index.docker.io/v1/", "docker.io"), ("r.example:5000", "r.example:5000"), ("https://r.example/v2/", "r.example")],
)
def test_the_registry_of_a_key(key, registry):
    assert credentials.registry_of(key) == registry
