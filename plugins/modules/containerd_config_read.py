#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: containerd_config_read
short_description: Reads containerd's configuration files, and asks containerd what is in force
version_added: 0.1.0
description:
  - The node's half of M(dockershim.migration.containerd_config), which calls it and understands what it returns. There is little reason to
    call it yourself.
  - It changes nothing. What it returns may hold registry credentials, so a task that calls it wants C(no_log=true).
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: It changes nothing.
options:
  files:
    description:
      - Absolute paths of files to return. C(*) stands for anything but a slash, as in C(imports) of containerd's configuration.
    type: list
    elements: str
    default: []
  config:
    description:
      - The configuration file that containerd is asked about, if it exists.
    type: path
  containerd:
    description:
      - The containerd program, as a path or a name in C(PATH).
    type: str
    default: containerd
  daemon:
    description:
      - Whether to look at the containerd that runs.
    type: bool
    default: false
  containerd_address:
    description:
      - Path of containerd's socket on the node.
    type: path
    default: /run/containerd/containerd.sock
"""

EXAMPLES = r"""
- name: Read containerd's configuration and what it imports
  dockershim.migration.containerd_config_read:
    files:
      - /etc/containerd/config.toml
      - /etc/containerd/conf.d/*.toml
    config: /etc/containerd/config.toml
  no_log: true
  register: containerd_configuration
"""

RETURN = r"""
files:
  description: The files that exist, in the order in which they were asked for and, for a pattern, by name.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: Its path.
      type: str
      sample: /etc/containerd/config.toml
    content:
      description: Its content, in base64.
      type: str
      sample: dmVyc2lvbiA9IDIK
dump:
  description: What C(containerd --config FILE config dump) said. Absent where there is no file, or no containerd.
  returned: if O(config) was given
  type: dict
  contains:
    rc:
      description: Its exit code.
      type: int
      sample: 0
    stdout:
      description: The configuration in force, as TOML.
      type: str
      sample: "version = 2\n..."
    stderr:
      description: Its messages.
      type: str
      sample: ""
version:
  description: What C(containerd --version) says of itself. V(null) where there is no such program.
  returned: if O(config) was given
  type: str
  sample: 1.6.20~ds1
daemon:
  description: The containerd that runs.
  returned: if O(daemon)
  type: dict
  contains:
    running:
      description: Whether systemd has one.
      type: bool
      sample: true
    config:
      description: The configuration file that it was started with.
      type: str
      sample: /etc/containerd/config.toml
    current:
      description: Whether that file is older than it.
      type: bool
      sample: true
    plugins:
      description: The state of each plugin that CRI consists of.
      type: dict
      sample: {io.containerd.grpc.v1.cri: ok}
    error:
      description: What the CRI plugin says is wrong; empty if nothing is.
      type: str
      sample: ""
"""

import base64
import fnmatch
import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._containerd_settings import CRI_PLUGINS
from ansible_collections.dockershim.migration.plugins.module_utils._ctr import DEFAULT_ADDRESS, Ctr
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._processes import command_line, wall_time
from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show, show_command

UNIT = "containerd.service"
DEFAULT_CONFIG = "/etc/containerd/config.toml"


def expand(pattern):
    """Returns the paths that a name in C(imports) stands for: C(*) alone is special, and hidden files match it (Go's filepath.Glob)."""
    found = ["/"]
    for part in pattern.strip("/").split("/"):
        if "*" not in part:
            found = [os.path.join(directory, part) for directory in found]
        else:
            found = [
                os.path.join(directory, name)
                for directory in found
                if os.path.isdir(directory)
                for name in sorted(os.listdir(directory))
                if fnmatch.fnmatchcase(name, part)
            ]
    return [path for path in found if os.path.lexists(path)]


def read(path):
    if not os.path.isfile(path):
        raise MigrationError("{0} is not a regular file: move it away, then run again.".format(path))
    try:
        with open(path, "rb") as stream:
            return {"path": path, "content": base64.b64encode(stream.read()).decode("ascii")}
    except OSError as error:
        raise MigrationError("Cannot read {0}: {1}.".format(path, error.strerror))


def containerd_dump(module, program):
    """Asks containerd about a file; returns the part of the module's result."""
    code, output, _errors = module.run_command([program, "--version"])
    match = re.search(r"containerd \S+ v?(\d\S*)", output)
    result = {"version": match.group(1) if code == 0 and match else None}
    path = module.params["config"]
    if os.path.exists(path):
        # From where systemd starts it: up to 1.6 a relative name with a * in imports is taken from there.
        code, output, errors = module.run_command([program, "--config", path, "config", "dump"], cwd="/")
        result["dump"] = {"rc": code, "stdout": output, "stderr": errors}
    return result


def config_of(arguments):
    """Returns the configuration file that a containerd was started with."""
    for number, argument in enumerate(arguments):
        name, separator, value = argument.partition("=")
        if name in ("--config", "-config", "-c"):
            return value if separator else (arguments[number + 1 :] or [DEFAULT_CONFIG])[0]
    return DEFAULT_CONFIG


def cri_plugins(listing):
    """Reads the output of C(ctr plugins ls): dict of a plugin of CRI -> its state."""
    rows = [line.split() for line in listing.splitlines()[1:]]
    plugins = {"{0}.{1}".format(row[0], row[1]): row[-1] for row in rows if len(row) > 2}
    return {name: plugins[name] for name in CRI_PLUGINS if name in plugins}


def daemon(module):
    unit = parse_show(module.run_command(show_command([UNIT]), expand_user_and_vars=False)[1]).get(UNIT, {})
    arguments = command_line(unit.get("main_pid"))
    if not arguments:
        return {"running": False}
    result = {"running": True, "config": config_of(arguments[1:]), "error": ""}
    try:
        written = os.stat(result["config"]).st_mtime
        result["current"] = not unit.get("active_since") or written <= wall_time(unit["active_since"])
    except OSError:
        result["current"] = True  # It has no file, and runs with its defaults.
    ctr = Ctr(module.run_command, address=module.params["containerd_address"])
    result["plugins"] = cri_plugins(ctr("plugins", "ls"))
    if set(result["plugins"].values()) != {"ok"}:
        messages = re.findall(r"Message:\s+(.*)", ctr("plugins", "ls", "-d", "id==cri"))
        result["error"] = messages[-1].strip() if messages else "it says nothing"
    return result


def main():
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "str", "default": []},
            "config": {"type": "path"},
            "containerd": {"type": "str", "default": "containerd"},
            "daemon": {"type": "bool", "default": False},
            "containerd_address": {"type": "path", "default": DEFAULT_ADDRESS},
        },
        supports_check_mode=True,
    )
    program = module.params["containerd"]
    program = module.get_bin_path(program) if not os.path.isabs(program) else program
    try:
        result = {"files": [read(path) for pattern in module.params["files"] for path in expand(pattern)]}
        if module.params["config"]:
            found = program and os.access(program, os.X_OK)
            result.update(containerd_dump(module, program) if found else {"version": None})
        if module.params["daemon"]:
            result["daemon"] = daemon(module)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
