# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods whose images no node has: what pulling is like for a user, from each of the registries."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cluster


@dataclass(frozen=True)
class FreshPod:
    """A pod that was told to pull."""

    name: str
    node: str
    image: str
    started: float

    @property
    def registry(self) -> str:
        """The registry's name in the lab's description."""
        address, slash, _path = self.image.partition("/")
        names = {registry["name"]: name for name, registry in cluster.description()["registries"].items()}
        return names.get(address, "mirror") if slash else "mirror"

    def wait(self, seconds: float = 90) -> str:
        """Waits until the pod runs and returns its phase and, where it does not run, why."""
        deadline = time.time() + seconds
        pod = cluster.api().read_namespaced_pod(self.name, cluster.DEMO)
        while pod.status.phase != "Running" and time.time() < deadline:
            time.sleep(0.5)
            pod = cluster.api().read_namespaced_pod(self.name, cluster.DEMO)
        if pod.status.phase == "Running":
            return "Running"
        events = cluster.api().list_namespaced_event(cluster.DEMO, field_selector=f"involvedObject.name={self.name}").items
        return "\n".join([pod.status.phase, *(event.message or "" for event in events)])

    def pulls(self) -> list[dict]:
        """What the pod's node has asked this registry for the pod's image since."""
        address = {node["name"]: node["address"] for node in cluster.description()["nodes"]}[self.node]
        repository = self.image.removeprefix(f"{cluster.description()['registries'][self.registry]['name']}/").partition(":")[0]
        found = cluster.pulls(self.started)
        return [pull for pull in found if (pull["client"], pull["registry"], pull["repository"]) == (address, self.registry, repository)]


@contextlib.contextmanager
def fresh_pods(nodes: Iterable[str], images: Iterable[str]) -> Iterator[dict[tuple[str, str], FreshPod]]:
    """Pods for each of the images on each of the nodes, all started at once; by node and image."""
    images, pods = list(images), {}
    for node in nodes:
        for image in images:
            name = f"fresh-{uuid.uuid4().hex[:8]}"
            pod = {
                "metadata": {"name": name},
                "spec": {
                    "nodeName": node,
                    "tolerations": [{"operator": "Exists"}],
                    "terminationGracePeriodSeconds": 0,
                    # The kubelet alone has credentials.
                    "containers": [{"name": "fresh", "image": image, "imagePullPolicy": "Always"}],
                },
            }
            pods[node, image] = FreshPod(name, node, image, time.time())
            cluster.api().create_namespaced_pod(cluster.DEMO, pod)
    try:
        yield pods
    finally:
        for pod in pods.values():
            cluster.api().delete_namespaced_pod(pod.name, cluster.DEMO)
