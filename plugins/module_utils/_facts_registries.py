# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is on a node about registries beside Docker's own configuration: credentials, addresses, containerd's files.

Runs on the node: standard library and Python 3.6 only.
"""

import os

from ansible_collections.dockershim.migration.plugins.module_utils import _registries as registries
from ansible_collections.dockershim.migration.plugins.module_utils import _registry_credentials as credentials
from ansible_collections.dockershim.migration.plugins.module_utils._addresses import resolve
from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import flags_as_dict
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._image_reference import registry_of_image
from ansible_collections.dockershim.migration.plugins.module_utils._processes import command_line, environment_of, working_directory_of
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text


def registry_facts(docker, kubelet_pid, hosts_directory):
    """Returns the facts about registries; nothing secret is among them.

    :param docker: dict, the facts about Docker.
    :param kubelet_pid: int, the kubelet's process, 0 if it does not run.
    :param hosts_directory: str, containerd's directory of hosts.toml files.
    :returns: dict of credentials (list of dicts), addresses and hosts_toml (dicts by registry).
    :raises MigrationError: Docker's configuration is broken, or a hosts.toml cannot be read.
    """
    return {
        "credentials": _credentials(kubelet_pid),
        "addresses": _addresses(docker),
        "hosts_toml": _hosts_toml(hosts_directory),
    }


def _credentials(kubelet_pid):
    """Which files have credentials for which registries; see _registry_credentials for who reads what."""
    root_dir = flags_as_dict(command_line(kubelet_pid)[1:]).get("root-dir", credentials.DEFAULT_ROOT_DIR)
    searched = credentials.kubelet_search_path(
        root_dir[-1] if isinstance(root_dir, list) else root_dir,
        working_directory_of(kubelet_pid) or "/",
        environment_of(kubelet_pid).get("HOME", ""),
    )
    others = [path for path in (credentials.DOCKER_CONFIG, credentials.DOCKER_CONFIG_LEGACY) if path not in searched]
    found, unread = [], True
    for path in searched + others:
        try:
            text = read_text(path)
        except MigrationError:
            # Neither the kubelet nor docker can read it as what it should be, and both go on without it.
            text = ""
        if text is None:
            continue
        description = credentials.describe_credentials(text, credentials.is_legacy(path))
        read = unread and path in searched and description["valid"]
        unread = unread and not read
        found.append(
            dict(
                description,
                path=path,
                searched_by_kubelet=path in searched,
                read_by_kubelet=read,
                world_readable=bool(os.stat(path).st_mode & 0o004),
            )
        )
    return found


def _addresses(docker):
    """The addresses of the registries that images on the node name, where Docker goes by addresses at all."""
    entries = registries.entries_of(docker["daemon_json"], docker["daemon_arguments"], registries.INSECURE, docker["config_file"])
    if not registries.networks(entries):
        return {}
    return resolve({registry_of_image(name) for image in docker["images"] for name in image["tags"] + image["digests"]})


def _hosts_toml(directory):
    """A description of each hosts.toml, by its directory's name."""
    found = {}
    for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
        text = read_text(os.path.join(directory, name, "hosts.toml"))
        if text is not None:
            found[name] = registries.describe_hosts_toml(text)
    return found
