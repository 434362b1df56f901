# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module once over all cases and all real containerds, with ansible-playbook as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomllib
from binaries import SUITES, Binary, binary
from cases import HERE, Case, cases, wanted

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Node:
    """One containerd, its cases and what came of them."""

    binary: Binary
    base: Path
    cases: list[Case] = field(default_factory=list)
    results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def directory(self, case: Case) -> Path:
        return self.base / case.name.replace(" ", "-").replace("'", "")

    def path(self, case: Case) -> Path:
        return self.directory(case) / "config.toml"

    def case(self, name: str) -> Case:
        return next(case for case in self.cases if case.name == name)

    def dump(self, case: Case) -> dict[str, Any]:
        """What containerd itself says is in force."""
        return tomllib.loads(self.binary.run("--config", str(self.path(case)), "config", "dump"))


@pytest.fixture(scope="session")
def binaries() -> dict[str, Binary]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(SUITES, pool.map(binary, SUITES), strict=True))


@pytest.fixture(scope="session")
def run(binaries, tmp_path_factory) -> tuple[dict[str, Node], str]:
    base = tmp_path_factory.mktemp("containerd")
    nodes = {suite: Node(found, base / suite) for suite, found in binaries.items()}
    hosts = {}
    for suite, node in nodes.items():
        node.base.mkdir()
        tasks = {}
        for case in cases(node.binary):
            directory = node.directory(case)
            directory.mkdir()
            if case.text is not None:
                case.text = case.text.replace(HERE, str(directory))
                node.path(case).write_text(case.text)
            for name, text in case.beside.items():
                (directory / name).parent.mkdir(exist_ok=True)
                (directory / name).write_text(text)
            settings = wanted(node.binary, directory) if case.settings is None else case.settings
            tasks[case.name] = {"path": str(node.path(case)), "settings": settings}
            node.cases.append(case)
        hosts[suite] = {
            "containerd": node.binary.containerd,
            "containerd_version": node.binary.version,
            "cases": tasks,
            "results": str(base / f"{suite}.json"),
            "ansible_python_interpreter": sys.executable,
            "ansible_remote_tmp": str(base / f"{suite}-tmp"),
        }
    inventory = base / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCAL_TEMP": str(base / "controller"),
    }
    playbook = Path(__file__).with_name("run.yml")
    command = [sys.executable, "-m", "ansible", "playbook", playbook, "--inventory", inventory, "--diff", "-vvv"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    output = done.stdout + done.stderr
    (base / "output.log").write_text(output)
    if done.returncode:
        pytest.exit(f"ansible-playbook ended with {done.returncode}, see {base / 'output.log'}:\n{output[-2000:]}")
    for suite, node in nodes.items():
        node.results = json.loads((base / f"{suite}.json").read_text())
    return nodes, output


@pytest.fixture(scope="session")
def nodes(run):
    return run[0]


@pytest.fixture(scope="session")
def output(run):
    return run[1]
