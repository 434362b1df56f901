#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: docker_log_links
short_description: Removes the links through which containers' logs would go on into Docker's files
version_added: 0.1.0
description:
  - The dockershim keeps no log of its own. C(/var/log/pods/POD/CONTAINER/N.log) is a link to Docker's
    C(containers/ID/ID-json.log), and C(/var/log/containers/*.log) are links to those.
  - A pod that stays on its node has the same path under its next runtime, whose containers are counted from 0 again. containerd
    opens that path and follows the link - it would write its own format into Docker's file, and the log would end with Docker's data.
  - Only links into Docker's data directory, and links to those, are removed. The logs themselves stay where they are.
  - Stop the containers first.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  docker_root:
    description:
      - Docker's data directory on the node.
    type: path
    default: /var/lib/docker
  pod_logs:
    description:
      - Directory in which the kubelet keeps the logs of its pods.
    type: path
    default: /var/log/pods
  container_logs:
    description:
      - Directory in which the kubelet keeps a link to each container's log.
    type: path
    default: /var/log/containers
notes:
  - Sources are createContainerLogSymlink in pkg/kubelet/dockershim/docker_container.go, and startContainer in
    pkg/kubelet/kuberuntime/kuberuntime_container.go, of Kubernetes 1.20.
seealso:
  - module: dockershim.migration.docker_containers
"""

EXAMPLES = r"""
- name: Let the new runtime begin logs of its own
  dockershim.migration.docker_log_links:
"""

RETURN = r"""
removed:
  description: The links that were removed, and where they led.
  returned: always
  type: dict
  sample:
    /var/log/pods/demo_web_42/web/0.log: /var/lib/docker/containers/0b5f6f2b7a3f/0b5f6f2b7a3f-json.log
"""

import os

from ansible.module_utils.basic import AnsibleModule


def links_below(directory):
    """Returns the symbolic links below a directory: dict of path -> target."""
    found = {}
    for parent, directories, files in os.walk(directory):
        for name in directories + files:
            path = os.path.join(parent, name)
            if os.path.islink(path):
                found[path] = os.readlink(path)
    return found


def is_below(path, directory):
    """Tells whether a path lies below a directory, whether or not either exists."""
    return any(
        found.startswith(parent.rstrip("/") + "/")
        for found, parent in [(os.path.normpath(path), os.path.normpath(directory)), (os.path.realpath(path), os.path.realpath(directory))]
    )


def docker_links(pod_logs, container_logs, docker_root):
    """Returns the links that lead into Docker's data: list of (path, target), those that others lead to last."""
    pods = {path: target for path, target in links_below(pod_logs).items() if is_below(target, docker_root)}
    containers = {path: target for path, target in links_below(container_logs).items() if target in pods or is_below(target, docker_root)}
    # A run that is killed between the two must still find where the links of the second directory led.
    return sorted(containers.items()) + sorted(pods.items())


def main():
    module = AnsibleModule(
        argument_spec={
            "docker_root": {"type": "path", "default": "/var/lib/docker"},
            "pod_logs": {"type": "path", "default": "/var/log/pods"},
            "container_logs": {"type": "path", "default": "/var/log/containers"},
        },
        supports_check_mode=True,
    )
    params = module.params
    links = docker_links(params["pod_logs"], params["container_logs"], params["docker_root"])
    if not module.check_mode:
        for path, _target in links:
            try:
                os.unlink(path)
            except OSError as error:
                module.fail_json(msg="Cannot remove the link {0}: {1}.".format(path, error.strerror))
    module.exit_json(
        changed=bool(links),
        removed=dict(links),
        diff={
            "before_header": "links to Docker's logs",
            "after_header": "links to Docker's logs",
            "before": "".join("{0} -> {1}\n".format(*link) for link in links),
            "after": "",
        },
    )


if __name__ == "__main__":
    main()
