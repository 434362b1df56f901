#!/usr/bin/python
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
---
module: etcd_health
short_description: Makes sure that etcd can spare this control plane, or that it is back
version_added: 0.1.0
description:
  - Asks the etcd of a control plane that kubeadm has set up for its members, and each of them for its health, with the certificates that
    lie on the node.
  - An etcd that runs elsewhere is asked at the addresses that the API server has for it. It loses no member by what happens to this
    node, so only its health counts.
  - A node that is no control plane has nothing to be asked for.
author:
  - The dockershim.migration developers (!UNKNOWN)
extends_documentation_fragment:
  - dockershim.migration.common
attributes:
  check_mode:
    support: full
    details:
      - The module never changes anything.
  diff_mode:
    support: none
    details:
      - There is nothing to show.
options:
  state:
    description:
      - V(sparable) fails unless the other members are well and enough to go on without this node's. A cluster of one or two members stands
        still in the meantime, which is no failure but RV(pauses).
      - V(healthy) waits until all members are well, this node's among them.
    type: str
    choices: [sparable, healthy]
    default: sparable
  timeout:
    description:
      - Seconds until the wait for O(state) fails.
    type: int
    default: 60
  etcd_manifest:
    description:
      - Path of the manifest of etcd's static pod.
    type: path
    default: /etc/kubernetes/manifests/etcd.yaml
  api_server_manifest:
    description:
      - Path of the manifest of the API server's static pod.
    type: path
    default: /etc/kubernetes/manifests/kube-apiserver.yaml
seealso:
  - module: dockershim.migration.node_health
"""

EXAMPLES = r"""
- name: Make sure that etcd can spare this control plane
  dockershim.migration.etcd_health:
    state: sparable

- name: Wait until its member is back
  dockershim.migration.etcd_health:
    state: healthy
    timeout: 300
"""

RETURN = r"""
kind:
  description: Where etcd is. V(stacked) is on the node itself, V(external) elsewhere, V(none) for a node that is no control plane.
  returned: always
  type: str
  sample: stacked
members:
  description: The members, each with its health.
  returned: always
  type: list
  elements: dict
  sample:
    - healthy: true
      id: "2349777608076039244"
      learner: false
      name: control-plane-1
      problem:
      self: true
      urls: ["https://10.186.0.11:2379"]
quorum:
  description: How many members have to be well for the cluster to work.
  returned: always
  type: int
  sample: 1
pauses:
  description: Whether etcd, and with it the Kubernetes API, stands still while this node's member is away.
  returned: always
  type: bool
  sample: true
why:
  description: The judgement in words.
  returned: always
  type: str
  sample: with 1 member etcd stands still while this one is away
seconds:
  description: How long it took.
  returned: always
  type: float
  sample: 0.1
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _etcd as etcd
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text

POLL_INTERVAL = 2


def look(found, client, sparing):
    """Asks all members once; returns the judgement with the members."""
    if found["kind"] == etcd.EXTERNAL:
        members = [{"id": url, "name": url, "urls": [url], "learner": False, "self": False} for url in found["endpoints"]]
    else:
        members = client.members(found["endpoints"][0])
    for member in members:
        problems = [client.problem(url) for url in member["urls"]] or ["it has no client URL"]
        # One way to a member is enough: it may also listen where this node cannot reach it.
        member["problem"] = None if None in problems else problems[0]
        member["healthy"] = member["problem"] is None
    judgement = etcd.judge(members, sparing and found["kind"] == etcd.STACKED)
    if found["kind"] == etcd.EXTERNAL:
        well = sum(member["healthy"] for member in members)
        # Its members are others' business, and this node is none of them.
        judgement["ok"] = well >= judgement["quorum"]
    return dict(judgement, kind=found["kind"], members=members)


def run(module):
    """Looks until it is as it should be, or the time is over; returns the result."""
    params = module.params
    found = etcd.layout(read_text(params["etcd_manifest"]), read_text(params["api_server_manifest"]))
    if found["kind"] == etcd.NONE:
        return {"kind": etcd.NONE, "members": [], "quorum": 0, "pauses": False, "why": "this node is no control plane", "seconds": 0.0}
    pairs = [pair for pair in found["pairs"] if all(os.path.exists(path) for path in pair)]
    client = etcd.Etcd(found["cafile"], pairs[0] if pairs else None)
    started = time.time()
    while True:
        try:
            result = look(found, client, params["state"] == "sparable")
        except MigrationError as error:
            result = {"ok": False, "kind": found["kind"], "members": [], "quorum": 0, "pauses": False, "why": error.message}
        result["seconds"] = round(time.time() - started, 1)
        if result.pop("ok"):
            return result
        if time.time() - started >= params["timeout"]:
            break
        time.sleep(POLL_INTERVAL)
    wanted = "cannot spare this node" if params["state"] == "sparable" else "is not well again"
    raise MigrationError(
        "etcd {0}: {1} (for {2:.0f} s). Repair it first ('etcdctl endpoint health --cluster' tells more), then run again.".format(
            wanted, result["why"], result["seconds"]
        ),
        **result,
    )


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["sparable", "healthy"], "default": "sparable"},
            "timeout": {"type": "int", "default": 60},
            "etcd_manifest": {"type": "path", "default": "/etc/kubernetes/manifests/etcd.yaml"},
            "api_server_manifest": {"type": "path", "default": "/etc/kubernetes/manifests/kube-apiserver.yaml"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except MigrationError as error:
        module.fail_json(msg=error.message, **error.details)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
