# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins share that change a file of a node on the controller: read it, write it with Ansible's copy."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import FILE_ATTRIBUTES


def text_of(content: str, path: str) -> str:
    """Returns the text of a file from its content in base64.

    :raises MigrationError: it is not UTF-8.
    """
    try:
        return base64.b64decode(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MigrationError(f"{path} is not UTF-8 text (byte {error.start}): convert it before this run.") from error


class NodeFileAction(ActionBase):
    """An action that owns one text file of a node.

    A plugin gives C(ARGUMENT_SPEC) (with path, backup and L(FILE_ATTRIBUTES)) and C(apply).
    """

    TRANSFERS_FILES = False
    _requires_connection = True

    ARGUMENT_SPEC: ClassVar[dict[str, Any]] = {}

    def apply(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Does the work and returns what it adds to the result."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._supports_check_mode = True
        self._supports_async = False
        self._task_vars = task_vars or {}
        result = super().run(tmp, self._task_vars)
        arguments = self.validate_argument_spec(argument_spec=self.ARGUMENT_SPEC)[1]
        result["path"] = arguments["path"]
        try:
            with self._quiet_connection():
                result.update(self.apply(arguments))
        except MigrationError as error:
            # Returned and not raised: a raised failure is beyond the reach of failed_when.
            result.update(failed=True, msg=error.message, **error.details)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    @contextlib.contextmanager
    def _quiet_connection(self) -> Iterator[None]:
        """Keeps the files' content, which may hold credentials, out of what connection plugins print with -vvv."""
        contexts = [self._play_context, self._connection._play_context]
        before = [context.no_log for context in contexts]
        try:
            for context in contexts:
                context.no_log = True
            yield
        finally:
            for context, value in zip(contexts, before, strict=True):
                context.no_log = value

    def module(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Runs a module on the node; its failure is an error."""
        result = self._execute_module(module_name=name, module_args=arguments, task_vars=self._task_vars)
        if result.get("failed"):
            raise MigrationError(str(result.get("msg", f"{name} failed.")))
        return result

    def read(self, path: str) -> str | None:
        """Returns the text of a file of the node, or None where there is none."""
        state = self._execute_remote_stat(path, all_vars=self._task_vars, follow=True, checksum=False)
        if not state["exists"]:
            return None
        if not state.get("isreg"):
            raise MigrationError(f"{path} is not a regular file: move it away, then run again.")
        return text_of(self.module("ansible.legacy.slurp", {"src": path})["content"], path)

    def bring(self, before: str | None, after: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
        """Brings the file from one text to another: nothing is written if they are equal, or in check mode.

        :param before: what C(read) returned.
        :param after: the wanted text; None where there is and will be no file.
        :param arguments: the task's.
        :returns: changed, and backup_file where one was made.
        """
        path = arguments["path"]
        attributes = {name: arguments[name] for name in FILE_ATTRIBUTES if arguments[name] is not None}
        if before == after:
            changed = (
                bool(attributes) and after is not None and self.module("ansible.legacy.file", {"path": path, "follow": True, **attributes})
            )
            return {"changed": bool(changed and changed.get("changed"))}
        if self._task.check_mode:
            return {"changed": True}
        if before is None:
            self.module("ansible.legacy.file", {"path": os.path.dirname(path), "state": "directory"})
            attributes = {"mode": "0644", **attributes}
        written = self._copy({"content": after, "dest": path, "backup": arguments["backup"], "follow": True, **attributes})
        if written.get("failed"):
            # Its own diff and the content stay out of the result: they may hold credentials.
            raise MigrationError(f"{path} was not changed: {written.get('msg', 'copying it to the node failed')}")
        return {"changed": True, **({"backup_file": written["backup_file"]} if written.get("backup_file") else {})}

    def _copy(self, arguments: dict[str, Any]) -> dict[str, Any]:
        task = self._task.copy()
        # copy keeps the content in a private temporary file on the controller, and removes it.
        task.args = arguments
        copy = self._shared_loader_obj.action_loader.get(
            "ansible.legacy.copy",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        return copy.run(task_vars=self._task_vars)
