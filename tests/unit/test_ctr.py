# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._ctr import Ctr
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

# ctr of containerd 1.6.20 on a migrated lab node, shortened.
IMAGES = """\
REF                                                  TYPE                                       DIGEST        SIZE       PLATFORMS   LABELS
docker.io/demo/web:1.0                               application/vnd.docker.x.manifest.v2+json sha256:web    1.9 MiB    linux/amd64 io.cri
docker.io/demo/web@sha256:8cfb4b8fccf7               application/vnd.docker.x.manifest.v2+json sha256:web    1.9 MiB    linux/amd64 io.cri
k8s.gcr.io/pause:3.2                                 application/vnd.oci.image.index.v1+json    sha256:index  753.1 KiB  linux/amd64 -
registry.lab:5001/broken:1                           application/vnd.docker.x.manifest.v2+json sha256:gone   1.9 MiB    linux/amd64 -
"""
CONTENT = {
    "sha256:web": '{"schemaVersion":2,"config":{"digest":"sha256:web-config"},"layers":[]}',
    "sha256:index": '{"manifests":[{"digest":"sha256:arm","platform":{"os":"linux","architecture":"arm64"}},'
    '{"digest":"sha256:amd","platform":{"os":"linux","architecture":"amd64"}}]}',
    "sha256:amd": '{"config":{"digest":"sha256:amd-config"}}',
    "sha256:arm": '{"config":{"digest":"sha256:arm-config"}}',
}
TASKS = """\
TASK                                                                PID     STATUS
446ea6e65e19eaf07f116c2a57e8300bf35feb5cdf4fda9d54a4128e0e2ff611    8018    RUNNING
5c9244d63500cd1a5f49de9e1659a970409c5863d56024148256b1e8d5cb83ff    8288    STOPPED
"""


def run(command):
    assert command[:5] == ["ctr", "--address", "/run/containerd/containerd.sock", "--namespace", "k8s.io"]
    subcommand = command[5:]
    if subcommand == ["images", "ls"]:
        return 0, IMAGES, ""
    if subcommand == ["tasks", "ls"]:
        return 0, TASKS, ""
    if subcommand[:2] == ["content", "get"] and subcommand[2] in CONTENT:
        return 0, CONTENT[subcommand[2]], ""
    return 1, "", "ctr: not found"


@pytest.mark.parametrize(
    ("platform", "pause"), [("linux/amd64", "sha256:amd-config"), ("linux/arm64", "sha256:arm-config"), ("linux/s390x", None)]
)
def test_image_ids_are_those_of_the_configuration(platform, pause):
    ctr = Ctr(run)
    assert ctr.image_ids(ctr.image_targets(), platform) == {
        "docker.io/demo/web:1.0": "sha256:web-config",
        "docker.io/demo/web@sha256:8cfb4b8fccf7": "sha256:web-config",
        "k8s.gcr.io/pause:3.2": pause,
        "registry.lab:5001/broken:1": None,
    }


def test_only_tasks_with_a_process_count():
    assert Ctr(run).running_tasks() == {"446ea6e65e19eaf07f116c2a57e8300bf35feb5cdf4fda9d54a4128e0e2ff611": 8018}


def test_an_error_names_the_command_and_containerds_words():
    with pytest.raises(MigrationError, match=r"'ctr .* images rm x' failed with exit code 1: ctr: not found"):
        Ctr(run)("images", "rm", "x")
