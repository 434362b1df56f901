# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller half of crictl_config."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.plugin_utils._kubelet_yaml import CRICTL_CONFIG_SPEC, edit_crictl
from ansible_collections.dockershim.migration.plugins.plugin_utils._node_file import NodeFileAction


class ActionModule(NodeFileAction):
    """See the documentation in plugins/modules/crictl_config.py."""

    ARGUMENT_SPEC = CRICTL_CONFIG_SPEC

    def apply(self, arguments: dict[str, Any]) -> dict[str, Any]:
        path = arguments["path"]
        before = self.read(path)
        after = edit_crictl(before, arguments["endpoint"], path)
        diff = {"before_header": path, "after_header": path, "before": before or "", "after": after}
        return {**self.bring(before, after, arguments), "diff": diff}
