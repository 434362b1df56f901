# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known about the pods of a node: which one a drain evicts, which budgets guard it, whether it is well.

Pure functions of the API's JSON objects.
"""

import calendar
import re
import time

MIRROR_ANNOTATION = "kubernetes.io/config.mirror"

EVICT = "evict"
LEAVE = "leave"
WAIT = "wait"
REFUSE = "refuse"


def key(obj):
    """ "namespace/name" of an object."""
    return "{0}/{1}".format(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def is_mirror(pod):
    """Whether the pod is the API's image of a static pod, which only the kubelet starts and stops."""
    return MIRROR_ANNOTATION in (pod["metadata"].get("annotations") or {})


def is_finished(pod):
    """Whether the pod has run to its end: nothing of it runs, and the kubelet never starts it again."""
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def is_terminating(pod):
    """Whether somebody has deleted the pod already."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def controller(pod):
    """The owner reference of the controller that replaces the pod when it goes, or None."""
    for owner in pod["metadata"].get("ownerReferences") or []:
        if owner.get("controller"):
            return owner
    return None


def empty_dirs(pod):
    """Names of the volumes whose contents end with the pod."""
    return [volume["name"] for volume in (pod.get("spec") or {}).get("volumes") or [] if "emptyDir" in volume]


def runs_twice(pod):
    """Why a pod that is restarted in place on a new runtime would do its work a second time, or None.

    The kubelet decides by what the runtime remembers of the pod (pkg/kubelet/kuberuntime/kuberuntime_manager.go,
    computePodActions; pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted; read in v1.20.2). A new runtime remembers
    nothing, so the pod gets a new sandbox and every container is started as if it had never run:

    - Always: that is what the policy promises.
    - OnFailure: an interrupted container is started again, as the policy promises; but one that had already succeeded runs again too.
    - Never: runs again although it must not (kubelets from 1.22 may instead give the pod up as Failed).
    """
    policy = (pod.get("spec") or {}).get("restartPolicy", "Always")
    if policy == "Never":
        return "its restartPolicy is Never, but the new runtime would start it a second time or give it up"
    if policy == "OnFailure":
        done = [status["name"] for status in (pod.get("status") or {}).get("containerStatuses") or [] if _succeeded(status)]
        if done:
            return "its restartPolicy is OnFailure, but the new runtime would run what has already succeeded again ({0})".format(
                ", ".join(done)
            )
    return None


def _succeeded(status):
    terminated = (status.get("state") or {}).get("terminated")
    return bool(terminated) and terminated.get("exitCode") == 0


def classify(pod, unmanaged_pods="leave", emptydir_pods="evict"):
    """Decides what a drain does with a pod that is bound to the node.

    :param pod: dict, the pod.
    :param unmanaged_pods: str, C(leave), C(evict) or C(refuse): pods that no controller replaces.
    :param emptydir_pods: str, C(evict) or C(refuse): pods with a controller and emptyDir volumes.
    :returns: (str, str): C(EVICT), C(LEAVE), C(WAIT) or C(REFUSE), and the reason.
    """
    if is_mirror(pod):
        return LEAVE, "static pod, restarted in place by the kubelet"
    if is_finished(pod):
        return LEAVE, "finished ({0}), nothing of it runs".format(pod["status"]["phase"])
    owner = controller(pod)
    if owner and owner.get("kind") == "DaemonSet":
        return LEAVE, "belongs to DaemonSet {0}, restarted in place by the kubelet".format(owner.get("name"))
    if is_terminating(pod):
        return WAIT, "is being deleted already"
    volumes = empty_dirs(pod)
    if owner is None:
        if unmanaged_pods == "evict":
            return EVICT, "has no controller: it does not come back" + (
                ", and its emptyDir volumes go with it ({0})".format(", ".join(volumes)) if volumes else ""
            )
        if unmanaged_pods == "refuse":
            return REFUSE, "has no controller: evicted, it would not come back"
        again = runs_twice(pod)
        if again:
            return REFUSE, "has no controller, and left on the node it is not safe either: " + again
        return LEAVE, "has no controller, restarted in place by the kubelet" + (
            ", its emptyDir volumes kept ({0})".format(", ".join(volumes)) if volumes else ""
        )
    if volumes and emptydir_pods == "refuse":
        return REFUSE, "has emptyDir volumes whose contents an eviction deletes ({0})".format(", ".join(volumes))
    return EVICT, "{0} {1} replaces it".format(owner.get("kind"), owner.get("name"))


# -- PodDisruptionBudgets ----------------------------------------------------------------------------------------------


def selects(selector, labels, empty_selects_all=True):
    """Whether a label selector matches labels.

    :param selector: dict or None; None matches nothing.
    :param labels: dict.
    :param empty_selects_all: bool; a PodDisruptionBudget's C({}) selects every pod of its namespace in policy/v1, none in
        policy/v1beta1 (Kubernetes documentation, "Specifying a Disruption Budget").
    """
    if selector is None:
        return False
    exact = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    if not exact and not expressions:
        return empty_selects_all
    return all(labels.get(name) == value for name, value in exact.items()) and all(_matches(item, labels) for item in expressions)


def _matches(expression, labels):
    name, operator, values = expression.get("key"), expression.get("operator"), expression.get("values") or []
    if operator == "In":
        return name in labels and labels[name] in values
    if operator == "NotIn":
        return name not in labels or labels[name] not in values
    if operator == "Exists":
        return name in labels
    if operator == "DoesNotExist":
        return name not in labels
    return False


def budgets_of(pod, budgets, empty_selects_all=True):
    """The budgets (PodDisruptionBudget objects) that guard a pod."""
    labels = pod["metadata"].get("labels") or {}
    return [
        budget
        for budget in budgets
        if budget["metadata"].get("namespace") == pod["metadata"].get("namespace")
        and selects((budget.get("spec") or {}).get("selector"), labels, empty_selects_all)
    ]


def budget_state(budget):
    """What a person needs to know of a budget."""
    status = budget.get("status") or {}
    return {
        "namespace": budget["metadata"].get("namespace"),
        "name": budget["metadata"]["name"],
        "disruptions_allowed": status.get("disruptionsAllowed", 0),
        "current_healthy": status.get("currentHealthy", 0),
        "desired_healthy": status.get("desiredHealthy", 0),
    }


# -- health ------------------------------------------------------------------------------------------------------------

_TIME = re.compile(r"^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):?(\d\d))$")


def parse_time(text):
    """Reads an RFC 3339 time.

    :returns: float, seconds since 1970, or None where the text is no such time.
    """
    found = _TIME.match(text or "")
    if not found:
        return None
    try:
        whole = calendar.timegm(time.strptime("{0} {1}".format(found.group(1), found.group(2)), "%Y-%m-%d %H:%M:%S"))
    except ValueError:
        return None
    offset = 0
    if found.group(4):
        offset = (int(found.group(5)) * 60 + int(found.group(6))) * 60 * (1 if found.group(4) == "+" else -1)
    return whole + float(found.group(3) or 0) - offset


def condition(obj, kind):
    """The condition of an object's status, or {}."""
    for item in (obj.get("status") or {}).get("conditions") or []:
        if item.get("type") == kind:
            return item
    return {}


def node_problems(node, runtime=None, since=None):
    """What keeps a node itself from being well.

    A kubelet that starts reports its whole status at once, whatever is in it (tryUpdateNodeStatus: the time of the last report is
    zero then); one that runs repeats it after at most five minutes (nodeStatusReportFrequency). So a heartbeat newer than the
    moment before the start proves that the new kubelet itself called the node Ready. A renewed Lease would prove less: it is renewed
    before the first status is written.

    :param runtime: str or None, the wanted prefix of containerRuntimeVersion.
    :param since: str or None, RFC 3339 time that the heartbeat must not be older than.
    :returns: list of str.
    """
    problems = []
    ready = condition(node, "Ready")
    if ready.get("status") != "True":
        problems.append(
            "not Ready ({0}): {1}".format(ready.get("reason") or ready.get("status") or "unknown", ready.get("message") or "no message")
        )
    heartbeat = ready.get("lastHeartbeatTime")
    if since and (parse_time(heartbeat) is None or parse_time(heartbeat) < parse_time(since)):
        problems.append("its last status is of {0}, older than {1}: the kubelet has not reported since".format(heartbeat, since))
    found = ((node.get("status") or {}).get("nodeInfo") or {}).get("containerRuntimeVersion") or "none"
    if runtime and not found.startswith(runtime + "://"):
        problems.append("its runtime is {0}, not {1}".format(found, runtime))
    return problems


def pod_problems(pod, runtime=None, containers_since=None):
    """What keeps a pod from being well.

    :param runtime: str or None, the wanted prefix of its containers' identities.
    :param containers_since: str or None, RFC 3339 time before which no running container may have been started.
    :returns: list of dicts with C(container) (str or None), C(reason) and C(message) (str).
    """
    if is_finished(pod) or is_terminating(pod):
        return []
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    problems = []
    by_name = {item["name"]: item for item in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])}
    some_done = False
    for container in spec.get("initContainers") or []:
        found = by_name.get(container["name"], {})
        if container.get("restartPolicy") == "Always" or _is_stuck(found):
            problems.extend(_container_problems(container["name"], found, runtime, containers_since))
    for container in spec.get("containers") or []:
        found = by_name.get(container["name"], {})
        if spec.get("restartPolicy", "Always") != "Always" and _succeeded(found):
            some_done = True
            continue
        problems.extend(_container_problems(container["name"], found, runtime, containers_since))
    if problems:
        return problems
    if status.get("phase") != "Running":
        problems.append(_problem(None, status.get("reason") or status.get("phase") or "Unknown", status.get("message") or "is not Running"))
    elif condition(pod, "Ready").get("status") != "True" and not some_done:
        ready = condition(pod, "Ready")
        problems.append(_problem(None, ready.get("reason") or "NotReady", ready.get("message") or "is not Ready"))
    return problems


def _problem(container, reason, message):
    return {"container": container, "reason": reason, "message": message}


def _is_stuck(status):
    """An init container that waits with an error or failed: the reason why the others do not start."""
    state = status.get("state") or {}
    waiting, terminated = state.get("waiting"), state.get("terminated")
    if waiting:
        return waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating")
    return bool(terminated) and terminated.get("exitCode") != 0


def _container_problems(name, status, runtime, containers_since):
    state = status.get("state") or {}
    identity = status.get("containerID") or ""
    if "running" in state:
        if runtime and not identity.startswith(runtime + "://"):
            return [_problem(name, "OldRuntime", "runs as {0}, not under {1}".format(identity or "an unknown container", runtime))]
        started = (state["running"] or {}).get("startedAt")
        if containers_since and (parse_time(started) or 0) < parse_time(containers_since):
            return [_problem(name, "OldContainer", "is said to run since {0}, before {1}".format(started, containers_since))]
        if not status.get("ready"):
            return [_problem(name, "NotReady", "runs, but is not ready")]
        return []
    if "terminated" in state:
        ended = state["terminated"]
        text = "ended with exit code {0}{1}".format(ended.get("exitCode"), ": " + ended["message"].strip() if ended.get("message") else "")
        return [_problem(name, ended.get("reason") or "Terminated", text)]
    waiting = state.get("waiting") or {}
    return [_problem(name, waiting.get("reason") or "NotStarted", waiting.get("message") or "has not been started")]


def pod_containers(pod):
    """The identities of a pod's containers: they change when the kubelet restarts one."""
    status = pod.get("status") or {}
    return sorted(
        item.get("containerID") or ""
        for item in (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])
        if "running" in (item.get("state") or {})
    )


def examine(node, pods, runtime=None, since=None, tolerated=(), static_pods=(), containers_since=None):
    """Judges a node and everything that should run on it.

    :param pods: list of the pods bound to the node.
    :param tolerated: "namespace/name" of pods that may be unwell.
    :param static_pods: names of static pods, without the node's name, that must be there.
    :param containers_since: str or None, RFC 3339 time before which no running container may have been started.
    :returns: dict with C(unwell) and C(tolerated): lists of dicts with C(object), C(namespace), C(name), C(container), C(reason)
        and C(message), and C(pods), the number of pods judged.
    """
    name = node["metadata"]["name"]
    unwell, excused, judged = [], [], 0
    for text in node_problems(node, runtime, since):
        unwell.append({"object": "node", "namespace": None, "name": name, "container": None, "reason": "Node", "message": text})
    for pod in sorted(pods, key=key):
        judged += not (is_finished(pod) or is_terminating(pod))
        for problem in pod_problems(pod, runtime, containers_since):
            entry = dict(problem, object="pod", namespace=pod["metadata"].get("namespace"), name=pod["metadata"]["name"])
            (excused if key(pod) in tolerated else unwell).append(entry)
    mirrors = {pod["metadata"]["name"] for pod in pods if is_mirror(pod) and not is_terminating(pod)}
    for static in static_pods:
        if "{0}-{1}".format(static, name) not in mirrors:
            unwell.append(
                {
                    "object": "pod",
                    "namespace": None,
                    "name": "{0}-{1}".format(static, name),
                    "container": None,
                    "reason": "Missing",
                    "message": "the kubelet has not announced this static pod",
                }
            )
    return {"unwell": unwell, "tolerated": excused, "pods": judged}


def describe(problem):
    """One problem of C(examine) in words."""
    if problem["object"] == "node":
        return "node {0}: {1}".format(problem["name"], problem["message"])
    text = "pod {0}/{1}".format(problem["namespace"], problem["name"]) if problem["namespace"] else "pod " + problem["name"]
    if problem["container"]:
        text += ", container {0}".format(problem["container"])
    return "{0}: {1}: {2}".format(text, problem["reason"], problem["message"])
