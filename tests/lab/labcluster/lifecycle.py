# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of things: the lab up, and down again."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from labcluster import cluster, host, machine, results, workload
from labcluster import settings as s
from labcluster.artifacts import build_artifacts
from labcluster.console import elapsed, in_parallel, say, step
from labcluster.lock import only_one


def up(settings: s.Settings) -> None:
    """A fresh lab, whatever was there before."""
    host.install_packages()
    with step("removing what an earlier run left", log="down"):
        machine.remove_all(settings.name)
        _clear_results(settings)
    with only_one(settings.cache_dir / "lock", "builds what the lab needs", wait=True):
        artifacts = build_artifacts(settings)
    host.raise_inotify_limits()
    started = time.monotonic()
    with step(f"{len(settings.nodes)} nodes and the services", log="machines"):
        cluster.start_machines(settings, artifacts)
    with step("images into the nodes' Docker and the registries", log="images"):
        _loaded, digests = in_parallel(
            lambda: cluster.load_system_images(settings, artifacts), lambda: workload.fill_registries(settings, artifacts)
        )
    cluster.create_cluster(settings)
    with step("nodes Ready", log="workload"):
        cluster.wait_nodes_ready(settings)
    workload.deploy(settings, digests)
    workload.add_odd_images(settings, artifacts)
    kubeconfig = machine.execute(settings.control_planes[0].container, "cat", "/etc/kubernetes/admin.conf")
    results.write_results(settings, kubeconfig, digests, workload.FRESH_IMAGES, workload.UNUSED_IMAGE, artifacts.cri_dockerd)
    workload.write_probe_config(settings)
    workload.wait_service(settings)
    _give_to_caller(settings.checkout / "build")
    say(f"the lab is up after {elapsed():.0f} s ({time.monotonic() - started:.0f} s without building and cleaning)")
    print(f"inventory:   {settings.build_dir / 'inventory.yml'}")
    print(f"kubeconfig:  {settings.build_dir / 'kubeconfig'}")
    print(f"a shell:     ssh -F {settings.build_dir / 'ssh_config'} {settings.workers[0].name}")


def down(settings: s.Settings) -> None:
    """Removes everything but the cache."""
    if shutil.which("podman"):
        with step("removing machines, volumes and network", log="down"):
            machine.remove_all(settings.name)
    shutil.rmtree(settings.build_dir, ignore_errors=True)
    say("the lab is down")


def _clear_results(settings: s.Settings) -> None:
    """Empties build/lab but for the logs of the run under way."""
    for path in settings.build_dir.iterdir():
        if path == settings.log_dir:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _give_to_caller(directory: Path) -> None:
    """Under sudo the results belong to the user who called."""
    if "SUDO_UID" not in os.environ:
        return
    uid, gid = int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", "-1"))
    for path in (directory, *directory.rglob("*")):
        os.chown(path, uid, gid, follow_symlinks=False)
