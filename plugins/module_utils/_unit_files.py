# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd's unit files tell a service: its command line and its environment.

Sources: systemd.unit(5), systemd.service(5) ("Command lines"), systemd.exec(5) ("Environment"). For a service that does not run; one
that runs is asked itself (_processes).

Runs on the node: standard library and Python 3.6 only.
"""

import re

from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import parse_environment_file, split_words
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text

#: What may stand before the program in ExecStart=.
EXEC_PREFIXES = "@-:+!|"
_VARIABLE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)")


def unit_settings(text, section="Service"):
    """Returns the settings of one section of a unit file: list of (name, value) in order.

    A backslash at the end of a line continues it; lines that begin with C(#) or C(;) are comments, within a continued line too.
    """
    settings, current, line = [], None, ""
    for raw in text.splitlines():
        stripped = raw.strip()
        if stripped[:1] in ("#", ";") or (not stripped and not line):
            continue
        line = (line + " " + stripped) if line else stripped
        if line.endswith("\\"):
            line = line[:-1].rstrip()
            continue
        if line.startswith("[") and line.endswith("]"):
            current = line[1:-1]
        elif "=" in line and current == section:
            name, _equals, value = line.partition("=")
            settings.append((name.strip(), value.strip()))
        line = ""
    return settings


def effective_settings(texts):
    """Returns the settings of a unit and its drop-ins, in their order: dict of name -> list of values.

    An empty value takes back what stood before it, as for ExecStart=, Environment= and EnvironmentFile=.
    """
    found = {}
    for text in texts:
        for name, value in unit_settings(text):
            found[name] = found.get(name, []) + [value] if value else []
    return found


def _without_specifiers(text):
    return text.replace("%%", "%")


def environment(settings):
    """Returns the environment that a unit's settings make: dict. What stands in a file wins over what stands in the unit.

    :param settings: dict, see C(effective_settings).
    """
    variables = {}
    for value in settings.get("Environment", []):
        for word in split_words(value):
            name, equals, text = word.text.partition("=")
            if equals:
                variables[name] = _without_specifiers(text)
    for value in settings.get("EnvironmentFile", []):
        text = read_text(value.lstrip("-"))
        for assignment in parse_environment_file(text or ""):
            variables[assignment.name] = assignment.value
    return variables


def command_arguments(settings, variables):
    """Returns the arguments of a unit's C(ExecStart=): list of str, the program first, empty for none.

    :param settings: dict, see C(effective_settings).
    :param variables: dict, the environment. C($NAME) as a word of its own is split into arguments, C(${NAME}) is not.
    """
    commands = settings.get("ExecStart", [])
    if not commands:
        return []
    arguments = []
    for word in split_words(commands[-1].lstrip(EXEC_PREFIXES)):
        whole = re.match(r"\$([A-Za-z_][A-Za-z0-9_]*)\Z", word.text)
        if whole:
            arguments += [part.text for part in split_words(variables.get(whole.group(1), ""))]
            continue
        arguments.append(
            _VARIABLE.sub(
                lambda match: "$" if match.group(0) == "$$" else variables.get(match.group(1) or match.group(2), ""),
                _without_specifiers(word.text),
            )
        )
    return arguments


def read_settings(paths):
    """Returns the effective settings of a unit whose files are these, in systemd's order."""
    return effective_settings([read_text(path) or "" for path in paths])
