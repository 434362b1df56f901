# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets ansible-test make its virtual environments where the host of its bootstrap script for pip is out of reach.

ansible-test downloads that script once and looks for it in a cache, C(~/.ansible/test/cache), first. Only if the download
fails a stand-in is put there, which does the same with ensurepip, a part of Python.
"""

from __future__ import annotations

import re
import sys
import urllib.request
from pathlib import Path

import ansible_test

STAND_IN = '''\
"""Stand-in for pip's bootstrap script: ensurepip instead of a download. Remove this file to have the real one downloaded."""

import runpy
import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade", "--default-pip"], stdout=subprocess.DEVNULL)
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + arguments))
'''


def main() -> int:
    package = Path(ansible_test.__path__[0])
    version = re.search(r"pip='([0-9.]+)'", (package / "_internal/python_requirements.py").read_text(encoding="utf-8"))
    address = re.search(
        r"url = '(https://[^']+)' % pip_version", (package / "_util/target/setup/requirements.py").read_text(encoding="utf-8")
    )
    if not version or not address:
        print("This ansible-test looks for pip in another way; see whether tests/sanity/bootstrap.py is needed at all.", file=sys.stderr)
        return 1
    cached = Path("~/.ansible/test/cache").expanduser() / f"get_pip_{version[1].replace('.', '_')}.py"
    if cached.exists():
        return 0
    cached.parent.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(address[1] % version[1], timeout=20) as answer:  # noqa: S310 (ansible-test's own https address)
            cached.write_bytes(answer.read())
    except OSError as error:
        print(f"{error}: ensurepip stands in for the bootstrap script that ansible-test would download.")
        cached.write_text(STAND_IN, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
