# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian trees, each one an overlay layer over others, made by a script in a chroot."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from labcluster.cache import remove_tree
from labcluster.command import run_logged

SCRIPTS = Path(__file__).parent / "scripts"
FILES = Path(__file__).parent / "files"

#: What a chroot's commands see; a proxy of the caller's is passed on.
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def script_text(name: str) -> str:
    """The text of a script, for cache keys."""
    return (SCRIPTS / name).read_text(encoding="utf-8")


def files_text(directory: str) -> dict[str, str]:
    """All files under C(files/directory), for cache keys."""
    root = FILES / directory
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*")) if path.is_file()}


def in_own_namespace(argv: Sequence[str | Path], *, env: dict[str, str] | None = None) -> None:
    """Runs a command whose mounts and processes vanish with it, and with this process, even when one of them is killed."""
    run_logged(
        ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", *argv], env=env
    )


def debootstrap(suite: str, packages: Sequence[str], target: Path) -> None:
    """Makes a minimal Debian tree from debootstrap's own default mirror."""
    in_own_namespace(["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", suite, target])


def build_layer(lowers: Sequence[Path], layer: Path, script: str, *, out: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Runs a script in a chroot over other trees; what it changes becomes the layer.

    :param lowers: the trees below, topmost first.
    :param layer: new directory that takes the changes.
    :param script: name of a file in C(scripts/); it finds that directory at /mnt/scripts, C(files/) at /mnt/files and C(out) at /mnt/out.
    :param out: a directory that the script may write results to.
    """
    work, root = (layer.with_name(f"{layer.name}.{name}") for name in ("work", "root"))
    for directory in (layer, work, root):
        directory.mkdir()
    options = f"lowerdir={':'.join(map(str, lowers))},upperdir={layer},workdir={work}"
    quoted = shlex.quote(str(root))
    steps = [
        f"mount -t overlay overlay -o {shlex.quote(options)} {quoted}",
        f"mount -t proc proc {quoted}/proc",
        f"mount --rbind /dev {quoted}/dev",
        f"mount -t tmpfs tmpfs {quoted}/mnt",
        f"mkdir {quoted}/mnt/scripts {quoted}/mnt/files {quoted}/mnt/out",
        f"mount --bind {shlex.quote(str(SCRIPTS))} {quoted}/mnt/scripts",
        f"mount --bind {shlex.quote(str(FILES))} {quoted}/mnt/files",
        # The host's resolver, for the time of the script only.
        f"mount -t tmpfs tmpfs {quoted}/run",
        f"cp /etc/resolv.conf {quoted}/run/resolv.conf",
        f"touch {quoted}/etc/resolv.conf",
        f"mount --bind {quoted}/run/resolv.conf {quoted}/etc/resolv.conf",
        f"exec chroot {quoted} /bin/sh -eu /mnt/scripts/{script}",
    ]
    if out:
        steps.insert(-1, f"mount --bind {shlex.quote(str(out))} {quoted}/mnt/out")
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    in_own_namespace(["/bin/sh", "-euc", "\n".join(steps)], env={**_ENVIRONMENT, **passed_on, **(env or {})})
    remove_tree(root)
    remove_tree(work)
