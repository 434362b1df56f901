# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes down what the cluster is like: python state.py FILE."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import cluster


def main() -> None:
    keeper = cluster.api().read_namespaced_pod("keeper", cluster.DEMO)
    pods = cluster.api().list_namespaced_pod(cluster.DEMO).items
    state = {
        "time": time.time(),
        "nodes": {name: cluster.state_of_node(name) for name in cluster.node_names()},
        "keeper": {
            "uid": keeper.metadata.uid,
            "node": keeper.spec.node_name,
            "marker": cluster.api().read_namespaced_pod_log("keeper", cluster.DEMO).strip(),
        },
        "finished": sorted(pod.metadata.name for pod in pods if pod.status.phase == "Succeeded"),
    }
    Path(sys.argv[1]).write_text(json.dumps(state, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
