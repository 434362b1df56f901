# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where containerd keeps a setting: one name here, one place per version of the configuration file.

Sources: pkg/cri/config/config.go of containerd 1.4, 1.6 and 1.7; internal/cri/config/config.go, plugins/cri/images and
plugins/cri/runtime of 2.0 to 2.3; cmd/containerd/server/config. Each place in version 1, 2 and 3 was read back with
C(containerd --config FILE config dump) of 1.4.13, 1.6.20, 1.7.24 and 2.1.9.

Runs on the node: standard library and Python 3.6 only.
"""

import re

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

CRI_V1 = ("plugins", "cri")
CRI_V2 = ("plugins", "io.containerd.grpc.v1.cri")
IMAGES = ("plugins", "io.containerd.cri.v1.images")
RUNTIME = ("plugins", "io.containerd.cri.v1.runtime")
TRANSFER = ("plugins", "io.containerd.transfer.v1.local")

# Every name under which disabled_plugins can switch CRI off. Docker's containerd.io package ships the first one.
CRI_PLUGINS = ("cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime")

# The newest version of the configuration file that a release reads, newest release first.
# cmd/containerd/server/config/config.go: CurrentConfigVersion (2.x), ValidateV2/GetVersion (1.x). 1.7 refuses a higher one,
# 1.4 and 1.6 accept it and ignore what it says under plugins.
NEWEST_CONFIG_VERSION = (
    ((2, 3), 4),
    ((2, 0), 3),
    ((1, 3), 2),
)

# The version of a file written from nothing. Version 3 for 2.3 and later too: every 2.x reads it, so that containerd can be
# downgraded, and nothing this collection sets has moved in version 4.
NEW_FILE_VERSION = (
    ((2, 0), 3),
    ((1, 3), 2),
)

# setting: {config version: path}. Versions 3 and 4 agree on all of them. What depends on the release stands in places().
PLACES = {
    "sandbox_image": {2: CRI_V2 + ("sandbox_image",), 3: IMAGES + ("pinned_images", "sandbox")},
    "registry_config_path": {2: CRI_V2 + ("registry", "config_path"), 3: IMAGES + ("registry", "config_path")},
    "snapshotter": {2: CRI_V2 + ("containerd", "snapshotter"), 3: IMAGES + ("snapshotter",)},
    "discard_unpacked_layers": {2: CRI_V2 + ("containerd", "discard_unpacked_layers"), 3: IMAGES + ("discard_unpacked_layers",)},
    "max_concurrent_downloads": {2: CRI_V2 + ("max_concurrent_downloads",), 3: IMAGES + ("max_concurrent_downloads",)},
    "default_runtime_name": {2: CRI_V2 + ("containerd", "default_runtime_name"), 3: RUNTIME + ("containerd", "default_runtime_name")},
    "cni_bin_dir": {2: CRI_V2 + ("cni", "bin_dir"), 3: RUNTIME + ("cni", "bin_dir")},
    "cni_conf_dir": {2: CRI_V2 + ("cni", "conf_dir"), 3: RUNTIME + ("cni", "conf_dir")},
    "enable_selinux": {2: CRI_V2 + ("enable_selinux",), 3: RUNTIME + ("enable_selinux",)},
    "root": {2: ("root",), 3: ("root",)},
    "debug_level": {2: ("debug", "level"), 3: ("debug", "level")},
    "runtimes": {2: CRI_V2 + ("containerd", "runtimes"), 3: RUNTIME + ("containerd", "runtimes")},
}

# The shims whose options have SystemdCgroup. An absent runtime_type is runc's where containerd fills it in.
RUNC_TYPES = ("io.containerd.runc.v1", "io.containerd.runc.v2")
RUNC_TYPE = "io.containerd.runc.v2"


def parse_containerd_version(text):
    """Returns (major, minor, patch) of a version as C(containerd --version) or a package names it (C(v1.6.20~ds1))."""
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text.strip())
    if not match:
        raise MigrationError("containerd_version: {0!r} is not a version of containerd such as 1.6.20.".format(text))
    return tuple(int(part or 0) for part in match.groups())


def _by_release(table, version):
    for release, value in table:
        if version[:2] >= release:
            return value
    raise MigrationError(
        "containerd_version: {0} is older than 1.3, the first containerd with configuration version 2: install a newer containerd.".format(
            ".".join(str(part) for part in version)
        )
    )


def newest_config_version(version):
    """Returns the newest configuration version that a containerd (tuple) reads."""
    return _by_release(NEWEST_CONFIG_VERSION, version)


def new_file_version(version):
    """Returns the configuration version to give a new file for a containerd (tuple)."""
    return _by_release(NEW_FILE_VERSION, version)


def place(setting, config_version):
    """Returns the path of a setting in a file of the given configuration version."""
    if config_version == 1:
        path = PLACES[setting][2]
        return CRI_V1 + path[len(CRI_V2) :] if path[: len(CRI_V2)] == CRI_V2 else path
    return PLACES[setting][2 if config_version == 2 else 3]


def places(setting, value, config_version, containerd_version):
    """Returns what a setting means for a file.

    :param setting: str, a key of PLACES.
    :param value: the wanted value.
    :param config_version: int, of the file.
    :param containerd_version: tuple.
    :returns: tuple of a list of (path, value) to set and a list of paths to remove.
    """
    path = place(setting, config_version)
    if setting == "registry_config_path" and containerd_version < (1, 5):
        raise MigrationError(
            "settings: registry_config_path needs containerd 1.5 or later; this node has {0}.{1}.".format(*containerd_version)
        )
    if setting == "cni_bin_dir" and config_version >= 3 and containerd_version >= (2, 1):
        # 2.1 reads the list and has a default for it; the single name is deprecated and does not replace that default.
        return [(path[:-1] + ("bin_dirs",), [value])], [path]
    if setting == "max_concurrent_downloads" and containerd_version >= (2, 1):
        # Pulls go through the transfer service by default since 2.1; the CRI plugin's own number serves local pulls.
        return [(path, value), (TRANSFER + ("max_concurrent_downloads",), value)], []
    return [(path, value)], []


# The options of the module containerd_config, for its documentation half and its action half alike.
ARGUMENT_SPEC = {
    "path": {"type": "path", "default": "/etc/containerd/config.toml"},
    "containerd_version": {"type": "str", "required": True},
    "settings": {
        "type": "dict",
        "required": True,
        "options": {
            "sandbox_image": {"type": "str"},
            "systemd_cgroup": {"type": "bool"},
            "registry_config_path": {"type": "str"},
            "cri_enabled": {"type": "bool"},
            "snapshotter": {"type": "str"},
            "root": {"type": "str"},
            "cni_bin_dir": {"type": "str"},
            "cni_conf_dir": {"type": "str"},
            "default_runtime_name": {"type": "str"},
            "max_concurrent_downloads": {"type": "int"},
            "discard_unpacked_layers": {"type": "bool"},
            "enable_selinux": {"type": "bool"},
            "debug_level": {"type": "str", "choices": ["trace", "debug", "info", "warn", "error", "fatal", "panic"]},
        },
    },
    "backup": {"type": "bool", "default": True},
    "validate": {"type": "bool", "default": True},
    "containerd": {"type": "str", "default": "containerd"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
}
