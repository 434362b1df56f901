# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller half of containerd_config.

Reads the node's file, plans the change, asks the node's containerd what would be in force with it, writes it with Ansible's copy,
and asks again.
"""

from __future__ import annotations

import posixpath
import time
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._containerd_settings import (
    ARGUMENT_SPEC,
    PRINTS_OPTIONS_SINCE,
    parse_containerd_version,
)
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import FILE_ATTRIBUTES
from ansible_collections.dockershim.migration.plugins.plugin_utils import _containerd_effective as effective
from ansible_collections.dockershim.migration.plugins.plugin_utils._containerd_toml import (
    Plan,
    imported_names,
    parse,
    plan,
    redact,
    require_tomlkit,
    with_absolute_imports,
)
from ansible_collections.dockershim.migration.plugins.plugin_utils._node_file import NodeFileAction, text_of

READER = "dockershim.migration.containerd_config_read"
#: Seconds for the CRI plugin to be ready: it waits for the configuration of CNI, for one.
CRI_TIMEOUT = 15


class ActionModule(NodeFileAction):
    """See the documentation in plugins/modules/containerd_config.py."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def apply(self, arguments: dict[str, Any]) -> dict[str, Any]:
        require_tomlkit()
        self._arguments = arguments
        self._path: str = arguments["path"]
        self._release = parse_containerd_version(arguments["containerd_version"])
        ask = arguments["validate"]
        state = self._ask(files=[self._path], **({"config": self._path} if ask else {}))
        before = self._text(state["files"][0]) if state["files"] else None
        planned = self._plan(before)
        in_force = self._dump_of(state, planned, self._path) if ask and planned.text == before else None
        if ask and (in_force is None or self._handlers_elsewhere(in_force)):
            planned, in_force = self._try(before, planned)
        if in_force is not None:
            self._insist(planned, in_force, "would not be" if planned.text != before else "is not")

        # First what the registries need: without it the new configuration would know less than the old one.
        diffs = self._write_registries(planned)
        result = self.bring(before, planned.text, arguments)
        if ask and planned.text != before and not self._task.check_mode:
            in_force = self._dump_of(self._ask(config=self._path), planned, self._path)
            if in_force is None:
                raise MigrationError(f"{self._path} vanished while it was being written: run again.")
            self._insist(planned, in_force, "is not")
        diffs.append(self._diff(self._path, redact(before or ""), redact(planned.text)))
        result.update(diff=diffs, config_version=planned.config_version, registries=planned.registries)
        if in_force is not None:
            result["effective"] = effective.in_force(in_force)
        if arguments["running"] and not self._task.check_mode:
            self._insist_on_daemon()
        return result

    # The node

    def _ask(self, **arguments: Any) -> dict[str, Any]:
        return self.module(READER, {"containerd": self._arguments["containerd"], **arguments})

    def _text(self, file: dict[str, str]) -> str:
        return text_of(file["content"], file["path"])

    def _dump_of(self, state: dict[str, Any], planned: Plan, name: str) -> dict[str, Any] | None:
        """Returns the data of what containerd said is in force; None where there was nothing to ask, or nobody."""
        dump = state.get("dump")
        if dump is None:
            return None
        if dump["rc"] != 0:
            # What it says of values is the file's; a credential in it would be one that is no string.
            errors = redact_lines(dump["stderr"]) or [f"exit status {dump['rc']}, no message"]
            raise MigrationError(f"`{self._arguments['containerd']} --config FILE config dump` refuses {name}: {errors[-1]}")
        in_force = parse(dump["stdout"], f"the output of containerd config dump for {name}")
        if self._release[:2] < PRINTS_OPTIONS_SINCE:
            in_force = effective.with_options(in_force, self._imported(planned))
        return in_force

    # The change

    def _plan(self, before: str | None, handlers_elsewhere: dict[str, str] | None = None) -> Plan:
        arguments = self._arguments
        return plan(before, arguments["settings"], arguments["containerd_version"], self._path, handlers_elsewhere)

    def _try(self, before: str | None, planned: Plan) -> tuple[Plan, dict[str, Any] | None]:
        """Asks containerd what would be in force.

        :returns: tuple of the plan, with what only containerd could tell, and the configuration in force; None where a check mode's
            node has no containerd yet.
        """
        in_force = self._candidate(planned)
        if in_force is not None:
            elsewhere = self._handlers_elsewhere(in_force)
            if elsewhere:
                planned = self._plan(before, elsewhere)
                in_force = self._candidate(planned)
        return planned, in_force

    def _candidate(self, planned: Plan) -> dict[str, Any] | None:
        # As a file of its own, not as an argument: those are logged. The private directory is removed at the end of the task.
        directory = self._connection._shell.tmpdir or self._make_tmp_path()
        path = self._connection._shell.join_path(directory, "candidate.toml")
        self._transfer_data(path, with_absolute_imports(planned.text, self._path, self._release))
        self._fixup_perms2((directory, path))
        state = self._ask(config=path)
        if state["version"] is None:
            if self._task.check_mode:
                return None
            raise MigrationError(
                f"{self._path} was not changed: there is no containerd at {self._arguments['containerd']!r} on the node that could read "
                "the new content. Install it, name it in the option containerd, or set validate to false, then run again."
            )
        try:
            return self._dump_of(state, planned, "the new content")
        except MigrationError as error:
            raise MigrationError(f"{self._path} was not changed: {error.message}") from error

    def _handlers_elsewhere(self, in_force: dict[str, Any]) -> dict[str, str]:
        """Returns the handlers of runc's type that an imported file defines without a cgroup driver, where the main file can add one."""
        if self._release < (2, 0, 0):
            return {}
        found = effective.differences(self._arguments["settings"], in_force, self._release)
        names = [item.key[0] for item in found if item.setting == "systemd_cgroup" and item.effective is None]
        handlers = effective.runc_handlers(in_force)
        return {name: handlers[name]["runtime_type"] for name in names}

    def _insist(self, planned: Plan, in_force: dict[str, Any], how: str) -> None:
        """Makes sure that everything that was wanted is in force."""
        found = effective.differences(self._arguments["settings"], in_force, self._release)
        if not found:
            return
        files = self._imported(planned)
        running = self._arguments["containerd_version"]
        reasons = effective.causes(found, files, self._release) or [
            f"Nothing that it imports explains it; see `{self._arguments['containerd']} --config {self._path} config dump` and whether "
            f"containerd {running} is what is installed."
        ]
        raise MigrationError(
            f"{self._path}: what was wanted {how} in force: {'; '.join(map(str, found))}. {' '.join(reasons)}",
            effective=effective.in_force(in_force),
            differences=[{"setting": ".".join((item.setting, *item.key))} for item in found],
        )

    def _imported(self, planned: Plan) -> list[tuple[str, dict[str, Any]]]:
        """Returns the main file and those that it imports, in the order in which containerd loads them."""
        files = [(self._path, parse(planned.text, self._path))]
        seen = {self._path}
        position = 0
        while position < len(files):
            path, data = files[position]
            position += 1
            names = imported_names(data.get("imports") or [], path, self._release)
            for file in self._ask(files=names)["files"] if names else []:
                if file["path"] not in seen:
                    seen.add(file["path"])
                    files.append((file["path"], parse(self._text(file), file["path"])))
        return files

    # Writing

    def _diff(self, path: str, before: str, after: str) -> dict[str, str]:
        return {"before_header": path, "after_header": path, "before": before, "after": after}

    def _write_registries(self, planned: Plan) -> list[dict[str, str]]:
        """Writes what the file said about registries below config_path; returns the diffs."""
        if not planned.registries:
            return []
        data = parse(planned.text, self._path)
        directory = effective.registry_config_path(data).split(":")[0]
        paths = {file["name"]: posixpath.join(directory, file["name"], "hosts.toml") for file in planned.registries}
        there = {file["path"]: self._text(file) for file in self._ask(files=list(paths.values()))["files"]}
        for file in planned.registries:
            path = paths[file["name"]]
            if path in there and parse(there[path], path) != parse(file["hosts_toml"], path):
                raise MigrationError(
                    f"{self._path} says about the registry {file['name']} what {path} should say from now on, but that file exists and "
                    f"says something else. Nothing was changed. Bring both together in {path}, remove the registry's mirrors and tls from "
                    f"{self._path}, then run again. It would have been:\n{file['hosts_toml']}"
                )
        missing = [file for file in planned.registries if paths[file["name"]] not in there]
        for file in missing:
            self.bring(None, file["hosts_toml"], {"path": paths[file["name"]], "backup": False, **dict.fromkeys(FILE_ATTRIBUTES)})
        return [self._diff(paths[file["name"]], "", file["hosts_toml"]) for file in missing]

    # The daemon

    def _insist_on_daemon(self) -> None:
        """Makes sure that the containerd that runs has read the file, and that its CRI plugin is well."""
        deadline = time.monotonic() + CRI_TIMEOUT
        while True:
            daemon = self._ask(daemon=True, containerd_address=self._arguments["containerd_address"])["daemon"]
            if not daemon["running"]:
                raise MigrationError("containerd.service does not run: see `journalctl --unit containerd` on the node, then run again.")
            if daemon["config"] != self._path:
                raise MigrationError(
                    f"The containerd that runs was started with {daemon['config']}, not with {self._path}: set path to that file (in "
                    "the role: containerd_config_path), or correct the unit, then run again."
                )
            if not daemon["current"]:
                raise MigrationError(
                    f"The containerd that runs is older than {self._path}: restart it (systemctl restart containerd), then run again."
                )
            wanted = self._arguments["settings"].get("cri_enabled")
            well = set(daemon["plugins"].values()) == {"ok"}
            if well or wanted is False:
                return
            if time.monotonic() > deadline:
                states = ", ".join(f"{name} {state}" for name, state in daemon["plugins"].items()) or "there is none"
                raise MigrationError(
                    f"containerd runs with {self._path}, but its CRI plugin does not work ({states}): {daemon['error']}. Correct that, "
                    "then run again."
                )
            time.sleep(1)


def redact_lines(text: str) -> list[str]:
    """Returns the lines of a message without what stands in quotes behind the name of a credential."""
    return [redact("# " + line)[2:] for line in text.strip().splitlines()]
