# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the registries that Docker knew, and of the credentials for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _kubelet_flags as kubelet_flags
from ansible_collections.dockershim.migration.plugins.module_utils import _registries as registries
from ansible_collections.dockershim.migration.plugins.module_utils._image_reference import registry_of_image
from ansible_collections.dockershim.migration.plugins.module_utils._registry_credentials import registry_of
from ansible_collections.dockershim.migration.plugins.plugin_utils._plan_parts import Facts, Note, note

#: Where containerd is told about registries.
HOSTS_DIRECTORY = "/etc/containerd/certs.d"
CONFIG_FILE = "/etc/containerd/config.toml"

#: First containerd release with a CRI plugin that reads registry.config_path (containerd 1.5 release notes).
CONFIG_PATH_SINCE = (1, 5)

_KUBELET_ADVICE = "Use a credential provider plugin of the kubelet (--image-credential-provider-config), or imagePullSecrets."


@dataclass
class Registries:
    """The part of the plan about registries.

    :param hosts: what goes where below HOSTS_DIRECTORY, as C(_registries.registries) returns it.
    :param settings: what containerd's configuration is told, by the names that M(dockershim.migration.containerd_config) knows.
    """

    hosts: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    carried: list[dict[str, str]] = field(default_factory=list)
    attention: list[Note] = field(default_factory=list)
    not_applicable: list[Note] = field(default_factory=list)


def registries_part(facts: Facts, addresses: dict[str, list[str]] | None = None, *, overwrite: bool = False) -> Registries:
    """Returns what is to be done about registries on a node whose images containerd will pull.

    :param addresses: the addresses of the registries that the cluster's images name; None for those that this node's images name.
    :param overwrite: whether a hosts.toml that somebody else wrote is replaced.
    """
    docker = facts["docker"]
    known = registries.registries(
        docker["daemon_json"],
        docker["daemon_arguments"],
        docker["certificates"],
        facts["registries"]["addresses"] if addresses is None else addresses,
        docker["config_file"],
    )
    part = Registries(hosts=known["hosts"], settings={"registry_config_path": HOSTS_DIRECTORY})
    part.attention += [note(f"{item['key']} {item['value']}", item["why"].rstrip("."), item["what_to_do"]) for item in known["attention"]]
    version = facts["containerd"]["version"]
    tables = bool(version) and kubelet_flags.release(version) < CONFIG_PATH_SINCE
    if tables:
        mirrors, configs, unclear = cri_tables(known["hosts"])
        part.settings = {"registry_mirrors": mirrors, "registry_configs": configs}
        part.attention += unclear
    else:
        part.attention += _foreign_files(facts["registries"]["hosts_toml"], known["hosts"], overwrite)
    part.carried += [_carried(host, CONFIG_FILE if tables else f"{HOSTS_DIRECTORY}/{host['name']}/hosts.toml") for host in known["hosts"]]
    _credentials(facts, part)
    return part


def cri_tables(hosts: list[dict[str, Any]], directory: str = HOSTS_DIRECTORY) -> tuple[dict[str, list[str]], dict[str, Any], list[Note]]:
    """Says in the tables of containerd 1.4, which knows no config_path, what the hosts.toml files say.

    Source: pkg/cri/server/image_pull.go of 1.4 (registryEndpoints, registryHosts, getTLSConfig): endpoints are asked in order and then the
    registry itself; /v2 is added to an endpoint without a path only; TLS goes by the endpoint's host and port.

    :returns: mirrors {registry: [endpoint URLs]}, configs {host:port: {tls: {ca_file, cert_file, key_file, insecure_skip_verify}}},
        and what these tables cannot say.
    """
    mirrors: dict[str, list[str]] = {}
    configs: dict[str, Any] = {}
    attention = []
    for host in hosts:
        urls = []
        for endpoint in host["endpoints"]:
            url = endpoint["url"]
            netloc, slash, path = url.partition("://")[2].partition("/")
            urls.append(url if not slash or f"/{path}".endswith("/v2") else f"{url}/v2")
            config: dict[str, Any] = {"insecure_skip_verify": True} if endpoint["skip_verify"] else {}
            certificates = [f"{directory}/{host['name']}/{name}" for name in endpoint["ca"]]
            pairs = [[f"{directory}/{host['name']}/{name}" for name in pair] for pair in endpoint["client"]]
            if certificates:
                config["ca_file"] = certificates[0]
            if pairs:
                config["cert_file"], config["key_file"] = pairs[0]
            left = certificates[1:] + [pair[0] for pair in pairs[1:]]
            if config and netloc not in configs:
                configs[netloc] = {"tls": config}
                if left:
                    attention.append(
                        note(
                            f"certificates of {netloc}",
                            f"containerd before 1.5 takes one CA file and one client certificate for each; left out: {', '.join(left)}",
                            "Join the CAs into one .crt file, or install containerd 1.5 or newer on the node.",
                        )
                    )
        if urls != [f"https://{host['name']}"]:
            mirrors[host["name"]] = urls
    return mirrors, configs, attention


def _carried(host: dict[str, Any], where: str) -> dict[str, str]:
    urls = ", then ".join(endpoint["url"] + (" without verification" if endpoint["skip_verify"] else "") for endpoint in host["endpoints"])
    names = ", ".join(host["files"])
    what = {
        registries.MIRRORS: "registry-mirrors",
        registries.INSECURE: f"insecure-registries {host['name']}",
        registries.CERTS: f"/etc/docker/certs.d/{host['name']}",
    }[host["key"]]
    return {"what": what, "where": where, "value": f"{urls}; with {names}" if names else urls}


def _foreign_files(existing: dict[str, Any], hosts: list[dict[str, Any]], overwrite: bool) -> list[Note]:
    """What is in containerd's directory already and does not say what Docker said."""
    notes = []
    seen = set()
    for host in hosts:
        names = registries.directory_names(host["name"])
        for name in names[: names.index(host["name"])]:
            if name in existing:
                seen.add(name)
                notes.append(
                    note(
                        f"{HOSTS_DIRECTORY}/{name}/hosts.toml",
                        f"containerd reads it instead of {host['name']}/hosts.toml, which is going to be written",
                        f"See whether it says what Docker's configuration says about {host['name']}, or remove it.",
                    )
                )
        found = existing.get(host["name"])
        seen.add(host["name"])
        if not found or found["ours"] or found["meaning"] == registries.describe_hosts_toml(host["hosts_toml"])["meaning"]:
            continue
        path = f"{HOSTS_DIRECTORY}/{host['name']}/hosts.toml"
        if overwrite:
            notes.append(
                note(path, "somebody else wrote it, and it will be replaced as containerd_overwrite_registries says", "A backup stays.")
            )
        else:
            notes.append(
                note(
                    path,
                    "somebody else wrote it, and it says something else than Docker's configuration: it will be kept, and pods will pull "
                    "as it says",
                    "Compare the two and correct or remove it, or have it replaced with containerd_overwrite_registries: true.",
                )
            )
    for name in sorted(set(existing) - seen):
        if existing[name]["ours"]:
            continue
        registry = "every registry without a directory of its own" if name == "_default" else name
        notes.append(
            note(
                f"{HOSTS_DIRECTORY}/{name}/hosts.toml",
                f"Docker's configuration has nothing of the kind; containerd will pull from {registry} as it says",
                "Remove it unless that is what you want.",
            )
        )
    return notes


def _credentials(facts: Facts, part: Registries) -> None:
    """Sorts the files with credentials by who used them; see module_utils/_registry_credentials for the reasons."""
    files = facts["registries"]["credentials"]
    kubelets = {registry_of(name) for file in files if file["read_by_kubelet"] for name in file["registries"]}
    for file in files:
        path, names = file["path"], ", ".join(file["registries"])
        if not file["valid"]:
            part.attention.append(
                note(path, "it cannot be read as Docker's configuration, and the kubelet passes over it", "Correct or remove it.")
            )
            continue
        if file["world_readable"] and names:
            part.attention.append(note(path, "every user of the node can read the credentials in it", f"chmod 0600 {path}"))
        if file["helpers"]:
            helpers = ", ".join(f"docker-credential-{name}" for name in file["helpers"])
            served = ", ".join(file["helper_registries"]) or "all registries"
            part.attention.append(
                note(
                    f"{path}: {helpers}",
                    f"only the command docker asks credential helpers (here for {served}); neither pods under Docker nor containerd do",
                    _KUBELET_ADVICE,
                )
            )
        if not names:
            continue
        if file["read_by_kubelet"]:
            where = "stays where it is: the kubelet sends the credentials to containerd with each request to pull, as it did to Docker"
            part.carried.append({"what": path, "where": where, "value": names})
        elif file["searched_by_kubelet"]:
            part.not_applicable.append(note(path, "the kubelet reads another file before it and this one never", "Nothing."))
        else:
            _docker_commands_file(facts, part, file, kubelets)


def _docker_commands_file(facts: Facts, part: Registries, file: dict[str, Any], kubelets: set[str]) -> None:
    """Root's own file: pods never pulled with it, but a person or a script may have, for the pods."""
    on_the_node = {registry_of_image(name) for image in facts["docker"]["images"] for name in image["tags"] + image["digests"]}
    without = sorted(({registry_of(name) for name in file["registries"]} & on_the_node) - kubelets)
    if without:
        part.attention.append(
            note(
                f"{file['path']} for {', '.join(without)}",
                "only the command docker used these credentials; images of that registry are on the node, and the kubelet has no "
                "credentials for it on the node",
                "If 'docker pull' brought the images here, give the kubelet the credentials (/var/lib/kubelet/config.json, mode 0600) or "
                "the pods an imagePullSecret; if pods have one, nothing.",
            )
        )
    else:
        part.not_applicable.append(
            note(file["path"], "only the command docker used these credentials, never a pod", "Nothing; crictl pull takes --creds.")
        )
