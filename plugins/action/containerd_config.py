# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller half of containerd_config: reads the node's file, plans the change, writes it with Ansible's copy."""

from __future__ import annotations

import base64
import os
import shlex
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.dockershim.migration.plugins.module_utils._containerd_settings import ARGUMENT_SPEC
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils._containerd_toml import plan, redact, require_tomlkit

ATTRIBUTES = ("owner", "group", "mode")


class ActionModule(ActionBase):
    """See the documentation in plugins/modules/containerd_config.py."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._supports_check_mode = True
        self._supports_async = False
        self._task_vars = task_vars or {}
        result = super().run(tmp, self._task_vars)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)[1]
        result["path"] = arguments["path"]
        try:
            require_tomlkit()
            result.update(self._apply(arguments))
        except MigrationError as error:
            raise AnsibleActionFail(error.message, result={**result, **error.details}) from error
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _apply(self, arguments: dict[str, Any]) -> dict[str, Any]:
        path = arguments["path"]
        before = self._read(path)
        planned = plan(before, arguments["settings"], arguments["containerd_version"], path)
        result: dict[str, Any] = {
            "changed": planned.text != before,
            "config_version": planned.config_version,
            "diff": {
                "before_header": path,
                "after_header": path,
                "before": redact(before or ""),
                "after": redact(planned.text),
            },
        }
        if planned.warnings:
            result["warnings"] = planned.warnings
        attributes = {name: arguments[name] for name in ATTRIBUTES if arguments[name] is not None}
        if not result["changed"]:
            if attributes:
                changed = self._module("ansible.legacy.file", {"path": path, "follow": True, **attributes})
                result["changed"] = bool(changed.get("changed"))
            return result
        if not self._task.check_mode:
            written = self._write(path, planned.text, before is None, arguments, attributes)
            if written.get("backup_file"):
                result["backup_file"] = written["backup_file"]
        return result

    def _module(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        result = self._execute_module(module_name=name, module_args=arguments, task_vars=self._task_vars)
        if result.get("failed"):
            raise MigrationError(str(result.get("msg", f"{name} failed.")))
        return result

    def _read(self, path: str) -> str | None:
        state = self._execute_remote_stat(path, all_vars=self._task_vars, follow=True, checksum=False)
        if not state["exists"]:
            return None
        if not state.get("isreg"):
            raise MigrationError(f"{path} is not a regular file: move it away, then run again.")
        content = base64.b64decode(self._module("ansible.legacy.slurp", {"src": path})["content"])
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MigrationError(f"{path} is not UTF-8 text (byte {error.start}): convert it before this run.") from error

    def _write(self, path: str, text: str, new: bool, arguments: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
        if new:
            self._module("ansible.legacy.file", {"path": os.path.dirname(path), "state": "directory"})
            attributes = {"mode": "0644", **attributes}
        task = self._task.copy()
        # copy keeps the content in a private temporary file on the controller, and removes it.
        task.args = {"content": text, "dest": path, "backup": arguments["backup"], "follow": True, **attributes}
        if arguments["validate"]:
            task.args["validate"] = f"{shlex.quote(arguments['containerd'])} --config %s config dump"
        copy = self._shared_loader_obj.action_loader.get(
            "ansible.legacy.copy",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        result = copy.run(task_vars=self._task_vars)
        if result.get("failed"):
            # Its own diff and the content stay out of the result: they may hold credentials.
            reason = str(result.get("msg", "copying it to the node failed"))
            if "exit_status" in result:
                errors = str(result.get("stderr", "")).strip().splitlines() or [f"exit status {result['exit_status']}, no message"]
                reason = f"`{task.args['validate'] % 'FILE'}` refuses the new content: {errors[-1]}"
            raise MigrationError(f"{path} was not changed: {reason}")
        return result
