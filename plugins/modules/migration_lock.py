#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: migration_lock
short_description: Lets only one run at a time work on a cluster
version_added: 0.1.0
author: ["The dockershim.migration developers (!UNKNOWN)"]
description:
  - Keeps a lock in the cluster itself, a Lease that names its holder (user, host and process of C(ansible-playbook), and since when) and
    that is good for O(duration) seconds after it was last renewed.
  - A second run is refused with the holder's name. It takes the lock only when it is stale, which means that the holder has let it expire,
    or that it was a process of this very host, in this boot, that does not run any more. So a run that was killed can be started again
    at once where it was started before, and elsewhere after O(duration).
  - Needs the rights to get, create, update and delete leases (API group C(coordination.k8s.io)) in O(namespace).
options:
  state:
    description:
      - V(checked) only fails where another run has the lock.
      - V(acquired) takes it, or renews it.
      - V(renewed) does so too, but fails where another has taken it since.
      - V(released) gives it back, if this run has it.
    type: str
    choices: [checked, acquired, renewed, released]
    default: acquired
  name:
    description:
      - Name of the Lease.
    type: str
    default: dockershim-migration
  namespace:
    description:
      - Namespace of the Lease.
    type: str
    default: kube-system
  duration:
    description:
      - Seconds for which the lock is good without being renewed. Give more than the longest step takes (draining a node and waiting for its
        health).
    type: int
    default: 1800
  force:
    description:
      - Whether to take the lock from whoever has it. Only for when you know that the holder does not run any more.
    type: bool
    default: false
  note:
    description:
      - What others should know about the holder, such as the number of a job.
    type: str
    default: ""
  when_away:
    description:
      - What to do where the API server does not answer within O(api_timeout). V(warn) goes on without the lock, which is for finishing a
        control plane that was left in the middle of its switch.
    type: str
    choices: [fail, warn]
    default: fail
  holder:
    description:
      - What tells this run from others. The module's action plugin fills it in on the controller.
    type: dict
extends_documentation_fragment:
  - dockershim.migration.common
  - dockershim.migration.kubernetes_auth
attributes:
  check_mode:
    support: full
    details:
      - The lock is read, not taken.
  diff_mode:
    support: none
    details:
      - There is nothing to show but the holder.
"""

EXAMPLES = r"""
- name: Make sure that no other run works on this cluster
  dockershim.migration.migration_lock:
    kubeconfig: ~/.kube/config
    note: nightly
  delegate_to: localhost

- name: Let others work on it
  dockershim.migration.migration_lock:
    kubeconfig: ~/.kube/config
    state: released
  delegate_to: localhost
"""

RETURN = r"""
held:
  description: Whether this run has the lock now.
  returned: always
  type: bool
  sample: true
holder:
  description: Who has it, V(null) for nobody.
  returned: always
  type: str
  sample: root@controller pid 4711 since 2026-11-23T21:12:08Z
expires:
  description: Until when it is good.
  returned: always
  type: str
  sample: "2026-11-23T21:42:08Z"
why:
  description: Why it was taken, or could have been.
  returned: success
  type: str
  sample: root@controller pid 4242 since 2026-11-23T20:58:41Z does not run any more
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import (
    CONNECTION_OPTIONS,
    MUTUALLY_EXCLUSIVE,
    ApiError,
    client_for,
)
from ansible_collections.dockershim.migration.plugins.module_utils._lock import Lock, describe_process


def run(module):
    """Does what the state asks for; returns the result."""
    params = module.params
    me = params["holder"] or describe_process(os.getppid())
    me = dict(me, note=params["note"])
    lock = Lock(client_for(module), params["name"], params["namespace"], me, params["duration"], module.check_mode)
    try:
        if params["state"] == "checked":
            return lock.check(params["force"])
        if params["state"] == "released":
            return lock.release()
        return lock.acquire(params["force"], renewing=params["state"] == "renewed")
    except ApiError as error:
        if params["when_away"] == "fail" or error.status is not None:
            raise
        module.warn("The run goes on without its lock: {0}".format(error.message))
        return {"changed": False, "held": False, "holder": None, "expires": None, "why": "the API server is away"}


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec=dict(
            CONNECTION_OPTIONS,
            state={"type": "str", "choices": ["checked", "acquired", "renewed", "released"], "default": "acquired"},
            name={"type": "str", "default": "dockershim-migration"},
            namespace={"type": "str", "default": "kube-system"},
            duration={"type": "int", "default": 1800},
            force={"type": "bool", "default": False},
            note={"type": "str", "default": ""},
            when_away={"type": "str", "choices": ["fail", "warn"], "default": "fail"},
            holder={"type": "dict"},
        ),
        mutually_exclusive=MUTUALLY_EXCLUSIVE,
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
