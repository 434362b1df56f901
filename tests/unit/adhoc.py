# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one task as a user would, with C(ansible) against this machine: what an action plugin needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def run_task(directory: Path, module: str, *flags: str, **options: Any) -> tuple[dict[str, Any], str]:
    """Returns the task's result, and all that was printed.

    :param directory: where both halves keep their temporary files.
    :param module: name without the collection's.
    :param flags: of the command line (C(--check), C(--diff)).
    :param options: the module's.
    """
    command = [sys.executable, "-m", "ansible", "adhoc", "localhost", "-c", "local", "-m", f"dockershim.migration.{module}"]
    environment = {
        **os.environ,
        "ANSIBLE_LOCAL_TEMP": str(directory / "controller"),
        "ANSIBLE_REMOTE_TEMP": str(directory / "node"),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run([*command, "-a", json.dumps(options), *flags], capture_output=True, text=True, env=environment, check=False)
    output = done.stdout + done.stderr
    return json.JSONDecoder().raw_decode(output[output.index("=> {") + 3 :])[0], output
