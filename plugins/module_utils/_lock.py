# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock that lets only one run at a time work on a cluster: a Lease in the cluster itself.

A Lease (coordination.k8s.io/v1, since Kubernetes 1.14) names its holder, when it was renewed and for how long that is good. Two runs
that want it at the same moment are told apart by the API server: a Lease is created only once, and changed only in the version that
was read.

Runs on the controller, or wherever the API is reachable.
"""

import calendar
import getpass
import json
import os
import platform
import time
from urllib.parse import quote

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import ApiError

HOLDER_ANNOTATION = "dockershim.migration/holder"
CONFLICTS = 5

#: What can be done about a Lease.
CREATE, TAKE, RENEW, REFUSE = "create", "take", "renew", "refuse"
#: What makes a run the same one: a process, on a host, since a boot.
IDENTITY = ("host", "boot_id", "pid_namespace", "pid", "started")


def describe(holder):
    """How a holder is called in the Lease and in messages: dict -> str."""
    text = "{user}@{host} pid {pid} since {since}".format(**holder)
    return "{0} ({1})".format(text, holder["note"]) if holder.get("note") else text


def holder_of(lease):
    """Returns the holder that a Lease names: dict, empty for none; one that is not ours has only C(name)."""
    name = (lease.get("spec") or {}).get("holderIdentity")
    if not name:
        return {}
    try:
        holder = json.loads((lease["metadata"].get("annotations") or {})[HOLDER_ANNOTATION])
        return dict(holder, name=name) if isinstance(holder, dict) else {"name": name}
    except (KeyError, ValueError):
        return {"name": name}


def is_same(holder, other):
    """Whether two descriptions are of one run."""
    return bool(holder) and all(holder.get(key) == other.get(key) for key in IDENTITY)


def is_neighbour(holder, me):
    """Whether the holder's process, if it lives, could be seen from here: the same host, boot and namespace of processes."""
    return all(holder.get(key) is not None and holder.get(key) == me.get(key) for key in ("host", "boot_id", "pid_namespace"))


def expires(lease):
    """Returns the time (seconds since the epoch) after which a Lease is stale."""
    spec = lease.get("spec") or {}
    return parse_time(spec.get("renewTime") or spec.get("acquireTime")) + (spec.get("leaseDurationSeconds") or 0)


def decide(lease, me, now, started_of, force=False):
    """Decides what a run may do about the lock.

    :param lease: dict, the Lease, or None where there is none.
    :param me: dict, this run.
    :param now: float, seconds since the epoch.
    :param started_of: callable(pid) -> str or None: when a process of this host was started, None where there is none.
    :param force: bool, take it from whoever has it.
    :returns: tuple of CREATE, TAKE, RENEW or REFUSE, and why (str).
    """
    if lease is None:
        return CREATE, "nobody has it"
    holder = holder_of(lease)
    if not holder:
        return TAKE, "nobody has it"
    if is_same(holder, me):
        return RENEW, "this run has it"
    if force:
        return TAKE, "it was to be taken by force from {0}".format(holder["name"])
    if is_neighbour(holder, me) and started_of(holder.get("pid")) != holder.get("started"):
        return TAKE, "{0} does not run any more".format(holder["name"])
    if now > expires(lease):
        return TAKE, "{0} has not renewed it since {1}".format(holder["name"], iso_time(expires(lease)))
    return REFUSE, "{0} has it until {1}".format(holder["name"], iso_time(expires(lease)))


def render(lease, me, now, duration, taken, name, namespace):
    """Returns the Lease as this run wants it.

    :param lease: dict or None, as it was read.
    :param taken: bool, whether it changes hands.
    """
    old = lease or {"metadata": {"name": name, "namespace": namespace}}
    before = old.get("spec") or {}
    metadata = {key: value for key, value in old["metadata"].items() if key != "managedFields"}
    metadata["annotations"] = dict(metadata.get("annotations") or {}, **{HOLDER_ANNOTATION: json.dumps(me, sort_keys=True)})
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": metadata,
        "spec": {
            "holderIdentity": describe(me),
            "leaseDurationSeconds": duration,
            "acquireTime": micro_time(now) if taken else before.get("acquireTime") or micro_time(now),
            "renewTime": micro_time(now),
            "leaseTransitions": (before.get("leaseTransitions") or 0) + (1 if taken and lease else 0),
        },
    }


def iso_time(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def micro_time(seconds):
    """The API's MicroTime, which wants the microseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".{0:06d}Z".format(int(seconds % 1 * 1000000))


def parse_time(text):
    """Returns the seconds since the epoch of a time of the API's, 0 where there is none or it cannot be read."""
    try:
        return float(calendar.timegm(time.strptime((text or "")[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return 0.0


def process_started(pid):
    """Returns when a process of this host was started, in ticks since the boot (str), or None where there is none or nobody tells."""
    try:
        with open("/proc/{0}/stat".format(int(pid)), "rb") as stream:
            # "pid (name) state ...", where the name may hold anything; the start time is field 22 of proc(5).
            fields = stream.read().decode("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, TypeError, ValueError):
        return None
    return None if fields[0] == "Z" else fields[19]


def describe_process(pid):
    """Returns what the Lease tells about a run: dict of str and int.

    :param pid: int, the process of this host that the run ends with.
    """
    started = process_started(pid)
    return {
        "user": _user(),
        "host": platform.node(),
        "pid": pid,
        "started": started,
        "since": iso_time(_time_of(started)),
        "boot_id": _first_line("/proc/sys/kernel/random/boot_id"),
        "pid_namespace": _link("/proc/self/ns/pid"),
    }


def _user():
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container's user need not have a name.
        return "uid {0}".format(os.getuid())


def _time_of(started):
    """The time (seconds since the epoch) of a moment in ticks since the boot; now where nobody tells (no /proc)."""
    try:
        with open("/proc/stat") as stream:
            booted = next(int(line.split()[1]) for line in stream if line.startswith("btime "))
        return booted + int(started) / os.sysconf("SC_CLK_TCK")
    except (OSError, TypeError, StopIteration):
        return time.time()


def _first_line(path):
    try:
        with open(path, "rb") as stream:
            return stream.readline().decode("ascii", "replace").strip()
    except OSError:
        return None


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


class Lock:
    """The lock of one cluster.

    :param client: KubernetesClient.
    :param me: dict, this run, see C(describe_process).
    """

    def __init__(self, client, name, namespace, me, duration, check_mode=False, clock=time.time, started_of=process_started):
        self.client = client
        self.name = name
        self.namespace = namespace
        self.me = me
        self.duration = duration
        self.check_mode = check_mode
        self.clock = clock
        self.started_of = started_of
        self.collection = "/apis/coordination.k8s.io/v1/namespaces/{0}/leases".format(quote(namespace, safe=""))
        self.path = "{0}/{1}".format(self.collection, quote(name, safe=""))

    def read(self):
        """Returns the Lease, or None."""
        try:
            return self.client.get(self.path, "read the lock")
        except ApiError as error:
            if error.status != 404:
                raise
        return None

    def check(self, force=False):
        """Refuses where another run has the lock; takes nothing."""
        lease = self.read()
        action, why = decide(lease, self.me, self.clock(), self.started_of, force)
        if action == REFUSE:
            raise self._refusal(lease)
        return self._result(lease, False, why)

    def acquire(self, force=False, renewing=False):
        """Takes the lock, or renews it.

        :param renewing: bool, whether this run is sure that it has it: what another has taken since is not taken back.
        """
        for attempt in range(CONFLICTS):
            lease = self.read()
            action, why = decide(lease, self.me, self.clock(), self.started_of, force)
            if action == REFUSE or (renewing and action == TAKE and holder_of(lease)):
                raise self._refusal(lease, lost=renewing)
            taken = action != RENEW
            wanted = render(lease, self.me, self.clock(), self.duration, taken, self.name, self.namespace)
            if self.check_mode:
                return self._result(wanted, True, why)
            try:
                if action == CREATE:
                    written = self.client.post(self.collection, "take the lock", wanted)
                else:
                    written = self.client.call("PUT", self.path, "take the lock", body=wanted)
                return self._result(written, True, why)
            except ApiError as error:
                # Another run was quicker, or an answer of ours was lost on its way: the next look tells.
                if error.status not in (404, 409) or attempt == CONFLICTS - 1:
                    raise
        raise AssertionError("unreachable")

    def release(self):
        """Gives the lock back, if this run has it."""
        for attempt in range(CONFLICTS):
            lease = self.read()
            if lease is None or not is_same(holder_of(lease), self.me):
                return self._result(lease, False, "this run does not have it")
            if self.check_mode:
                return self._result(None, True, "this run has it")
            try:
                conditions = {"preconditions": {key: lease["metadata"][key] for key in ("uid", "resourceVersion")}}
                self.client.call("DELETE", self.path, "give the lock back", body=conditions)
                return self._result(None, True, "this run had it")
            except ApiError as error:
                if error.status not in (404, 409) or attempt == CONFLICTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _result(self, lease, changed, why):
        holder = holder_of(lease) if lease else {}
        return {
            "changed": changed,
            "held": is_same(holder, self.me),
            "holder": holder.get("name"),
            "expires": iso_time(expires(lease)) if lease else None,
            "why": why,
        }

    def _refusal(self, lease, lost=False):
        holder = holder_of(lease)
        since = (lease.get("spec") or {}).get("acquireTime") or "?"
        where = "Lease {0}/{1}".format(self.namespace, self.name)
        if lost:
            text = "This run has lost its lock ({0}): {1} took it at {2}. Two runs must not work on one cluster, so this one ends.".format(
                where, holder["name"], since
            )
        else:
            text = (
                "Another run works on this cluster: {0} has the lock ({1}) since {2}, until {3} unless it renews it. Wait until it has "
                "ended. If you know that it does not run any more, take the lock by force (node_maintenance_lock_force: true).".format(
                    holder["name"], where, since, iso_time(expires(lease))
                )
            )
        return MigrationError(text, holder=holder["name"], expires=iso_time(expires(lease)), held=False)
