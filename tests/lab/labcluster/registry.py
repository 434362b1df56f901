# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills the registries over their HTTP API, as a build server would."""

from __future__ import annotations

import urllib.error
import urllib.request

from labcluster.errors import LabError
from labcluster.image import MANIFEST_TYPE, Image, digest, registry_blobs

_TIMEOUT = 60


def answers(url: str) -> bool:
    """Whether a registry is there."""
    try:
        with urllib.request.urlopen(f"{url}/v2/", timeout=2) as response:  # noqa: S310 (always http://, an address of the lab)
            return response.status == 200
    except OSError:
        return False


def push(url: str, repository: str, tag: str, image: Image) -> str:
    """Uploads an image and returns its digest.

    :param url: the registry as this machine reaches it, such as http://10.177.0.5:5000.
    """
    manifest, blobs = registry_blobs(image)
    for blob_digest, content in blobs.items():
        if _request("HEAD", f"{url}/v2/{repository}/blobs/{blob_digest}", missing_is_fine=True) is not None:
            continue
        location = (_request("POST", f"{url}/v2/{repository}/blobs/uploads/") or {})["Location"]
        separator = "&" if "?" in location else "?"
        _request("PUT", f"{location}{separator}digest={blob_digest}", content, "application/octet-stream")
    _request("PUT", f"{url}/v2/{repository}/manifests/{tag}", manifest, MANIFEST_TYPE)
    return digest(manifest)


def _request(
    method: str, url: str, content: bytes | None = None, content_type: str | None = None, missing_is_fine: bool = False
) -> dict[str, str] | None:
    headers = {"Content-Type": content_type} if content_type else {}
    request = urllib.request.Request(url, data=content, method=method, headers=headers)  # noqa: S310 (always http://)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
            return dict(response.headers)
    except urllib.error.HTTPError as error:
        if missing_is_fine and error.code == 404:
            return None
        raise LabError(f"{method} {url}: the registry answered {error.code}: {error.read().decode(errors='replace')[:500]}") from error
    except OSError as error:
        raise LabError(f"{method} {url}: {error}") from error
