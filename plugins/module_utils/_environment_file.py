# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and edits the command line flags that a systemd environment file holds.

kubeadm's kubelet unit runs C(kubelet $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS) with the variables from
/var/lib/kubelet/kubeadm-flags.env and /etc/default/kubelet or /etc/sysconfig/kubelet. A value therefore goes through two
quoting levels, neither of which is a shell's:

1. C(EnvironmentFile=) (systemd: src/basic/env-file.c, C(parse_env_file_internal)) turns the file into variables;
2. an unbraced C($NAME) that is a word of its own in C(ExecStart=) is split into arguments (src/basic/env-util.c,
   C(replace_env_argv); src/basic/extract-word.c with C(EXTRACT_RELAX|EXTRACT_UNQUOTE)).

systemd changed level 1 over time. What the versions agree on is read and written; where they differ on the variable in
question, the file is refused with the place that is ambiguous. See L(DIALECTS).

Every decoded character remembers where it stood in the file, so an edit replaces the bytes of one argument and nothing else.

Runs on the node: standard library and Python 3.6 only.
"""

import re
from collections import OrderedDict, namedtuple

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

# What differs between the parsers of EnvironmentFile=. Source: src/basic/env-file.c (before: src/basic/fileio.c).
# - until v239 a backslash escapes any character between single and double quotes alike; since v241 single quotes know
#   no escapes, and between double quotes only "\`$ and the end of a line are escaped (systemd issue 10659).
# - until v253 a backslash at the end of a comment continues the comment on the next line; not since v254 (issue 27975).
Dialect = namedtuple("Dialect", "name shell_quotes comment_continues")
DIALECTS = (
    Dialect("systemd 254 and later", True, False),
    Dialect("systemd 241 to 253", True, True),
    Dialect("systemd up to 239", False, True),
)

WHITESPACE = " \t\n\r"
NEWLINE = "\n\r"
COMMENT_MARKS = "#;"
SHELL_NEED_ESCAPE = '"\\`$'

_PLAIN, _SINGLE, _DOUBLE = "plain", "single", "double"

# name: str; value: str; spans: [(start, end)] in the file for each character of the value; contexts: the quoting each
# character stands in; source: (start, end) in the file of everything between the = and the end of the assignment;
# line: int, where it starts.
Assignment = namedtuple("Assignment", "name value spans contexts source line")

# text: str, the argument; start, end: its place in the value, quotes included.
Word = namedtuple("Word", "text start end")

# name: str (normalised) or None for an argument that is no flag; value: str or None; first, last: word numbers.
Flag = namedtuple("Flag", "name value first last")


class _Value:
    """Collects the characters of one value and their places."""

    def __init__(self):
        self.characters = []
        self.spans = []
        self.contexts = []

    def add(self, character, start, end, context):
        self.characters.append(character)
        self.spans.append((start, end))
        self.contexts.append(context)

    def cut(self, length):
        del self.characters[length:], self.spans[length:], self.contexts[length:]


def parse_environment_file(text, dialect=DIALECTS[0]):
    """Returns the assignments of a file in order, as systemd reads them.

    :param text: str, the file.
    :param dialect: Dialect, whose reading.
    :returns: list of Assignment. A line without C(=) is none, as for systemd.
    """
    assignments = []
    state = "pre_key"
    key, key_line = "", 0
    value, value_start, blank = _Value(), 0, None
    escape_start = 0

    def push(end):
        if state == "value" and blank is not None:
            value.cut(blank)
        assignments.append(
            Assignment(key.rstrip(WHITESPACE), "".join(value.characters), value.spans, value.contexts, (value_start, end), key_line)
        )

    for position, character in enumerate(text):
        newline = character in NEWLINE
        if state == "pre_key":
            if character in COMMENT_MARKS:
                state = "comment"
            elif character not in WHITESPACE:
                state, key, key_line = "key", character, text.count("\n", 0, position) + 1
        elif state == "key":
            if newline:
                state = "pre_key"
            elif character == "=":
                state, value, value_start, blank = "pre_value", _Value(), position + 1, None
            else:
                key += character
        elif state == "pre_value":
            if newline:
                push(position)
                state = "pre_key"
            elif character == "'":
                state = "single"
            elif character == '"':
                state = "double"
            elif character == "\\":
                state, escape_start = "value_escape", position
            elif character not in WHITESPACE:
                state = "value"
                value.add(character, position, position + 1, _PLAIN)
        elif state == "value":
            if newline:
                push(position)
                state = "pre_key"
            elif character == "\\":
                state, escape_start, blank = "value_escape", position, None
            else:
                if character not in WHITESPACE:
                    blank = None
                elif blank is None:
                    blank = len(value.characters)
                value.add(character, position, position + 1, _PLAIN)
        elif state == "value_escape":
            state = "value"
            if not newline:
                value.add(character, escape_start, position + 1, _PLAIN)
        elif state == "single":
            if character == "'":
                state = "pre_value"
            elif character == "\\" and not dialect.shell_quotes:
                state, escape_start = "single_escape", position
            else:
                value.add(character, position, position + 1, _SINGLE)
        elif state == "single_escape":
            state = "single"
            if not newline:
                value.add(character, escape_start, position + 1, _SINGLE)
        elif state == "double":
            if character == '"':
                state = "pre_value"
            elif character == "\\":
                state, escape_start = "double_escape", position
            else:
                value.add(character, position, position + 1, _DOUBLE)
        elif state == "double_escape":
            state = "double"
            if dialect.shell_quotes and character not in SHELL_NEED_ESCAPE:
                if character != "\n":
                    value.add("\\", escape_start, position, _DOUBLE)
                    value.add(character, position, position + 1, _DOUBLE)
            elif not newline:
                value.add(character, escape_start, position + 1, _DOUBLE)
        elif state == "comment":
            if character == "\\":
                state = "comment_escape"
            elif newline:
                state = "pre_key"
        elif state == "comment_escape":
            state = "pre_key" if newline and not dialect.comment_continues else "comment"

    if state not in ("pre_key", "key", "comment", "comment_escape"):
        push(len(text))
    return assignments


def split_words(value):
    """Splits the value of an unbraced C($NAME) in C(ExecStart=) into arguments, as systemd does.

    Whitespace separates, single and double quotes group and are removed, a backslash takes the next character as it
    is (between both kinds of quotes too), and what is not closed ends with the value.

    :param value: str, the variable's value.
    :returns: list of Word.
    """
    words = []
    position, length = 0, len(value)
    while True:
        while position < length and value[position] in WHITESPACE:
            position += 1
        if position == length:
            return words
        start, text, quote = position, "", None
        while position < length:
            character = value[position]
            if character == "\\":
                text += value[position + 1 : position + 2]
                position += 1
            elif quote:
                if character == quote:
                    quote = None
                else:
                    text += character
            elif character in "'\"":
                quote = character
            elif character in WHITESPACE:
                break
            else:
                text += character
            position += 1
        position = min(position, length)
        words.append(Word(text, start, position))


def quote_word(text):
    """Writes an argument so that L(split_words) reads it back, with as few quotes as possible."""
    if text and not re.search(r"[\s'\"\\]", text):
        return text
    if "'" not in text and "\\" not in text:
        return "'" + text + "'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encode(text, context):
    """Writes a piece of a value into a file, where it stands in the given quotes."""
    if context == _DOUBLE:
        return re.sub(r'(["\\])', r"\\\1", text)
    if context == _PLAIN:
        return text.replace("\\", "\\\\")
    return text


def normalise_flag(name):
    """Returns a flag's name as the kubelet compares it: C(_) means C(-) (component-base, C(WordSepNormalizeFunc))."""
    return name.replace("_", "-")


def parse_flags(arguments):
    """Groups arguments into flags, as the kubelet's flag library (pflag) reads them.

    C(--name=value), C(--name value), C(--name) (a switch: true), C(-v=2), C(-v2), C(-v 2). A word that does not begin
    with a dash and follows a flag without C(=) is its value: the kubelet takes no other arguments.

    :param arguments: list of str.
    :returns: list of Flag in order.
    """
    flags = []
    number = 0
    while number < len(arguments):
        argument = arguments[number]
        long, short = re.match(r"--([^=]+)(=?)", argument), re.match(r"-([^-=])(=?)", argument)
        if long:
            name, value = long.group(1), argument[long.end() :] if long.group(2) else None
        elif short:
            name, value = short.group(1), argument[short.end() :] if len(argument) > 2 else None
        else:
            flags.append(Flag(None, argument, number, number))
            number += 1
            continue
        last = number
        if value is None and number + 1 < len(arguments) and not arguments[number + 1].startswith("-"):
            last = number + 1
            value = arguments[last]
        flags.append(Flag(normalise_flag(name), value, number, last))
        number = last + 1
    return flags


def flags_as_dict(arguments):
    """Returns the flags of an argument list by name: a str, C("true") for a bare switch, or a list of str if repeated."""
    result = OrderedDict()
    for flag in parse_flags(arguments):
        if flag.name is None:
            continue
        value = "true" if flag.value is None else flag.value
        if flag.name not in result:
            result[flag.name] = value
        elif isinstance(result[flag.name], list):
            result[flag.name].append(value)
        else:
            result[flag.name] = [result[flag.name], value]
    return result


def _last_assignment(text, variable, dialect):
    found = [assignment for assignment in parse_environment_file(text, dialect) if assignment.name == variable]
    return found[-1] if found else None


def _arguments(assignment):
    return None if assignment is None else [word.text for word in split_words(assignment.value)]


def read_arguments(text, variable, path):
    """Returns the arguments that a variable of an environment file gives to a service.

    :param text: str or None, the file (None: it does not exist).
    :param variable: str, the variable's name; its last assignment counts.
    :param path: str, for messages.
    :returns: list of str, or None where the variable is not set.
    :raises MigrationError: systemd versions read the variable differently, or do not read the file at all.
    """
    if text is None:
        return None
    if "\0" in text:
        raise MigrationError("{0} contains a NUL character, which systemd refuses (offset {1}): remove it.".format(path, text.index("\0")))
    expected = _last_assignment(text, variable, DIALECTS[0])
    for dialect in DIALECTS[1:]:
        other = _last_assignment(text, variable, dialect)
        if _arguments(other) != _arguments(expected):
            raise MigrationError(
                "{0}: {1} (line {2}) means one thing to {3} and another to {4}, because of a backslash {5}. Rewrite the "
                'line as {1}="..." without backslashes, then run again.'.format(
                    path,
                    variable,
                    (expected or other).line,
                    DIALECTS[0].name,
                    dialect.name,
                    "at the end of a comment" if dialect.shell_quotes else "between quotes",
                )
            )
    return _arguments(expected)


def _reading(text, variable, dialect):
    """Returns what a file means: every assignment but the variable's, and the variable's arguments."""
    others = [(a.name, a.value) for a in parse_environment_file(text, dialect) if a.name != variable]
    return others, _arguments(_last_assignment(text, variable, dialect))


def _check_request(flags, absent):
    names = {}
    for option, wanted in (("flags", flags), ("absent", absent)):
        for name in wanted:
            if not re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z", name):
                raise MigrationError("{0}: {1!r} is not the name of a flag: write it without dashes in front.".format(option, name))
            if normalise_flag(name) in names:
                raise MigrationError(
                    "{0}: the flag {1!r} is named twice ({2!r} before): a flag is either set once or absent.".format(
                        option, name, names[normalise_flag(name)]
                    )
                )
            names[normalise_flag(name)] = name
    for name, value in flags.items():
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise MigrationError("flags: the value of {0!r} holds a control character, which no kubelet flag can.".format(name))


def _spelled(argument, name, value):
    """Writes a flag with a new value, keeping how its name is spelled."""
    if argument is None:
        argument = "--" + name
    spelling = re.match(r"--[^=]+", argument) or re.match(r"-[^-=]", argument)
    return "{0}={1}".format(spelling.group(0), value)


def _plan_edits(arguments, flags, absent, path, variable):
    """Decides what happens to each argument.

    :returns: tuple of the edits {word number: new text, or None to remove it} and the list of arguments to append.
    """
    if "--" in arguments:
        raise MigrationError(
            "{0}: {1} holds a bare '--', after which the kubelet reads no flags: remove it, then run again.".format(path, variable)
        )
    wanted = OrderedDict((normalise_flag(name), value) for name, value in flags.items())
    unwanted = {normalise_flag(name) for name in absent}
    found = parse_flags(arguments)
    last_of = {flag.name: flag for flag in found}
    edits = {}
    for flag in found:
        superseded = flag.name in wanted and flag is not last_of[flag.name]
        if flag.name in unwanted or superseded:
            edits.update((number, None) for number in range(flag.first, flag.last + 1))
        elif flag.name in wanted and wanted[flag.name] != ("true" if flag.value is None else flag.value):
            value = wanted[flag.name]
            if flag.last > flag.first and value and not value.startswith("-"):
                edits[flag.last] = value
            else:
                edits[flag.first] = _spelled(arguments[flag.first], flag.name, value)
                edits.update((number, None) for number in range(flag.first + 1, flag.last + 1))
    appended = [_spelled(None, name, value) for name, value in wanted.items() if name not in last_of]
    return edits, appended


def _edit_in_place(text, assignment, edits, appended):
    """Changes only the bytes of the arguments concerned."""
    words = split_words(assignment.value)
    changes = []
    kept = [number for number in range(len(words)) if edits.get(number, "") is not None]
    for number, new in edits.items():
        word = words[number]
        start, end = assignment.spans[word.start][0], assignment.spans[word.end - 1][1]
        if new is not None:
            changes.append((start, end, _encode(quote_word(new), assignment.contexts[word.start])))
        elif any(other < number for other in kept):
            # With the blanks before it.
            changes.append((assignment.spans[words[number - 1].end - 1][1], end, ""))
        elif number + 1 < len(words):
            # With the blanks behind it.
            changes.append((start, assignment.spans[words[number + 1].start][0], ""))
        else:
            changes.append((start, end, ""))
    if appended:
        if not words:
            raise ValueError("nothing to append to")
        word = words[-1]
        place = assignment.spans[word.end - 1][1]
        new = "".join((" " if kept or index else "") + quote_word(argument) for index, argument in enumerate(appended))
        changes.append((place, place, _encode(new, assignment.contexts[word.end - 1])))
    # From the end to the start; at one place what is inserted stands behind what is replaced.
    for start, end, new in sorted(changes, key=lambda change: (change[0], change[1]), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _edit_whole_value(text, assignment, arguments):
    """Writes the whole value anew, as kubeadm does: between double quotes."""
    start, end = assignment.source
    value = " ".join(quote_word(argument) for argument in arguments)
    return '{0}"{1}"{2}'.format(text[:start], _encode(value, _DOUBLE), text[end:])


def _append_assignment(text, variable, arguments):
    value = " ".join(quote_word(argument) for argument in arguments)
    separator = "\n" if text and not text.endswith("\n") else ""
    return '{0}{1}{2}="{3}"\n'.format(text, separator, variable, _encode(value, _DOUBLE))


def set_flags(text, variable, flags, absent, path):
    """Sets and removes flags in a variable of an environment file.

    A flag is changed where it stands (the last one, if it is repeated; the others go), a new one is appended, in the
    order asked for. Everything else survives byte for byte. The result is read back as every systemd version would
    before it is returned.

    :param text: str or None, the file (None: it does not exist).
    :param variable: str, the variable's name.
    :param flags: dict of flag name (without dashes) to value (str).
    :param absent: list of flag names.
    :param path: str, for messages.
    :returns: tuple of the new text (None: there is still no file) and the list of arguments it holds.
    :raises MigrationError: the request or the file is ambiguous, or a value cannot be written.
    """
    _check_request(flags, absent)
    before = read_arguments(text, variable, path)
    edits, appended = _plan_edits(before or [], flags, absent, path, variable)
    if not edits and not appended:
        return text, before or []
    expected = [edits.get(number, argument) for number, argument in enumerate(before or [])]
    expected = [argument for argument in expected if argument is not None] + appended

    content = text or ""
    assignment = _last_assignment(content, variable, DIALECTS[0])
    if assignment is None:
        candidates = [lambda: _append_assignment(content, variable, expected)]
    else:
        candidates = [
            lambda: _edit_in_place(content, assignment, edits, appended),
            lambda: _edit_whole_value(content, assignment, expected),
        ]
    for candidate in candidates:
        try:
            after = candidate()
        except ValueError:
            continue
        if all(_reading(after, variable, d) == (_reading(content, variable, d)[0], expected) for d in DIALECTS):
            return after, expected
    raise MigrationError(
        "{0}: {1} cannot be written so that every systemd version reads the arguments {2!r}. Look for an unclosed quote or a "
        "backslash at the end of a line, then run again.".format(path, variable, expected)
    )
