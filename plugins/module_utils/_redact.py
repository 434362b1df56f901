# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes secrets out of data that will be shown, logged or kept.

Runs on the node and on the controller: standard library and Python 3.6 only.
"""

import re

#: The user part of a URL (RFC 3986, section 3.2.1).
_URL_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/\s]+@")
REDACTED = "********"
#: Names of settings whose value is a secret, such as the log driver's splunk-token.
_SECRET_NAME = re.compile(r"token|passw|secret|credential|api-?key", re.IGNORECASE)
_SECRET_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z0-9_.-]*(?:token|passw|secret|credential|api-?key)[A-Za-z0-9_.-]*=)\S+", re.IGNORECASE)
#: A proxy that is written without a scheme: user:password@host, perhaps behind a flag.
_BARE_CREDENTIALS = re.compile(r"^(?P<flag>--[a-z-]+=)?[^\s/@:=]+:(?!//)[^\s@]+@")


def without_url_credentials(value):
    """Returns a copy of plain data (str, list, dict) in which no URL has a user or a password any more."""
    if isinstance(value, str):
        return _URL_CREDENTIALS.sub(r"\g<scheme>" + REDACTED + "@", value)
    if isinstance(value, list):
        return [without_url_credentials(item) for item in value]
    if isinstance(value, dict):
        return {key: without_url_credentials(item) for key, item in value.items()}
    return value


def without_secrets(value):
    """Returns a copy of plain data without the credentials in URLs and without the values of settings that are secrets by their names."""
    if isinstance(value, str):
        value = _SECRET_ASSIGNMENT.sub(r"\g<name>" + REDACTED, without_url_credentials(value))
        return _BARE_CREDENTIALS.sub(lambda match: (match.group("flag") or "") + REDACTED + "@", value)
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {
            key: REDACTED if isinstance(item, str) and _SECRET_NAME.search(key) else without_secrets(item) for key, item in value.items()
        }
    return value


#: What in a line of a log may be a secret: the word before it stays.
_SECRET_WORDS = re.compile(
    r"""((?:password|passwd|secret|token|authorization|api[-_]?key|credential|auth)\w*["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?)"""
    r"""([^\s"',;]+)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


def masked_secrets(line):
    """Returns a line of a log without what looks like a secret: credentials in URLs, values after words such as token."""
    line = _SECRET_WORDS.sub(r"\1" + REDACTED, without_url_credentials(line))
    return _BEARER.sub(r"\1 " + REDACTED, line)
