# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run from which the points are computed: made once for each node and lab."""

from __future__ import annotations

import json
from dataclasses import asdict

from faultlab import controller
from faultlab.node import NodeUnderTest
from faultlab.points import Task, parse_recording

PLAYBOOK = "migrate-containerd.yml"
#: The first task that users of the node could notice.
DRAIN = "dockershim.migration.node_maintenance : Cordon and drain the node"
#: The containers of pods that stay would otherwise be waited for, half a minute on the control plane.
VARIABLES = {"kubelet_runtime_grace_period": "5"}


def recorded_tasks(node: NodeUnderTest) -> list[Task]:
    """The tasks of the node's migration, from a recording that is made where there is none, of a node that is home."""
    path = node.lab.build_dir / "faults" / f"{node.name}.jsonl"
    if not path.exists():
        run = controller.run(PLAYBOOK, node.name, VARIABLES)
        assert run.ended_well, f"the migration of {node.name} fails even when nobody disturbs it:\n{run.tail()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(asdict(task)) + "\n" for task in run.tasks), encoding="utf-8")
    return parse_recording(path.read_text(encoding="utf-8").splitlines())
