# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrates a fresh lab with the oldest and the newest ansible-core: python tests/compat.py.

One worker has a real Python 3.6 and is migrated by ansible-core 2.16, the last that supports it; everything else is migrated by the newest
ansible-core that a Python of this machine allows. Where a Python is missing it says so, and ends with an error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pythons import CHECKOUT, OLD_CORE, interpreter

BUILD = CHECKOUT / "build" / "compat"
LAB = CHECKOUT / "build" / "lab"
OLD_NODE = "worker-1"
#: The oldest Python that each newest ansible-core runs on, newest first (ansible-core's support matrix).
NEWEST_CORES = (("3.13", "ansible-core==2.21.*"), ("3.12", "ansible-core==2.21.*"), ("3.11", "ansible-core==2.19.*"))


def make_venv(name: str, python: Path, core: str) -> Path:
    venv = BUILD / name
    if not (venv / ".ready").exists():
        subprocess.run([python, "-m", "venv", "--clear", venv], check=True)
        pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, core, "-r", CHECKOUT / "requirements.txt"], check=True)
        (venv / ".ready").touch()
    return venv


def migrate(venv: Path, inventories: list[Path], *arguments: str) -> None:
    version = subprocess.check_output([venv / "bin" / "ansible", "--version"], text=True).splitlines()[0]
    print(f"== {version}, {' '.join(arguments) or 'all nodes'}", flush=True)
    command = [venv / "bin" / "ansible-playbook", CHECKOUT / "playbooks" / "migrate-containerd.yml"]
    for inventory in inventories:
        command += ["-i", inventory]
    path = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([*command, *arguments], check=True, cwd=CHECKOUT, env={**os.environ, "PATH": path})


def give_python(container: str, python: Path) -> None:
    """Copies a Python with its library to the same place on a node, where its program expects it."""
    root = python.parents[1]
    subprocess.run(["podman", "exec", container, "mkdir", "--parents", root.parent], check=True)
    pack = subprocess.Popen(["tar", "--create", "--exclude=test", "--directory", root.parent, root.name], stdout=subprocess.PIPE)
    unpack = ["podman", "exec", "--interactive", container, "tar", "--extract", "--directory", root.parent]
    subprocess.run(unpack, check=True, stdin=pack.stdout)
    if pack.wait():
        sys.exit(f"{root} could not be copied to {container}.")


def main() -> None:
    old_python = interpreter("3.6")
    new = next(((python, core) for version, core in NEWEST_CORES if (python := interpreter(version))), None)
    controller = next((python for version in ("3.11", "3.12", "3.10") if (python := interpreter(version))), None)
    if old_python is None or new is None or controller is None:
        sys.exit("Python 3.6 for the node, 3.10 to 3.12 for ansible-core 2.16 and 3.11 or newer for the newest one are needed here.")
    old_core, new_core = make_venv("oldest", controller, OLD_CORE), make_venv("newest", *new)
    subprocess.run([sys.executable, CHECKOUT / "tests" / "lab" / "lab.py", "up"], check=True)
    nodes = json.loads((LAB / "lab.json").read_text(encoding="utf-8"))["nodes"]
    give_python(next(node["container"] for node in nodes if node["name"] == OLD_NODE), old_python)
    variables = BUILD / "old-python.yml"
    variables.write_text(json.dumps({"all": {"hosts": {OLD_NODE: {"ansible_python_interpreter": str(old_python)}}}}), encoding="utf-8")
    inventories = [LAB / "inventory.yml", variables]
    migrate(old_core, inventories, "--limit", OLD_NODE)
    migrate(new_core, [LAB / "inventory.yml"])
    subprocess.run([sys.executable, CHECKOUT / "tests" / "lab" / "lab.py", "status", "--expect", "containerd"], check=True)


if __name__ == "__main__":
    main()
