# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's Docker was told, and what it says of itself.

Runs on the node: standard library and Python 3.6 only.
"""

import os

from ansible_collections.dockershim.migration.plugins.module_utils import _unit_files as unit_files
from ansible_collections.dockershim.migration.plugins.module_utils._docker_certs import DEFAULT_DIRECTORY as DOCKER_CERTS
from ansible_collections.dockershim.migration.plugins.module_utils._docker_certs import list_certificates
from ansible_collections.dockershim.migration.plugins.module_utils._docker_engine import (
    DockerEngine,
    is_kubernetes_container,
    is_sandbox,
    pod_of,
)
from ansible_collections.dockershim.migration.plugins.module_utils._docker_proxies import docker_proxies, redacted
from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import flags_as_dict
from ansible_collections.dockershim.migration.plugins.module_utils._processes import command_line, environment_of, host_processes
from ansible_collections.dockershim.migration.plugins.module_utils._redact import without_secrets
from ansible_collections.dockershim.migration.plugins.module_utils._registries import parse_daemon_json
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text

DAEMON_JSON = "/etc/docker/daemon.json"
DEFAULT_ROOT = "/var/lib/docker"
UNITS = ("docker.socket", "docker.service")
#: In DriverStatus of `docker info`, where images lie in containerd (https://docs.docker.com/engine/storage/containerd/).
CONTAINERD_STORE = "io.containerd.snapshotter.v1"


class DaemonConfiguration(object):
    """What dockerd was told, credentials and all: not to be shown as it is.

    :param unit: dict, docker.service as C(_systemd.parse_show) gives it.

    C(arguments) and C(environment) are those of the running dockerd; of one that does not run, those that its unit would give it.
    """

    def __init__(self, unit):
        self.running = bool(command_line(unit["main_pid"]))
        settings = {} if self.running else unit_files.read_settings(unit.get("unit_files") or [])
        self.environment = environment_of(unit["main_pid"]) if self.running else unit_files.environment(settings)
        self.arguments = command_line(unit["main_pid"]) or unit_files.command_arguments(settings, self.environment)
        flags = flags_as_dict(self.arguments[1:])
        self.file = _last(flags.get("config-file")) or DAEMON_JSON
        self.daemon_json = parse_daemon_json(read_text(self.file), self.file)[0]
        root = _last(flags.get("data-root")) or _last(flags.get("graph")) or _last(flags.get("g"))
        self.root = root or self._text("data-root") or self._text("graph") or DEFAULT_ROOT

    def _text(self, key):
        value = self.daemon_json.get(key)
        return value if isinstance(value, str) else None

    def proxies(self):
        return docker_proxies(self.environment, self.daemon_json, self.arguments)


def _last(value):
    return value[-1] if isinstance(value, list) else value


def docker_facts(unit_of):
    """Returns the facts about Docker; a stopped one is not woken.

    :param unit_of: callable(str) -> dict, a unit as C(_systemd.parse_show) gives it.
    :returns: dict.
    :raises MigrationError: daemon.json is broken, or a running Docker does not answer.
    """
    unit, socket_unit = unit_of("docker.service"), unit_of("docker.socket")
    told = DaemonConfiguration(unit)
    result = {
        "installed": unit["installed"],
        "active": told.running,
        "enabled": unit["enabled"] or socket_unit["enabled"],
        "socket_active": socket_unit["active"],
        "units": [name for name in UNITS if unit_of(name)["installed"]],
        "unstoppable_units": [name for name in UNITS if unit_of(name)["installed"] and not unit_of(name)["can_stop"]],
        # A dockerd that systemd does not know of would go on when the unit is stopped.
        "stray_pids": [pid for pid in host_processes("dockerd") if pid != unit["main_pid"]],
        "bound_to_containerd": "containerd.service" in unit.get("binds_to", []),
        "daemon_arguments": without_secrets(told.arguments),
        "config_file": told.file,
        "daemon_json": without_secrets(told.daemon_json),
        "proxies": redacted(told.proxies()),
        "certificates": list_certificates(DOCKER_CERTS),
        "version": None,
        "root_dir": os.path.realpath(told.root),
        "containers": [],
        "images": [],
    }
    if told.running:
        result.update(_answers(DockerEngine()))
    return result


def _answers(engine):
    """What a running Docker says is in force (`docker info`), and what it has."""
    info = engine.get("/info")
    containers = engine.running_containers()
    used = {container["image_id"] for container in containers if is_kubernetes_container(container)}
    images = engine.images()
    for image in images:
        image["used"] = image["id"] in used
    options = [option.partition("name=")[2].partition(",")[0] for option in info.get("SecurityOptions") or []]
    status = dict(pair for pair in info.get("DriverStatus") or [] if len(pair) == 2)
    return {
        "version": info["ServerVersion"],
        "root_dir": info["DockerRootDir"],
        "cgroup_driver": info["CgroupDriver"],
        "cgroup_version": info.get("CgroupVersion") or "1",
        "storage_driver": info["Driver"],
        "containerd_store": status.get("driver-type") == CONTAINERD_STORE,
        "logging_driver": info.get("LoggingDriver"),
        "default_runtime": info.get("DefaultRuntime"),
        "runtimes": sorted(info.get("Runtimes") or {}),
        "security_options": sorted(options),
        "live_restore": info.get("LiveRestoreEnabled", False),
        "swarm": (info.get("Swarm") or {}).get("LocalNodeState", "inactive"),
        "containers": [
            {
                "id": container["id"],
                "name": container["name"],
                "image": container["image"],
                "kubernetes": is_kubernetes_container(container),
                "sandbox": is_sandbox(container),
                "pod": pod_of(container) if is_kubernetes_container(container) else None,
            }
            for container in containers
        ],
        "images": images,
    }
