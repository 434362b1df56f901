# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd's unit files tell a service: its command line and its environment.

Sources: systemd.unit(5), systemd.service(5) ("Command lines"), systemd.exec(5) ("Environment"). For a service that does not run; one
that runs is asked itself (_processes).

Runs on the node: standard library and Python 3.6 only.
"""

import re

from ansible_collections.dockershim.migration.plugins.module_utils._environment_file import (
    flags_as_dict,
    parse_environment_file,
    split_words,
)
from ansible_collections.dockershim.migration.plugins.module_utils._text_file import read_text

#: What may stand before the program in ExecStart=.
EXEC_PREFIXES = "@-:+!|"
_VARIABLE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)")


def numbered_settings(text, section="Service"):
    """Returns the settings of one section of a unit file: list of (number of its first line, name, value) in order.

    A backslash at the end of a line continues it; lines that begin with C(#) or C(;) are comments, within a continued line too.
    """
    settings, current, line, first = [], None, "", 0
    # What the last line continues into is nothing.
    for number, raw in enumerate(text.splitlines() + [""], 1):
        stripped = raw.strip()
        if stripped[:1] in ("#", ";") or (not stripped and not line):
            continue
        if not line:
            first = number
        line = (line + " " + stripped) if line else stripped
        if line.endswith("\\"):
            line = line[:-1].rstrip()
            continue
        if line.startswith("[") and line.endswith("]"):
            current = line[1:-1]
        elif "=" in line and current == section:
            name, _equals, value = line.partition("=")
            settings.append((first, name.strip(), value.strip()))
        line = ""
    return settings


def unit_settings(text, section="Service"):
    """Returns the settings of one section of a unit file: list of (name, value) in order."""
    return [(name, value) for _number, name, value in numbered_settings(text, section)]


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


def unit_flags(files):
    """Returns the flags that a unit's files give a program themselves, with the line on which each stands.

    Unit files belong to packages and administrators; who has to change them must know where.

    :param files: list of (path, text) in systemd's order: the unit, then its drop-ins.
    :returns: list of dict with path, line, variable (str, None for ExecStart itself) and flags (dict). What a later file resets or
        sets anew is not in it. Variables that stand in an environment file as well are: which of them wins is not this function's
        business.
    """
    variables, command = {}, None
    for path, text in files:
        for number, name, value in numbered_settings(text):
            if name == "Environment" and not value:
                variables = {}
            elif name == "Environment":
                for word in split_words(value):
                    variable, equals, arguments = word.text.partition("=")
                    if equals:
                        variables[variable] = (path, number, arguments)
            elif name == "ExecStart":
                command = (path, number, value) if value else None
    found = [(place, variable) for variable, place in sorted(variables.items())] + ([(command, None)] if command else [])
    result = []
    for (path, number, value), variable in found:
        flags = flags_as_dict([word.text for word in split_words(value) if not word.text.startswith("$")])
        if flags:
            result.append({"path": path, "line": number, "variable": variable, "flags": flags})
    return result
