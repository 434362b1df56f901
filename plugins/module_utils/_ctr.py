# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's containerd holds, asked through its own C(ctr) command.

C(ctr) comes with every containerd (C(crictl) does not) and looks into any namespace: C(k8s.io) is the CRI plugin's,
C(moby) is Docker's. Runs on the node: standard library and Python 3.6 only.
"""

import json
import shutil
import subprocess
import time

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

DEFAULT_ADDRESS = "/run/containerd/containerd.sock"
CRI_NAMESPACE = "k8s.io"
DOCKER_NAMESPACE = "moby"

#: Bytes that are copied at once.
CHUNK = 1024 * 1024

#: Media types of an index, which names manifests, instead of being one (OCI image-spec, Docker image manifest v2.2).
INDEX_MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Ctr:
    """The C(ctr) command for one namespace of one containerd.

    :param run: callable(list of str) -> (return code, stdout, stderr), such as C(AnsibleModule.run_command).
    :param namespace: str, containerd namespace.
    :param address: str, path of containerd's socket.
    """

    def __init__(self, run, namespace=CRI_NAMESPACE, address=DEFAULT_ADDRESS):
        self._run = run
        self.command = ["ctr", "--address", address, "--namespace", namespace]

    def __call__(self, *arguments):
        """Runs a subcommand and returns its standard output."""
        command = self.command + list(arguments)
        code, output, errors = self._run(command)
        if code != 0:
            raise MigrationError("'{0}' failed with exit code {1}: {2}".format(" ".join(command), code, (errors or output).strip()))
        return output

    def import_archive(self, archive, base_name, snapshotter=None):
        """Imports an image archive from a stream, which may be of any size.

        :param archive: binary file object, such as what C(docker save) writes for one image by its ID.
        :param base_name: str, the name that the image gets, followed by C(@) and the digest of its manifest.
        :param snapshotter: str or None, what to unpack it with; None for containerd's default.
        """
        command = self.command + ["images", "import", "--base-name", base_name, "--digests"]
        command += (["--snapshotter", snapshotter] if snapshotter else []) + ["-"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            shutil.copyfileobj(archive, process.stdin, CHUNK)
        except BrokenPipeError:
            pass  # The importer has ended; its own words say why.
        finally:
            # communicate() would close the pipe as well, but not when the archive's side has failed.
            output = process.communicate()[0].decode("utf-8", "replace")
        if process.returncode != 0:
            raise MigrationError("'{0}' failed with exit code {1}: {2}".format(" ".join(command), process.returncode, output.strip()))

    def image_targets(self):
        """Returns the images of the namespace: dict of reference -> digest of its manifest or index."""
        # REF TYPE DIGEST SIZE PLATFORMS LABELS; a size stands as "1.2 MiB", so only the first columns are fixed.
        rows = [line.split() for line in self("images", "ls").splitlines()[1:]]
        return {row[0]: row[2] for row in rows if len(row) > 2}

    def namespaces(self):
        """Returns the names of the namespaces in which something is, or was: list of str, sorted."""
        return sorted(self("namespaces", "ls", "--quiet").split())

    def image_ids(self, targets, platform):
        """Returns the image IDs (digests of the image configuration, as Docker's) of images: dict of reference -> ID.

        :param targets: dict of reference -> digest, see C(image_targets).
        :param platform: str, such as C(linux/amd64); it selects the manifest of an index.
        :returns: dict; a reference whose content is not complete has None.
        """
        ids = {}
        for target in sorted(set(targets.values())):
            ids[target] = self._image_id(target, platform)
        return {reference: ids[target] for reference, target in targets.items()}

    def _image_id(self, digest, platform):
        try:
            document = json.loads(self("content", "get", digest))
            if document.get("mediaType") in INDEX_MEDIA_TYPES or "manifests" in document:
                operating_system, architecture = platform.split("/")[:2]
                for entry in document["manifests"]:
                    found = entry.get("platform", {})
                    if (found.get("os"), found.get("architecture")) == (operating_system, architecture):
                        return self._image_id(entry["digest"], platform)
                return None
            return document["config"]["digest"]
        except (MigrationError, ValueError, KeyError):
            return None

    def running_tasks(self):
        """Returns the tasks (containers with a process) of the namespace: dict of container ID -> process ID."""
        # TASK PID STATUS
        rows = [line.split() for line in self("tasks", "ls").splitlines()[1:]]
        return {row[0]: int(row[1]) for row in rows if len(row) > 2 and row[2] != "STOPPED"}

    def stop_tasks(self, wanted, grace_period):
        """Ends tasks: SIGTERM, then SIGKILL for all that is in them after grace_period seconds. One that has ended is fine.

        :param wanted: iterable of container IDs.
        """
        wanted = set(wanted)
        for container_id in sorted(wanted):
            self._kill(container_id, "--signal", "SIGTERM")
        self._wait_for_end(wanted, grace_period)
        for container_id in sorted(wanted & set(self.running_tasks())):
            self._kill(container_id, "--all", "--signal", "SIGKILL")
        self._wait_for_end(wanted, 10)
        for container_id in sorted(wanted):
            # Deleting the task also ends its shim. One that is gone already has no task to be deleted.
            self._run(self.command + ["tasks", "rm", "--force", container_id])

    def _wait_for_end(self, wanted, seconds):
        deadline = time.time() + seconds
        while wanted & set(self.running_tasks()) and time.time() < deadline:
            time.sleep(0.2)

    def _kill(self, container_id, *options):
        try:
            self("tasks", "kill", *(list(options) + [container_id]))
        except MigrationError:
            # It may have ended in the meantime; one that really does not end is found by the caller.
            if container_id in self.running_tasks():
                raise

    def container_labels(self, container_id):
        """Returns the labels of a container, as a dict."""
        return json.loads(self("containers", "info", container_id)).get("Labels") or {}
