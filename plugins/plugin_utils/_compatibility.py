# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases go together."""

from __future__ import annotations

import re
from dataclasses import dataclass

V1ALPHA2 = "v1alpha2"
V1 = "v1"


def release(version: str) -> tuple[int, ...]:
    """Returns the numbers at the beginning of a version: (20, 10, 24) of C(20.10.24+dfsg1)."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match.group(1).split(".")) if match else ()


# --- the kubelet ------------------------------------------------------------------------------------------------------


def kubelet_cri(version: str) -> frozenset[str]:
    """Returns the CRI versions that a kubelet can speak.

    Sources: Kubernetes release notes of 1.23 (v1, with v1alpha2 as a fallback) and 1.26 (v1 only).
    """
    number = release(version)
    if number < (1, 23):
        return frozenset({V1ALPHA2})
    return frozenset({V1}) if number >= (1, 26) else frozenset({V1ALPHA2, V1})


# --- cri-dockerd ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CriDockerd:
    """A range of releases of cri-dockerd.

    :param first: its first release.
    :param last: its last one; empty for what may follow.
    :param docker: the oldest Docker that it works with. It asks in the API version of the client library it was built with (go.mod)
        and negotiates nothing: 1.41 is Docker 20.10's, 1.42 Docker 23's, 1.43 Docker 24's, 1.44 Docker 25's, 1.46 Docker 27's.
    :param docker_api: that API version.
    :param cri: the CRI versions that it speaks.
    """

    first: str
    last: str
    docker: str
    docker_api: str
    cri: frozenset[str]


_BOTH = frozenset({V1ALPHA2, V1})

#: Sources: go.mod and backend/ of the tags of github.com/Mirantis/cri-dockerd; its release notes of 0.3.22 and 0.4.2 (v1 only).
CRI_DOCKERD = (
    CriDockerd("0.2.0", "0.2.6", "20.10", "1.41", frozenset({V1ALPHA2})),
    CriDockerd("0.3.0", "0.3.2", "20.10", "1.41", _BOTH),
    CriDockerd("0.3.3", "0.3.7", "23.0", "1.42", _BOTH),
    CriDockerd("0.3.8", "0.3.15", "24.0", "1.43", _BOTH),
    CriDockerd("0.3.16", "0.3.21", "25.0", "1.44", _BOTH),
    CriDockerd("0.3.22", "", "25.0", "1.44", frozenset({V1})),
    CriDockerd("0.4.0", "0.4.1", "27.0", "1.46", _BOTH),
    CriDockerd("0.4.2", "", "27.0", "1.46", frozenset({V1})),
)

#: Docker 29 refuses clients that ask in an older API than this; 29.3 takes them again (release notes of Docker Engine 29).
DOCKER_MINIMUM_API = (((29, 0), (29, 3), (1, 44)),)

#: Architectures for which there are archives of each release (github.com/Mirantis/cri-dockerd, packaging/static/Makefile).
CRI_DOCKERD_ARCHITECTURES = ("amd64", "arm64")


def cri_dockerd_range(version: str) -> CriDockerd | None:
    """Returns what is known about a release of cri-dockerd, None for one that the table does not know."""
    number = release(version)
    for row in reversed(CRI_DOCKERD):
        if release(row.first) <= number and number[:2] == release(row.first)[:2] and (not row.last or number <= release(row.last)):
            return row
    return None


def cri_dockerd_problems(version: str, docker: str, kubelet: str) -> list[str]:
    """Returns why a release of cri-dockerd does not go with a Docker and a kubelet: sentences, none where it does."""
    row = cri_dockerd_range(version)
    if row is None:
        return ["no such release is known"]
    problems = []
    if release(docker) < release(row.docker):
        problems.append(f"it speaks Docker's API {row.docker_api} and so needs Docker {row.docker} or newer; the node has {docker}")
    for first, end, minimum in DOCKER_MINIMUM_API:
        if first <= release(docker)[:2] < end and release(row.docker_api) < minimum:
            problems.append(
                f"it speaks Docker's API {row.docker_api}, and Docker {docker} takes {'.'.join(map(str, minimum))} or newer only"
            )
    if not row.cri & kubelet_cri(kubelet):
        problems.append(
            f"it speaks CRI {' and '.join(sorted(row.cri))} only, kubelet {kubelet} {' and '.join(sorted(kubelet_cri(kubelet)))}"
        )
    return problems


def choose_cri_dockerd(docker: str, kubelet: str) -> str | None:
    """Returns the newest release whose range has an end and that goes with a Docker and a kubelet, None if there is none."""
    fitting = [row.last for row in CRI_DOCKERD if row.last and not cri_dockerd_problems(row.last, docker, kubelet)]
    return max(fitting, key=release, default=None)
