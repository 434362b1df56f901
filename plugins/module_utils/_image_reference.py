# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image references as Docker shows them and as Kubernetes, containerd and the registries spell them out.

Source of the rules: github.com/distribution/reference (C(normalize.go)), which Docker, containerd's CRI plugin and the
kubelet share. Runs on the node: standard library and Python 3.6 only.
"""

DEFAULT_DOMAIN = "docker.io"
LEGACY_DEFAULT_DOMAIN = "index.docker.io"
OFFICIAL_REPOSITORY = "library"
DEFAULT_TAG = "latest"


def normalized(reference):
    """Returns the full spelling of an image reference, as containerd stores it.

    :param reference: str, as in C(docker images): C(busybox), C(registry.example:5000/app:1), C(app@sha256:...).
    :returns: str with domain, repository and a tag or a digest.
    """
    name, at_sign, digest = reference.partition("@")
    domain, slash, path = name.partition("/")
    if not slash or not ("." in domain or ":" in domain or domain == "localhost" or domain != domain.lower()):
        domain, path = DEFAULT_DOMAIN, name
    if domain == LEGACY_DEFAULT_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = "{0}/{1}".format(OFFICIAL_REPOSITORY, path)
    if at_sign:
        # A name with both is addressed by its digest alone, as the CRI plugin stores it.
        path = path.partition(":")[0]
        return "{0}/{1}@{2}".format(domain, path, digest)
    if ":" not in path:
        path = "{0}:{1}".format(path, DEFAULT_TAG)
    return "{0}/{1}".format(domain, path)


def registry_of_image(reference):
    """Returns the registry that an image reference names, as in C(docker.io) or C(registry.example:5000)."""
    return normalized(reference).partition("/")[0]
