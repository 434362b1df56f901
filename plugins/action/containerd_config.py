# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller half of containerd_config: reads the node's file, plans the change, writes it with Ansible's copy."""

from __future__ import annotations

import shlex
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._containerd_settings import ARGUMENT_SPEC
from ansible_collections.dockershim.migration.plugins.plugin_utils._containerd_toml import plan, redact, require_tomlkit
from ansible_collections.dockershim.migration.plugins.plugin_utils._node_file import NodeFileAction


class ActionModule(NodeFileAction):
    """See the documentation in plugins/modules/containerd_config.py."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def apply(self, arguments: dict[str, Any]) -> dict[str, Any]:
        require_tomlkit()
        path = arguments["path"]
        before = self.read(path)
        planned = plan(before, arguments["settings"], arguments["containerd_version"], path)
        validate = f"{shlex.quote(arguments['containerd'])} --config %s config dump" if arguments["validate"] else None
        result: dict[str, Any] = {
            **self.bring(before, planned.text, arguments, validate),
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
        return result
