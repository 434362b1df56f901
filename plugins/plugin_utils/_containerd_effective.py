# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what was wanted with what containerd itself says is in force (C(containerd --config FILE config dump)).

How containerd merges imported files, seen with the real releases: 1.4 to 1.7 replace a plugin's whole table by that of the file loaded
last; 2.x merges key by key, and the file loaded last wins; disabled_plugins only grows. A file of a higher version than the main one
makes 2.1 lose the main file's plugin settings, is ignored below plugins by 1.4 and 1.6, and stops 1.7.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _containerd_settings as where
from ansible_collections.dockershim.migration.plugins.module_utils._redact import REDACTED, without_url_credentials

Path = tuple[str, ...]
Release = tuple[int, int, int]


@dataclass
class Difference:
    """A setting that would not be, or is not, in force.

    :param setting: its logical name.
    :param key: the name of the key in it, such as a handler's; empty for most.
    :param wanted: its value.
    :param effective: the value in force; None where there is none.
    """

    setting: str
    key: Path
    wanted: Any
    effective: Any

    def __str__(self) -> str:
        name = ".".join((self.setting, *self.key))
        if "auth" in self.key:
            return f"{name} is not in force as wanted"
        return f"{name} is wanted as {_shown(self.wanted)}, in force is {_shown(self.effective)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "nothing" if value is None else repr(without_url_credentials(value))


def _get(data: Any, path: Path) -> Any:
    for part in path:
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def runc_handlers(dump: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the runtime handlers of runc's type that are in force."""
    handlers = _get(dump, where.place("runtimes", dump.get("version", 2))) or {}
    return {name: handler for name, handler in handlers.items() if handler.get("runtime_type", "") in where.RUNC_TYPES}


def _expected(settings: dict[str, Any], version: int, release: Release, handlers: list[str]) -> list[tuple[str, Path, Path, Any]]:
    """Returns what a file of a version must say: tuples of setting, key in it, place and value."""
    expected: list[tuple[str, Path, Path, Any]] = []
    for setting, value in settings.items():
        if value is None or setting == "cri_enabled":
            continue
        runtimes = where.place("runtimes", version)
        if setting == "systemd_cgroup":
            expected += [(setting, (name,), (*runtimes, name, "options", "SystemdCgroup"), value) for name in handlers]
        elif setting == "runtimes":
            for name, handler in value.items():
                for key, item in handler.items():
                    parts = {(key, option): option_value for option, option_value in item.items()} if key == "options" else {(key,): item}
                    expected += [
                        (setting, (name, *path), (*runtimes, name, *path), part) for path, part in parts.items() if part is not None
                    ]
        else:
            base = len(where.place(setting, version))
            for place, item in where.places(setting, value, version, release)[0]:
                expected.append((setting, place[base:], place, item))
    return expected


def differences(settings: dict[str, Any], dump: dict[str, Any], release: Release) -> list[Difference]:
    """Returns the settings that are not in force as wanted.

    :param settings: logical settings that are wanted.
    :param dump: the data of C(containerd config dump).
    """
    found = []
    if settings.get("cri_enabled") is not None:
        disabled = [name for name in dump.get("disabled_plugins") or [] if name in where.CRI_PLUGINS]
        if settings["cri_enabled"] == bool(disabled):
            found.append(Difference("cri_enabled", (), settings["cri_enabled"], not disabled))
    for setting, key, place, value in _expected(settings, dump.get("version", 2), release, list(runc_handlers(dump))):
        effective = _get(dump, place)
        # An absent option is a false one.
        if effective != value and not (effective is None and value is False):
            found.append(Difference(setting, key, value, effective))
    return found


def with_options(dump: dict[str, Any], files: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Returns a dump in which the handlers' options stand, for a containerd that does not print them.

    Such a containerd takes a plugin's whole table from the file loaded last that has it.

    :param files: the main file and those it imports, in the order in which containerd loads them: tuples of name and data.
    """
    dump = copy.deepcopy(dump)
    for _path, data in reversed(files):
        runtimes = where.place("runtimes", data.get("version", 1))
        if _get(data, runtimes[:2]) is not None:
            for name, handler in (_get(data, runtimes) or {}).items():
                printed = _get(dump, (*where.place("runtimes", dump.get("version", 2)), name))
                if isinstance(printed, dict) and not printed.get("options"):
                    printed["options"] = handler.get("options") or {}
            break
    return dump


def registry_config_path(data: dict[str, Any]) -> str:
    """Returns the directories of hosts.toml that a configuration file names; empty for none."""
    return _get(data, where.place("registry_config_path", data.get("version", 1))) or ""


def in_force(dump: dict[str, Any]) -> dict[str, Any]:
    """Returns the logical settings that are in force, without credentials.

    :param dump: the data of C(containerd config dump).
    :returns: dict; a setting that this containerd does not have is absent.
    """
    version = dump.get("version", 2)
    result: dict[str, Any] = {"cri_enabled": not any(name in where.CRI_PLUGINS for name in dump.get("disabled_plugins") or [])}
    for setting in where.PLACES:
        value = _get(dump, where.place(setting, version))
        if value is not None:
            result[setting] = value
    cni = where.place("cni_bin_dir", version)[:-1]
    directories = _get(dump, (*cni, "bin_dirs"))
    if directories:
        result["cni_bin_dir"] = directories[0] if len(directories) == 1 else directories
    handlers = [bool(_get(handler, ("options", "SystemdCgroup"))) for handler in runc_handlers(dump).values()]
    if handlers:
        result["systemd_cgroup"] = all(handlers)
    if "registry_mirrors" in result:
        result["registry_mirrors"] = {name: _get(mirror, ("endpoint",)) or [] for name, mirror in result["registry_mirrors"].items()}
    if "registry_configs" in result:
        result["registry_configs"] = {
            host: {part: dict.fromkeys(value, REDACTED) if part == "auth" else value for part, value in config.items()}
            for host, config in result["registry_configs"].items()
        }
    return without_url_credentials(result)


def causes(found: list[Difference], files: list[tuple[str, dict[str, Any]]], release: Release) -> list[str]:
    """Returns the likely causes, one sentence each.

    :param found: what is not in force.
    :param files: the main file and then those it imports, in the order in which containerd loads them: tuples of name and data.
    """
    (main, main_data), imported = files[0], files[1:]
    running = ".".join(map(str, release))
    sentences: list[str] = []
    for path, data in imported:
        if data.get("version", 1) > main_data.get("version", 1):
            sentences.append(
                f"{path} has version = {data['version']}, {main} has {main_data.get('version', 1)}: containerd {running} then loses plugin "
                "settings. Give both files the same version."
            )
    for difference in found:
        sentences += _overriding(difference, imported, main, release)
    return list(dict.fromkeys(sentences))


def _overriding(difference: Difference, imported: list[tuple[str, dict[str, Any]]], main: str, release: Release) -> list[str]:
    for path, data in reversed(imported):
        version = data.get("version", 1)
        if difference.setting == "cri_enabled":
            listed = [name for name in data.get("disabled_plugins") or [] if name in where.CRI_PLUGINS]
            if listed:
                return [f"{path} disables it: take {', '.join(listed)} out of its disabled_plugins, which only grow by imports."]
            continue
        wanted = _nested(difference)
        for _setting, key, place, _value in _expected({difference.setting: wanted}, version, release, list(difference.key[:1])):
            if key != difference.key:
                continue
            name = ".".join(part if part.replace("_", "").isalnum() else f'"{part}"' for part in place)
            if _get(data, place) is not None:
                return [f"{path} sets {name}, and what is imported wins: remove it there, or set the wanted value there."]
            if release < (2, 0) and place[0] == "plugins" and _get(data, place[:2]) is not None:
                return [
                    f'{path} has plugins."{place[1]}", which replaces the whole table of {main} in containerd {release[0]}.{release[1]}: '
                    f"move what it says into {main}, and remove it there."
                ]
    return []


def _nested(difference: Difference) -> Any:
    """Returns the value that, given for the setting, asks for this key alone."""
    value = difference.wanted
    if difference.setting == "systemd_cgroup":
        return value
    if difference.setting == "registry_mirrors":
        return {difference.key[0]: value}
    if difference.setting == "cni_bin_dir":
        return value[0] if isinstance(value, list) else value
    for part in reversed(difference.key):
        value = {part: value}
    return value
