# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller half of migration_lock: says which run this is, by the process that the run ends with."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.dockershim.migration.plugins.module_utils._lock import describe_process


class ActionModule(ActionBase):
    """See the documentation in plugins/modules/migration_lock.py."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._supports_check_mode = True
        result = super().run(tmp, task_vars)
        # Tasks are worked on by children of the run's own process (ansible/executor/process/worker.py).
        arguments = {**self._task.args, "holder": describe_process(os.getppid())}
        result.update(self._execute_module(module_name="dockershim.migration.migration_lock", module_args=arguments, task_vars=task_vars))
        return result
