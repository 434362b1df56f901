# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of registries, as the node that asks resolves their names.

Runs on the node: standard library and Python 3.6 only.
"""

import socket
from concurrent.futures import ThreadPoolExecutor

#: A resolver that does not answer takes many seconds a name.
_AT_ONCE = 16


def _addresses_of(name):
    host = name.rsplit(":", 1)[0] if ":" in name else name
    try:
        return sorted({found[4][0].partition("%")[0] for found in socket.getaddrinfo(host.strip("[]"), None)})
    except (OSError, UnicodeError):
        return None


def resolve(names):
    """Returns the addresses of each name (C(host) or C(host:port)) that resolves: dict of name -> list of str."""
    names = sorted(set(names))
    if not names:
        return {}
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        futures = {name: pool.submit(_addresses_of, name) for name in names}
    return {name: future.result() for name, future in futures.items() if future.result() is not None}
