# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until a node is well, with the evidence where it is not."""

from urllib.parse import quote

from ansible_collections.dockershim.migration.plugins.module_utils import _node_pods as pods_of
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import ApiError

# The message of a failure names so many; the result has them all.
NAMED = 12
EXPLAINED = 5


class NodeHealth:
    """The judgement of one node, once or until it is good.

    :param expectations: dict, the keyword arguments of C(_node_pods.examine).
    """

    def __init__(self, client, name, expectations):
        self.client = client
        self.name = name
        self.expectations = expectations

    def judge(self):
        """Looks once: returns (dict for the user, the identities of the running containers)."""
        node = self.client.node(self.name)
        pods = self.client.node_pods(self.name)
        found = pods_of.examine(node, pods, **self.expectations)
        found["well"] = not found["unwell"]
        found["runtime_version"] = ((node.get("status") or {}).get("nodeInfo") or {}).get("containerRuntimeVersion")
        found["unwell_pods"] = sorted(
            {"{0}/{1}".format(item["namespace"], item["name"]) for item in found["unwell"] + found["tolerated"] if item["namespace"]}
        )
        running = {pods_of.key(pod): pods_of.pod_containers(pod) for pod in pods if not pods_of.is_terminating(pod)}
        return found, running

    def wait(self, timeout, stable_for, poll_interval):
        """Looks until the node has been well, with the same containers, for C(stable_for) seconds.

        :raises MigrationError: it did not come to that within C(timeout) seconds.
        """
        client = self.client
        started = client.clock()
        client.deadline = started + timeout
        # A control plane that switches takes its API away for as long as it takes: the timeout of this wait is what counts.
        client.api_timeout = max(client.api_timeout, timeout)
        found, well_since, seen, unwell_last = None, None, None, []
        while True:
            try:
                found, running = self.judge()
            except ApiError as error:
                if found is None or error.status in (401, 403, 404):
                    raise
                raise MigrationError(
                    "{0} Before, {1}".format(error.message, self._summary(found, unwell_last, "the node was well")), **found
                )
            now = client.clock()
            if not found["well"]:
                well_since, unwell_last = None, found["unwell"]
            elif well_since is None or running != seen:
                well_since = now
            seen = running
            if well_since is not None and now - well_since >= stable_for:
                return dict(found, seconds=round(now - started, 1))
            if now >= client.deadline:
                break
            client.sleep(max(0.05, min(poll_interval, client.deadline - now)))
        self._explain(found["unwell"])
        text = self._summary(found, unwell_last, "it was well only for the last {0:.0f} s".format(now - (well_since or now)))
        raise MigrationError(
            "Node {0} was not well within {1} s (well for {2} s in succession): {3} On the node, journalctl -u kubelet and crictl ps -a "
            "tell more; pods that were unwell before can be excused with unwell_before.".format(self.name, timeout, stable_for, text),
            seconds=round(now - started, 1),
            **found,
        )

    @staticmethod
    def _summary(found, unwell_last, otherwise):
        problems = found["unwell"] or unwell_last
        if not problems:
            return otherwise + "."
        texts = [pods_of.describe(problem).rstrip(".") for problem in problems[:NAMED]]
        if len(problems) > NAMED:
            texts.append("and {0} more".format(len(problems) - NAMED))
        text = "; ".join(texts) + "."
        return text if found["unwell"] else "{0} (last trouble: {1})".format(otherwise, text)

    def _explain(self, problems):
        """Adds the last warning event to the first unwell pods: it often holds the reason that a status does not."""
        self.client.deadline, self.client.api_timeout = None, 0
        explained = {}
        for problem in problems:
            if problem["object"] != "pod" or problem["namespace"] is None:
                continue
            pod = (problem["namespace"], problem["name"])
            if pod not in explained:
                if len(explained) == EXPLAINED:
                    return
                explained[pod] = self._last_warning(*pod)
            if explained[pod] and explained[pod] not in problem["message"]:
                problem["message"] = "{0} (last event: {1})".format(problem["message"].rstrip("."), explained[pod])

    def _last_warning(self, namespace, name):
        try:
            events = self.client.get(
                "/api/v1/namespaces/{0}/events".format(quote(namespace, safe="")),
                "list the events of pod {0}/{1}".format(namespace, name),
                query=[("fieldSelector", "involvedObject.kind=Pod,involvedObject.name={0},type=Warning".format(name))],
            )
        except ApiError:
            return None
        items = sorted(events.get("items") or [], key=lambda item: item.get("lastTimestamp") or item.get("eventTime") or "")
        if not items:
            return None
        return "{0}: {1}".format(items[-1].get("reason"), (items[-1].get("message") or "").strip().rstrip("."))
