# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The YAML files that tell the kubelet and crictl what to do: which is which, and how they are edited."""

from __future__ import annotations

from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import FILE_ATTRIBUTES
from ansible_collections.dockershim.migration.plugins.module_utils._yaml_text import edit_mapping, flatten, read_mapping

#: The options of the modules kubelet_config and crictl_config, for their documentation half and their action half alike.
KUBELET_CONFIG_SPEC: dict[str, Any] = {
    "path": {"type": "path", "default": "/var/lib/kubelet/config.yaml"},
    "settings": {"type": "dict", "required": True},
    "create": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": True},
    **FILE_ATTRIBUTES,
}
CRICTL_CONFIG_SPEC: dict[str, Any] = {
    "path": {"type": "path", "default": "/etc/crictl.yaml"},
    "endpoint": {"type": "str", "required": True},
    "backup": {"type": "bool", "default": True},
    **FILE_ATTRIBUTES,
}

KUBELET_KIND = "KubeletConfiguration"
KUBELET_GROUP = "kubelet.config.k8s.io/"


def kubelet_configuration(text: str, path: str) -> dict[str, Any]:
    """Returns what a kubelet's configuration file says.

    C(/var/lib/kubelet/instance-config.yaml) has neither kind nor apiVersion: kubeadm writes it as a patch
    (cmd/kubeadm/app/phases/kubelet/config.go, C(WriteInstanceConfigToDisk)).

    :raises MigrationError: it is something else.
    """
    data = read_mapping(text, path)
    kind, version = data.get("kind", KUBELET_KIND), data.get("apiVersion", KUBELET_GROUP)
    if kind != KUBELET_KIND or not str(version).startswith(KUBELET_GROUP):
        raise MigrationError(f"{path} is a {kind} of {version}, not a {KUBELET_KIND}: name the kubelet's own configuration file.")
    return data


def edit_kubelet_configuration(text: str | None, settings: dict[str, Any], create: bool, path: str) -> str | None:
    """Returns the new text of a kubelet's configuration file; None where there is none and nothing to put into it.

    :param text: the file, None where it is missing.
    :param settings: by key; a dot at the top level goes one level down, None removes.
    :param create: whether a missing file may be made.
    :raises MigrationError: the file is missing, is something else, or cannot be edited.
    """
    wanted = flatten(settings)
    to_set = {key: value for key, value in wanted.items() if value is not None}
    if text is None:
        if not to_set:
            return None
        if not create:
            raise MigrationError(
                f"{path} does not exist: name the file that the kubelet is given with --config, or let it be made with create."
            )
        return edit_mapping("", to_set, path)
    kubelet_configuration(text, path)
    after = edit_mapping(text, wanted, path)
    kubelet_configuration(after, path)
    return after


def edit_crictl(text: str | None, endpoint: str, path: str) -> str:
    """Returns crictl's configuration with both endpoints set; its other keys stay.

    Source: cri-tools, docs/crictl.md and pkg/common/file.go (keys runtime-endpoint, image-endpoint, timeout, debug, ...).
    """
    settings = {("runtime-endpoint",): endpoint, ("image-endpoint",): endpoint}
    return edit_mapping(text or "", settings, path)
