# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison alone; what real containerds print for real files is compared in tests/containerd."""

from __future__ import annotations

import re

import pytest
from ansible_collections.dockershim.migration.plugins.plugin_utils import _containerd_effective as effective

CRI, IMAGES, RUNTIME = "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"
RUNC = {"runtime_type": "io.containerd.runc.v2"}
MAIN = ("/etc/containerd/config.toml", {"version": 2})


def dump(**cri):
    return {"version": 2, "disabled_plugins": [], "plugins": {CRI: cri}}


@pytest.mark.parametrize(
    ("settings", "found", "expected"),
    [
        pytest.param({"sandbox_image": "x"}, dump(sandbox_image="x"), [], id="as wanted"),
        pytest.param({"sandbox_image": None}, dump(sandbox_image="x"), [], id="not wanted"),
        pytest.param(
            {"sandbox_image": "x"}, dump(sandbox_image="y"), ["sandbox_image is wanted as 'x', in force is 'y'"], id="another value"
        ),
        pytest.param({"enable_selinux": False}, dump(), [], id="an absent option is a false one"),
        pytest.param(
            {"systemd_cgroup": True},
            dump(containerd={"runtimes": {"runc": RUNC, "kata": {"runtime_type": "io.containerd.kata.v2"}}}),
            ["systemd_cgroup.runc is wanted as true, in force is nothing"],
            id="each handler of runc's type",
        ),
        pytest.param(
            {"cri_enabled": True},
            {"version": 2, "disabled_plugins": ["cri"]},
            ["cri_enabled is wanted as true, in force is false"],
            id="CRI",
        ),
        pytest.param(
            {"registry_configs": {"r": {"auth": {"password": "SECRET"}}}},
            dump(registry={"configs": {"r": {"auth": {"password": "OTHER"}}}}),
            ["registry_configs.r.auth.password is not in force as wanted"],
            id="no credential is named",
        ),
        pytest.param(
            {"cni_bin_dir": "/x"},
            {"version": 3, "plugins": {RUNTIME: {"cni": {"bin_dirs": ["/x", "/y"]}}}},
            ["cni_bin_dir is wanted as ['/x'], in force is ['/x', '/y']"],
            id="a list since 2.1",
        ),
    ],
)
def test_differences(settings, found, expected):
    release = (1, 6, 20) if found["version"] == 2 else (2, 1, 9)
    assert [str(item) for item in effective.differences(settings, found, release)] == expected


def test_what_is_in_force_has_no_credentials():
    registry = {"mirrors": {"r": {"endpoint": ["https://u:SECRET@m"]}}, "configs": {"r": {"auth": {"token": "SECRET"}}}}
    found = effective.in_force(dump(registry=registry, containerd={"runtimes": {"runc": {**RUNC, "options": {"SystemdCgroup": True}}}}))
    assert found["registry_configs"] == {"r": {"auth": {"token": "********"}}}
    assert found["registry_mirrors"] == {"r": ["https://********@m"]}
    assert found["systemd_cgroup"] is True
    assert found["cri_enabled"] is True


@pytest.mark.parametrize(
    ("release", "imported", "cause"),
    [
        pytest.param(
            (2, 1, 9), {"version": 2, "plugins": {CRI: {"sandbox_image": "y"}}}, "sets plugins.*sandbox_image, and", id="its value"
        ),
        pytest.param((2, 1, 9), {"plugins": {"cri": {"sandbox_image": "y"}}}, r"sets plugins\.cri\.sandbox_image, and", id="in version 1"),
        pytest.param(
            (1, 7, 24), {"version": 2, "plugins": {CRI: {"a": 1}}}, "replaces the whole table of .* in containerd 1.7", id="table"
        ),
        pytest.param((2, 1, 9), {"version": 3}, "has version = 3, .* has 2: .* same version", id="a higher version"),
    ],
)
def test_causes(release, imported, cause):
    found = effective.differences({"sandbox_image": "x"}, dump(sandbox_image="y"), release)
    sentences = effective.causes(found, [MAIN, ("/etc/containerd/conf.d/x.toml", imported)], release)
    assert len(sentences) == 1
    assert re.search(cause, sentences[0])


def test_without_a_suspect_there_is_no_cause():
    found = effective.differences({"sandbox_image": "x"}, dump(sandbox_image="y"), (2, 1, 9))
    assert effective.causes(found, [MAIN, ("/x.toml", {"version": 2, "plugins": {CRI: {"a": 1}}})], (2, 1, 9)) == []


@pytest.mark.parametrize(
    ("files", "options"),
    [
        pytest.param([{"a": 1}], {"a": 1}, id="the main file's"),
        pytest.param([{"a": 1}, {"a": 2}], {"a": 2}, id="those of the file loaded last"),
        pytest.param([{"a": 1}, None], {"a": 1}, id="one that says nothing about CRI does not count"),
    ],
)
def test_options_that_1_4_does_not_print(files, options):
    data = [
        (f"/{number}", {"version": 2, **({"plugins": {CRI: {"containerd": {"runtimes": {"runc": {"options": file}}}}}} if file else {})})
        for number, file in enumerate(files)
    ]
    found = effective.with_options(dump(containerd={"runtimes": {"runc": {**RUNC, "options": {}}}}), data)
    assert effective.runc_handlers(found)["runc"]["options"] == options
