#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: node_facts
short_description: Reads all that a migration needs to know about a Kubernetes node
version_added: 0.1.0
description:
  - Reads in one round trip what a node's kubelet, Docker and containerd are told and what they really do.
  - The running kubelet's command line and the running Docker's answers count more than files, which may have been edited since.
  - Changes nothing, starts nothing (a stopped Docker is not woken through its socket) and needs nothing on the node but Python.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
    details:
      - This module changes nothing.
  diff_mode:
    support: none
    details:
      - This module changes nothing.
options:
  containerd_address:
    description:
      - Path of containerd's socket on the node.
    type: path
    default: /run/containerd/containerd.sock
  containerd_config:
    description:
      - Path of containerd's configuration file on the node.
    type: path
    default: /etc/containerd/config.toml
  containerd_certs_d:
    description:
      - Path of containerd's directory of registries on the node.
    type: path
    default: /etc/containerd/certs.d
  journal:
    description:
      - Path of the migration's journal on the node.
    type: path
    default: /var/lib/dockershim-migration/journal.json
seealso:
  - module: dockershim.migration.migration_journal
"""

EXAMPLES = r"""
- name: Read what the node's kubelet, Docker and containerd do
  dockershim.migration.node_facts:

- name: Show the runtime that the kubelet uses
  ansible.builtin.debug:
    msg: "{{ ansible_facts['dockershim_migration']['kubelet']['runtime'] }}"
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to C(ansible_facts).
  returned: always
  type: dict
  contains:
    dockershim_migration:
      description: What the migration needs to know about the node.
      type: dict
      returned: always
      contains:
        architecture:
          description: Architecture of the node in the words of container images.
          type: str
          sample: amd64
        control_plane:
          description: Whether kubeadm runs a control plane here, by the API server's static pod manifest.
          type: bool
        time:
          description: Time on the node, in UTC.
          type: str
          sample: "2026-11-23T21:12:08Z"
        distribution:
          description: C(ID), C(VERSION_ID), C(VERSION_CODENAME) of C(/etc/os-release), in small letters.
          type: dict
          sample: {id: debian, version_id: "12", version_codename: bookworm}
        packages:
          description:
            - The package manager (V(apt) or V(dnf)), and the packages of Docker and containerd that it has, with versions. Those that it
              has begun to install and not ended are in C(packages.interrupted).
          type: dict
          sample: {manager: apt, interrupted: [], installed: {docker.io: 20.10.24+dfsg1-1+deb12u1+b6, containerd: 1.6.20~ds1-1+deb12u3}}
        kubelet:
          description:
            - The kubelet. C(kubelet.flags) are those of the running process, or, where it does not run,
              those of its environment files.
          type: dict
          sample:
            active: true
            arguments: [/usr/bin/kubelet, "--network-plugin=cni"]
            cgroup_driver: systemd
            endpoint: unix:///var/run/dockershim.sock
            flags: {network-plugin: cni}
            config_path: /var/lib/kubelet/config.yaml
            flag_sources: [{path: /var/lib/kubelet/kubeadm-flags.env, variable: KUBELET_KUBEADM_ARGS, flags: {network-plugin: cni}}]
            node_name: worker-1
            runtime: dockershim
            version: 1.20.2
        docker:
          description:
            - Docker. C(docker.daemon_arguments) and C(docker.proxies) are those of the running dockerd, or, where it does not run, those
              that its unit would give it. C(docker.daemon_json) is the file that its command line names, else C(/etc/docker/daemon.json).
            - Credentials that proxies' addresses, options of log drivers and the like may hold are taken out.
            - What is in force (from C(cgroup_driver) on) is only there while Docker runs.
          type: dict
          sample:
            active: true
            enabled: true
            config_file: /etc/docker/daemon.json
            daemon_json: {log-driver: json-file}
            daemon_arguments: [/usr/sbin/dockerd, -H, "fd://"]
            proxies: {HTTP_PROXY: "http://********@proxy.example:3128", NO_PROXY: localhost}
            installed: true
            root_dir: /var/lib/docker
            version: 20.10.24
            cgroup_driver: systemd
            cgroup_version: "2"
            containerd_store: false
            default_runtime: runc
            live_restore: false
            logging_driver: json-file
            runtimes: [io.containerd.runc.v2, runc]
            security_options: [seccomp]
            storage_driver: overlay2
            swarm: inactive
        containerd:
          description:
            - containerd and the images in its C(k8s.io) namespace, each with its image ID.
            - C(containerd.root) is where its data lies, C(containerd.namespaces) are those in which something is or was, and
              C(containerd.proxies) are those that the administrator has given it.
          type: dict
          sample:
            active: true
            enabled: true
            images: {}
            installed: true
            namespaces: [moby]
            proxies: {}
            root: /var/lib/containerd
            version: 1.6.20
        registries:
          description:
            - What there is about registries beside Docker's own configuration.
            - C(registries.credentials) are the files that may hold credentials for registries - those in which the kubelet looks, in its
              order, and that of root's C(docker) command - and for which registries they have some. The credentials themselves are never
              among the facts. C(read_by_kubelet) is the one file that the kubelet uses. It never asks C(helpers), the programs
              C(docker-credential-*).
            - C(registries.addresses) are the addresses of the registries that the node's images name, as the node resolves them. They are
              looked up only where C(insecure-registries) names networks.
            - C(registries.hosts_toml) are the C(hosts.toml) files that containerd has already, by their directory - whether this collection
              wrote them, and a digest of what they say.
          type: dict
          sample:
            addresses: {}
            credentials:
              - path: /var/lib/kubelet/config.json
                searched_by_kubelet: true
                read_by_kubelet: true
                world_readable: false
                valid: true
                registries: [registry.example.com:5000]
                helper_registries: []
                helpers: []
            hosts_toml: {}
        cri_dockerd:
          description:
            - cri-dockerd. C(cri_dockerd.listeners) are the processes that hold the socket at which it serves the kubelet, and
              C(cri_dockerd.answer) is what was answered there to a question for the version, V(null) where nobody answers.
          type: dict
          sample:
            unit: cri-docker
            units: [cri-docker.socket, cri-docker.service]
            active: true
            program: /usr/bin/cri-dockerd
            version: 0.3.2
            flags: {container-runtime-endpoint: "fd://", network-plugin: cni}
            socket: /run/cri-dockerd.sock
            listeners: [{pid: 1, program: /usr/lib/systemd/systemd}, {pid: 4711, program: /usr/bin/cri-dockerd}]
            answer: {cri: [v1, v1alpha2], runtime_name: docker, runtime_version: 20.10.24, runtime_api_version: 1.41.0}
        disk:
          description: Bytes that are free where containerd's and Docker's data lie, and the file systems there.
          type: dict
          sample:
            containerd: 21474836480
            docker: 21474836480
            filesystems: {/var/lib/docker: {mount: /, device: "8:1", type: ext4, free: 21474836480}}
        kernel:
          description: The kernel's release, the modules that pods need and that are there, and the settings that dockerd sees to.
          type: dict
          sample: {release: 5.10.0-30-amd64, modules: [overlay, br_netfilter], sysctls: {net.ipv4.ip_forward: "1"}}
        network:
          description: The policy of the chain C(FORWARD), and the hosts at which the node's programs find the API server.
          type: dict
          sample: {forward_policy: DROP, api_servers: [192.0.2.10]}
        journal:
          description: Entries of the migration's journal on this node, oldest first.
          type: list
          elements: dict
        record:
          description:
            - What the journal knows of the newest migration of this node, or V(null) where there was none. C(record.files) names what was
              there before, without contents.
          type: dict
          sample:
            migration: 1
            from: dockershim
            to: containerd
            phase: completed
            files: [/var/lib/kubelet/kubeadm-flags.env]
            units: {docker.service: {active: true, enabled: true, installed: true}}
            node: {cri_socket: /var/run/dockershim.sock, unschedulable: false}
            packages: []
            missing_copies: []
"""

import fnmatch
import json
import os
import platform
import re
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._cri import ask_version
from ansible_collections.dockershim.migration.plugins.module_utils._ctr import DEFAULT_ADDRESS, Ctr
from ansible_collections.dockershim.migration.plugins.module_utils._docker_proxies import (
    CONTAINERD_PROXY_DROP_IN,
    CONTAINERD_PROXY_FILE,
    proxies_of,
    redacted,
)
from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import (
    flags_as_dict,
    parse_environment_file,
    read_arguments,
)
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._facts_docker import docker_facts
from ansible_collections.dockershim.migration.plugins.module_utils._facts_registries import registry_facts
from ansible_collections.dockershim.migration.plugins.module_utils._facts_system import filesystem, free_bytes, kernel_facts, network_facts
from ansible_collections.dockershim.migration.plugins.module_utils._journal import (
    DEFAULT_PATH,
    entries_of,
    last_record,
    parse_journal,
)
from ansible_collections.dockershim.migration.plugins.module_utils._kubelet_flags import (
    CRI_DOCKERD,
    CRI_DOCKERD_ENDPOINT,
    INSTANCE_CONFIG_PATH,
    KUBELET_CONFIG_PATH,
    configured_endpoint,
    runtime_of,
)
from ansible_collections.dockershim.migration.plugins.module_utils._processes import command_line, wall_time
from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show, show_command
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text
from ansible_collections.dockershim.migration.plugins.module_utils._unit_files import environment, read_settings, unit_flags
from ansible_collections.dockershim.migration.plugins.module_utils._unix_socket import listeners

UNITS = ["kubelet.service", "docker.service", "docker.socket", "containerd.service"]
#: What the units of cri-dockerd are called: by its own packages, and by other installers.
CRI_DOCKERD_UNITS = ["cri-docker", "cri-dockerd"]
API_SERVER_MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
CRICTL_CONFIG = "/etc/crictl.yaml"
CONTAINERD_ROOT = "/var/lib/containerd"
#: What the role containerd writes for containerd.service.
CONTAINERD_UNIT_FILES = [
    "/etc/systemd/system/containerd.service.d/90-dockershim-migration.conf",
    CONTAINERD_PROXY_DROP_IN,
    CONTAINERD_PROXY_FILE,
]
#: The packagings of the kubelet that people have; systemd tells the ones in use, these serve where the unit is not loaded.
FLAG_FILES = ["/var/lib/kubelet/kubeadm-flags.env", "/etc/default/kubelet", "/etc/sysconfig/kubelet"]
#: One line a package: state, name, version. Which packages: those of Docker's and containerd's various makers.
PACKAGE_PATTERNS = ["docker*", "containerd*", "moby-*", "runc", "cri-dockerd", "nvidia-container*"]
PACKAGE_QUERIES = [
    ("apt", ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Version}\\n"]),
    ("dnf", ["rpm", "--query", "--all", "--queryformat=installed %{NAME} %{VERSION}-%{RELEASE}\\n"]),
]
#: dpkg(1), "Package states": what stands between not-installed and installed.
INTERRUPTED = ("half-installed", "unpacked", "half-configured", "triggers-awaiting", "triggers-pending")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le", "s390x": "s390x"}


def parse_packages(listing):
    """Sorts what a package query lists, of the packages that matter here.

    :returns: dict of installed (dict of name -> version) and interrupted (list of names that dpkg has begun to install and not ended).
    """
    rows = [line.split() for line in listing.splitlines()]
    rows = [row for row in rows if len(row) == 3 and any(fnmatch.fnmatch(row[1], pattern) for pattern in PACKAGE_PATTERNS)]
    return {
        "installed": {name: version for status, name, version in rows if status == "installed"},
        "interrupted": sorted(name for status, name, _version in rows if status in INTERRUPTED),
    }


def iso_time(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def effective_flags(arguments):
    """Returns the flags of a command line: dict of name -> value, the last one where a flag is repeated."""
    return {name: value[-1] if isinstance(value, list) else value for name, value in flags_as_dict(arguments).items()}


class NodeReader(object):
    """One method for each part of the facts; each returns plain data."""

    def __init__(self, module):
        self.module = module
        self.architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
        shims = [name + kind for name in CRI_DOCKERD_UNITS for kind in (".socket", ".service")]
        self.units = parse_show(self.output(show_command(UNITS + shims)))

    def output(self, command):
        """Returns a command's output, or an empty string where it is missing or fails."""
        if not self.found(command[0]):
            return ""
        # What looks like a variable is a format of the command's own.
        code, output, _errors = self.module.run_command(command, expand_user_and_vars=False)
        return output if code == 0 else ""

    def found(self, program):
        return program if os.path.isabs(program) else self.module.get_bin_path(program)

    def version(self, program, pattern):
        match = re.search(pattern, self.output([program, "--version"]))
        return match.group(1) if match else None

    def unit(self, name):
        return self.units.get(name, {"installed": False, "active": False, "enabled": False, "main_pid": 0})

    def facts(self):
        docker = docker_facts(self.unit)
        containerd = self.containerd()
        kubelet = self.kubelet()
        records = parse_journal(read_text(self.module.params["journal"]), self.module.params["journal"])
        return {
            "architecture": self.architecture,
            "control_plane": os.path.exists(API_SERVER_MANIFEST),
            "time": iso_time(time.time()),
            "distribution": self.distribution(),
            "packages": self.packages(),
            "kubelet": kubelet,
            "docker": docker,
            "containerd": containerd,
            "registries": registry_facts(docker, self.unit("kubelet.service")["main_pid"], self.module.params["containerd_certs_d"]),
            "crictl": read_text(CRICTL_CONFIG),
            "crictl_installed": self.found("crictl") is not None,
            "cri_dockerd": self.cri_dockerd(kubelet),
            "disk": {
                "docker": free_bytes(docker["root_dir"]),
                "containerd": free_bytes(containerd["root"]),
                "filesystems": {
                    path: filesystem(path) for path in (docker["root_dir"], os.path.dirname(docker["root_dir"]), containerd["root"])
                },
            },
            "kernel": kernel_facts(),
            "network": network_facts(self.output),
            "journal": entries_of(records),
            "record": last_record(records),
        }

    def distribution(self):
        values = {}
        for line in (read_text("/etc/os-release") or "").splitlines():
            key, _equals, value = line.partition("=")
            if key in ("ID", "ID_LIKE", "VERSION_ID", "VERSION_CODENAME"):
                values[key.lower()] = value.strip("\"'").lower()
        return values

    def packages(self):
        for manager, command in PACKAGE_QUERIES:
            listing = self.output(command)
            if listing:
                return dict(parse_packages(listing), manager=manager)
        return {"manager": None, "installed": {}, "interrupted": []}

    def kubelet(self):
        unit = self.unit("kubelet.service")
        arguments = command_line(unit["main_pid"])
        binary = arguments[0] if arguments else "kubelet"
        version = self.version(binary, r"Kubernetes v(\S+)")
        sources = self.flag_sources(unit.get("environment_files") or [])
        # On the node's command line the sources stand in the order of the unit's ExecStart; kubeadm's come first.
        flags = {}
        if arguments:
            flags = effective_flags(arguments[1:])
        else:
            for source in sources:
                flags.update(source["flags"])
        config_path = flags.get("config", KUBELET_CONFIG_PATH)
        config = read_text(config_path) or ""
        unit_files = unit.get("unit_files", [])
        result = {
            "installed": version is not None,
            "version": version,
            "active": bool(arguments),
            "active_since": iso_time(wall_time(unit["active_since"])) if arguments and unit.get("active_since") else None,
            "arguments": arguments,
            "flags": flags,
            "flag_sources": sources,
            "unit_files": unit_files,
            # What environment files set as well is not theirs to say: EnvironmentFile= wins over Environment= (systemd.exec).
            "unit_flags": [
                entry
                for entry in unit_flags([(path, read_text(path) or "") for path in unit_files])
                if entry["variable"] not in {source["variable"] for source in sources}
            ],
            # Its YAML is read on the controller: a node's Python has no parser for it.
            "config_path": config_path,
            "config": config,
            "instance_config": read_text(INSTANCE_CONFIG_PATH),
            "node_name": flags.get("hostname-override") or platform.node().lower(),
        }
        if version:
            result["runtime"], result["endpoint"] = runtime_of(flags, version, configured_endpoint(config))
        return result

    def flag_sources(self, environment_files):
        sources = []
        for path in environment_files + [path for path in FLAG_FILES if path not in environment_files]:
            text = read_text(path)
            if text is None:
                continue
            names = [assignment.name for assignment in parse_environment_file(text)]
            for variable in sorted({name for name in names if name.startswith("KUBELET_")}):
                arguments = read_arguments(text, variable, path)
                sources.append({"path": path, "variable": variable, "flags": effective_flags(arguments)})
        return sources

    def cri_dockerd(self, kubelet):
        names = [name for name in CRI_DOCKERD_UNITS if self.unit(name + ".service")["installed"]]
        name = names[0] if names else None
        units = [name + kind for kind in (".socket", ".service") if self.unit(name + kind)["installed"]] if name else []
        unit = self.unit("{0}.service".format(name))
        arguments = command_line(unit["main_pid"])
        program = arguments[0] if arguments else self.found("cri-dockerd")
        endpoint = kubelet["endpoint"] if kubelet.get("runtime") == CRI_DOCKERD else CRI_DOCKERD_ENDPOINT
        path = endpoint[len("unix://") :]
        return {
            "unit": name,
            "units": units,
            "unit_files": sorted(file for installed in units for file in self.unit(installed).get("unit_files", [])),
            "active": bool(arguments),
            "enabled": unit["enabled"],
            "program": program,
            "version": self.version(program, r"cri-dockerd v?(\d+\.\d+\.\d+)") if program else None,
            "arguments": arguments,
            "flags": effective_flags(arguments[1:]),
            "socket": path,
            "listeners": listeners(path),
            # A stopped one would be started by the question.
            "answer": ask_version(path) if arguments else None,
        }

    def older_than_configuration(self, unit):
        """True for a running containerd whose configuration, that of its unit included, was written after it started."""
        if not unit.get("active_since") or not unit["active"]:
            return False
        started = wall_time(unit["active_since"])
        paths = [self.module.params["containerd_config"]] + CONTAINERD_UNIT_FILES
        return any(os.stat(path).st_mtime > started for path in paths if os.path.exists(path))

    def containerd_root(self):
        """Returns where containerd keeps its data, by its own words; its default where it is not there to say."""
        path = self.module.params["containerd_config"]
        command = ["containerd"] + (["--config", path] if os.path.exists(path) else []) + ["config", "dump"]
        # Of what stands before the first table.
        match = re.search(r"^root\s*=\s*[\"'](.+)[\"']", self.output(command).partition("\n[")[0], re.MULTILINE)
        return match.group(1) if match else CONTAINERD_ROOT

    def containerd_proxies(self, unit):
        """Returns the proxies that the administrator has given containerd, without credentials."""
        paths = [path for path in unit.get("unit_files") or [] if path != CONTAINERD_PROXY_DROP_IN]
        return redacted(proxies_of(environment(read_settings(paths))))

    def containerd(self):
        unit = self.unit("containerd.service")
        result = {
            "installed": self.found("containerd") is not None,
            "version": self.version("containerd", r"containerd \S+ v?(\d+\.\d+\.\d+)"),
            "active": unit["active"],
            "enabled": unit["enabled"],
            "unit": unit["installed"],
            "restart_pending": self.older_than_configuration(unit),
            "root": self.containerd_root(),
            "proxies": self.containerd_proxies(unit),
            "namespaces": [],
            "images": {},
        }
        if result["active"] and result["installed"]:
            ctr = Ctr(self.module.run_command, address=self.module.params["containerd_address"])
            result["namespaces"] = ctr.namespaces()
            result["images"] = ctr.image_ids(ctr.image_targets(), "linux/" + self.architecture)
        return result


def main():
    module = AnsibleModule(
        argument_spec={
            "containerd_address": {"type": "path", "default": DEFAULT_ADDRESS},
            "containerd_config": {"type": "path", "default": "/etc/containerd/config.toml"},
            "containerd_certs_d": {"type": "path", "default": "/etc/containerd/certs.d"},
            "journal": {"type": "path", "default": DEFAULT_PATH},
        },
        supports_check_mode=True,
    )
    try:
        facts = NodeReader(module).facts()
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    # Image references would otherwise come as written by different Go versions: sort them once, here.
    module.exit_json(changed=False, ansible_facts={"dockershim_migration": json.loads(json.dumps(facts, sort_keys=True))})


if __name__ == "__main__":
    main()
