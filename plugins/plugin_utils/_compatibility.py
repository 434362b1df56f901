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


# --- containerd -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Containerd:
    """A range of releases of containerd.

    :param first: its first release.
    :param cri: the CRI versions that it speaks.
    :param ends: the first kubelet that it does not serve any more; empty where none is announced.
    """

    first: str
    cri: frozenset[str]
    ends: str


#: Sources: RELEASES.md of containerd (CRI API, "Kubernetes support"); Kubernetes 1.26's release notes (CRI v1alpha2 removed); pull requests
#: of kubernetes/kubernetes 136846 and 139121 (the fallback for runtimes without RuntimeConfig, which is containerd 1.x, goes in 1.38).
CONTAINERD = (
    Containerd("1.3", frozenset({V1ALPHA2}), "1.26"),
    Containerd("1.6", frozenset({V1ALPHA2, V1}), "1.38"),
    Containerd("2.0", frozenset({V1}), ""),
)

#: The oldest releases that upstream supports with a Kubernetes: (Kubernetes from, to, releases). Source: RELEASES.md of containerd at the
#: time of each. An older one of the same series may work, and nobody tests it.
CONTAINERD_SUPPORTED = (
    ("1.23", "1.23", ("1.5.8", "1.6.0")),
    ("1.24", "1.25", ("1.5.11", "1.6.4")),
    ("1.26", "1.28", ("1.6.15", "1.7.0")),
    ("1.32", "1.32", ("1.6.36", "1.7.24", "2.0.1")),
    ("1.35", "1.35", ("1.7.28", "2.1.5", "2.2.0")),
    ("1.36", "1.36", ("2.2.0", "2.3.0")),
)


def containerd_range(version: str) -> Containerd | None:
    """Returns what is known about a release of containerd, None for one older than the table."""
    return next((row for row in reversed(CONTAINERD) if release(version) >= release(row.first)), None)


def containerd_problems(version: str, kubelet: str) -> list[str]:
    """Returns why a containerd cannot serve a kubelet: sentences, none where it can."""
    row = containerd_range(version)
    if row is None:
        return ["it has no CRI plugin that this release knows"]
    if not row.cri & kubelet_cri(kubelet):
        return [f"it speaks CRI {' and '.join(sorted(row.cri))} only, kubelet {kubelet} {' and '.join(sorted(kubelet_cri(kubelet)))} only"]
    if row.ends and release(kubelet)[:2] >= release(row.ends):
        return [f"a kubelet from {row.ends} on does not work with it, and this is {kubelet}"]
    return []


def containerd_warnings(version: str, kubelet: str) -> list[str]:
    """Returns what is to be said about a containerd that serves a kubelet: that it will not at the next upgrade, or is not supported."""
    row = containerd_range(version)
    major, minor = release(kubelet)[:2]
    warnings = []
    if row and row.ends and release(row.ends) == (major, minor + 1):
        warnings.append(f"Kubernetes {row.ends}, the next release after the node's {kubelet}, does not work with it any more")
    for first, last, oldest in CONTAINERD_SUPPORTED:
        if not release(first) <= (major, minor) <= release(last):
            continue
        series = [known for known in oldest if release(known)[:2] == release(version)[:2]]
        newest = max(oldest, key=release)
        if release(version)[:2] <= release(newest)[:2] and not any(release(version) >= release(known) for known in series):
            warnings.append(
                f"containerd's makers support {', '.join(oldest)} and newer ones of these series with Kubernetes {major}.{minor}"
            )
    return warnings


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
