#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: containerd_config
short_description: Sets containerd settings in its configuration file, whatever version the file has
version_added: 0.1.0
description:
  - Owns C(/etc/containerd/config.toml). You say what you want (V(systemd_cgroup), V(sandbox_image)); the module knows where it
    stands in configuration versions 1, 2, 3 and 4.
  - Only the values concerned are replaced or added. Comments, unknown keys, order, indentation and quotes of the rest survive
    byte for byte, and the result is read back before it is written.
  - The file's own C(version) decides where settings go. A file without one that holds nothing a version could change (for
    example the file of Docker's C(containerd.io) package) is given V(version = 2) for containerd 1.x and V(version = 3) for 2.x.
    Any other one is edited as version 1 for containerd 1.x and refused for 2.x, which would ignore it.
  - A missing file is created with C(version) and the settings alone.
  - What would keep containerd or its CRI plugin from starting is refused before anything is written - TOML that does not parse,
    a version that this containerd does not read, a value of the wrong type, a default runtime that has no handler, the legacy
    C(systemd_cgroup).
  - C(registry.mirrors) and C(registry.configs.*.tls) keep the CRI plugin from starting beside C(config_path). Where the file has both, or
    gets O(settings.registry_config_path), they are first written as C(hosts.toml) files that say the same, and then commented out.
    C(registry.configs.*.auth) stays. A C(hosts.toml) that says something else is not overwritten; the module fails then.
  - The node's own containerd is asked what would be in force with the new content, imported files included, before it is written, and
    what is in force after that. A setting that does not take, for example because an imported file overrides it, is an error that
    names the setting, both values and the likely cause.
  - A runtime handler of runc's type that only an imported file defines is given the cgroup driver as well (containerd 2.x, which
    merges files key by key; 1.x replaces whole tables).
  - containerd reads its file when it starts. This module does not restart it.
author:
  - The dockershim.migration developers (!UNKNOWN)
requirements:
  - tomlkit >= 0.12 on the controller (the node needs nothing but Python)
options:
  path:
    description: Absolute path of the configuration file on the node.
    type: path
    default: /etc/containerd/config.toml
  containerd_version:
    description:
      - The release that will read the file, such as V(1.6.20). It decides the version of a new file and which versions are legal.
      - Versions 1 and 2 are read by 1.3 to 1.7, version 3 by 2.0 and later, version 4 by 2.3 and later.
    type: str
    required: true
  settings:
    description:
      - What to set. Settings that are not named are left alone.
      - In the tables below, C(R) is C(plugins."io.containerd.grpc.v1.cri") (C(plugins.cri) in version 1), C(IMG) is
        C(plugins."io.containerd.cri.v1.images"), C(RT) is C(plugins."io.containerd.cri.v1.runtime").
    type: dict
    required: true
    suboptions:
      sandbox_image:
        description:
          - The image of the pause container.
          - Versions 1 and 2 C(R.sandbox_image); 3 and 4 C(IMG.pinned_images.sandbox).
        type: str
      systemd_cgroup:
        description:
          - Whether runc leaves the cgroups to systemd. Must equal the kubelet's C(cgroupDriver).
          - Versions 1 and 2 C(R.containerd.runtimes.<handler>.options.SystemdCgroup); 3 and 4
            C(RT.containerd.runtimes.<handler>.options.SystemdCgroup).
          - V(true) is set on every handler whose C(runtime_type) is that of runc or absent, and on C(runc), which is created if it is
            missing. A handler without C(runtime_type) is given one where containerd 1.x could not use it otherwise.
          - V(false) is containerd's default; it replaces what is V(true) and adds nothing.
        type: bool
      registry_config_path:
        description:
          - The directory of the C(<registry>/hosts.toml) files. One directory - containerd 2.2 and later would ignore a list.
          - Versions 1 and 2 C(R.registry.config_path) (containerd 1.5 and later); 3 and 4 C(IMG.registry.config_path).
        type: str
      registry_mirrors:
        description:
          - The mirrors of registries in the old way, for a containerd without O(settings.registry_config_path) (1.4). For each registry
            the list of URLs that are asked in its place, in order; the registry itself comes last.
          - Versions 1 and 2 C(R.registry.mirrors.<registry>.endpoint); 3 and 4 C(IMG.registry.mirrors.<registry>.endpoint).
        type: dict
      registry_configs:
        description:
          - TLS and credentials by the host (C(host) or C(host:port)) that is asked. Each has C(tls) with any of C(ca_file),
            C(cert_file), C(key_file) and C(insecure_skip_verify), and C(auth) with any of C(username), C(password), C(auth) and
            C(identitytoken).
          - C(tls) is for containerd 1.4 to 1.7 without O(settings.registry_config_path). C(auth) is read by all, and never shown.
          - Versions 1 and 2 C(R.registry.configs.<host>); 3 and 4 C(IMG.registry.configs.<host>).
        type: dict
      cri_enabled:
        description:
          - Whether the CRI plugin runs.
          - V(true) removes C(cri), C(io.containerd.grpc.v1.cri), C(io.containerd.cri.v1.images) and C(io.containerd.cri.v1.runtime)
            from C(disabled_plugins) and leaves its other entries. V(false) adds the name of the plugin if none is there.
        type: bool
      snapshotter:
        description:
          - The snapshotter of containers and images, such as V(overlayfs).
          - Versions 1 and 2 C(R.containerd.snapshotter); 3 and 4 C(IMG.snapshotter).
        type: str
      root:
        description:
          - containerd's directory for persistent data. Top level C(root) in every version.
        type: str
      cni_bin_dir:
        description:
          - The directory of the CNI plugins.
          - Versions 1 and 2 C(R.cni.bin_dir); 3 and 4 C(RT.cni.bin_dir) for containerd 2.0, and the list C(RT.cni.bin_dirs) for 2.1 and
            later.
        type: str
      cni_conf_dir:
        description:
          - The directory of the CNI configuration.
          - Versions 1 and 2 C(R.cni.conf_dir); 3 and 4 C(RT.cni.conf_dir).
        type: str
      runtimes:
        description:
          - Runtime handlers by their name, each with C(runtime_type) (default C(io.containerd.runc.v2)), C(options) such as
            C(BinaryName), and any other key that containerd knows for a handler. What a handler has beyond that stays.
          - A new handler of runc's type starts as a copy of what the file says about C(runc), as C(nvidia-ctk) does it.
          - Versions 1 and 2 C(R.containerd.runtimes); 3 and 4 C(RT.containerd.runtimes).
        type: dict
      default_runtime_name:
        description:
          - The handler of pods without a RuntimeClass. The file must define it, unless it is C(runc).
          - Versions 1 and 2 C(R.containerd.default_runtime_name); 3 and 4 C(RT.containerd.default_runtime_name).
        type: str
      max_concurrent_downloads:
        description:
          - How many layers of one image are fetched at a time.
          - Versions 1 and 2 C(R.max_concurrent_downloads); 3 and 4 C(IMG.max_concurrent_downloads); for containerd 2.1 and later also
            C(plugins."io.containerd.transfer.v1.local".max_concurrent_downloads), in any version of the file.
        type: int
      discard_unpacked_layers:
        description:
          - Whether compressed layers are dropped once they are unpacked.
          - Versions 1 and 2 C(R.containerd.discard_unpacked_layers); 3 and 4 C(IMG.discard_unpacked_layers).
        type: bool
      enable_selinux:
        description:
          - Whether containers get SELinux labels.
          - Versions 1 and 2 C(R.enable_selinux); 3 and 4 C(RT.enable_selinux).
        type: bool
      enable_cdi:
        description:
          - Whether pods may ask for devices by the Container Device Interface. containerd 1.7 and later.
          - Version 2 C(R.enable_cdi); 3 and 4 C(RT.enable_cdi).
        type: bool
      enable_unprivileged_ports:
        description:
          - Whether every user may bind ports below 1024 in a pod, as Docker allows from 20.10 on. containerd 1.6 and later.
          - Version 2 C(R.enable_unprivileged_ports); 3 and 4 C(RT.enable_unprivileged_ports), where it is on by default.
        type: bool
      enable_unprivileged_icmp:
        description:
          - Whether every user may ping in a pod, as Docker allows from 20.10 on. containerd 1.6 and later.
          - Version 2 C(R.enable_unprivileged_icmp); 3 and 4 C(RT.enable_unprivileged_icmp), where it is on by default.
        type: bool
      unset_seccomp_profile:
        description:
          - The seccomp profile of containers for which none is asked - empty for none, V(runtime/default), or V(localhost/) and a path.
          - Versions 1 and 2 C(R.unset_seccomp_profile); 3 and 4 C(RT.unset_seccomp_profile).
        type: str
      oom_score:
        description:
          - containerd's own C(oom_score_adj), -1000 to 1000. Top level C(oom_score) in every version.
        type: int
      debug_level:
        description:
          - containerd's log level. C(level) of the top level table C([debug]) in every version.
        type: str
        choices: [trace, debug, info, warn, error, fatal, panic]
      debug_format:
        description:
          - The format of containerd's log. C(format) of the top level table C([debug]) in every version.
        type: str
        choices: [text, json]
      metrics_address:
        description:
          - The address, such as V(127.0.0.1:1338), at which containerd serves metrics for Prometheus.
          - Versions 1 to 3 C(metrics.address); 4 C(plugins."io.containerd.server.v1.metrics".address).
        type: str
  backup:
    description: Leave a time-stamped copy of the old file beside it before it is changed.
    type: bool
    default: true
  validate:
    description:
      - Let the node's own containerd read the new content (C(containerd --config FILE config dump)) before it replaces the old one,
        and again after that, and compare what is in force with what is wanted. If it is not the same, or containerd does not read
        it, the module fails, and nothing is changed.
    type: bool
    default: true
  running:
    description:
      - Make sure as well that the containerd that runs (C(containerd.service)) was started with this file, and after its last change,
        and that its CRI plugin works. For a second call of the module, after the restart; not in check mode.
    type: bool
    default: false
  containerd_address:
    description: Path of the socket at which O(running) asks.
    type: path
    default: /run/containerd/containerd.sock
  containerd:
    description: The containerd program on the node that O(validate) runs, as a path or a name in C(PATH).
    type: str
    default: containerd
  owner:
    description: Owner of the file. By default that of the existing file, or the connecting user.
    type: str
  group:
    description: Group of the file. By default that of the existing file, or the connecting user's.
    type: str
  mode:
    description:
      - Mode of the file, as for M(ansible.builtin.copy). By default that of the existing file, or V(0644) for a new one.
    type: raw
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
    details:
      - The new content is computed, and the node's containerd reads it as it would without check mode, from a temporary file. Only a
        node that has no containerd yet cannot say what would be in force.
  diff_mode:
    support: full
    details:
      - The whole file before and after, and each C(hosts.toml) that is written; the values of registry credentials and headers are
        hidden on both sides.
  action:
    support: full
    description: Has an action plugin that runs on the controller.
    details: The file is read, changed and checked on the controller, and written on the node by M(ansible.builtin.copy).
notes:
  - Files named in C(imports) are never changed.
  - Read with the real containerd 1.4.13, 1.6.20, 1.7.24 and 2.1.9 in configuration versions 1, 2 and 3. Version 4 stands as the source
    of containerd 2.3 has it.
seealso:
  - module: dockershim.migration.containerd_config_read
  - name: containerd CRI configuration
    description: Every setting of the CRI plugin.
    link: https://github.com/containerd/containerd/blob/main/docs/cri/config.md
"""

EXAMPLES = r"""
- name: Make containerd serve a kubelet that uses the systemd cgroup driver
  dockershim.migration.containerd_config:
    containerd_version: "{{ ansible_facts['packages']['containerd'][0].version }}"
    settings:
      cri_enabled: true
      systemd_cgroup: true
      sandbox_image: registry.k8s.io/pause:3.9
      registry_config_path: /etc/containerd/certs.d
  notify: Restart containerd

- name: After the restart, make sure that the containerd that runs does what was asked of it
  dockershim.migration.containerd_config:
    containerd_version: 1.6.20
    settings:
      cri_enabled: true
      systemd_cgroup: true
    running: true

- name: Give GPU pods their runtime
  dockershim.migration.containerd_config:
    containerd_version: 1.7.24
    settings:
      systemd_cgroup: true
      runtimes:
        nvidia:
          options:
            BinaryName: /usr/bin/nvidia-container-runtime

- name: Name a mirror to a containerd that has no config_path yet
  dockershim.migration.containerd_config:
    containerd_version: 1.4.13
    settings:
      registry_mirrors:
        docker.io: ["https://mirror.example.com:5000"]
      registry_configs:
        mirror.example.com:5000:
          tls:
            ca_file: /etc/docker/certs.d/mirror.example.com:5000/ca.crt

- name: Put images and containers on the disk that Docker used
  dockershim.migration.containerd_config:
    containerd_version: 1.7.24
    settings:
      root: /data/containerd
      snapshotter: overlayfs
"""

RETURN = r"""
path:
  description: The configuration file.
  returned: always
  type: str
  sample: /etc/containerd/config.toml
config_version:
  description: The configuration version of the file after the change.
  returned: success
  type: int
  sample: 2
effective:
  description:
    - The settings that are in force with the file, or would be in check mode, by the names of O(settings), as containerd itself says.
      One that this containerd does not have is absent. Credentials are hidden.
    - containerd 1.4 does not print the C(options) of runtime handlers - there they are those of the file that decides.
    - After a failure, those that are or would be in force instead of what was wanted.
  returned: if O(validate), and the node has a containerd
  type: dict
  sample:
    cni_bin_dir: /opt/own/cni/bin
    cni_conf_dir: /opt/own/cni/net.d
    cri_enabled: true
    debug_format: json
    debug_level: debug
    default_runtime_name: nvidia
    discard_unpacked_layers: true
    enable_selinux: true
    max_concurrent_downloads: 7
    metrics_address: 127.0.0.1:13380
    oom_score: -500
    registry_config_path: /etc/containerd/certs.d
    registry_configs: {wanted.example.com: {auth: {password: "********", username: "********"}}}
    root: /data/containerd
    sandbox_image: registry.example.com/pause:3.9
    snapshotter: native
    systemd_cgroup: true
    unset_seccomp_profile: runtime/default
differences:
  description: The settings that did not take; the message has the values and the likely cause.
  returned: failure, if that was the reason
  type: list
  elements: dict
  sample: [{setting: sandbox_image}, {setting: systemd_cgroup.runc}]
registries:
  description:
    - What the file said about registries that cannot stand beside C(config_path), as the C(hosts.toml) files that were written, or
      would be in check mode, and the name of the directory of each. Those that exist and say the same are named too.
  returned: success
  type: list
  elements: dict
  sample:
    - name: docker.io
      hosts_toml: |
        # Was in /etc/containerd/config.toml: plugins."io.containerd.grpc.v1.cri".registry, which cannot hold it beside config_path.

        [host."https://mirror.example.com:5000"]
        capabilities = ["pull", "resolve"]
        ca = ["/etc/ssl/house.crt"]
        [host."https://far.example.com/hub"]
        capabilities = ["pull", "resolve"]
        override_path = true
backup_file:
  description: The copy of the old file.
  returned: changed, not in check mode, if O(backup) and the file existed
  type: str
  sample: /etc/containerd/config.toml.2471.2026-11-23@21:40:05~
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._containerd_settings import ARGUMENT_SPEC
from ansible_collections.dockershim.migration.plugins.module_utils._controller_half import refuse_to_run_alone


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    refuse_to_run_alone(module, "containerd_config")


if __name__ == "__main__":
    main()
