# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all modules say in the same words: their attributes, and the sockets of the node's runtimes."""


class ModuleDocFragment:
    """Documentation that the modules extend."""

    # How a module supports an attribute stands in the module itself.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode, and returns then what it would change without changing it.
  diff_mode:
    description: Returns what it changes, or would change in check mode, in diff mode.
"""

    SOCKETS = r"""
options:
  containerd_address:
    description:
      - Path of containerd's socket on the node.
    type: path
    default: /run/containerd/containerd.sock
  docker_socket:
    description:
      - Path of Docker's socket on the node.
    type: path
    default: /var/run/docker.sock
"""
