# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says in hosts.toml files what the old tables of containerd's configuration said: registry.mirrors and registry.configs.*.tls.

What the old tables mean (containerd 1.4 to 2.x, cri/server: registryHosts and registryEndpoints): a registry is asked at the endpoints
of its own entry in mirrors, else at those of the entry C(*), in order, and then by itself (docker.io at registry-1.docker.io). TLS
settings belong to the host that is asked, whatever registry it is asked for. C(/v2) is added to an endpoint without a path only.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._redact import without_url_credentials

try:
    import tomlkit
except ImportError:
    tomlkit = None  # type: ignore[assignment]

HEADER = "Was in {source}, which cannot hold it beside config_path."

#: Docker Hub's own host (core/remotes/docker: DefaultHost).
DOCKER_HUB, DOCKER_HUB_HOST = "docker.io", "registry-1.docker.io"

#: hosts.toml of the directory _default serves every registry that has none: since 1.6.17 and 1.7.0. override_path: since 1.6.0.
DEFAULT_SINCE = (1, 6, 17)
OVERRIDE_PATH_SINCE = (1, 6, 0)


def _host_of(registry: str) -> str:
    return DOCKER_HUB_HOST if registry == DOCKER_HUB else registry


def _is_local(host: str) -> bool:
    """Tells whether a registry is asked by plain HTTP unless an endpoint says otherwise (core/remotes/docker: IsLocalhost)."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name == "localhost" or name.startswith("127.") or name.strip("[]") == "::1"


def _tls(config: Any, place: str) -> dict[str, Any]:
    """Returns the keys of a [host] table for a table tls."""
    tls = (config.get("tls") if isinstance(config, dict) else None) or {}
    if not isinstance(tls, dict):
        raise MigrationError(f"{place} is not a table: correct it, then run again.")
    keys: dict[str, Any] = {}
    if tls.get("insecure_skip_verify"):
        keys["skip_verify"] = True
    if tls.get("ca_file"):
        keys["ca"] = [tls["ca_file"]]
    pair = [tls.get("cert_file"), tls.get("key_file")]
    if any(pair):
        if not all(pair):
            raise MigrationError(f"{place} has one of cert_file and key_file alone: add the other or remove it, then run again.")
        keys["client"] = [pair]
    return keys


class _Registries:
    """The tables mirrors and configs of one file.

    :param registry: the table registry.
    :param place: how messages name it.
    """

    def __init__(self, registry: dict[str, Any], release: tuple[int, int, int], place: str) -> None:
        self.release = release
        self.place = place
        self.mirrors = registry.get("mirrors") or {}
        self.configs = registry.get("configs") or {}

    def endpoints(self, name: str) -> list[str]:
        mirror = self.mirrors.get(name, self.mirrors.get("*")) or {}
        endpoints = mirror.get("endpoint") or [] if isinstance(mirror, dict) else None
        if not isinstance(endpoints, list) or not all(isinstance(endpoint, str) for endpoint in endpoints):
            raise MigrationError(f"{self.place}.mirrors.{name} has no list of URLs as its endpoint: correct it, then run again.")
        return endpoints

    def host(self, endpoint: str, name: str) -> tuple[str, dict[str, Any]]:
        """Returns the URL and the keys of the [host] table for an endpoint."""
        if "://" not in endpoint:
            endpoint = f"{'http' if _is_local(endpoint.split('/')[0]) else 'https'}://{endpoint}"
        url = urlsplit(endpoint)
        # A user in the URL was never used: containerd takes host, scheme and path of it.
        authority = url.netloc.rpartition("@")[2]
        if url.scheme not in ("http", "https") or not authority:
            raise MigrationError(
                f"{self.place}.mirrors.{name}: {without_url_credentials(endpoint)!r} is no http:// or https:// URL: correct it, then run "
                "again."
            )
        path = url.path.rstrip("/")
        keys: dict[str, Any] = {"capabilities": ["pull", "resolve"]}
        if path and not path.endswith("/v2"):
            if self.release < OVERRIDE_PATH_SINCE:
                raise MigrationError(
                    f"{self.place}.mirrors.{name}: {without_url_credentials(endpoint)!r} has a path that containerd "
                    f"{'.'.join(map(str, self.release))} cannot keep beside config_path (it would add /v2): install containerd 1.6 or "
                    "later, or remove the endpoint, then run again."
                )
            keys["override_path"] = True
        keys.update(_tls(self.configs.get(authority), f"{self.place}.configs.{authority}.tls"))
        return f"{url.scheme}://{authority}{path}", keys

    def file(self, name: str) -> str:
        """Returns the hosts.toml for a registry, or for all others (C(*)); empty where it would say what containerd does anyhow."""
        hosts: dict[str, dict[str, Any]] = {}
        for endpoint in self.endpoints(name):
            url, keys = self.host(endpoint, name)
            hosts.setdefault(url, keys)
        if name != "*":
            own = _host_of(name)
            tls = _tls(self.configs.get(own), f"{self.place}.configs.{own}.tls")
            url = f"{'http' if _is_local(own) and not tls else 'https'}://{own}"
            if not tls and set(hosts) <= {url}:
                return ""
            # Without TLS settings containerd asks the registry itself anyhow, last.
            if tls:
                hosts.setdefault(url, tls)
        document = tomlkit.document()
        document.add(tomlkit.comment(HEADER.format(source=self.place)))
        tables = tomlkit.table(is_super_table=True)
        for url, keys in hosts.items():
            table = tomlkit.table()
            for key, value in keys.items():
                table.add(key, value)
            tables.append(url, table)
        document.add("host", tables)
        return tomlkit.dumps(document)


def hosts_files(registry: dict[str, Any], release: tuple[int, int, int], place: str) -> list[dict[str, str]]:
    """Returns the files that say the same as the tables mirrors and configs.*.tls.

    :param registry: the table registry of a configuration file.
    :param release: of the containerd that will read the files.
    :param place: how messages name the table, with its file.
    :returns: list of {name, hosts_toml}: the directory below config_path and the text of its hosts.toml.
    :raises MigrationError: something has no equivalent.
    """
    tables = _Registries(registry, release, place)
    names = dict.fromkeys(tables.mirrors)
    for host, config in tables.configs.items():
        # configs."registry-1.docker.io" is Docker Hub's; configs."docker.io" was never asked for.
        if isinstance(config, dict) and config.get("tls"):
            names.setdefault(DOCKER_HUB if host == DOCKER_HUB_HOST else host)
    if "*" in names and release < DEFAULT_SINCE:
        raise MigrationError(
            f'{place}.mirrors."*" has no equivalent beside config_path in containerd {".".join(map(str, release))} (hosts.toml for all '
            "registries is read since 1.6.17): name each registry instead, then run again."
        )
    files = [{"name": "_default" if name == "*" else name, "hosts_toml": tables.file(name)} for name in names]
    return [file for file in files if file["hosts_toml"]]
