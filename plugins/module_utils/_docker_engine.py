# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the Docker Engine API over its Unix socket: no docker command, no library.

Source: https://docs.docker.com/engine/api/ (v1.24 and later; requests without a version prefix get the daemon's newest).
Runs on the node: standard library and Python 3.6 only.
"""

import contextlib
import http.client
import json
import socket
from urllib.parse import quote, urlencode

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

DEFAULT_SOCKET = "/var/run/docker.sock"

#: Labels that the dockershim puts on each container (pkg/kubelet/dockershim/docker_service.go, types/labels.go).
POD_UID_LABEL = "io.kubernetes.pod.uid"
POD_NAME_LABEL = "io.kubernetes.pod.name"
POD_NAMESPACE_LABEL = "io.kubernetes.pod.namespace"
CONTAINER_TYPE_LABEL = "io.kubernetes.docker.type"
SANDBOX_TYPE = "podsandbox"
#: Annotations become labels with this prefix; the kubelet puts the pod's grace period there (in seconds).
GRACE_PERIOD_LABEL = "annotation.io.kubernetes.pod.terminationGracePeriod"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class DockerEngine:
    """The daemon behind one socket.

    Connecting to a stopped daemon whose C(docker.socket) unit listens would start it: ask systemd first.

    :param path: str, absolute path of the socket.
    :param timeout: int, seconds until an unanswered request fails.
    """

    def __init__(self, path=DEFAULT_SOCKET, timeout=60):
        self.path = path
        self.timeout = timeout

    def get(self, path, **query):
        """Returns the decoded JSON answer of a GET request."""
        with self._answer("GET", path, query, self.timeout) as answer:
            return json.loads(answer.read().decode("utf-8"))

    def running_containers(self):
        """Returns the running containers: list of dicts with id, name, image_id, image, labels (dict)."""
        return [
            {
                "id": container["Id"],
                "name": container["Names"][0].lstrip("/") if container["Names"] else container["Id"][:12],
                "image": container["Image"],
                "image_id": container["ImageID"],
                "labels": container["Labels"] or {},
            }
            for container in self.get("/containers/json")
        ]

    def process_id(self, container_id):
        """Returns the process ID of a running container's first process, 0 if it has none."""
        return self.get("/containers/{0}/json".format(quote(container_id)))["State"]["Pid"]

    def images(self):
        """Returns the images: list of dicts with id, tags (list of str), digests (list of str), size (bytes)."""
        images = [
            {
                "id": image["Id"],
                "tags": sorted(tag for tag in image["RepoTags"] or [] if not tag.startswith("<none>")),
                "digests": sorted(digest for digest in image["RepoDigests"] or [] if not digest.startswith("<none>")),
                "size": image["Size"],
            }
            for image in self.get("/images/json")
        ]
        return sorted(images, key=lambda image: image["id"])

    def stop_container(self, container_id, grace_period):
        """Stops a container: its stop signal, then SIGKILL after grace_period seconds. One that is gone is fine."""
        path = "/containers/{0}/stop".format(quote(container_id))
        with self._answer("POST", path, {"t": grace_period}, grace_period + self.timeout, accepted=(204, 304, 404)):
            pass

    @contextlib.contextmanager
    def exported_image(self, image_id):
        """Context of a binary stream: the tar archive that C(docker save) makes of the image."""
        with self._answer("GET", "/images/{0}/get".format(quote(image_id)), {}, 600) as answer:
            yield answer

    @contextlib.contextmanager
    def _answer(self, method, path, query, timeout, accepted=(200,)):
        connection = _UnixConnection(self.path, timeout)
        url = path + ("?" + urlencode(query) if query else "")
        try:
            connection.request(method, url)
            answer = connection.getresponse()
            if answer.status not in accepted:
                raise MigrationError(
                    "Docker at {0} answered {1} {2} with {3}: {4}".format(
                        self.path, method, path, answer.status, answer.read().decode("utf-8", "replace").strip()
                    )
                )
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise MigrationError(
                "Docker does not answer at {0} ({1} {2}: {3}). Look at 'systemctl status docker' on the node.".format(
                    self.path, method, path, error
                )
            )
        finally:
            connection.close()


def is_kubernetes_container(container):
    """True for a container that the kubelet made, by the labels that the dockershim gives it."""
    return POD_UID_LABEL in container["labels"]


def is_sandbox(container):
    """True for the pause container that holds a pod's namespaces."""
    return container["labels"].get(CONTAINER_TYPE_LABEL) == SANDBOX_TYPE


def pod_of(container):
    """Returns "namespace/name" of the pod that a container belongs to."""
    labels = container["labels"]
    return "{0}/{1}".format(labels.get(POD_NAMESPACE_LABEL, "?"), labels.get(POD_NAME_LABEL, "?"))
