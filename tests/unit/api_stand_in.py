# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for a Kubernetes API server: an HTTP server in this process with the few paths that the modules use.

It is not Kubernetes. It keeps nodes, pods, budgets and events as plain objects and does to them what the real server does as
far as the modules can see it: merge patches, resourceVersion conflicts, evictions under budgets, pods that take a while to go. It
exists for what a real cluster does only by accident: refused connections, answers cut off, overload, a change of etcd's leader. The
lab is where the modules meet the real server.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Object = dict[str, Any]


def make_node(name: str = "worker-1", *, cordoned: bool = False, **annotations: str) -> Object:
    """A Ready node on Docker."""
    return {
        "metadata": {
            "name": name,
            "resourceVersion": "100",
            "annotations": {key.replace("__", "/"): value for key, value in annotations.items()},
        },
        "spec": {"unschedulable": True} if cordoned else {},
        "status": {
            "nodeInfo": {"containerRuntimeVersion": "docker://20.10.24", "kubeletVersion": "v1.20.2"},
            "conditions": [
                {"type": "MemoryPressure", "status": "False"},
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "KubeletReady",
                    "message": "kubelet is posting ready status",
                    "lastHeartbeatTime": "2026-11-23T21:00:00Z",
                },
            ],
        },
    }


def make_pod(
    name: str,
    *,
    namespace: str = "demo",
    node: str = "worker-1",
    owner: str | None = "ReplicaSet",
    mirror: bool = False,
    phase: str = "Running",
    deleting: bool = False,
    empty_dir: bool = False,
    restart: str = "Always",
    runtime: str = "docker",
    labels: dict[str, str] | None = None,
) -> Object:
    """A pod with one container that runs and is ready."""
    metadata: Object = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "labels": labels or {}}
    if owner:
        metadata["ownerReferences"] = [
            {"kind": owner, "name": name.rsplit("-", 1)[0], "uid": f"owner-{name.rsplit('-', 1)[0]}", "controller": True}
        ]
    if mirror:
        metadata["annotations"] = {"kubernetes.io/config.mirror": "0123456789abcdef"}
    if deleting:
        metadata["deletionTimestamp"] = "2026-11-23T21:00:00Z"
    running = phase == "Running"
    return {
        "metadata": metadata,
        "spec": {
            "nodeName": node,
            "restartPolicy": restart,
            "containers": [{"name": "main"}],
            "volumes": [{"name": "scratch", "emptyDir": {}}] if empty_dir else [{"name": "token", "secret": {"secretName": "t"}}],
        },
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if running else "False"}],
            "containerStatuses": [
                {
                    "name": "main",
                    "ready": running,
                    "containerID": f"{runtime}://{name}",
                    "state": {"running": {}} if running else {"terminated": {"exitCode": 0, "reason": "Completed"}},
                }
            ]
            if phase != "Pending"
            else [],
        },
    }


def make_budget(
    name: str, *, namespace: str = "demo", selector: Object | None = None, allowed: int = 1, healthy: int = 3, desired: int = 2
) -> Object:
    """A PodDisruptionBudget; its selector defaults to C(app: NAME)."""
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"app": name}} if selector is None else selector},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": desired},
    }


def merge(target: Object, patch: Object) -> None:
    """JSON merge patch (RFC 7386), in place."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            merge(target.setdefault(key, {}), value)
        else:
            target[key] = value


class ApiStandIn:
    """The server and its objects; a context manager.

    :ivar requests: every request as (verb, path, body), in order.
    :ivar linger: how many listings an evicted pod outlives.
    :ivar lingering: how many listings each pod (by uid) still outlives that is on its way out.
    :ivar hook: called with (verb, path) before each request is answered: the test's hand in the cluster.
    """

    def __init__(self, port: int = 0) -> None:
        self.nodes: dict[str, Object] = {}
        self.pods: list[Object] = []
        self.budgets: list[Object] = []
        self.events: list[Object] = []
        self.leases: dict[str, Object] = {}
        self.config_maps: dict[str, Object] = {}
        self.eviction_version = "policy/v1"
        self.token: str | None = None
        self.linger = 1
        self.requests: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hook: Callable[[str, str], None] = lambda verb, path: None
        self._failures: list[tuple[str, int, str | Object, dict[str, str]]] = []
        self.lingering: dict[str, int] = {}
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: Any) -> None:
                """Keeps the tests' output clean."""

            def _serve(self) -> None:
                stand_in._serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> ApiStandIn:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, *objects: Object) -> None:
        """Puts nodes and pods into the cluster."""
        for item in objects:
            if "containers" in item.get("spec", {}):
                self.pods.append(item)
            else:
                self.nodes[item["metadata"]["name"]] = item

    def add_config_map(self, namespace: str, name: str, **data: str) -> None:
        metadata = {"namespace": namespace, "name": name, "resourceVersion": "1"}
        self.config_maps[f"{namespace}/{name}"] = {"metadata": metadata, "data": data}

    def fail(self, status: int, body: str | Object = "", *, times: int = 1, on: str = "", **headers: str) -> None:
        """Lets the next requests whose "VERB path" contains C(on) fail; status 0 closes the connection without an answer."""
        self._failures.extend([(on, status, body, {key.replace("_", "-"): value for key, value in headers.items()})] * times)

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Serves HTTPS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.port}"

    def changes(self) -> list[tuple[str, str, Any]]:
        """The requests that were meant to change something."""
        return [request for request in self.requests if request[0] != "GET"]

    # -- the server's side ---------------------------------------------------------------------------------------------

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else None
        url = urllib.parse.urlsplit(handler.path)
        verb, path = handler.command, url.path
        self.requests.append((verb, path, body))
        self.headers.append(dict(handler.headers))
        self.hook(verb, path)
        for failure in self._failures:
            if failure[0] in f"{verb} {path}":
                self._failures.remove(failure)
                status, answer, headers = failure[1:]
                if status == 0:
                    handler.close_connection = True
                    return
                self._answer(handler, status, answer, headers)
                return
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            self._answer(handler, 401, status_object(401, "Unauthorized"))
            return
        status, answer = self._handle(verb, path, dict(urllib.parse.parse_qsl(url.query)), body)
        self._answer(handler, status, answer)

    @staticmethod
    def _answer(handler: BaseHTTPRequestHandler, status: int, answer: str | Object, headers: dict[str, str] | None = None) -> None:
        data = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        handler.send_response(status)
        for key, value in (headers or {}).items():
            handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _handle(self, verb: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Object]:
        if path == "/api/v1":
            group, version = self.eviction_version.split("/")
            return 200, {"resources": [{"name": "pods"}, {"name": "pods/eviction", "group": group, "version": version, "kind": "Eviction"}]}
        if path == "/api/v1/nodes":
            return 200, {"items": list(self.nodes.values())}
        if path == "/api/v1/pods":
            return 200, {"items": self._pods_of(query.get("fieldSelector", ""))}
        if path == f"/apis/{self.eviction_version}/poddisruptionbudgets":
            return 200, {"items": self.budgets}
        if re.fullmatch(r"/api/v1/namespaces/[^/]+/events", path):
            return 200, {"items": [event for event in self.events if f"involvedObject.name={event['pod']}," in query["fieldSelector"]]}
        found = re.fullmatch(r"/apis/coordination\.k8s\.io/v1/namespaces/([^/]+)/leases(/[^/]+)?", path)
        if found:
            return self._lease(verb, found.group(1) + (found.group(2) or ""), body)
        found = re.fullmatch(r"/api/v1/nodes/([^/]+)", path)
        if found and found.group(1) in self.nodes:
            return self._patchable(verb, self.nodes[found.group(1)], body)
        found = re.fullmatch(r"/api/v1/namespaces/([^/]+/)configmaps/([^/]+)", path)
        if found and "".join(found.groups()) in self.config_maps:
            return self._patchable(verb, self.config_maps["".join(found.groups())], body)
        found = re.fullmatch(r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/eviction", path)
        if found and verb == "POST":
            return self._evict(found.group(1), found.group(2), body)
        return 404, status_object(404, f"{path} not found")

    def _patchable(self, verb: str, item: Object, patch: Any) -> tuple[int, Object]:
        if verb == "PATCH":
            version = patch.get("metadata", {}).get("resourceVersion")
            if version not in (None, item["metadata"]["resourceVersion"]):
                return 409, status_object(409, "the object has been modified")
            merge(item, patch)
            item["metadata"]["resourceVersion"] = str(int(item["metadata"]["resourceVersion"]) + 1)
        return 200, item

    def _lease(self, verb: str, key: str, body: Any) -> tuple[int, Object]:
        if verb == "POST":
            key = f"{key}/{body['metadata']['name']}"
            if key in self.leases:
                return 409, status_object(409, "leases already exists")
            body["metadata"].update(uid="lease-uid", resourceVersion="1")
            self.leases[key] = body
            return 201, body
        if key not in self.leases:
            return 404, status_object(404, f"{key} not found")
        metadata = self.leases[key]["metadata"]
        if verb == "PUT":
            if body["metadata"].get("resourceVersion") != metadata["resourceVersion"]:
                return 409, status_object(409, "the object has been modified")
            body["metadata"]["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)
            self.leases[key] = body
        if verb == "DELETE":
            if body["preconditions"] != {name: metadata[name] for name in ("uid", "resourceVersion")}:
                return 409, status_object(409, "the precondition failed")
            return 200, self.leases.pop(key)
        return 200, self.leases[key]

    def _pods_of(self, selector: str) -> list[Object]:
        for uid in list(self.lingering):
            self.lingering[uid] -= 1
            if self.lingering[uid] < 0:
                del self.lingering[uid]
                self.pods = [pod for pod in self.pods if pod["metadata"]["uid"] != uid]
        return [pod for pod in self.pods if selector == "spec.nodeName=" + pod["spec"]["nodeName"]]

    def _evict(self, namespace: str, name: str, eviction: Object) -> tuple[int, Object]:
        if eviction["apiVersion"] != self.eviction_version:
            return 400, status_object(400, f"no kind Eviction is registered for version {eviction['apiVersion']}")
        pod = next((pod for pod in self.pods if pod["metadata"]["name"] == name and pod["metadata"]["namespace"] == namespace), None)
        if pod is None:
            return 404, status_object(404, f'pods "{name}" not found')
        if eviction["deleteOptions"]["preconditions"]["uid"] != pod["metadata"]["uid"]:
            return 409, status_object(409, "the UID in the precondition does not match")
        labels = pod["metadata"]["labels"].items()
        guards = [
            budget
            for budget in self.budgets
            if budget["spec"]["selector"].get("matchLabels") and budget["spec"]["selector"]["matchLabels"].items() <= labels
        ]
        if len(guards) > 1:
            return 500, status_object(
                500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            )
        for budget in guards:
            state = budget["status"]
            if state["disruptionsAllowed"] < 1:
                cause = (
                    f"The disruption budget {name} needs {state['desiredHealthy']} healthy pods and has {state['currentHealthy']} currently"
                )
                refusal = status_object(429, "Cannot evict pod as it would violate the pod's disruption budget.")
                refusal["details"] = {"causes": [{"reason": "DisruptionBudget", "message": cause}]}
                return 429, refusal
            state["disruptionsAllowed"] -= 1
        pod["metadata"]["deletionTimestamp"] = "2026-11-23T21:10:00Z"
        pod["metadata"]["deletionGracePeriodSeconds"] = 30
        self.lingering[pod["metadata"]["uid"]] = self.linger
        return 201, {"kind": "Status", "status": "Success"}


def status_object(code: int, message: str) -> Object:
    """The server's error object."""
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": message}
