# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
import yaml
from ansible_collections.dockershim.migration.plugins.module_utils import _containerd_settings as where
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.modules import containerd_config


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.6.20", (1, 6, 20)),
        ("1.6.20~ds1-1+deb12u3", (1, 6, 20)),
        ("v2.3.0-rc.1", (2, 3, 0)),
        ("2.1", (2, 1, 0)),
        ("1.7.24-0ubuntu1~22.04.1", (1, 7, 24)),
    ],
)
def test_containerd_versions(text, expected):
    assert where.parse_containerd_version(text) == expected


@pytest.mark.parametrize("text", ["", "latest", "containerd 1.6"])
def test_what_is_no_version(text):
    with pytest.raises(MigrationError, match="containerd_version"):
        where.parse_containerd_version(text)


# cmd/containerd/server/config of each release
@pytest.mark.parametrize(
    ("release", "newest", "new_file"),
    [
        ((1, 4, 13), 2, 2),
        ((1, 6, 20), 2, 2),
        ((1, 7, 31), 2, 2),
        ((2, 0, 0), 3, 3),
        ((2, 2, 9), 3, 3),
        ((2, 3, 0), 4, 3),
        ((3, 0, 0), 4, 3),
    ],
)
def test_configuration_versions(release, newest, new_file):
    assert where.newest_config_version(release) == newest
    assert where.new_file_version(release) == new_file


def test_a_containerd_without_version_2_is_refused():
    with pytest.raises(MigrationError, match=r"1\.2\.0 is older than 1\.3"):
        where.newest_config_version((1, 2, 0))


R, IMAGES, RUNTIME = "plugins/io.containerd.grpc.v1.cri", "plugins/io.containerd.cri.v1.images", "plugins/io.containerd.cri.v1.runtime"
TRANSFER = "plugins/io.containerd.transfer.v1.local"


# Each one was read back with `containerd config dump` of 1.4.13, 1.6.20, 1.7.24 (versions 1 and 2) and 2.1.9 (versions 2 and 3).
@pytest.mark.parametrize(
    ("setting", "version_1", "version_2", "version_3"),
    [
        ("sandbox_image", "plugins/cri/sandbox_image", f"{R}/sandbox_image", f"{IMAGES}/pinned_images/sandbox"),
        ("registry_config_path", "plugins/cri/registry/config_path", f"{R}/registry/config_path", f"{IMAGES}/registry/config_path"),
        ("snapshotter", "plugins/cri/containerd/snapshotter", f"{R}/containerd/snapshotter", f"{IMAGES}/snapshotter"),
        (
            "discard_unpacked_layers",
            "plugins/cri/containerd/discard_unpacked_layers",
            f"{R}/containerd/discard_unpacked_layers",
            f"{IMAGES}/discard_unpacked_layers",
        ),
        (
            "max_concurrent_downloads",
            "plugins/cri/max_concurrent_downloads",
            f"{R}/max_concurrent_downloads",
            f"{IMAGES}/max_concurrent_downloads",
        ),
        (
            "default_runtime_name",
            "plugins/cri/containerd/default_runtime_name",
            f"{R}/containerd/default_runtime_name",
            f"{RUNTIME}/containerd/default_runtime_name",
        ),
        ("cni_bin_dir", "plugins/cri/cni/bin_dir", f"{R}/cni/bin_dir", f"{RUNTIME}/cni/bin_dir"),
        ("cni_conf_dir", "plugins/cri/cni/conf_dir", f"{R}/cni/conf_dir", f"{RUNTIME}/cni/conf_dir"),
        ("enable_selinux", "plugins/cri/enable_selinux", f"{R}/enable_selinux", f"{RUNTIME}/enable_selinux"),
        ("root", "root", "root", "root"),
        ("debug_level", "debug/level", "debug/level", "debug/level"),
        ("registry_mirrors", "plugins/cri/registry/mirrors", f"{R}/registry/mirrors", f"{IMAGES}/registry/mirrors"),
        ("registry_configs", "plugins/cri/registry/configs", f"{R}/registry/configs", f"{IMAGES}/registry/configs"),
        ("enable_cdi", "plugins/cri/enable_cdi", f"{R}/enable_cdi", f"{RUNTIME}/enable_cdi"),
        (
            "enable_unprivileged_ports",
            "plugins/cri/enable_unprivileged_ports",
            f"{R}/enable_unprivileged_ports",
            f"{RUNTIME}/enable_unprivileged_ports",
        ),
        (
            "enable_unprivileged_icmp",
            "plugins/cri/enable_unprivileged_icmp",
            f"{R}/enable_unprivileged_icmp",
            f"{RUNTIME}/enable_unprivileged_icmp",
        ),
        ("unset_seccomp_profile", "plugins/cri/unset_seccomp_profile", f"{R}/unset_seccomp_profile", f"{RUNTIME}/unset_seccomp_profile"),
        ("oom_score", "oom_score", "oom_score", "oom_score"),
        ("debug_format", "debug/format", "debug/format", "debug/format"),
        ("runtimes", "plugins/cri/containerd/runtimes", f"{R}/containerd/runtimes", f"{RUNTIME}/containerd/runtimes"),
    ],
)
def test_places(setting, version_1, version_2, version_3):
    assert ["/".join(where.place(setting, version)) for version in (1, 2, 3, 4)] == [version_1, version_2, version_3, version_3]


# cmd/containerd/server/config/config.go of containerd 2.3, serviceMigrate; no binary was at hand.
@pytest.mark.parametrize(
    ("version", "path"),
    [(1, "metrics/address"), (2, "metrics/address"), (3, "metrics/address"), (4, "plugins/io.containerd.server.v1.metrics/address")],
)
def test_version_4_moves_the_metrics(version, path):
    assert "/".join(where.place("metrics_address", version)) == path


@pytest.mark.parametrize(
    ("setting", "value", "config_version", "release", "wanted", "unwanted"),
    [
        ("cni_bin_dir", "/x", 3, (2, 0, 1), [(f"{RUNTIME}/cni/bin_dir", "/x")], []),
        ("cni_bin_dir", "/x", 3, (2, 1, 9), [(f"{RUNTIME}/cni/bin_dirs", ["/x"])], [f"{RUNTIME}/cni/bin_dir"]),
        ("cni_bin_dir", "/x", 2, (2, 1, 9), [(f"{R}/cni/bin_dir", "/x")], []),
        ("registry_mirrors", {"r": ["https://m"]}, 2, (1, 4, 13), [(f"{R}/registry/mirrors/r/endpoint", ["https://m"])], []),
        (
            "registry_configs",
            {"r": {"tls": {"ca_file": "/x"}, "auth": {"username": "u", "password": None}}},
            2,
            (1, 4, 13),
            [(f"{R}/registry/configs/r/tls/ca_file", "/x"), (f"{R}/registry/configs/r/auth/username", "u")],
            [],
        ),
        ("max_concurrent_downloads", 5, 2, (1, 7, 24), [(f"{R}/max_concurrent_downloads", 5)], []),
        (
            "max_concurrent_downloads",
            5,
            3,
            (2, 1, 9),
            [(f"{IMAGES}/max_concurrent_downloads", 5), (f"{TRANSFER}/max_concurrent_downloads", 5)],
            [],
        ),
    ],
)
def test_places_that_depend_on_the_release(setting, value, config_version, release, wanted, unwanted):
    found = where.places(setting, value, config_version, release)
    assert [("/".join(path), value) for path, value in found[0]] == wanted
    assert ["/".join(path) for path in found[1]] == unwanted


def test_the_documentation_names_every_setting():
    options = yaml.safe_load(containerd_config.DOCUMENTATION)["options"]
    assert set(options) == set(where.ARGUMENT_SPEC)
    settings = where.ARGUMENT_SPEC["settings"]["options"]
    assert set(options["settings"]["suboptions"]) == set(settings)
    assert set(settings) - {"systemd_cgroup", "cri_enabled"} == set(where.PLACES)
