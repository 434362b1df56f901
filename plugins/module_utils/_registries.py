# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in containerd's hosts.toml files what Docker's daemon.json, flags and certs.d said about registries.

What Docker does (moby: registry/config.go, registry/service_v2.go, registry/registry.go):

- C(registry-mirrors) serve docker.io alone, in order, before Docker Hub itself; /v2/ is appended to whatever path a mirror has.
- C(insecure-registries) match a registry's name exactly as it stands in the image reference (C(host) is not C(host:5000)), or
  by the addresses the name resolves to if the entry is a network. An insecure registry is asked by HTTPS without
  verification, then by HTTP. A mirror is asked only by its own scheme.
- C(certs.d/<name>) is read for every registry that is not insecure, except Docker Hub: *.crt are CAs, X.cert with X.key are client
  certificates; one without the other fails every request.
- Loopback addresses are insecure without being named.

What containerd does (core/remotes/docker/config/hosts.go, remotes/docker/config/hosts.go in 1.x): one directory per name, C([host])
tables in the order of the file, then the registry itself; /v2 is appended to a path unless it already ends in /v2. A mirror's
certificates are not looked up under its own name. Loopback needs no entry either.

Runs on the node: standard library and Python 3.6 only.
"""

import hashlib
import ipaddress
import json
import re
from collections import OrderedDict
from urllib.parse import urlsplit

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._redact import without_url_credentials

MIRRORS, INSECURE, CERTS = "registry-mirrors", "insecure-registries", "certs.d"

# The flag of dockerd for each key of daemon.json; both may be repeated.
FLAGS = {"--registry-mirror": MIRRORS, "--insecure-registry": INSECURE}

# Names under which Docker Hub is asked: registry/service_v2.go, lookupV2Endpoints. Docker reads no certs.d for them.
DOCKER_HUB = ("docker.io", "index.docker.io")

# A hosts.toml that begins with this line was written by the collection and may be replaced by it.
MARKER = "# Written by dockershim.migration from Docker's configuration. Remove this line to keep your own changes."

# registry/config.go, validHostPortRegex and validateHostPort
HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?\Z")
# net/url refuses the control characters; half of a surrogate pair, which JSON can spell, is no character at all.
NOT_IN_URLS = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]


def parse_daemon_json(text, path="/etc/docker/daemon.json"):
    """Reads Docker's daemon.json as dockerd does.

    A byte order mark is skipped, an empty file is an empty object, and of a key that is there twice the last one counts.

    :param text: str or None, the file (None: it does not exist).
    :param path: str, for messages.
    :returns: tuple of the dict and the list of keys that occur more than once in one object.
    :raises MigrationError: not JSON (with the line and column), or not an object.
    """
    text = (text or "").lstrip("\ufeff")
    if not text.strip():
        return {}, []
    duplicates = []

    def collect(pairs):
        result = OrderedDict()
        for key, value in pairs:
            if key in result:
                duplicates.append(key)
            result[key] = value
        return result

    try:
        daemon = json.loads(text, object_pairs_hook=collect)
    except ValueError as error:
        raise MigrationError(
            "{0} is not valid JSON: {1} (line {2}, column {3}). dockerd does not start with it: correct it, then run again.".format(
                path, getattr(error, "msg", error), getattr(error, "lineno", "?"), getattr(error, "colno", "?")
            )
        )
    if not isinstance(daemon, dict):
        raise MigrationError(
            "{0} holds {1} where dockerd expects an object: correct it, then run again.".format(path, type(daemon).__name__)
        )
    return daemon, duplicates


def flag_values(dockerd_args):
    """Returns the values of dockerd's registry flags, by the key of daemon.json they stand for."""
    found = {MIRRORS: [], INSECURE: []}
    arguments = list(dockerd_args)
    while arguments:
        name, separator, value = arguments.pop(0).partition("=")
        if name in FLAGS:
            if not separator and arguments:
                value = arguments.pop(0)
            found[FLAGS[name]].append(value)
    return found


def networks(entries):
    """Returns those entries of insecure-registries that are networks (C(10.0.0.0/8)), as objects of ipaddress."""
    result = []
    for entry in entries:
        try:
            if "/" in _without_scheme(entry)[1]:
                result.append(ipaddress.ip_network(_without_scheme(entry)[1], strict=False))
        except ValueError:
            continue
    return result


def entries_of(daemon, dockerd_args, key, source="/etc/docker/daemon.json"):
    """Returns the entries of a list of daemon.json and of the flags that add to it, each once, in order."""
    value = daemon.get(key)
    if value is None:
        value = []
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise MigrationError(
            "{0}: {1} must be a list of strings, not {2}: correct it, then run again.".format(source, key, json.dumps(value))
        )
    return list(OrderedDict.fromkeys(value + flag_values(dockerd_args)[key]))


def _without_scheme(entry):
    scheme, separator, rest = entry.partition("://")
    return (scheme.lower(), rest) if separator else ("", entry)


def _attention(key, value, why, what_to_do):
    return {"key": key, "value": value, "why": why, "what_to_do": what_to_do}


class _Insecure:
    """Answers whether Docker takes a registry as insecure."""

    def __init__(self, names, nets, addresses):
        self.names = names
        self.nets = nets + LOOPBACK
        self.addresses = addresses

    def __contains__(self, name):
        return name in self.names or bool(self.network(name))

    def network(self, name):
        """Returns the network through which a name is insecure, or None."""
        host = name.rsplit(":", 1)[0] if re.search(r":\d+\Z", name) else name
        addresses = ["127.0.0.1"] if host == "localhost" else [host.strip("[]")] + list(self.addresses.get(name, ()))
        for address in addresses:
            try:
                parsed = ipaddress.ip_address(address)
            except ValueError:
                continue
            for net in self.nets:
                if parsed.version == net.version and parsed in net:
                    return net
        return None


def toml_string(text):
    """Writes a TOML basic string: a JSON string, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_list(items):
    return "[" + ", ".join(_toml_list(item) if isinstance(item, (list, tuple)) else toml_string(item) for item in items) + "]"


def _endpoint(url, capabilities=(), skip_verify=False, ca=(), client=()):
    return {"url": url, "capabilities": list(capabilities), "skip_verify": skip_verify, "ca": list(ca), "client": list(client)}


def _host_table(endpoint):
    lines = ["[host.{0}]".format(toml_string(endpoint["url"]))]
    if endpoint["capabilities"]:
        lines.append("  capabilities = " + _toml_list(endpoint["capabilities"]))
    if endpoint["skip_verify"]:
        lines.append("  skip_verify = true")
    if endpoint["ca"]:
        lines.append("  ca = " + _toml_list(endpoint["ca"]))
    if endpoint["client"]:
        lines.append("  client = " + _toml_list(endpoint["client"]))
    return "\n".join(lines) + "\n"


def _host(name, key, endpoints, files=None):
    text = MARKER + "\n\n" + "\n".join(_host_table(endpoint) for endpoint in endpoints)
    return {"name": name, "key": key, "files": dict(files or {}), "endpoints": endpoints, "hosts_toml": text}


def _certificates(name, file_names, directory):
    """Sorts the files of one certs.d directory as Docker reads them (ReadCertsDirectory).

    :param directory: str, where the copies go, relative to the directory of hosts.toml; empty or ending in a slash.
    :returns: tuple of ca (list), client (list of [cert, key]), files {copy: {source, private}} and attention.
    """
    ca, client, files, attention = [], [], OrderedDict(), []

    def copy(file_name, private):
        files[directory + file_name] = {"source": name + "/" + file_name, "private": private}
        return directory + file_name

    for file_name in sorted(file_names):
        stem, _dot, suffix = file_name.rpartition(".")
        partner = stem + {"cert": ".key", "key": ".cert"}.get(suffix, "")
        if suffix == "crt":
            ca.append(copy(file_name, False))
        elif suffix in ("cert", "key") and partner not in file_names:
            attention.append(
                _attention(
                    CERTS,
                    name + "/" + file_name,
                    "{0} is missing beside it, and Docker refuses every request to {1} because of that.".format(partner, name),
                    "Add {0}, or remove {1}; a CA certificate must be called *.crt.".format(partner, file_name),
                )
            )
        elif suffix == "cert":
            client.append([copy(file_name, False), copy(partner, True)])
    return ca, client, files, attention


def _parse_mirror(entry):
    """Returns the parts of a mirror's URL and, if dockerd would refuse it (registry/config.go, ValidateMirror), the reason."""
    # Python's parser drops some control characters silently, Go's refuses them.
    if NOT_IN_URLS.search(entry):
        return None, "it holds control characters"
    try:
        url = urlsplit(entry)
    except ValueError:
        return None, "it is no URL"
    if url.scheme not in ("http", "https") or "://" not in entry or not url.netloc:
        return None, "it is no http:// or https:// URL"
    if "@" in url.netloc:
        return None, "it holds a user name or password"
    if url.query or url.fragment:
        return None, "it has a query or fragment"
    if not HOST_PORT.match(url.netloc):
        return None, "its host is invalid"
    return url, None


def _mirror(entry, insecure, certs):
    """Returns the endpoint, the files and the attention for one mirror; the endpoint is None if Docker would not take it."""
    url, reason = _parse_mirror(entry)
    if reason:
        shown = without_url_credentials(entry)
        return None, {}, [_attention(MIRRORS, shown, "dockerd refuses it: {0}.".format(reason), "Correct or remove the entry.")]

    path, attention = url.path.rstrip("/"), []
    if path.endswith("/v2"):
        attention.append(
            _attention(
                MIRRORS,
                entry,
                "Docker appends /v2/ to a mirror's path and so asks {0}/v2/, which few mirrors have. It was carried over.".format(path),
                "If the mirror never answered, name it without /v2.",
            )
        )
        # containerd appends nothing to a path that ends in /v2.
        path += "/v2"
    ca, client, files, missing = [], [], {}, []
    skip_verify = url.scheme == "https" and url.netloc in insecure
    if url.scheme == "https" and not skip_verify and url.netloc in certs:
        ca, client, files, missing = _certificates(url.netloc, certs[url.netloc], url.netloc + "/")
    location = "{0}://{1}{2}".format(url.scheme, url.netloc, path)
    return _endpoint(location, ("pull", "resolve"), skip_verify, ca, client), files, attention + missing


def registries(daemon, dockerd_args=(), certs=None, addresses=None, source="/etc/docker/daemon.json"):
    """Translates what Docker knows about registries.

    Pure: reads and writes nothing.

    :param daemon: dict, daemon.json (see L(parse_daemon_json)).
    :param dockerd_args: list of str, the command line of dockerd.
    :param certs: dict of registry name to the list of file names in its directory under Docker's certs.d.
    :param addresses: dict of registry name (as in image references) to the list of its addresses, for the registries in use;
        needed only where insecure-registries names networks.
    :param source: str, the name of daemon.json, for messages.
    :returns: dict with
        C(hosts): list of {name, key, files, endpoints, hosts_toml}: the directory under containerd's certs.d, where Docker knew it from
        (C(registry-mirrors), C(insecure-registries), C(certs.d)), the files to copy into it ({path in it: {source: path under Docker's
        certs.d, private: bool}}), what is asked in which order (list of {url, capabilities, skip_verify, ca, client}, paths relative to
        the directory) and the text of its hosts.toml; and
        C(attention): list of {key, value, why, what_to_do}.
    :raises MigrationError: a key does not hold a list of strings.
    """
    certs = {name: list(files) for name, files in (certs or {}).items()}
    addresses = addresses or {}
    hosts, attention = OrderedDict(), []
    entries = entries_of(daemon, dockerd_args, INSECURE, source)
    # A loopback network needs no entry, in Docker and containerd alike.
    nets = [net for net in networks(entries) if not any(net.network_address in own for own in LOOPBACK if own.version == net.version)]
    names = []
    for entry in entries:
        scheme, name = _without_scheme(entry)
        if networks([entry]):
            net = networks([entry])[0]
            if net in nets:
                attention.append(_network_attention(entry, net, addresses))
        elif scheme not in ("", "http", "https") or not HOST_PORT.match(name):
            attention.append(
                _attention(
                    INSECURE, entry, "dockerd takes a host, host:port or network here, and this is none.", "Correct or remove the entry."
                )
            )
        elif name in DOCKER_HUB:
            attention.append(
                _attention(INSECURE, entry, "Docker Hub is always secure for dockerd: the entry has no effect.", "Remove the entry.")
            )
        elif name not in names:
            names.append(name)
    insecure = _Insecure(names, nets, addresses)

    mirrors, files = [], OrderedDict()
    for entry in entries_of(daemon, dockerd_args, MIRRORS, source):
        mirror, mirror_files, mirror_attention = _mirror(entry, insecure, certs)
        attention.extend(item for item in mirror_attention if item not in attention)
        # The same mirror twice would be the same table twice, which is no TOML.
        if mirror and mirror not in mirrors:
            mirrors.append(mirror)
            files.update(mirror_files)
    if mirrors:
        hosts[DOCKER_HUB[0]] = _host(DOCKER_HUB[0], MIRRORS, mirrors, files)

    in_networks = [name for name in sorted(addresses) if insecure.network(name) in nets and name not in DOCKER_HUB]
    for name in list(OrderedDict.fromkeys(names + in_networks)):
        hosts[name] = _host(name, INSECURE, [_endpoint("https://" + name, skip_verify=True), _endpoint("http://" + name)])

    for name in sorted(certs):
        if not HOST_PORT.match(name):
            attention.append(
                _attention(CERTS, name, "No registry can have this name, so Docker never reads the directory.", "Rename or remove it.")
            )
            continue
        if name in DOCKER_HUB:
            attention.append(
                _attention(
                    CERTS,
                    name,
                    "Docker reads no certificates for Docker Hub: the directory has no effect.",
                    "If a proxy between the nodes and Docker Hub needs a CA, add it to the system's CAs.",
                )
            )
            continue
        if name in insecure:
            attention.append(
                _attention(
                    CERTS,
                    name,
                    "The registry is insecure for Docker, which therefore ignores its certificates: they were not carried over.",
                    "Remove the registry from insecure-registries to use them, or remove the directory.",
                )
            )
            continue
        ca, client, files, missing = _certificates(name, certs[name], "")
        attention.extend(item for item in missing if item not in attention)
        if files:
            hosts[name] = _host(name, CERTS, [_endpoint("https://" + name, ca=ca, client=client)], files)
    return {"hosts": list(hosts.values()), "attention": attention}


def _network_attention(entry, net, addresses):
    inside = [name for name in sorted(addresses) if _Insecure([], [net], {name: addresses[name]}).network(name) == net]
    why = "containerd knows registries by name only: it has no equivalent for a network."
    if inside:
        why += " Written for the registries in use that resolve into it: {0}.".format(", ".join(inside))
    return _attention(
        INSECURE, entry, why, "Name each registry in this network that the nodes will use as host or host:port in insecure-registries."
    )


def _statements(text):
    lines = [re.sub(r"\s+", " ", line.strip()) for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def same_meaning(one, other):
    """Tells whether two hosts.toml differ in comments, blank lines and indentation only."""
    return _statements(one) == _statements(other)


def describe_hosts_toml(text):
    """Describes a hosts.toml without showing it, for it may hold an Authorization header.

    :returns: dict with C(ours) (bool: this collection wrote it) and C(meaning) (str, the same for two files of the same meaning; empty
        for a file with headers, which this collection never writes).
    """
    statements = _statements(text)
    if any("header" in statement for statement in statements):
        return {"ours": MARKER in text, "meaning": ""}
    return {"ours": MARKER in text, "meaning": hashlib.sha256("\n".join(statements).encode("utf-8")).hexdigest()}


def directory_names(name):
    """Returns the directories in which containerd looks for a registry's hosts.toml, in its order; the first one there counts.

    Source: remotes/docker/config/hosts.go, hostDirectory and hostPaths (C(_default) is read by 1.6.17 and later).
    """
    host, colon, port = name.rpartition(":")
    return (["{0}_{1}_".format(host, port)] if colon else []) + [name, "_default"]
