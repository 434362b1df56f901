# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module in this process, as Ansible would, and returns its result."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from ansible.module_utils import basic

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:
    # ansible-core before 2.19.
    @contextlib.contextmanager
    def patch_module_args(arguments: dict[str, Any]) -> Iterator[None]:
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = None


class ModuleFailedError(AssertionError):
    """The module ended with C(fail_json); C(result) is what it returned."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


def run_module(module: ModuleType, *, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    """Calls C(module.main()) with the given arguments and returns what it printed as its result.

    :param module: the imported module.
    :param check_mode: run it as C(ansible-playbook --check) would.
    :param arguments: the module's options.
    :returns: the result of C(exit_json).
    :raises ModuleFailedError: the module ended with C(fail_json).
    """
    output = io.StringIO()
    arguments = {**arguments, "_ansible_check_mode": check_mode, "_ansible_diff": True}
    with patch_module_args(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        module.main()
    result = json.loads(output.getvalue().strip().splitlines()[-1])
    if result.get("failed"):
        raise ModuleFailedError(result)
    return result
