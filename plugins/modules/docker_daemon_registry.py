#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: docker_daemon_registry
short_description: Writes Docker's registries as containerd's hosts.toml files
version_added: 0.1.0
description:
  - Reads what Docker knows about registries - mirrors and insecure registries in C(daemon.json) and on the command line of dockerd,
    certificates under C(/etc/docker/certs.d) - and writes the equivalent under containerd's C(/etc/containerd/certs.d).
  - Mirrors become C(docker.io/hosts.toml), in their order and with their own insecure setting and certificates. An insecure
    registry becomes two ordered tables, HTTPS without verification and HTTP. Certificates are copied and named.
  - What has no equivalent is never dropped silently and never widened (there is never a C(_default)); it is returned in RV(attention).
  - A C(hosts.toml) that this module did not write is not changed unless O(overwrite) says so. If it says something else, it is returned in
    RV(attention) with what would have been written.
  - A C(hosts.toml) of this module whose registry Docker no longer names is returned in RV(attention), and not removed.
  - containerd reads these files at every pull; it needs no restart, but C(registry.config_path) must name the directory.
author:
  - The dockershim.migration developers (!UNKNOWN)
options:
  daemon_json:
    description: Docker's configuration file. If it is missing, it counts as empty.
    type: path
    default: /etc/docker/daemon.json
  docker_certs_d:
    description: Docker's directory of certificates, with one directory per registry.
    type: path
    default: /etc/docker/certs.d
  dockerd_args:
    description:
      - The command line of dockerd, one argument per item. C(--registry-mirror) and C(--insecure-registry) are added to what
        C(daemon.json) says; everything else is ignored.
    type: list
    elements: str
    default: []
  registries_in_use:
    description:
      - Names of registries that the cluster pulls from, as in image references (C(host) or C(host:port)).
      - Needed only if C(insecure-registries) names networks, such as C(10.0.0.0/8). The names are then resolved on the node, as Docker
        does, and those inside such a network are written as insecure registries.
    type: list
    elements: str
    default: []
  dest:
    description: containerd's directory of registries.
    type: path
    default: /etc/containerd/certs.d
  overwrite:
    description:
      - Replace a C(hosts.toml), and certificates beside it, that were written by someone else and say something else than Docker's
        configuration. See O(backup).
    type: bool
    default: false
  backup:
    description: Leave a time-stamped copy of a file beside it before it is changed.
    type: bool
    default: true
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: One entry per file. Of a copied certificate or key only the size and mode are shown.
notes:
  - Credentials (C(docker login)) are not handled here and need not be, for the kubelet sends those that it has to any runtime. The plan
    (P(dockershim.migration.migration_plan#filter)) tells which files the kubelet reads, and what only the command C(docker) used.
  - C(hosts.toml) needs containerd 1.5 or later.
seealso:
  - name: containerd registry configuration
    description: The format of hosts.toml.
    link: https://github.com/containerd/containerd/blob/main/docs/hosts.md
"""

EXAMPLES = r"""
- name: Tell containerd which registries Docker knows
  dockershim.migration.docker_daemon_registry:
  register: registries

- name: Show what could not be carried over
  ansible.builtin.debug:
    var: registries.attention

- name: Docker got its mirror on the command line, and trusts a whole network
  dockershim.migration.docker_daemon_registry:
    dockerd_args:
      - --registry-mirror=https://mirror.example.com
      - --insecure-registry=10.0.0.0/8
    registries_in_use:
      - registry.example.com:5000
"""

RETURN = r"""
registries:
  description: What was planned, whether or not it changed something.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The registry, which is the name of its directory.
      type: str
    hosts_toml:
      description: The text of its C(hosts.toml).
      type: str
    key:
      description: >-
        Where Docker knew it from - C(registry-mirrors), C(insecure-registries) or C(certs.d).
      type: str
    endpoints:
      description: What is asked, in this order. Paths of certificates are relative to the directory.
      type: list
      elements: dict
    files:
      description: >-
        The files copied beside it, by their path in the directory, with C(source) (the path under O(docker_certs_d)) and C(private)
        (whether it is a key).
      type: dict
  sample:
    - name: registry.example.com:5000
      key: certs.d
      endpoints:
        - url: https://registry.example.com:5000
          capabilities: []
          skip_verify: false
          ca: [ca.crt]
          client: []
      files:
        ca.crt:
          source: registry.example.com:5000/ca.crt
          private: false
      hosts_toml: |
        # Written by dockershim.migration from Docker's configuration. Remove this line to keep your own changes.

        [host."https://registry.example.com:5000"]
          ca = ["ca.crt"]
attention:
  description: What was not carried over, or needs a decision.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: Where it stands - a key of C(daemon.json), C(certs.d) or C(hosts.toml).
      type: str
    value:
      description: The value or file.
      type: str
    why:
      description: Why it needs attention.
      type: str
    what_to_do:
      description: The way out.
      type: str
  sample:
    - key: insecure-registries
      value: 10.0.0.0/8
      why: "containerd knows registries by name only: it has no equivalent for a network."
      what_to_do: Name each registry in this network that the nodes will use as host or host:port in insecure-registries.
files:
  description: The files that were written, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/containerd/certs.d/registry.example.com:5000/ca.crt
    - /etc/containerd/certs.d/registry.example.com:5000/hosts.toml
backup_files:
  description: The copies of old files.
  returned: success
  type: list
  elements: str
  sample: []
"""

import os
import stat
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _registries
from ansible_collections.dockershim.migration.plugins.module_utils._addresses import resolve
from ansible_collections.dockershim.migration.plugins.module_utils._docker_certs import list_certificates
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text, write_text


def read_file(path):
    """Returns the bytes and the mode of a file, or None and None."""
    try:
        with open(path, "rb") as stream:
            return stream.read(), stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
    except OSError as error:
        if not os.path.lexists(path):
            return None, None
        raise MigrationError("Cannot read {0}: {1}.".format(path, error.strerror))


class Writer:
    """Brings the directory of one registry to what is planned."""

    def __init__(self, module):
        self.module = module
        self.overwrite = module.params["overwrite"]
        self.result = {"changed": False, "diff": [], "files": [], "attention": [], "backup_files": []}

    def report(self, value, why, what_to_do):
        # The plan does not know of it: it is about containerd's files, and the plan is made from Docker's.
        self.module.warn("{0}: {1} {2}".format(value, why, what_to_do))
        self.result["attention"].append({"key": "hosts.toml", "value": value, "why": why, "what_to_do": what_to_do})

    def _note(self, path, written):
        self.result["changed"] = True
        self.result["files"].append(path)
        self.result["diff"].append(written["diff"])
        if written.get("backup_file"):
            self.result["backup_files"].append(written["backup_file"])

    def write(self, host):
        directory = os.path.join(self.module.params["dest"], host["name"])
        path = os.path.join(directory, "hosts.toml")
        before = read_text(path)
        if before is not None and _registries.MARKER not in before:
            same = _registries.same_meaning(before, host["hosts_toml"])
            if not same and not self.overwrite:
                self.report(
                    path,
                    "It was written by someone else and says something else than Docker's configuration: it was kept.",
                    "Compare it with what would have been written, and correct it, remove it or set overwrite: {0}".format(
                        host["hosts_toml"]
                    ),
                )
            if same or not self.overwrite:
                return
        copies = []
        for name, copy in sorted(host["files"].items()):
            source = os.path.join(self.module.params["docker_certs_d"], copy["source"])
            target = os.path.join(directory, name)
            content, mode = read_file(source)
            if content is None:
                raise MigrationError("{0} vanished while it was being copied: run again.".format(source))
            # A key that the whole world could read in Docker's directory is not spread any further.
            mode = mode & 0o770 if copy["private"] else mode & 0o777
            old, old_mode = read_file(target)
            if before is None and old is not None and old != content and not self.overwrite:
                self.report(
                    target,
                    "It differs from {0} and was written by someone else: the registry {1} was left alone.".format(source, host["name"]),
                    "Remove the one that is out of date or set overwrite, then run again.",
                )
                return
            if old != content or (copy["private"] and old_mode & 0o007):
                copies.append((source, target, content, mode, old, old_mode))
        for copy in copies:
            self._copy(*copy)
        written = write_text(self.module, path, before, host["hosts_toml"], mode="0644", backup=self.module.params["backup"])
        if written["changed"]:
            self._note(path, written)

    def _copy(self, source, target, content, mode, old, old_mode):
        written = {
            "diff": {
                "before_header": target,
                "after_header": target,
                "before": "" if old is None else "{0} bytes, mode {1:04o}\n".format(len(old), old_mode),
                "after": "copied from {0}, {1} bytes, mode {2:04o}\n".format(source, len(content), mode),
            }
        }
        if not self.module.check_mode:
            try:
                if not os.path.isdir(os.path.dirname(target)):
                    os.makedirs(os.path.dirname(target), 0o755)
                if old is not None and old != content and self.module.params["backup"]:
                    written["backup_file"] = self.module.backup_local(target)
                descriptor, temporary = tempfile.mkstemp(dir=self.module.tmpdir)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(content)
                # Ansible's atomic move keeps the mode of what is there, and gives a new file that of the process: a key must never
                # be readable for the world, not for a moment.
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY, mode))
                os.chmod(target, mode)
                self.module.atomic_move(temporary, target)
            except OSError as error:
                raise MigrationError("Cannot write {0}: {1}.".format(target, error.strerror))
        self._note(target, written)

    def report_stale(self, planned):
        """Reports the directories written by an earlier run for registries that Docker no longer names."""
        dest = self.module.params["dest"]
        for name in sorted(os.listdir(dest)) if os.path.isdir(dest) else []:
            path = os.path.join(dest, name, "hosts.toml")
            if name not in planned and _registries.MARKER in (read_text(path) or ""):
                self.report(
                    path,
                    "An earlier run wrote it, and Docker's configuration no longer names {0}.".format(name),
                    "Remove {0} if the registry is no longer used.".format(os.path.dirname(path)),
                )


def run(module):
    """Plans and writes; returns the module's result."""
    source = module.params["daemon_json"]
    daemon, duplicates = _registries.parse_daemon_json(read_text(source), source)
    arguments = module.params["dockerd_args"]
    in_networks = _registries.networks(_registries.entries_of(daemon, arguments, _registries.INSECURE, source))
    planned = _registries.registries(
        daemon,
        arguments,
        list_certificates(module.params["docker_certs_d"]),
        resolve(module.params["registries_in_use"]) if in_networks else {},
        source,
    )
    writer = Writer(module)
    for key in duplicates:
        writer.result["attention"].append(
            {
                "key": key,
                "value": source,
                "why": "The key is there more than once, and Docker uses the last one.",
                "what_to_do": "Remove the others.",
            }
        )
    writer.result["attention"].extend(planned["attention"])
    for host in planned["hosts"]:
        writer.write(host)
    writer.report_stale([host["name"] for host in planned["hosts"]])
    writer.result["registries"] = planned["hosts"]
    return writer.result


def main():
    module = AnsibleModule(
        argument_spec={
            "daemon_json": {"type": "path", "default": "/etc/docker/daemon.json"},
            "docker_certs_d": {"type": "path", "default": "/etc/docker/certs.d"},
            "dockerd_args": {"type": "list", "elements": "str", "default": []},
            "registries_in_use": {"type": "list", "elements": "str", "default": []},
            "dest": {"type": "path", "default": "/etc/containerd/certs.d"},
            "overwrite": {"type": "bool", "default": False},
            "backup": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**run(module))
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)


if __name__ == "__main__":
    main()
