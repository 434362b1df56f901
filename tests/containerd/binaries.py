# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containerd programs of Debian's suites, unpacked beside each other and run with the C library of their own suite.

apt fetches the packages from the machine's own mirror of Debian, in directories of its own, so that nothing of the machine's
packages changes; it checks them with Debian's keyring as it checks any other. They stay in the cache until it is removed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: Suites, oldest first: containerd 1.4, 1.6, 1.7 and 2.1 at the time of writing.
SUITES = ("bullseye", "bookworm", "trixie", "sid")
PROGRAMS = ("containerd", "ctr")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dockershim-migration" / "containerd"


@dataclass(frozen=True)
class Binary:
    """containerd as one suite has it."""

    suite: str
    directory: Path

    @property
    def containerd(self) -> str:
        return str(self.directory / "bin" / "containerd")

    @property
    def ctr(self) -> str:
        return str(self.directory / "bin" / "ctr")

    @property
    def version(self) -> str:
        """The release, such as C(1.6.20)."""
        output = self.run("--version")
        match = re.search(r" v?(\d+\.\d+\.\d+)", output)
        assert match, f"containerd of {self.suite} gives no version: {output}"
        return match.group(1)

    @property
    def release(self) -> tuple[int, int]:
        major, minor, _patch = self.version.split(".")
        return int(major), int(minor)

    def run(self, *arguments: str) -> str:
        return subprocess.run([self.containerd, *arguments], capture_output=True, text=True, check=True).stdout


def _mirror() -> str:
    """Returns where this machine gets Debian from."""
    listing = subprocess.run(["apt-get", "update", "--print-uris"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"^'([^' ]+/debian/?)/?dists/[a-z]+/(?:In)?Release", listing, re.MULTILINE)
    if not match:
        raise RuntimeError("Nothing in this machine's apt sources is a mirror of Debian: the real containerd programs cannot be fetched.")
    return match.group(1)


def _fetch(suite: str, target: Path) -> None:
    """Fetches and unpacks one suite's packages; C(target) does not exist before."""
    if not KEYRING.exists():
        raise RuntimeError(f"{KEYRING} is missing, which the packages are checked with: install debian-archive-keyring.")
    work = target.with_suffix(".new")
    shutil.rmtree(work, ignore_errors=True)
    for name in ("apt/lists/partial", "apt/archives/partial", "packages", "root", "bin"):
        (work / name).mkdir(parents=True)
    (work / "apt" / "status").touch()
    (work / "apt" / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n")
    settings = {
        "Dir::State": work / "apt",
        "Dir::State::lists": work / "apt" / "lists",
        "Dir::State::status": work / "apt" / "status",
        "Dir::Cache": work / "apt",
        "Dir::Etc::sourcelist": work / "apt" / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "",
    }
    apt = ["apt-get", "--quiet=2", *(f"--option={name}={value}" for name, value in settings.items())]
    for command in (["update"], ["download", "containerd", "libc6"]):
        done = subprocess.run([*apt, *command], cwd=work / "packages", capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"containerd of Debian {suite} cannot be fetched ({shlex.join(command)}): {done.stderr.strip()}")
    for package in (work / "packages").glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, work / "root"], check=True)
    shutil.rmtree(work / "apt")
    shutil.rmtree(work / "packages")
    library = next((work / "root").rglob("libc.so.6")).parent.relative_to(work)
    loader = next(path for path in sorted((work / library).glob("ld-linux*.so.*")))
    for name in PROGRAMS:
        script = work / "bin" / name
        script.write_text(
            f"#!/bin/sh\nexec {shlex.quote(str(target / loader.relative_to(work)))} --library-path {shlex.quote(str(target / library))} "
            f'{shlex.quote(str(target / "root" / "usr" / "bin" / name))} "$@"\n'
        )
        script.chmod(0o755)
    work.rename(target)


def binary(suite: str) -> Binary:
    """Returns a suite's containerd; fetched at the first call.

    :raises RuntimeError: it cannot be had, and why.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / suite
    with (CACHE / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _fetch(suite, target)
    return Binary(suite, target)
