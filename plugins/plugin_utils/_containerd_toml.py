# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the change of containerd's configuration file: a pure function of the text, the settings and the release.

tomlkit says what the file means, before and after. The change itself replaces or inserts single values in the text, so
that everything else stays byte for byte; it is accepted only if tomlkit then reads exactly the intended data.
"""

from __future__ import annotations

import copy
import json
import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dockershim.migration.plugins.module_utils import _containerd_settings as where
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._redact import without_url_credentials
from ansible_collections.dockershim.migration.plugins.plugin_utils._containerd_hosts import hosts_files

TOMLKIT_MINIMUM = (0, 12)

try:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
except ImportError as error:
    tomlkit = None  # type: ignore[assignment]
    _TOMLKIT_ERROR: ImportError | None = error
else:
    _TOMLKIT_ERROR = None

try:
    # Python 3.11 and later. tomlkit 0.15 fails on valid files whose tables are out of order.
    import tomllib
except ImportError:
    tomllib = None  # type: ignore[assignment]

Path = tuple[str, ...]

NEW_FILE_HEADER = "# Written by dockershim.migration. What you add or change here is kept.\n"
HIDDEN = '"(hidden)"'
# Keys of registry.configs.<host>.auth, registry.auths.<url> and of registry.headers.
SECRET_KEYS = ("password", "token", "identitytoken", "identity_token", "auth", "username", "secret")


@dataclass
class Plan:
    """What will be written.

    :param text: the new content; equal to the old one if there is nothing to do.
    :param config_version: the configuration version of the new content.
    :param warnings: what the operator should know.
    :param imports: the files that the new content imports, as it names them.
    :param registries: list of {name, hosts_toml}: what the file said about registries where config_path cannot stand beside it. To be
        written below config_path before the new content.
    """

    text: str
    config_version: int
    warnings: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    registries: list[dict[str, str]] = field(default_factory=list)


def require_tomlkit() -> None:
    """Fails with a clear message where tomlkit is missing on the controller, or too old."""
    remedy = "Install it with: python3 -m pip install 'tomlkit>={}.{}'".format(*TOMLKIT_MINIMUM)
    if tomlkit is None:
        raise MigrationError(
            f"The Python library tomlkit is needed on the controller, for the Python that runs Ansible ({_TOMLKIT_ERROR}). {remedy}"
        )
    version = getattr(tomlkit, "__version__", "0")
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < TOMLKIT_MINIMUM:
        raise MigrationError(f"The Python library tomlkit on the controller is too old ({version}). {remedy}")


def _loads(text: str) -> dict[str, Any]:
    return tomllib.loads(text) if tomllib else tomlkit.parse(text).unwrap()


# --- the text ---------------------------------------------------------------------------------------------------------


@dataclass
class _Entry:
    """A C(key = value) in the text; offsets are into the text."""

    path: Path
    table: Path
    start: int
    value_start: int
    value_end: int
    end: int
    indent: str
    inline: bool = False


@dataclass
class _Header:
    """A C([table]) line."""

    path: Path
    start: int
    end: int
    indent: str
    array: bool


class _Text:
    """Finds the statements of a text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.entries: list[_Entry] = []
        self.headers: list[_Header] = []
        self._scan()

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    @staticmethod
    def _blank_of(text: str, position: int) -> int:
        while position < len(text) and text[position] in " \t":
            position += 1
        return position

    def _blank(self, position: int) -> int:
        return self._blank_of(self.text, position)

    def _void(self, position: int) -> int:
        """Skips blanks, line ends and comments."""
        while position < len(self.text):
            if self.text[position] == "#":
                position = self._line_end(position)
            elif self.text[position] in " \t\r\n":
                position += 1
            else:
                break
        return position

    def _key(self, position: int) -> tuple[Path, int]:
        parts: list[str] = []
        while True:
            position = self._blank(position)
            if self.text[position] in "\"'":
                end = self._string(position)
                parts.append(_loads("k = " + self.text[position:end])["k"])
            else:
                end = position + len(re.match(r"[A-Za-z0-9_-]*", self.text[position:]).group())  # type: ignore[union-attr]
                parts.append(self.text[position:end])
            position = self._blank(end)
            if self.text[position : position + 1] != ".":
                return tuple(parts), position
            position += 1

    def _string(self, position: int) -> int:
        quote = self.text[position]
        if self.text.startswith(quote * 3, position):
            end = position + 3
            while not self.text.startswith(quote * 3, end):
                end += 2 if quote == '"' and self.text[end] == "\\" else 1
            end += 3
            while self.text[end : end + 1] == quote and end - position < len(self.text):
                end += 1
            return end
        end = position + 1
        while self.text[end] != quote:
            end += 2 if quote == '"' and self.text[end] == "\\" else 1
        return end + 1

    def items(self, position: int) -> tuple[list[tuple[int, int]], int]:
        """Returns the places of an array's items and the array's end."""
        found = []
        position = self._void(position + 1)
        while self.text[position] != "]":
            end = self._value(position, (), "")
            found.append((position, end))
            position = self._void(end)
            if self.text[position] == ",":
                position = self._void(position + 1)
        return found, position + 1

    def _value(self, position: int, path: Path, indent: str) -> int:
        character = self.text[position]
        if character in "\"'":
            return self._string(position)
        if character == "[":
            return self.items(position)[1]
        if character == "{":
            position = self._void(position + 1)
            while self.text[position] != "}":
                key, after = self._key(position)
                start = self._blank(after + 1)
                # An item of an array has no path of its own.
                end = self._value(start, path + key if path else (), indent)
                if path:
                    self.entries.append(_Entry(path + key, path, position, start, end, end, indent, inline=True))
                position = self._void(end)
                if self.text[position] == ",":
                    position = self._void(position + 1)
            return position + 1
        return position + len(re.match(r"[^,\]}#\r\n]*", self.text[position:]).group().rstrip())  # type: ignore[union-attr]

    def _scan(self) -> None:
        position, table = 0, ()
        while position < len(self.text):
            start, position = position, self._blank(position)
            indent = self.text[start:position]
            if position == len(self.text) or self.text[position] in "#\r\n":
                position = self._line_end(position)
                continue
            if self.text[position] == "[":
                array = self.text.startswith("[[", position)
                table, position = self._key(position + (2 if array else 1))
                position = self._line_end(position)
                self.headers.append(_Header(table, start, position, indent, array))
                continue
            key, position = self._key(position)
            value_start = self._blank(position + 1)
            value_end = self._value(value_start, table + key, indent)
            position = self._line_end(value_end)
            self.entries.append(_Entry(table + key, table, start, value_start, value_end, position, indent))

    # What is where

    def entry(self, path: Path) -> _Entry | None:
        return next((entry for entry in self.entries if entry.path == path), None)

    def section(self, header: _Header | None) -> list[_Entry]:
        """Returns the statements directly under a header, or those before the first one."""
        start = header.end if header else 0
        end = min((other.start for other in self.headers if other.start >= start), default=len(self.text))
        return [entry for entry in self.entries if start <= entry.start < end and not entry.inline]


def _encode_key(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False).replace("\x7f", "\\u007f")


def _encode(value: Any, like: str = "") -> str:
    """Writes a value as TOML, in the quotes of the text it replaces where they can hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_encode(item, like.lstrip("[ \n")) for item in value) + "]"
    if like.startswith("'") and not like.startswith("'''") and not re.search(r"['\x00-\x1f\x7f]", value):
        return f"'{value}'"
    # A JSON string is a TOML basic string but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _encode_over(scan: _Text, entry: _Entry, value: Any) -> str:
    """Writes a value in the place of another. An array that has comments keeps them: its old lines stay as comments above the new ones."""
    old = scan.text[entry.value_start : entry.value_end]
    if not isinstance(value, list) or not old.startswith("[") or "\n" not in old:
        return _encode(value, old)
    between, position = "", entry.value_start
    for start, end in scan.items(entry.value_start)[0]:
        between, position = between + scan.text[position:start], end
    if "#" not in between + scan.text[position : entry.value_end]:
        return _encode(value, old)
    lines = old[1:-1].splitlines()
    first = next((line for line in lines[1:] if line.strip()), "  ")
    indent = first[: len(first) - len(first.lstrip())]
    kept = [_commented(line) for line in lines if line.strip()]
    closing = lines[-1] if not lines[-1].strip() else entry.indent
    newline = _newline(scan.text)
    return newline.join(
        ["[", *(kept[:1] and [indent + kept[0].lstrip()]), *kept[1:], *(f"{indent}{_encode(item)}," for item in value), closing + "]"]
    )


def _commented(line: str) -> str:
    """Returns a line as a comment; blank lines and comments stay as they are."""
    return line if not line.strip() or line.lstrip().startswith("#") else re.sub(r"^([ \t]*)", r"\1# ", line, count=1)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _replace(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _insert_line(text: str, position: int, line: str) -> str:
    """Inserts a line (or lines) at the start of a line; a missing line end before it is added."""
    if position and text[position - 1] != "\n":
        line = "\n" + line
    return _replace(text, position, position, line.replace("\n", _newline(text)))


def _key_indent(scan: _Text, header: _Header) -> str:
    """Returns the indent of keys under a header: that of its own keys, else as the file's other tables do it."""
    own = scan.section(header)
    if own:
        return own[-1].indent
    for other in scan.headers:
        section = scan.section(other)
        if section:
            return header.indent + section[0].indent[len(other.indent) :]
    return header.indent


def _first_statement(scan: _Text) -> int:
    """Returns where a statement can stand before all others: below the comments on top, above those of the first statement."""
    first = min([entry.start for entry in scan.entries] + [header.start for header in scan.headers], default=None)
    if first is None:
        return len(scan.text)
    lines = scan.text[:first].splitlines(keepends=True)
    position = first
    while lines and lines[-1].lstrip().startswith("#"):
        position -= len(lines.pop())
    return position if position else first


def _set(text: str, path: Path, value: Any) -> str:
    """Sets one value in a text; the rest of the text is not touched."""
    scan = _Text(text)
    entry = scan.entry(path)
    if entry:
        return _replace(text, entry.value_start, entry.value_end, _encode_over(scan, entry, value))
    assignment = f"{_encode_key(path[-1])} = {_encode(value)}\n"

    if len(path) == 1:
        top = scan.section(None)
        return _insert_line(text, top[-1].end if top else _first_statement(scan), assignment)

    # Inside the deepest inline table on the way.
    for depth in range(len(path) - 1, 0, -1):
        inline = scan.entry(path[:depth])
        if inline and text[inline.value_start] == "{":
            new = _encode(value)
            for part in reversed(path[depth + 1 :]):
                new = f"{{ {_encode_key(part)} = {new} }}"
            new = f"{_encode_key(path[depth])} = {new}"
            body = text[inline.value_start + 1 : inline.value_end - 1]
            body = f"{body.rstrip()}, {new} " if body.strip() else f" {new} "
            return _replace(text, inline.value_start + 1, inline.value_end - 1, body)

    # Under the table's own header.
    header = next((header for header in scan.headers if header.path == path[:-1]), None)
    if header:
        section = scan.section(header)
        return _insert_line(text, section[-1].end if section else header.end, _key_indent(scan, header) + assignment)

    # Beside dotted keys that already define a table on the way: such a table cannot have a header.
    for depth in range(len(path) - 1, 0, -1):
        dotted = [e for e in scan.entries if not e.inline and len(e.table) < depth < len(e.path) and e.path[:depth] == path[:depth]]
        if dotted:
            last = dotted[-1]
            name = ".".join(_encode_key(part) for part in path[len(last.table) :])
            return _insert_line(text, last.end, f"{last.indent}{name} = {_encode(value)}\n")

    # A new table, behind its nearest relative.
    def kinship(header: _Header) -> int:
        """Returns how many leading names the header and the new table share."""
        shared = 0
        for one, other in zip(header.path, path[:-1], strict=False):
            if one != other:
                break
            shared += 1
        return shared

    name = "[" + ".".join(_encode_key(part) for part in path[:-1]) + "]\n"
    relatives = [header for header in scan.headers if not header.array and kinship(header)]
    if not relatives:
        separator = "\n" if text.strip() and not text.endswith("\n\n") else ""
        return _insert_line(text, len(text), separator + name + assignment)
    nearest = max(kinship(header) for header in relatives)
    relative = [header for header in relatives if kinship(header) == nearest][-1]
    step = 2 if any(header.indent for header in scan.headers) else 0
    indent = " " * max(0, len(relative.indent.expandtabs(2)) + step * (len(path) - 1 - len(relative.path)))
    section = scan.section(relative)
    position = section[-1].end if section else relative.end
    key_indent = indent + _key_indent(scan, relative)[len(relative.indent) :] if step or section else indent
    following = text[position:].split("\n", 1)[0].strip()
    return _insert_line(text, position, f"\n{indent}{name}{key_indent}{assignment}" + ("\n" if following else ""))


def _remove(text: str, path: Path) -> str:
    entry = _Text(text).entry(path)
    if entry is None or entry.inline:
        raise MigrationError(f"{_dotted(path)} stands in an inline table and must be removed by hand.")
    return _replace(text, entry.start, entry.end, "")


def _comment_out(text: str, path: Path) -> str:
    """Turns the statements of a table, and of the tables in it, into comments; comments and blank lines among them stay as they are.

    :raises MigrationError: it stands in an inline table together with other things.
    """
    scan = _Text(text)
    depth = len(path)
    spans = []
    for header in scan.headers:
        if header.path[:depth] == path:
            spans.append((header.start, header.end))
    for entry in scan.entries:
        if entry.path[:depth] == path and not entry.inline:
            spans.append((entry.start, entry.end))
    if not spans:
        raise MigrationError(f"{_dotted(path)} stands in an inline table: give it a [table] header of its own, then run again.")
    for start, end in sorted(spans, reverse=True):
        text = _replace(text, start, end, "".join(map(_commented, text[start:end].splitlines(keepends=True))))
    return text


def _remove_items(text: str, path: Path, unwanted: tuple[str, ...]) -> str:
    """Removes strings from an array, and leaves its other items, its layout and its comments alone."""
    while True:
        scan = _Text(text)
        entry = scan.entry(path)
        if entry is None:
            return text
        places = scan.items(entry.value_start)[0]
        values = _loads("v = " + text[entry.value_start : entry.value_end])["v"]
        number = next((number for number, value in enumerate(values) if value in unwanted), None)
        if number is None:
            return text
        start, end = places[number]
        behind = scan._void(end)
        if text[behind] == ",":
            text = _replace(text, behind, behind + 1, "")
            if number + 1 < len(places) and "\n" not in text[behind : scan._void(behind + 1) - 1]:
                # On one line: with the blank in front of the next item.
                text = _replace(text, behind, scan._blank(behind + 1) - 1, "")
        elif number:
            comma = text.rindex(",", places[number - 1][1], start)
            if "\n" in text[comma:start]:
                text, start, end = _replace(text, comma, comma + 1, ""), start - 1, end - 1
            else:
                start = comma
        text = _replace(text, start, end, "")
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", start) + 1
        if line_end and not text[line_start:line_end].strip():
            text = _replace(text, line_start, line_end, "")
        elif not text[line_start:start].strip() and "\n" in text[entry.value_start : start]:
            # What is left of the line, a comment, keeps its column.
            text = _replace(text, start, scan._blank_of(text, start), "")


# --- the data ---------------------------------------------------------------------------------------------------------


def _dotted(path: Path) -> str:
    return ".".join(_encode_key(part) for part in path)


def _get(data: dict[str, Any], path: Path) -> Any:
    for part in path:
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


class _Change:
    """A text and what it means, changed together."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.file = path
        self.data = parse(text, path)

    def set(self, path: Path, value: Any) -> None:
        parent: Any = self.data
        for depth, part in enumerate(path[:-1]):
            parent = parent.setdefault(part, {})
            if not isinstance(parent, dict):
                raise MigrationError(
                    f"{self.file}: {_dotted(path[: depth + 1])} is {_type(parent)} where containerd expects a table: correct it, then run "
                    "again."
                )
        current = parent.get(path[-1])
        if current is not None and _type(current) != _type(value):
            raise MigrationError(
                f"{self.file}: {_dotted(path)} is {_type(current)} where containerd expects {_type(value)}: correct it, then run again."
            )
        if current == value:
            return
        parent[path[-1]] = copy.deepcopy(value)
        self.text = _set(self.text, path, value)

    def remove(self, path: Path) -> None:
        parent = _get(self.data, path[:-1])
        if isinstance(parent, dict) and parent.get(path[-1]):
            self.text = _remove(self.text, path)
            del parent[path[-1]]

    def remove_items(self, path: Path, unwanted: tuple[str, ...]) -> None:
        items = _get(self.data, path)
        if any(item in unwanted for item in items or []):
            self.text = _remove_items(self.text, path, unwanted)
            _get(self.data, path[:-1])[path[-1]] = [item for item in items if item not in unwanted]

    def comment_out(self, path: Path) -> None:
        self.text = _comment_out(self.text, path)
        now = parse(self.text, self.file)
        parent = _get(self.data, path[:-1])
        del parent[path[-1]]
        # Tables above it that had no header of their own are gone with it.
        for depth in range(len(path) - 1, 0, -1):
            if _get(self.data, path[:depth]) == {} and _get(now, path[:depth]) is None:
                del _get(self.data, path[: depth - 1])[path[depth - 1]]

    def check(self) -> None:
        """Makes sure that the text says what was meant."""
        if parse(self.text, self.file) != self.data:
            raise MigrationError(
                f"{self.file} is laid out in a way that cannot be changed safely. Give each plugin its own [table] header (as "
                "`containerd config default` prints them), then run again."
            )


def _type(value: Any) -> str:
    # isinstance, because Ansible hands over subclasses of str and int; a bool is an int.
    names = {bool: "a boolean", int: "an integer", str: "a string", list: "an array", dict: "a table"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), f"a {type(value).__name__}")


def parse(text: str, path: str) -> dict[str, Any]:
    """Returns the data of a TOML text; an error names the file, the line and the column."""
    require_tomlkit()
    try:
        return _loads(text)
    except (TOMLKitError, ValueError) as error:
        raise MigrationError(f"{path} is not valid TOML: {error}. Correct it, then run again.") from error


def _file_version(data: dict[str, Any], release: tuple[int, int, int], path: str) -> tuple[int, bool]:
    """Decides which configuration version a file has.

    :returns: tuple of the version to work with and whether the file must be told.
    """
    version = data.get("version")
    running = ".".join(str(part) for part in release)
    newest = where.newest_config_version(release)
    if version is not None and (isinstance(version, bool) or not isinstance(version, int) or version not in (1, 2, 3, 4)):
        raise MigrationError(f"{path}: version is {version!r}, but containerd knows 1, 2, 3 and 4: correct it, then run again.")
    if version is not None and version > newest:
        raise MigrationError(
            f"{path}: version = {version}, but containerd {running} reads {newest} at most and would ignore the file's plugin settings "
            f"or not start. Write the file for version {newest}, or install a newer containerd, then run again."
        )
    if version is not None and version > 1:
        return version, False

    plugins = data.get("plugins") or {}
    listed = [name for key in ("disabled_plugins", "required_plugins") for name in data.get(key) or [] if name not in where.CRI_PLUGINS]
    short = [name for name in listed if not name.startswith("io.containerd.")]
    if not plugins and not short:
        # Nothing in it depends on the version, for example the file of Docker's containerd.io package.
        return where.new_file_version(release), True
    if release >= (2, 0):
        found = ", ".join([f"[plugins.{_encode_key(name)}]" for name in plugins] + short)
        raise MigrationError(
            f"{path} has {'no version' if version is None else 'version = 1'}, and containerd {running} would ignore what it says about "
            f"{found}. Convert it by hand to version = {where.new_file_version(release)}, then run again."
        )
    uris = [name for name in plugins if name.startswith("io.containerd.")]
    if uris:
        raise MigrationError(
            f"{path} has {'no version' if version is None else 'version = 1'}, so that containerd {running} ignores "
            f"[plugins.{_encode_key(uris[0])}]: such names need version = 2. Add `version = 2` as its first line if these settings are "
            "meant, then run again."
        )
    return 1, False


def _enable_cri(change: _Change, wanted: bool, config_version: int) -> None:
    disabled = change.data.get("disabled_plugins")
    if disabled is not None and not isinstance(disabled, list):
        raise MigrationError(
            f"{change.file}: disabled_plugins is {_type(disabled)} where containerd expects an array: correct it, then run again."
        )
    if wanted:
        change.remove_items(("disabled_plugins",), where.CRI_PLUGINS)
    elif not any(name in where.CRI_PLUGINS for name in disabled or []):
        change.set(("disabled_plugins",), [*(disabled or []), where.CRI_PLUGINS[0 if config_version == 1 else 1]])


def _runc_handlers(change: _Change, config_version: int) -> list[str]:
    runtimes = _get(change.data, where.place("runtimes", config_version)) or {}
    return [
        name
        for name, handler in runtimes.items()
        if isinstance(handler, dict) and handler.get("runtime_type", "") in ("", *where.RUNC_TYPES)
    ]


def _ensure_runc(change: _Change, config_version: int, release: tuple[int, int, int]) -> None:
    """Gives the handler runc its type.

    containerd 1.x replaces its default table of handlers by the file's: a handler without runtime_type is unusable ("invalid
    runtime name"). 2.x fills it in for runc.
    """
    runtimes = where.place("runtimes", config_version)
    for name in dict.fromkeys([*_runc_handlers(change, config_version), "runc"]):
        handler = _get(change.data, (*runtimes, name))
        if handler is None or (not handler.get("runtime_type") and (release < (2, 0) or name != "runc")):
            change.set((*runtimes, name, "runtime_type"), where.RUNC_TYPE)


def _systemd_cgroup(
    change: _Change, wanted: bool, config_version: int, release: tuple[int, int, int], elsewhere: dict[str, str] | None
) -> None:
    runtimes = where.place("runtimes", config_version)
    if wanted:
        _ensure_runc(change, config_version, release)
    for name, runtime_type in (elsewhere or {}).items():
        change.set((*runtimes, name, "runtime_type"), runtime_type)
        change.set((*runtimes, name, "options", "SystemdCgroup"), wanted)
    for name in _runc_handlers(change, config_version):
        path = (*runtimes, name, "options", "SystemdCgroup")
        # False is the default of every version.
        if wanted or _get(change.data, path):
            change.set(path, wanted)


def _runtimes(change: _Change, wanted: dict[str, Any], config_version: int) -> None:
    """Merges handlers into the file.

    A new handler of runc's type begins as a copy of what the file says about runc, as nvidia-ctk does it (nvidia-container-toolkit,
    pkg/config/engine/containerd/config.go: AddRuntime).
    """
    runtimes = where.place("runtimes", config_version)
    for name, handler in wanted.items():
        handler = {key: value for key, value in handler.items() if value is not None}
        if _get(change.data, (*runtimes, name)) is None:
            if handler.get("runtime_type", where.RUNC_TYPE) in where.RUNC_TYPES:
                runc = copy.deepcopy(_get(change.data, (*runtimes, "runc")) or {})
                handler = {**runc, **handler, "options": {**(runc.get("options") or {}), **(handler.get("options") or {})}}
            handler.setdefault("runtime_type", where.RUNC_TYPE)
        # The type first: it is what people look for.
        for key in sorted(handler, key=lambda key: (key != "runtime_type", key == "options")):
            if key != "options":
                change.set((*runtimes, name, key), handler[key])
        for key, value in (handler.get("options") or {}).items():
            if value is not None:
                change.set((*runtimes, name, "options", key), value)


def _registries_to_files(change: _Change, config_version: int, release: tuple[int, int, int]) -> list[dict[str, str]]:
    """Takes out of the file what cannot stand beside config_path, and returns it as hosts.toml files.

    mirrors or configs.*.tls beside config_path keep the CRI plugin from starting (ValidatePluginConfig); 2.x ignores configs.*.tls.
    configs.*.auth may stay.
    """
    config_path = where.place("registry_config_path", config_version)
    registry = _get(change.data, config_path[:-1]) or {}
    configs = registry.get("configs") or {}
    tls = [host for host, config in configs.items() if isinstance(config, dict) and config.get("tls") is not None]
    if not registry.get("config_path") or not (registry.get("mirrors") or tls):
        return []
    files = hosts_files(registry, release, f"{change.file}: {_dotted(config_path[:-1])}")
    for name in list(registry.get("mirrors") or {}):
        change.comment_out((*config_path[:-1], "mirrors", name))
    for host in tls:
        change.comment_out((*config_path[:-1], "configs", host, "tls"))
    return files


def _check_conflicts(data: dict[str, Any], config_version: int, path: str) -> None:
    """Refuses what makes the CRI plugin fail to start (ValidatePluginConfig), although the file is valid TOML."""
    legacy = (*where.place("enable_selinux", config_version)[:-1], "systemd_cgroup")
    if _get(data, legacy) is True:
        raise MigrationError(
            f"{path}: {_dotted(legacy)} = true works only with the runtime io.containerd.runtime.v1.linux, and the CRI plugin refuses it "
            "with any other: remove it (SystemdCgroup of the handler takes its place), then run again."
        )
    name_path = where.place("default_runtime_name", config_version)
    name = _get(data, name_path) or "runc"
    runtimes = _get(data, where.place("runtimes", config_version))
    if (runtimes and name not in runtimes and (name != "runc" or config_version < 3)) or (not runtimes and name != "runc"):
        raise MigrationError(
            f"{path}: {_dotted(name_path)} is {name!r}, but {_dotted(where.place('runtimes', config_version))} has no handler of that "
            f"name ({', '.join(runtimes or []) or 'none at all'}): the CRI plugin does not start. Add the handler, then run again."
        )


def plan(
    text: str | None,
    settings: dict[str, Any],
    containerd_version: str,
    path: str = "/etc/containerd/config.toml",
    handlers_elsewhere: dict[str, str] | None = None,
) -> Plan:
    """Returns the new content of a configuration file.

    :param text: the content now, or None where there is no file.
    :param settings: logical settings (see the documentation of the module) that are to be set; absent ones are left alone.
    :param containerd_version: the release that will read the file, such as C(1.6.20).
    :param path: the file's name, for messages.
    :param handlers_elsewhere: runtime handlers of runc's type, by their type, which an imported file defines without the cgroup driver
        that is wanted.
    :raises MigrationError: the file or the request would give a containerd that does not start, or does not do what was asked.
    """
    release = where.parse_containerd_version(containerd_version)
    settings = {name: value for name, value in settings.items() if value is not None}
    where.check_settings(settings)
    if settings.get("registry_config_path") and settings.get("registry_mirrors"):
        raise MigrationError("settings: containerd takes registry_config_path or registry_mirrors, not both.")
    change = _Change("" if text is None else text, path)
    if text is None:
        config_version = where.new_file_version(release)
        change = _Change(f"{NEW_FILE_HEADER}version = {config_version}\n", path)
    else:
        config_version, untold = _file_version(change.data, release, path)
        if untold:
            _tell_version(change, config_version)

    for name, value in settings.items():
        if name == "cri_enabled":
            _enable_cri(change, value, config_version)
        elif name == "runtimes":
            _runtimes(change, value, config_version)
        elif name != "systemd_cgroup":
            wanted, unwanted = where.places(name, value, config_version, release)
            for place in unwanted:
                change.remove(place)
            for place, place_value in wanted:
                change.set(place, place_value)
    if settings.get("runtimes"):
        _ensure_runc(change, config_version, release)
    if settings.get("systemd_cgroup") is not None:
        _systemd_cgroup(change, settings["systemd_cgroup"], config_version, release, handlers_elsewhere)
    moved = [name for name in ("snapshotter", "discard_unpacked_layers") if name in settings]
    if moved and config_version == 2 and release >= (2, 0) and not _get(change.data, where.place("runtimes", 2)):
        # Migrating version 2 in memory, containerd 2.x drops these two unless the file has a table of handlers.
        _ensure_runc(change, config_version, release)

    registries = _registries_to_files(change, config_version, release)
    _check_conflicts(change.data, config_version, path)
    change.check()
    imports = change.data.get("imports") or []
    if not isinstance(imports, list) or not all(isinstance(item, str) for item in imports):
        raise MigrationError(
            f"{path}: imports is {_type(imports)} where containerd expects an array of strings: correct it, then run again."
        )
    return Plan(change.text, config_version, imports=list(imports), registries=registries)


def imported_names(imports: list[str], path: str, release: tuple[int, int, int]) -> list[str]:
    """Returns what a file imports, named in full as containerd itself would.

    :param imports: the names as they stand in the file.
    :param path: of the file.
    """

    def directory(name: str) -> str:
        return "/" if "*" in name and release[:2] < where.RELATIVE_GLOBS_SINCE else posixpath.dirname(path)

    return [name if name.startswith("/") else posixpath.normpath(posixpath.join(directory(name), name)) for name in imports]


def with_absolute_imports(text: str, path: str, release: tuple[int, int, int]) -> str:
    """Returns a file's content for another directory: what it imports is named in full."""
    imports = parse(text, path).get("imports") or []
    absolute = imported_names(imports, path, release)
    return text if absolute == imports else _set(text, ("imports",), absolute)


def _tell_version(change: _Change, version: int) -> None:
    """Writes the version where it stands before everything else."""
    if "version" in change.data:
        change.set(("version",), version)
        return
    change.text = _insert_line(change.text, _first_statement(_Text(change.text)), f"version = {version}\n")
    change.data = {"version": version, **change.data}


def redact(text: str) -> str:
    """Returns a text for a diff: the values of credentials are hidden, everything else is there."""
    scan = _Text(text)
    hidden = [
        entry
        for entry in scan.entries
        if ("headers" in entry.path[:-1] or entry.path[-1].lower() in SECRET_KEYS) and text[entry.value_start] != "{"
    ]
    for entry in sorted(hidden, key=lambda entry: entry.value_start, reverse=True):
        text = _replace(text, entry.value_start, entry.value_end, HIDDEN)
    # What was commented out may still be a secret.
    pattern = rf"(?im)^([ \t]*#.*?\b(?:{'|'.join(SECRET_KEYS)})\b[\"']?[ \t]*=[ \t]*).*?(\r?)$"
    text = re.sub(pattern, lambda match: match.group(1) + HIDDEN + match.group(2), text)
    return without_url_credentials(text)
