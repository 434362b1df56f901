# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who on a node has credentials for which registries. Names only: what is secret in these files leaves no function of this module.

Where credentials for a pod's image come from, under Docker as under any other runtime:

- The kubelet asks its keyring (pod's imagePullSecrets, credential provider plugins, and Docker's configuration files in its own
  search path: pkg/credentialprovider/config.go, DefaultDockerConfigJSONPaths and DefaultDockercfgPaths) and sends what it finds
  with the request to pull (pkg/kubelet/kuberuntime/kuberuntime_image.go).
- The dockershim passed on what it was sent and nothing else (pkg/kubelet/dockershim/docker_image.go, PullImage), and dockerd has
  no credentials of its own. containerd's CRI plugin does the same (pkg/cri/server/image_pull.go, ParseAuth).
- C(/root/.docker/config.json) serves the command C(docker) when root runs it. The kubelet reads it only if its process has
  C(HOME=/root), which systemd does not set for a unit that has no C(User=) (systemd.exec(5)).
- Of such a file the kubelet reads C(auths) alone (DockerConfigJSON), never C(credsStore) or C(credHelpers). The first file that it can
  read and parse counts; those after it are not looked at.

Runs on the node: standard library and Python 3.6 only.
"""

import base64
import binascii
import json
import os

from ansible_collections.dockershim.migration.plugins.module_utils._redact import without_url_credentials

#: The kubelet's default for --root-dir (cmd/kubelet/app/options/options.go).
DEFAULT_ROOT_DIR = "/var/lib/kubelet"
#: The configuration of the command docker for root, and its form before Docker 1.7.
DOCKER_CONFIG = "/root/.docker/config.json"
DOCKER_CONFIG_LEGACY = "/root/.dockercfg"


def is_legacy(path):
    """True for the older of the two formats, which the name tells."""
    return os.path.basename(path) == ".dockercfg"


def kubelet_search_path(root_dir=DEFAULT_ROOT_DIR, working_directory="/", home=""):
    """Returns the files in which the kubelet looks for registry credentials, in its order.

    :param root_dir: str, --root-dir.
    :param working_directory: str, of the kubelet's process.
    :param home: str, HOME in the environment of the kubelet's process, empty where it has none.
    :returns: list of absolute paths, each once.
    """
    config = [root_dir, working_directory, os.path.join(home, ".docker"), "/.docker"]
    legacy = [root_dir, working_directory, home, "/"]
    paths = [os.path.join(directory, "config.json") for directory in config]
    paths += [os.path.join(directory, ".dockercfg") for directory in legacy]
    # Go's filepath.Abs takes the working directory for what is relative.
    absolute = [os.path.normpath(os.path.join(working_directory, path)) for path in paths]
    return sorted(set(absolute), key=absolute.index)


def _entry(value):
    """Returns whether an entry of auths has credentials, None if the kubelet cannot read it."""
    if value is None:
        return False
    if not isinstance(value, dict) or not all(isinstance(value.get(key) or "", str) for key in ("auth", "username", "password")):
        return None
    if value.get("auth"):
        try:
            return b":" in base64.b64decode(value["auth"].replace("\r", "").replace("\n", ""), validate=True) or None
        except (binascii.Error, ValueError):
            return None
    return bool(value.get("username"))


def describe_credentials(text, legacy):
    """Says for which registries a configuration file of Docker has credentials, without the credentials.

    :param text: str, the file.
    :param legacy: bool, True for a C(.dockercfg), which is what C(auths) is in a C(config.json).
    :returns: dict with C(valid) (bool: the kubelet can read it) and, as lists of str, C(registries) (those with credentials in the file
        itself), C(helper_registries) (those of credHelpers, and those that credsStore holds as far as C(auths) names them) and C(helpers)
        (names of the programs docker-credential-*).
    """
    found = {"valid": False, "registries": [], "helper_registries": [], "helpers": []}
    try:
        data = json.loads(text)
    except ValueError:
        return found
    if not isinstance(data, dict):
        return found
    auths = data if legacy else data.get("auths") or {}
    helpers = {} if legacy else data.get("credHelpers") or {}
    store = None if legacy else data.get("credsStore")
    if not isinstance(auths, dict):
        return found
    helpers = helpers if isinstance(helpers, dict) else {}
    entries = {name: _entry(value) for name, value in auths.items()}
    stored = [name for name, filled in entries.items() if not filled] if store else []
    found.update(
        valid=None not in entries.values(),
        registries=sorted(without_url_credentials(name) for name, filled in entries.items() if filled),
        helper_registries=sorted(without_url_credentials(name) for name in set(stored) | set(helpers)),
        helpers=sorted({str(name) for name in list(helpers.values()) + ([store] if store else [])}),
    )
    return found


def registry_of(key):
    """Returns the registry that a key of C(auths) is for, as image references name it.

    Keys are host names, or URLs as older Dockers wrote them (C(https://index.docker.io/v1/)); the kubelet takes both
    (pkg/credentialprovider/keyring.go, BasicDockerKeyring.Add).
    """
    host = key.partition("://")[2] or key
    host = host.partition("/")[0]
    return "docker.io" if host == "index.docker.io" else host
