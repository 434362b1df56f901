# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._image_reference import normalized

# distribution/reference normalize_test.go, and what `docker image ls` and `ctr images ls` show for the same image.
DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.35", "docker.io/library/busybox:1.35"),
        ("demo/web:1.0", "docker.io/demo/web:1.0"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("index.docker.io/library/busybox:1", "docker.io/library/busybox:1"),
        ("k8s.gcr.io/pause:3.2", "k8s.gcr.io/pause:3.2"),
        ("registry.lab:5001/demo/agent:1.0", "registry.lab:5001/demo/agent:1.0"),
        ("registry.lab:5001/demo/agent", "registry.lab:5001/demo/agent:latest"),
        ("localhost/app:1", "localhost/app:1"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        (f"busybox@{DIGEST}", f"docker.io/library/busybox@{DIGEST}"),
        (f"registry.lab:5001/demo/pinned@{DIGEST}", f"registry.lab:5001/demo/pinned@{DIGEST}"),
        (f"k8s.gcr.io/pause:3.2@{DIGEST}", f"k8s.gcr.io/pause@{DIGEST}"),
    ],
)
def test_references_are_spelled_out(reference, expected):
    assert normalized(reference) == expected
