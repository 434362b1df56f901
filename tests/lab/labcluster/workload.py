# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site runs: images in the registries, and the objects that use them."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from labcluster import cluster, machine, registry
from labcluster import settings as s
from labcluster.artifacts import Artifacts
from labcluster.command import wait_until
from labcluster.console import in_parallel, say, step
from labcluster.errors import LabError
from labcluster.image import Image, Layer, write_archive

MANIFESTS = Path(__file__).parent.parent / "manifests"
NAMESPACE = "demo"
_PODS = 4 + 1 + 1 + 1  # web, pinned, keeper, job; the agent runs once a node

#: Seconds after which a Service without an answer means a controller manager that no longer sees Services.
_STUCK_AFTER = 15

#: As users write it -> registry, repository, tag. A name without registry is docker.io's and comes through the mirror.
IMAGES = {
    "busybox:1.35": (s.MIRROR, "library/busybox", "1.35"),
    "demo/web:1.0": (s.MIRROR, "demo/web", "1.0"),
    f"{s.PRIVATE}/demo/agent:1.0": (s.PRIVATE, "demo/agent", "1.0"),
    f"{s.PRIVATE}/demo/pinned:1.0": (s.PRIVATE, "demo/pinned", "1.0"),
    f"{s.PRIVATE}/demo/unused:1.0": (s.PRIVATE, "demo/unused", "1.0"),
}


def _fresh(number: int) -> dict[str, tuple[str, str, str]]:
    """One image in each registry, and on no node: what a new pod pulls."""
    images = {f"demo/fresh-{number}:1.0": (s.MIRROR, f"demo/fresh-{number}", "1.0")}
    for name, address in s.REGISTRIES.items():
        if address != s.MIRROR:
            # All but the mirror have one storage, which is filled through the door that asks no questions.
            images[f"{address}/demo/fresh-{name}-{number}:1.0"] = (s.PRIVATE, f"demo/fresh-{name}-{number}", "1.0")
    return images


#: Two of them, so that one can be pulled with Docker and the other later, with another runtime.
FRESH_IMAGES = (tuple(_fresh(1)), tuple(_fresh(2)))
IMAGES.update({**_fresh(1), **_fresh(2)})
UNUSED_IMAGE = f"{s.PRIVATE}/demo/unused:1.0"

_WEB = b"""#!/bin/sh
# Serves the pod's name until it is asked to stop.
mkdir -p /tmp/www
hostname > /tmp/www/index.html
httpd -f -p 8080 -h /tmp/www &
trap 'kill $!; exit 0' TERM INT
wait
"""
_SLEEP = b"""#!/bin/sh
# Does nothing until it is asked to stop.
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
"""


def workload_images(artifacts: Artifacts) -> dict[str, Image]:
    """The images by the names that users write."""
    busybox = artifacts.image_files / "files" / "busybox" / "bin" / "busybox"
    applets = ("sh", "cat", "date", "hostname", "httpd", "ls", "mkdir", "sleep", "test", "wget", "true", "echo", "kill", "id", "nc")
    links = {f"bin/{name}": "busybox" for name in applets}
    base = Layer(files={"bin/busybox": busybox}, links=links, directories=("etc", "run", "tmp"))

    def program(name: str, script: bytes) -> Image:
        layer = Layer(files={f"usr/local/bin/{name}": script}, directories=("usr", "usr/local", "usr/local/bin"))
        return Image((base, layer), entrypoint=(f"/usr/local/bin/{name}",), labels={"lab.image": name})

    images = {name: program(name.rpartition("/")[2].partition(":")[0], _SLEEP) for name in IMAGES}
    images["demo/web:1.0"] = program("web", _WEB)
    images["busybox:1.35"] = Image((base,), command=("sh",))
    return images


def fill_registries(settings: s.Settings, artifacts: Artifacts) -> dict[str, str]:
    """Uploads all images and returns their digests by name."""
    ports = {name: f"http://{settings.services_address}:{name.partition(':')[2]}" for name in (s.MIRROR, s.PRIVATE)}
    for name, url in ports.items():
        wait_until(f"the registry {name} to answer", lambda url=url: registry.answers(url), 30)
    images = workload_images(artifacts)

    def push(name: str) -> str:
        server, repository, tag = IMAGES[name]
        return registry.push(ports[server], repository, tag, images[name])

    return dict(zip(images, in_parallel(*(lambda name=name: push(name) for name in images)), strict=True))


def deploy(settings: s.Settings, digests: dict[str, str]) -> None:
    """Creates the objects and waits until every pod is as it should be."""
    pinned = f"{s.PRIVATE}/demo/pinned@{digests[f'{s.PRIVATE}/demo/pinned:1.0']}"
    values = {'"@NODE_PORT@"': str(s.NODE_PORT), "@PRIVATE@": s.PRIVATE, "@PINNED@": pinned}
    with step("workload", log="workload"):
        # The API server answers before the controller that makes a namespace's default account has run.
        cluster.kubectl(settings, "create", "namespace", NAMESPACE)
        wait_until("the default service account", lambda: bool(cluster.get(settings, "-n", NAMESPACE, "serviceaccount", "default")), 60)
        for path in sorted(MANIFESTS.glob("*.yaml")):
            text = path.read_text(encoding="utf-8")
            for name, value in values.items():
                text = text.replace(name, value)
            cluster.kubectl(settings, "apply", "-f", "-", stdin=text)
        wait_until("all pods of the workload to run (kubectl get pods -A)", lambda: workload_complete(settings), 120, interval=1)


def workload_complete(settings: s.Settings) -> bool:
    pods = cluster.get(settings, "-n", NAMESPACE, "pods").get("items", [])
    return len(pods) == _PODS + len(settings.nodes) and all(map(pod_is_well, pods)) and system_is_well(settings)


def system_is_well(settings: s.Settings) -> bool:
    pods = cluster.get(settings, "-n", "kube-system", "pods").get("items", [])
    expected = len(settings.nodes) + 4 * len(settings.control_planes)
    return len(pods) == expected and all(pod_is_well(pod) or _is_running_static_pod(pod) for pod in pods)


def _is_running_static_pod(pod: dict[str, Any]) -> bool:
    """A static pod without readiness probe runs, but kubelet 1.20 says so only at its next full round, up to 90 seconds later."""
    return pod["status"]["phase"] == "Running" and "kubernetes.io/config.mirror" in pod["metadata"].get("annotations", {})


def pod_is_well(pod: dict[str, Any]) -> bool:
    status = pod["status"]
    if status["phase"] == "Succeeded":
        return True
    return status["phase"] == "Running" and any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", []))


def pod_runs_on(pod: dict[str, Any], runtime: str) -> bool:
    """Whether none of the pod's running containers belongs to another runtime, such as docker or containerd."""
    containers = pod["status"].get("containerStatuses", [])
    return pod["status"]["phase"] == "Succeeded" or all(one.get("containerID", "").startswith(f"{runtime}://") for one in containers)


def add_odd_images(settings: s.Settings, artifacts: Artifacts) -> None:
    """What lies about in a real Docker: an image that no pod uses, and one that has lost its name."""
    node = settings.workers[0]
    machine.execute(node.container, "docker", "pull", "--quiet", UNUSED_IMAGE)
    archive = settings.build_dir / "dangling.tar"
    old = Layer(files={"old-build": b"replaced by a newer build\n"})
    write_archive(Image((*workload_images(artifacts)["busybox:1.35"].layers, old)), None, archive)
    with archive.open("rb") as file:
        machine.execute(node.container, "docker", "load", "--quiet", stdin=file)
    archive.unlink()


def wait_service(settings: s.Settings, timeout: float = 60) -> None:
    """Waits until the Service answers through every node's port."""
    try:
        _wait_node_ports(settings, timeout if len(settings.control_planes) == 1 else _STUCK_AFTER)
    except LabError:
        if len(settings.control_planes) == 1:
            raise
        # While etcd takes a new member it has no leader for a moment, and the controller manager's watch of Services may stay dead.
        say("no answer: restarting the controller managers")
        for node in settings.control_planes:
            machine.shell(node.container, "docker restart $(docker ps --quiet --filter name=k8s_kube-controller-manager)")
        _wait_node_ports(settings, timeout)


def _wait_node_ports(settings: s.Settings, timeout: float) -> None:
    urls = [f"http://{node.address}:{s.NODE_PORT}" for node in settings.nodes]
    with step(f"Service through the node ports {s.NODE_PORT}"):
        in_parallel(*(lambda url=url: wait_until(f"{url} to answer", lambda: _answers_always(url), timeout) for url in urls))


def write_probe_config(settings: s.Settings) -> None:
    """Which addresses the probe asks, in turn."""
    targets = [{"node": node.name, "host": node.address, "port": s.NODE_PORT} for node in settings.nodes]
    config = {"interval": 0.1, "timeout": 2, "targets": targets}
    (settings.services_dir / "probe.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _answers_always(url: str) -> bool:
    """Whether a dozen requests are answered: each meets one of the pods, and a node may still know one that is no more."""
    return all(_answers(url) for attempt in range(12))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 (always http://, an address of the lab)
            return response.status == 200
    except OSError:
        return False
