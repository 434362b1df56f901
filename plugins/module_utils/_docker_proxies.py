# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Through which proxies dockerd pulls images.

Sources: https://docs.docker.com/engine/daemon/proxy/; moby, cmd/dockerd/daemon.go (configureProxyEnv, since 23: daemon.json's proxies
and the flags win over the environment); golang.org/x/net/http/httpproxy (FromEnvironment: the name in capitals wins).

Runs on the node: standard library and Python 3.6 only.
"""

from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import flags_as_dict
from ansible_collections.dockershim.migration.plugins.module_utils._redact import REDACTED

#: The variables, and what daemon.json (below proxies) and the flags call them.
PROXY_KEYS = (("HTTP_PROXY", "http-proxy"), ("HTTPS_PROXY", "https-proxy"), ("NO_PROXY", "no-proxy"))
#: What the collection writes: a drop-in that names a file which root alone can read. In a drop-in itself everybody could read credentials,
#: and of Environment= systemd tells everybody who asks (systemd.exec(5)).
CONTAINERD_PROXY_DROP_IN = "/etc/systemd/system/containerd.service.d/90-dockershim-migration-proxy.conf"
CONTAINERD_PROXY_FILE = "/etc/containerd/dockershim-migration-proxy.env"


def proxies_of(environment):
    """Returns the proxies that a Go program takes from an environment: dict of variable -> value, without those that are not set."""
    found = {name: environment.get(name) or environment.get(name.lower()) for name, _key in PROXY_KEYS}
    return {name: value for name, value in found.items() if value}


def docker_proxies(environment, daemon_json, arguments):
    """Returns the proxies that dockerd uses: dict of variable -> value, credentials and all.

    :param environment: dict, the environment of dockerd.
    :param daemon_json: dict, its configuration file.
    :param arguments: list of str, its command line, the program first.
    """
    found = proxies_of(environment)
    configured = daemon_json.get("proxies")
    flags = flags_as_dict(arguments[1:])
    for name, key in PROXY_KEYS:
        value = flags.get(key) or (configured.get(key) if isinstance(configured, dict) else None)
        if isinstance(value, list):
            value = value[-1]
        if value and isinstance(value, str):
            found[name] = value
    return found


def redacted(proxies):
    """Returns the proxies as they can be shown. A proxy may be written without a scheme, credentials and all."""
    return {name: value if name == "NO_PROXY" else _without_credentials(value) for name, value in proxies.items()}


def _without_credentials(value):
    before, at, host = value.rpartition("@")
    scheme = before.partition("://")[0] + "://" if "://" in before else ""
    return scheme + REDACTED + "@" + host if at else value


def extended_no_proxy(value, additions):
    """Returns a NO_PROXY with names added that it does not have yet.

    :param value: str, names with commas between them.
    :param additions: list of str.
    """
    names = [name.strip() for name in value.split(",") if name.strip()]
    return ",".join(names + [name for name in additions if name not in names])
