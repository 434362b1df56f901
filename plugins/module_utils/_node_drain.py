# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cordons a node, evicts its pods, uncordons it; every refusal comes before the first change."""

from urllib.parse import quote

from ansible_collections.dockershim.migration.plugins.module_utils import _node_pods as pods_of
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._kubernetes import ApiError

# On a node that we cordoned. A node that was cordoned before does not get it, and is not uncordoned by us.
CORDONED_ANNOTATION = "dockershim.migration/cordoned"

POLL_INTERVAL = 1
RETRY_INTERVAL = 2
CONFLICTS = 5

BUDGET_TEXT = (
    "; PodDisruptionBudget {namespace}/{name} allows {disruptions_allowed} disruptions, needs {desired_healthy} healthy pods, has "
    "{current_healthy}"
)


def is_cordoned(node):
    """Whether the scheduler leaves the node alone."""
    return bool((node.get("spec") or {}).get("unschedulable"))


def is_ours(node):
    """Whether it was this collection that cordoned the node."""
    return CORDONED_ANNOTATION in (node["metadata"].get("annotations") or {})


def cordon_patch(node):
    """The merge patch that cordons a node, or None where it is cordoned already, by whomever."""
    if is_cordoned(node):
        return None
    return {"metadata": {"annotations": {CORDONED_ANNOTATION: "true"}}, "spec": {"unschedulable": True}}


def uncordon_patch(node):
    """The merge patch that takes back our cordon and nobody else's, or None where there is nothing of ours."""
    if not is_ours(node):
        return None
    patch = {"metadata": {"annotations": {CORDONED_ANNOTATION: None}}}
    if is_cordoned(node):
        patch["spec"] = {"unschedulable": None}
    return patch


def patched(node, patch):
    """The cordon of a node as it is after a patch: (unschedulable, cordoned by us)."""
    if patch is None:
        return is_cordoned(node), is_ours(node) and is_cordoned(node)
    cordoned = patch["metadata"]["annotations"][CORDONED_ANNOTATION] is not None
    return cordoned, cordoned


class Node:
    """One node's cordon."""

    def __init__(self, client, name, check_mode=False):
        self.client = client
        self.name = name
        self.check_mode = check_mode
        self.before = client.node(name)

    def change(self, decide, verb):
        """Applies the patch that C(decide(node)) returns; somebody else's change in between makes it decide again.

        :returns: dict with C(changed), C(unschedulable) and C(cordoned_by_us).
        """
        node = self.before
        for attempt in range(CONFLICTS):
            patch = decide(node)
            if patch is not None and not self.check_mode:
                guarded = {"metadata": dict(patch["metadata"], resourceVersion=node["metadata"].get("resourceVersion"))}
                if "spec" in patch:
                    guarded["spec"] = patch["spec"]
                try:
                    self.client.patch_node(self.name, verb, guarded)
                except ApiError as error:
                    if error.status != 409 or attempt == CONFLICTS - 1:
                        raise
                    node = self.client.node(self.name)
                    continue
            break
        unschedulable, ours = patched(node, patch)
        return {"changed": patch is not None, "unschedulable": unschedulable, "cordoned_by_us": ours}

    def diff(self, result, pods_before=None, pods_after=None):
        """The module's diff: the cordon and, of a drain, the pods bound to the node."""
        before = {"unschedulable": is_cordoned(self.before), "cordoned_by_us": is_ours(self.before) and is_cordoned(self.before)}
        after = {"unschedulable": result["unschedulable"], "cordoned_by_us": result["cordoned_by_us"]}
        if pods_before is not None:
            before["pods"], after["pods"] = sorted(pods_before), sorted(pods_after)
        header = "node {0}".format(self.name)
        return {"before_header": header, "after_header": header, "before": before, "after": after}


def empty_result():
    """The keys that every state returns."""
    return {"evicted": [], "left": [], "waiting": [], "budgets": [], "kept_cordoned": False}


def cordon(client, name, check_mode):
    """State C(cordoned)."""
    node = Node(client, name, check_mode)
    result = dict(empty_result(), **node.change(cordon_patch, "cordon"))
    result["diff"] = node.diff(result)
    return result


def uncordon(client, name, check_mode):
    """State C(uncordoned)."""
    node = Node(client, name, check_mode)
    result = dict(empty_result(), **node.change(uncordon_patch, "uncordon"))
    result["kept_cordoned"] = result["unschedulable"]
    result["diff"] = node.diff(result)
    return result


class _Target:
    """A pod that is to go."""

    def __init__(self, pod, reason, accepted, now):
        self.pod = pod
        self.uid = pod["metadata"]["uid"]
        self.reason = reason
        # Whether the API server has taken the eviction (or somebody else's deletion), so that only waiting is left.
        self.accepted = accepted
        self.ours = not accepted
        self.started = now
        self.next_try = now
        self.refusal = None
        self.seconds = None

    def entry(self):
        return dict(_entry(self.pod, self.reason), seconds=self.seconds)


def _entry(pod, reason):
    metadata = pod["metadata"]
    return {"namespace": metadata.get("namespace"), "name": metadata["name"], "uid": metadata["uid"], "reason": reason}


class Drain:
    """One drain of one node.

    :param warn: callable(str), for what the user should know without being stopped.
    """

    def __init__(self, client, name, timeout, grace_period, unmanaged_pods, emptydir_pods, warn):
        self.client = client
        self.name = name
        self.timeout = timeout
        self.grace_period = grace_period
        self.unmanaged_pods = unmanaged_pods
        self.emptydir_pods = emptydir_pods
        self.warn = warn
        self.eviction_version = None
        self.targets = {}
        self.left = {}
        self.budgets = []
        self.cordon_result = None

    # -- before anything is touched ------------------------------------------------------------------------------------

    def run(self, check_mode):
        """State C(drained): returns the module's result."""
        client = self.client
        client.deadline = client.clock() + self.timeout
        node = Node(client, self.name, check_mode)
        pods = client.node_pods(self.name)
        verdicts = [(pod, self._classify(pod)) for pod in pods]
        to_evict = [pod for pod, verdict in verdicts if verdict[0] == pods_of.EVICT]
        if to_evict:
            self.eviction_version = self._eviction_version()
            self.budgets = self._budgets(warn=True)
        self._refuse(verdicts, to_evict)
        self._take_in(pods)

        self.cordon_result = node.change(cordon_patch, "cordon")
        if not check_mode:
            try:
                self._evict_and_wait()
            except ApiError as error:
                raise MigrationError("{0} {1}".format(error.message, self._state_of_node()), **self._so_far())
        evicted = [target.entry() for target in self._sorted() if target.ours]
        result = dict(
            empty_result(),
            changed=self.cordon_result["changed"] or bool(evicted),
            unschedulable=self.cordon_result["unschedulable"],
            cordoned_by_us=self.cordon_result["cordoned_by_us"],
            evicted=evicted,
            waiting=[target.entry() for target in self._sorted() if not target.ours],
            left=self._left_entries(),
            budgets=self._budget_entries(to_evict),
        )
        kept = [pods_of.key(pod) for pod, reason in self.left.values()]
        result["diff"] = node.diff(result, [pods_of.key(pod) for pod in pods], kept)
        return result

    def _classify(self, pod):
        return pods_of.classify(pod, self.unmanaged_pods, self.emptydir_pods)

    def _refuse(self, verdicts, to_evict):
        refused = [_entry(pod, verdict[1]) for pod, verdict in verdicts if verdict[0] == pods_of.REFUSE]
        for pod in to_evict:
            guards = self._guards(pod)
            if len(guards) > 1 and (pod.get("status") or {}).get("phase") != "Pending":
                names = ", ".join(sorted(pods_of.key(budget) for budget in guards))
                refused.append(
                    _entry(
                        pod, "is guarded by more than one PodDisruptionBudget ({0}), which the eviction API does not allow".format(names)
                    )
                )
        if not refused:
            return
        listed = "; ".join("{0}/{1} {2}".format(item["namespace"], item["name"], item["reason"]) for item in refused)
        raise MigrationError(
            "Node {0} is not drained, and nothing was changed: {1}. Ways out: delete a pod that is not needed, or let it finish; let a "
            "controller own it; keep a single budget per pod; or accept the loss with unmanaged_pods=evict or "
            "emptydir_pods=evict.".format(self.name, listed),
            refused=refused,
        )

    def _eviction_version(self):
        """The API version of the Eviction object that this server takes: policy/v1 from 1.22, policy/v1beta1 before (KEP-85)."""
        for resource in self.client.get("/api/v1", "list the core API's resources").get("resources") or []:
            if resource.get("name") == "pods/eviction":
                return "{0}/{1}".format(resource.get("group") or "policy", resource.get("version") or "v1beta1")
        raise MigrationError(
            "The API server {0} offers no eviction of pods (subresource pods/eviction of /api/v1), without which node {1} cannot be "
            "drained under its PodDisruptionBudgets.".format(self.client.server, self.name)
        )

    def _budgets(self, warn=False):
        """All budgets of the cluster. A server that takes policy/v1 evictions serves policy/v1 budgets (since 1.21), any other v1beta1."""
        try:
            listing = self.client.get("/apis/{0}/poddisruptionbudgets".format(self.eviction_version), "list the PodDisruptionBudgets")
        except ApiError as error:
            if error.status not in (403, 404):
                raise
            if warn:
                self.warn("The PodDisruptionBudgets could not be read, so they cannot be named if one blocks the drain: " + error.text)
            return []
        return listing.get("items") or []

    def _guards(self, pod):
        return pods_of.budgets_of(pod, self.budgets, empty_selects_all=self.eviction_version == "policy/v1")

    # -- the drain itself ----------------------------------------------------------------------------------------------

    def _take_in(self, pods):
        """Sorts pods that were not seen before into those that go and those that stay."""
        now = self.client.clock()
        replaced = {
            owner["uid"]
            for target in self.targets.values()
            if target.ours and target.accepted
            for owner in [pods_of.controller(target.pod)]
            if owner
        }
        for pod in pods:
            uid = pod["metadata"]["uid"]
            target = self.targets.get(uid)
            if target is not None:
                target.pod = pod
                if not target.accepted and pods_of.is_finished(pod):
                    del self.targets[uid]
                    self.left[uid] = (pod, self._classify(pod)[1])
                continue
            if uid in self.left:
                continue
            verdict, reason = self._classify(pod)
            owner = pods_of.controller(pod)
            if verdict == pods_of.EVICT and owner and owner.get("uid") in replaced:
                # Evicted again, it would come back again: it tolerates the cordon, or its template names the node.
                verdict, reason = pods_of.LEAVE, "{0} {1} put it back on the cordoned node".format(owner.get("kind"), owner.get("name"))
            if verdict in (pods_of.EVICT, pods_of.WAIT):
                self.targets[uid] = _Target(pod, reason, verdict == pods_of.WAIT, now)
            else:
                self.left[uid] = (pod, reason)

    def _evict_and_wait(self):
        """Evicts every pod on its own clock and waits until each is really gone."""
        client = self.client
        if not self.targets and not self.cordon_result["changed"]:
            return
        while True:
            pods = client.node_pods(self.name)
            self._take_in(pods)
            now = client.clock()
            present = {pod["metadata"]["uid"] for pod in pods}
            for target in self.targets.values():
                if target.seconds is None and target.uid not in present:
                    target.seconds = round(now - target.started, 1)
            self.left = {uid: value for uid, value in self.left.items() if uid in present}
            waiting = [target for target in self._sorted() if target.seconds is None]
            if not waiting:
                return
            if now >= client.deadline:
                self._time_out(waiting)
            for target in waiting:
                if not target.accepted and target.next_try <= client.clock() < client.deadline:
                    self._evict(target)
            client.sleep(max(0.05, min(POLL_INTERVAL, client.deadline - client.clock())))

    def _evict(self, target):
        """Asks once for the eviction of a pod."""
        metadata = target.pod["metadata"]
        if self.eviction_version is None:
            self.eviction_version = self._eviction_version()
        options = {"preconditions": {"uid": target.uid}}
        if self.grace_period >= 0:
            options["gracePeriodSeconds"] = self.grace_period
        eviction = {
            "apiVersion": self.eviction_version,
            "kind": "Eviction",
            "metadata": {"namespace": metadata["namespace"], "name": metadata["name"]},
            "deleteOptions": options,
        }
        path = "/api/v1/namespaces/{0}/pods/{1}/eviction".format(quote(metadata["namespace"], safe=""), quote(metadata["name"], safe=""))
        try:
            self.client.post(path, "evict pod {0}".format(pods_of.key(target.pod)), eviction, retry=False)
            target.accepted = True
            target.refusal = None
        except ApiError as error:
            self._refused(target, error)

    def _refused(self, target, error):
        """Decides what a refused eviction means: gone, not yet, or never."""
        if error.status == 404:
            # Gone, or replaced by another of its name: the next listing tells.
            target.ours = False
            target.accepted = True
            return
        if error.status == 500 and "more than one PodDisruptionBudget" in error.text:
            self.budgets = self._budgets()
            names = ", ".join(sorted(pods_of.key(budget) for budget in self._guards(target.pod))) or "kubectl get pdb -A shows them"
            raise MigrationError(
                "Pod {0} cannot be evicted from node {1}: more than one PodDisruptionBudget guards it ({2}). Let a single one select it, "
                "then run again. {3}".format(pods_of.key(target.pod), self.name, names, self._state_of_node()),
                **self._so_far(),
            )
        ending = any(cause.get("reason") == "NamespaceTerminating" for cause in error.causes) or "is being terminated" in error.text
        full = "disrupt" in error.text.lower()
        passing = error.status in (408, 409, 429) or (error.status or 0) >= 500 or (error.status == 403 and (ending or full))
        if not passing:
            raise error
        told = [cause.get("message") for cause in error.causes if cause.get("message")]
        target.refusal = "{0} ({1})".format(error.text.rstrip("."), "; ".join(told).rstrip(".")) if told else error.text.rstrip(".")
        target.next_try = self.client.clock() + max(RETRY_INTERVAL, error.retry_after)

    # -- how it ends ---------------------------------------------------------------------------------------------------

    def _time_out(self, waiting):
        # The evidence is worth one more call, but no more waiting.
        self.client.deadline, self.client.api_timeout = None, 0
        try:
            if self.eviction_version:
                self.budgets = self._budgets()
        except ApiError as error:
            self.warn("What the PodDisruptionBudgets say is as old as the drain: " + error.message)
        remaining, texts, blocked = [], [], False
        for target in waiting:
            guards = [pods_of.budget_state(budget) for budget in self._guards(target.pod)]
            if target.accepted:
                grace = target.pod["metadata"].get("deletionGracePeriodSeconds")
                finalizers = target.pod["metadata"].get("finalizers")
                text = "is still terminating"
                if grace is not None:
                    text += ", its grace period is {0} s".format(grace)
                if finalizers:
                    text += ", its finalizers are {0}".format(", ".join(finalizers))
            else:
                text = target.refusal or "was not evicted yet"
                for state in guards:
                    blocked = True
                    text += BUDGET_TEXT.format(**state)
            remaining.append(dict(_entry(target.pod, text), budgets=guards))
            texts.append("{0}: {1}".format(pods_of.key(target.pod), text))
        way = "Give it more time (timeout)"
        if blocked:
            way = "Make room in the budget (more replicas on other nodes, a lower minAvailable, or repair the pods it counts as unhealthy)"
        raise MigrationError(
            "Node {0} could not be drained within {1} s. Still there: {2}. {3}, then run again. {4}".format(
                self.name, self.timeout, ". ".join(texts), way, self._state_of_node()
            ),
            remaining=remaining,
            **self._so_far(),
        )

    def _state_of_node(self):
        if not self.cordon_result["cordoned_by_us"]:
            return "The node was cordoned before, and still is."
        return "The drain left the node cordoned (state=uncordoned takes that back); what runs there goes on running."

    def _so_far(self):
        return {
            "evicted": [target.entry() for target in self._sorted() if target.ours and target.accepted],
            "left": self._left_entries(),
            "budgets": self._budget_entries([target.pod for target in self.targets.values()]),
            "unschedulable": self.cordon_result["unschedulable"],
            "cordoned_by_us": self.cordon_result["cordoned_by_us"],
            "changed": self.cordon_result["changed"] or any(target.ours and target.accepted for target in self.targets.values()),
        }

    def _sorted(self):
        return sorted(self.targets.values(), key=lambda target: pods_of.key(target.pod))

    def _left_entries(self):
        return [_entry(pod, reason) for pod, reason in sorted(self.left.values(), key=lambda item: pods_of.key(item[0]))]

    def _budget_entries(self, pods):
        entries = {}
        for pod in pods:
            for budget in self._guards(pod):
                state = entries.setdefault(pods_of.key(budget), dict(pods_of.budget_state(budget), pods=[]))
                state["pods"].append(pod["metadata"]["name"])
        return [dict(entries[name], pods=sorted(entries[name]["pods"])) for name in sorted(entries)]
