# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where containerd keeps a setting: one name here, one place per version of the configuration file.

Sources: pkg/cri/config/config.go of containerd 1.4, 1.6 and 1.7; internal/cri/config/config.go, plugins/cri/images and
plugins/cri/runtime of 2.0 to 2.3; cmd/containerd/server/config. Each place in version 1, 2 and 3 is read back with
C(containerd --config FILE config dump) of the real 1.4.13, 1.6.20, 1.7.24 and 2.1.9 by tests/containerd. Version 4 stands as the source
has it (cmd/containerd/server/config/config.go of 2.3, serviceMigrate): no distribution had a 2.3 to ask.

Runs on the node: standard library and Python 3.6 only.
"""

import re

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

CRI_V1 = ("plugins", "cri")
CRI_V2 = ("plugins", "io.containerd.grpc.v1.cri")
IMAGES = ("plugins", "io.containerd.cri.v1.images")
RUNTIME = ("plugins", "io.containerd.cri.v1.runtime")
TRANSFER = ("plugins", "io.containerd.transfer.v1.local")
SERVER_METRICS = ("plugins", "io.containerd.server.v1.metrics")

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

# setting: {config version: path}. Version 1 is version 2 under its old name; version 4 is version 3 where it has no place of its own.
# What depends on the release stands in places().
PLACES = {
    "sandbox_image": {2: CRI_V2 + ("sandbox_image",), 3: IMAGES + ("pinned_images", "sandbox")},
    "registry_config_path": {2: CRI_V2 + ("registry", "config_path"), 3: IMAGES + ("registry", "config_path")},
    "registry_mirrors": {2: CRI_V2 + ("registry", "mirrors"), 3: IMAGES + ("registry", "mirrors")},
    "registry_configs": {2: CRI_V2 + ("registry", "configs"), 3: IMAGES + ("registry", "configs")},
    "snapshotter": {2: CRI_V2 + ("containerd", "snapshotter"), 3: IMAGES + ("snapshotter",)},
    "discard_unpacked_layers": {2: CRI_V2 + ("containerd", "discard_unpacked_layers"), 3: IMAGES + ("discard_unpacked_layers",)},
    "max_concurrent_downloads": {2: CRI_V2 + ("max_concurrent_downloads",), 3: IMAGES + ("max_concurrent_downloads",)},
    "runtimes": {2: CRI_V2 + ("containerd", "runtimes"), 3: RUNTIME + ("containerd", "runtimes")},
    "default_runtime_name": {2: CRI_V2 + ("containerd", "default_runtime_name"), 3: RUNTIME + ("containerd", "default_runtime_name")},
    "cni_bin_dir": {2: CRI_V2 + ("cni", "bin_dir"), 3: RUNTIME + ("cni", "bin_dir")},
    "cni_conf_dir": {2: CRI_V2 + ("cni", "conf_dir"), 3: RUNTIME + ("cni", "conf_dir")},
    "enable_selinux": {2: CRI_V2 + ("enable_selinux",), 3: RUNTIME + ("enable_selinux",)},
    "enable_cdi": {2: CRI_V2 + ("enable_cdi",), 3: RUNTIME + ("enable_cdi",)},
    "enable_unprivileged_ports": {2: CRI_V2 + ("enable_unprivileged_ports",), 3: RUNTIME + ("enable_unprivileged_ports",)},
    "enable_unprivileged_icmp": {2: CRI_V2 + ("enable_unprivileged_icmp",), 3: RUNTIME + ("enable_unprivileged_icmp",)},
    "unset_seccomp_profile": {2: CRI_V2 + ("unset_seccomp_profile",), 3: RUNTIME + ("unset_seccomp_profile",)},
    "root": {2: ("root",), 3: ("root",)},
    "oom_score": {2: ("oom_score",), 3: ("oom_score",)},
    "debug_level": {2: ("debug", "level"), 3: ("debug", "level")},
    "debug_format": {2: ("debug", "format"), 3: ("debug", "format")},
    "metrics_address": {2: ("metrics", "address"), 3: ("metrics", "address"), 4: SERVER_METRICS + ("address",)},
}

# setting: the first release that has it; all others are older than 1.4. 1.4.13 and 1.6.20 do not know these keys, or do.
SINCE = {
    "registry_config_path": (1, 5),
    "debug_format": (1, 5),
    "enable_unprivileged_ports": (1, 6),
    "enable_unprivileged_icmp": (1, 6),
    "enable_cdi": (1, 7),
}

# Releases that take a relative name with a * in imports from the directory of the importing file, as every other one; older ones take it
# from the directory in which containerd was started, which is / for systemd (resolveImports; 1.6.20 and 1.7.24 do so).
RELATIVE_GLOBS_SINCE = (1, 7)

# Releases that print the options of a runtime handler in `config dump`: 1.6.20 does, 1.4.13 prints an empty table whatever the file says.
PRINTS_OPTIONS_SINCE = (1, 6)

# configs.<host>.tls and the mirrors' tables beside config_path: read until 1.7 (2.1.9 says "Ignoring unknown key in TOML for plugin").
REGISTRY_TLS_UNTIL = (2, 0)
REGISTRY_TLS_KEYS = ("ca_file", "cert_file", "key_file", "insecure_skip_verify")
REGISTRY_AUTH_KEYS = ("username", "password", "auth", "identitytoken")

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
    paths = PLACES[setting]
    if config_version == 1:
        return CRI_V1 + paths[2][len(CRI_V2) :] if paths[2][: len(CRI_V2)] == CRI_V2 else paths[2]
    return paths.get(config_version, paths[3])


def _check_release(setting, value, containerd_version):
    running = "{0}.{1}".format(*containerd_version)
    if containerd_version[:2] < SINCE.get(setting, (0, 0)):
        raise MigrationError(
            "settings: {0} needs containerd {1}.{2} or later; this node has {3}.".format(setting, *SINCE[setting], running)
        )
    if setting == "registry_configs" and containerd_version[:2] >= REGISTRY_TLS_UNTIL:
        for host in sorted(value):
            if value[host].get("tls"):
                raise MigrationError(
                    "settings: registry_configs.{0}.tls is ignored by containerd {1}: name ca, client or skip_verify in "
                    "<registry_config_path>/{0}/hosts.toml instead.".format(host, running)
                )


def places(setting, value, config_version, containerd_version):
    """Returns what a setting means for a file.

    :param setting: str, a key of PLACES; runtimes excepted, which depend on what the file says about runc.
    :param value: the wanted value.
    :param config_version: int, of the file.
    :param containerd_version: tuple.
    :returns: tuple of a list of (path, value) to set and a list of paths to remove.
    :raises MigrationError: this containerd does not have the setting.
    """
    _check_release(setting, value, containerd_version)
    path = place(setting, config_version)
    if setting == "registry_mirrors":
        return [(path + (name, "endpoint"), list(value[name])) for name in value], []
    if setting == "registry_configs":
        return [
            (path + (host, part, key), value[host][part][key])
            for host in value
            for part in ("tls", "auth")
            for key in value[host].get(part) or {}
            if value[host][part][key] is not None
        ], []
    if setting == "cni_bin_dir" and config_version >= 3 and containerd_version >= (2, 1):
        # 2.1 reads the list and has a default for it; the single name is deprecated and does not replace that default.
        return [(path[:-1] + ("bin_dirs",), [value])], [path]
    if setting == "max_concurrent_downloads" and containerd_version >= (2, 1):
        # Pulls go through the transfer service by default since 2.1; the CRI plugin's own number serves local pulls.
        return [(path, value), (TRANSFER + ("max_concurrent_downloads",), value)], []
    return [(path, value)], []


def check_settings(settings):
    """Makes sure of the form of what Ansible takes as any dict.

    :param settings: dict of logical settings.
    :raises MigrationError: names the setting and what it should be.
    """

    def wrong(name, value, wanted):
        raise MigrationError("settings: {0} is {1}, but it must be {2}.".format(name, type(value).__name__, wanted))

    for name, endpoints in (settings.get("registry_mirrors") or {}).items():
        if not isinstance(endpoints, list) or not all(isinstance(endpoint, str) for endpoint in endpoints):
            wrong("registry_mirrors." + name, endpoints, "a list of URLs")
    for host, parts in (settings.get("registry_configs") or {}).items():
        name = "registry_configs." + host
        if not isinstance(parts, dict):
            wrong(name, parts, "a dict of tls and auth")
        for part, keys in (("tls", REGISTRY_TLS_KEYS), ("auth", REGISTRY_AUTH_KEYS)):
            if not isinstance(parts.get(part) or {}, dict):
                wrong(name + "." + part, parts[part], "a dict")
            unknown = sorted(set(parts.get(part) or {}) - set(keys))
            if unknown:
                raise MigrationError("settings: {0}.{1} knows {2}, not {3}.".format(name, part, ", ".join(keys), ", ".join(unknown)))
        if set(parts) - {"tls", "auth"}:
            raise MigrationError("settings: {0} knows tls and auth, not {1}.".format(name, ", ".join(sorted(set(parts) - {"tls", "auth"}))))
    for handler, keys in (settings.get("runtimes") or {}).items():
        if not isinstance(keys, dict):
            wrong("runtimes." + handler, keys, "a dict of runtime_type, options and the like")
        if not isinstance(keys.get("options") or {}, dict):
            wrong("runtimes." + handler + ".options", keys["options"], "a dict")


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
            "registry_mirrors": {"type": "dict"},
            "registry_configs": {"type": "dict", "no_log": True},
            "cri_enabled": {"type": "bool"},
            "snapshotter": {"type": "str"},
            "root": {"type": "str"},
            "cni_bin_dir": {"type": "str"},
            "cni_conf_dir": {"type": "str"},
            "runtimes": {"type": "dict"},
            "default_runtime_name": {"type": "str"},
            "max_concurrent_downloads": {"type": "int"},
            "discard_unpacked_layers": {"type": "bool"},
            "enable_selinux": {"type": "bool"},
            "enable_cdi": {"type": "bool"},
            "enable_unprivileged_ports": {"type": "bool"},
            "enable_unprivileged_icmp": {"type": "bool"},
            "unset_seccomp_profile": {"type": "str"},
            "oom_score": {"type": "int"},
            "debug_level": {"type": "str", "choices": ["trace", "debug", "info", "warn", "error", "fatal", "panic"]},
            "debug_format": {"type": "str", "choices": ["text", "json"]},
            "metrics_address": {"type": "str"},
        },
    },
    "backup": {"type": "bool", "default": True},
    "validate": {"type": "bool", "default": True},
    "running": {"type": "bool", "default": False},
    "containerd_address": {"type": "path", "default": "/run/containerd/containerd.sock"},
    "containerd": {"type": "str", "default": "containerd"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
}
