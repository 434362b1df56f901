# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives a pod's network back to its CNI plugins, as the dockershim would have done when the pod went.

A pod that stays on its node while the runtime changes never has its old sandbox torn down: nobody asks the plugins, and the
address it had stays reserved for good. libcni keeps, for each network that a container was added to, what is needed to ask
them: C(/var/lib/cni/cache/results/<network>-<container>-<interface>), kind C(cniCacheV1).

Sources: CNI specification 0.4.0, "DEL"; github.com/containernetworking/cni libcni/api.go (C(cacheAdd), C(DelNetworkList),
C(injectRuntimeConfig)). Runs on the node: standard library and Python 3.6 only.
"""

import base64
import json
import os

CACHE_KIND = "cniCacheV1"
#: The dockershim's (pkg/kubelet/dockershim, --cni-cache-dir), and libcni's own, which is containerd's (libcni/api.go, CacheDir).
DEFAULT_CACHE = "/var/lib/cni/cache"
CONTAINERD_CACHE = "/var/lib/cni"
LOOPBACK = "cni-loopback"

#: From this version of the specification on DEL is told the result of ADD.
PREVIOUS_RESULT_SINCE = (0, 4, 0)


class Invocation(object):
    """One call of one plugin: its name, its environment (dict) and what it reads (text)."""

    def __init__(self, plugin, environment, configuration):
        self.plugin = plugin
        self.environment = environment
        self.configuration = configuration


def teardown(cached, netns, plugin_path):
    """Returns the calls that take a container out of a network: the plugins of the network in reverse order.

    :param cached: dict, the cache's record of the container in that network.
    :param netns: str, path of the container's network namespace, empty where it is gone.
    :param plugin_path: str, directories of the plugins, joined by colons.
    :returns: list of Invocation; empty for a record of another kind.
    """
    if cached.get("kind") != CACHE_KIND:
        return []
    network = json.loads(base64.b64decode(cached["config"]).decode("utf-8"))
    version = network.get("cniVersion", "0.1.0")
    environment = {
        "CNI_COMMAND": "DEL",
        "CNI_CONTAINERID": cached["containerId"],
        "CNI_NETNS": netns,
        "CNI_IFNAME": cached["ifName"],
        "CNI_ARGS": ";".join("{0}={1}".format(*pair) for pair in cached.get("cniArgs") or []),
        "CNI_PATH": plugin_path,
    }
    calls = []
    for plugin in reversed(network.get("plugins", [network])):
        configuration = dict(plugin, name=network["name"], cniVersion=version)
        if tuple(int(part) for part in version.split(".")) >= PREVIOUS_RESULT_SINCE:
            configuration["prevResult"] = cached.get("result")
        capabilities = configuration.pop("capabilities", None) or {}
        arguments = cached.get("capabilityArgs") or {}
        runtime = {name: arguments[name] for name, enabled in capabilities.items() if enabled and name in arguments}
        if runtime:
            configuration["runtimeConfig"] = runtime
        calls.append(Invocation(plugin["type"], environment, json.dumps(configuration)))
    return calls


def release_networks(run, container_id, netns, plugin_path, cache=DEFAULT_CACHE):
    """Takes a container out of all its networks and forgets the records.

    :param run: callable(list of str, environ_update=dict, data=str) -> (return code, stdout, stderr).
    :param container_id: str, the sandbox's full ID.
    :returns: tuple of two lists of str: the networks that it was taken out of, and what went wrong. The latter is no reason to
        stop: what is lost is an address.
    """
    directory = os.path.join(cache, "results")
    released, problems = [], []
    for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
        if "-{0}-".format(container_id) not in name:
            continue
        path = os.path.join(directory, name)
        problem = None if name.startswith(LOOPBACK) else _release(run, path, netns, plugin_path)
        if problem:
            problems.append("{0}: {1}".format(path, problem))
            continue
        os.unlink(path)
        if not name.startswith(LOOPBACK):
            released.append(name.partition("-" + container_id)[0])
    return released, problems


def _release(run, path, netns, plugin_path):
    try:
        with open(path, "rb") as stream:
            calls = teardown(json.loads(stream.read().decode("utf-8")), netns, plugin_path)
    except (OSError, ValueError, KeyError) as error:
        return "cannot be read: {0!r}".format(error)
    for call in calls:
        found = [os.path.join(directory, call.plugin) for directory in plugin_path.split(":")]
        found = [program for program in found if os.path.exists(program)]
        if not found:
            return "there is no plugin {0} in {1}".format(call.plugin, plugin_path)
        code, output, errors = run([found[0]], environ_update=call.environment, data=call.configuration)
        if code != 0:
            return "plugin {0} failed: {1}".format(call.plugin, (output or errors).strip())
    return None
