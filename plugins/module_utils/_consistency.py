# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares all places that name a node's container runtime with each other and with what the kubelet really uses.

Pure functions on the facts of a node and its Node object. Standard library and Python 3.6 only.
"""

import re

from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags

ANNOTATION = "kubeadm.alpha.kubernetes.io/cri-socket"

#: What a Node's containerRuntimeVersion begins with. Under cri-dockerd it is Docker's, as under the dockershim.
REPORTED = {
    kubelet_flags.CONTAINERD: "containerd://",
    kubelet_flags.DOCKERSHIM: "docker://",
    kubelet_flags.CRI_DOCKERD: "docker://",
}


def crictl_endpoint(text, key):
    """Returns an endpoint of crictl's configuration, an empty string where it has none: one word at the top level."""
    match = re.search(r"""^["']?{0}["']?[ \t]*:[ \t]*["']?([^\s"'#]+)""".format(re.escape(key)), text or "", re.MULTILINE)
    return match.group(1) if match else ""


class _Findings(object):
    """Collects every place that was looked at, and what is wrong there."""

    def __init__(self):
        self.places = []
        self.disagreements = []

    def look(self, place, says, expected, fine):
        """Notes what a place says.

        :param says: str or None for nothing.
        :param expected: str, what it should say, in words.
        :param fine: bool.
        """
        self.places.append({"place": place, "says": says})
        if not fine:
            self.disagreements.append({"place": place, "says": says, "expected": expected})


def _same(one, other):
    return kubelet_flags.socket_path(one) == kubelet_flags.socket_path(other)


def _flag_places(findings, kubelet, endpoint, wanted):
    """The kubelet's environment files and units: what it will be told at its next start."""
    version = kubelet["version"]
    expected_flag = "--container-runtime-endpoint={0}".format(endpoint)
    kubeadms = [
        source
        for source in kubelet["flag_sources"]
        if source["path"] == kubelet_flags.KUBEADM_FLAGS_PATH and source["variable"] == kubelet_flags.KUBEADM_FLAGS_VARIABLE
    ]
    # A file that is missing says nothing.
    sources = kubeadms or [{"path": kubelet_flags.KUBEADM_FLAGS_PATH, "variable": kubelet_flags.KUBEADM_FLAGS_VARIABLE, "flags": {}}]
    sources = sources + [source for source in kubelet["flag_sources"] if source not in kubeadms] + kubelet["unit_flags"]
    for number, source in enumerate(sources):
        line = ", line {0}".format(source["line"]) if "line" in source else ""
        place = "{0}{1} ({2})".format(source["path"], line, source["variable"] or "ExecStart")
        named = {name: _last(value) for name, value in source["flags"].items()}
        said = named.get("container-runtime-endpoint")
        text = None if said is None else "--container-runtime-endpoint={0}".format(said)
        if number == 0 and wanted.flags:
            dockershim = kubelet_flags.runtime_at(endpoint) == kubelet_flags.DOCKERSHIM
            fine = said is None if dockershim else said is not None and _same(said, endpoint)
            findings.look(place, text, "no --container-runtime-endpoint" if dockershim else expected_flag, fine)
        elif number == 0:
            findings.look(place, text, "no --container-runtime-endpoint: it would override instance-config.yaml", said is None)
        else:
            findings.look(place, text, "nothing, or {0}".format(expected_flag), said is None or _same(said, endpoint))
        _runtime_choice(findings, place, named, version, endpoint)
        for name in kubelet_flags.meaningless_flags(version, kubelet_flags.DOCKERSHIM):
            if name in named:
                text = "--{0}={1}".format(name, named[name])
                findings.look(place, text, "no --{0}: kubelet {1} does not start with it".format(name, version), False)


def _last(value):
    return value[-1] if isinstance(value, list) else value


def _runtime_choice(findings, place, named, version, endpoint):
    """--container-runtime: docker is the dockershim, remote anything else; from 1.27 on the kubelet does not know it."""
    choice = named.get("container-runtime")
    if choice is None or kubelet_flags.release(version) >= (1, 27):
        return
    right = "docker" if kubelet_flags.runtime_at(endpoint) == kubelet_flags.DOCKERSHIM else "remote"
    findings.look(place, "--container-runtime={0}".format(choice), "--container-runtime={0}".format(right), choice == right)


def compare(kubelet, crictl, node, endpoint=None):
    """Compares the places.

    :param kubelet: dict, C(kubelet) of the node's facts.
    :param crictl: str or None, the text of /etc/crictl.yaml.
    :param node: dict, the Node object.
    :param endpoint: str, the runtime that all should name; None for the one that the running kubelet uses.
    :returns: tuple of the endpoint that was expected, all places (list of dict with place, says) and those that disagree (list of dict
        with place, says, expected).
    """
    findings = _Findings()
    version = kubelet["version"]
    configured = kubelet_flags.configured_endpoint(kubelet["config"])
    live = kubelet_flags.runtime_of(kubelet["flags"], version, configured)[1]
    if endpoint is None:
        endpoint = live
    endpoint = kubelet_flags.unix_endpoint(endpoint)
    wanted = kubelet_flags.endpoint_places(version, kubelet["instance_config"] is not None)

    known = kubelet_flags.release(version) >= kubelet_flags.CONFIGURED_ENDPOINT_SINCE
    by_file = known and "container-runtime-endpoint" not in kubelet["flags"]
    if kubelet["active"] and by_file:
        # What it read from there when it started, nobody can tell; what it would read now is looked at below.
        findings.look("the running kubelet", "what {0} says".format(kubelet["config_path"]), endpoint, True)
    elif kubelet["active"]:
        findings.look("the running kubelet", live, endpoint, _same(live, endpoint))
    else:
        findings.look("the running kubelet", None, "a kubelet that runs, with {0}".format(endpoint), False)

    _flag_places(findings, kubelet, endpoint, wanted)

    if known:
        fine = _same(configured, endpoint) if configured or wanted.config else True
        expected = "containerRuntimeEndpoint: {0}".format(endpoint)
        findings.look(kubelet["config_path"], "containerRuntimeEndpoint: {0}".format(configured or '""'), expected, fine)
    if kubelet_flags.release(version) >= kubelet_flags.INSTANCE_CONFIG_SINCE and (wanted.config or kubelet["instance_config"] is not None):
        said = kubelet_flags.configured_endpoint(kubelet["instance_config"] or "")
        text = "containerRuntimeEndpoint: {0}".format(said) if said else None
        findings.look(kubelet_flags.INSTANCE_CONFIG_PATH, text, "containerRuntimeEndpoint: {0}".format(endpoint), _same(said, endpoint))

    if crictl is not None:
        for key in ("runtime-endpoint", "image-endpoint"):
            said = crictl_endpoint(crictl, key)
            # Without an image endpoint crictl asks the runtime's.
            fine = _same(said, endpoint) if said or key == "runtime-endpoint" else True
            expected = "{0}: {1}".format(key, endpoint)
            findings.look("/etc/crictl.yaml", "{0}: {1}".format(key, said) if said else None, expected, fine)

    _node_places(findings, node, endpoint, wanted)
    return endpoint, findings.places, findings.disagreements


def _node_places(findings, node, endpoint, wanted):
    name = node["metadata"]["name"]
    said = (node["metadata"].get("annotations") or {}).get(ANNOTATION)
    place = "Node {0}, annotation {1}".format(name, ANNOTATION)
    if wanted.annotation == "present" or said is not None:
        well_formed = said is not None and not re.match(r"unix://unix://", said)
        expected = "no annotation" if wanted.annotation == "absent" else endpoint
        findings.look(place, said, expected, well_formed and wanted.annotation != "absent" and _same(said, endpoint))
    else:
        findings.look(place, None, "no annotation, or {0}".format(endpoint), True)
    reported = ((node.get("status") or {}).get("nodeInfo") or {}).get("containerRuntimeVersion") or ""
    prefix = REPORTED.get(kubelet_flags.runtime_at(endpoint), "")
    findings.look("Node {0}, containerRuntimeVersion".format(name), reported, "{0}...".format(prefix), reported.startswith(prefix))


def disagreement_text(disagreements):
    """Returns one line for each place that disagrees."""
    return ["{0} says {1}, expected: {2}".format(entry["place"], entry["says"] or "nothing", entry["expected"]) for entry in disagreements]
