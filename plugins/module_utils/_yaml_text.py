# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits a YAML mapping so that nothing but the values concerned changes.

PyYAML tells where each node stands in the text, so an edit replaces the characters of one value, or adds or takes out the lines of one
key: comments, order, indentation, quotes and line ends of the rest survive byte for byte. (A round trip through an emitter would lay
the whole file out anew.) The result is read back and compared with what was wanted before it is returned.

Values are read as YAML 1.1, as Kubernetes' own reader (sigs.k8s.io/yaml) does: C(off) is false. JSON is YAML, too.

Runs where PyYAML is: on the controller, and where the kubernetes client is. Python 3.6 syntax.
"""

import json
import re
import traceback

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

YAML_IMPORT_ERROR = None
try:
    import yaml
except ImportError:
    YAML_IMPORT_ERROR = traceback.format_exc()

#: A string that every reader of YAML takes for one without quotes; whether it looks like another type is tried.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./:+-]*(?<!:)\Z")


if YAML_IMPORT_ERROR is None:

    class _Loader(yaml.SafeLoader):
        """PyYAML's loader, with C(value: 2026-01-31) left a string: no configuration here knows dates."""

    _Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _problem(path, text, mark):
    return path if mark is None else f"{path}, line {text.count(chr(10), 0, mark.index) + 1}"


def read_mapping(text, path):
    """Returns the mapping that a YAML file holds.

    :param text: the file; an empty one, or one with comments alone, is an empty mapping.
    :param path: for messages.
    :raises MigrationError: it is not YAML, not one document, not a mapping, or has a key twice.
    """
    try:
        documents = [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
        if len(documents) > 1:
            raise MigrationError(f"{path} holds {len(documents)} YAML documents: keep the one that counts, then run again.")
        if not documents or (isinstance(documents[0], yaml.ScalarNode) and documents[0].value == ""):
            return {}
        if not isinstance(documents[0], yaml.MappingNode):
            raise MigrationError(f"{path} is no mapping of keys to values but a {documents[0].id}: put it right, then run again.")
        _refuse_duplicates(documents[0], text, path)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise MigrationError(
            f"{_problem(path, text, error.problem_mark)}: not YAML: {error.problem or error}. Put it right, then run again."
        ) from error
    except yaml.YAMLError as error:
        raise MigrationError(f"{path}: not YAML: {str(error).splitlines()[0]}. Put it right, then run again.") from error


def _refuse_duplicates(node, text, path):
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if str(key.value) in seen:
                raise MigrationError(
                    f"{_problem(path, text, key.start_mark)}: the key {key.value!r} is there twice; remove one, then run again."
                )
            seen.add(str(key.value))
            _refuse_duplicates(value, text, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item, text, path)


def same(one, other):
    """Compares values as YAML has them: true is not 1, and the order of keys has no meaning."""
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def flatten(settings):
    """Returns settings by the path of their keys.

    A dot in a key at the top goes one level down (C(logging.verbosity)); keys further down are taken as they are, since some of the
    kubelet's have dots (C(evictionHard: {memory.available: 100Mi})). An empty mapping is a value, C(None) removes the key.

    :raises MigrationError: two settings contradict each other.
    """
    result = {}

    def walk(path, value):
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk((*path, str(key)), inner)
        else:
            for other in result:
                shorter = min(len(path), len(other))
                if path[:shorter] == other[:shorter]:
                    raise MigrationError(f"settings: {'.'.join(path)} and {'.'.join(other)} contradict each other: name one of them.")
            result[path] = value

    for key, value in settings.items():
        path = tuple(str(key).split("."))
        if not all(path):
            raise MigrationError(f"settings: {key!r} is not the name of a setting.")
        walk(path, value)
    return result


def apply(data, settings):
    """Returns a mapping with the settings applied; the given one is not changed."""
    result = json.loads(json.dumps(data, default=str)) if data else {}
    for path, value in settings.items():
        place = result
        for number, key in enumerate(path[:-1]):
            inner = place.get(key)
            if inner is not None and not isinstance(inner, dict):
                raise MigrationError(
                    f"settings: {'.'.join(path)} cannot be set, because {'.'.join(path[: number + 1])} is {inner!r} and no mapping."
                )
            if not isinstance(inner, dict):
                if value is None:
                    break
                place[key] = inner = {}
            place = inner
        else:
            if value is None:
                place.pop(path[-1], None)
            else:
                place[path[-1]] = value
    return result


def _scalar(value):
    if isinstance(value, str):
        if _PLAIN.match(value) and yaml.load(value, Loader=_Loader) == value and value.lower() not in ("y", "n"):  # noqa: S506 (a SafeLoader)
            return value
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _block(key, value, indent, newline):
    """Writes one entry of a block mapping, without the indentation of its first line and the end of its last one."""
    head = _scalar(key) + ":"
    pad = " " * indent
    if isinstance(value, dict) and value:
        inner = newline.join(f"{pad}  {_block(name, item, indent + 2, newline)}" for name, item in value.items())
        return f"{head}{newline}{inner}"
    if isinstance(value, list) and value:
        return head + "".join(f"{newline}{pad}- {_flow(item)}" for item in value)
    return f"{head} {_flow(value)}"


def _flow(value):
    return _scalar(value) if isinstance(value, (str, bool, int, float)) or value is None else json.dumps(value, ensure_ascii=False)


class _Document:
    """One text with the nodes that it consists of."""

    def __init__(self, text):
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        root = yaml.compose(text, Loader=_Loader)
        self.root = root if isinstance(root, yaml.MappingNode) else None

    def find(self, path):
        """Returns the mappings along a path that are there, and how many keys of the path lead through them."""
        if self.root is None:
            return [], 0
        mappings = [self.root]
        for number, key in enumerate(path[:-1]):
            entry = self.entry(mappings[-1], key)
            if entry is None or not isinstance(entry[1], yaml.MappingNode):
                return mappings, number
            mappings.append(entry[1])
        return mappings, len(path) - 1

    @staticmethod
    def entry(mapping, key):
        return next((entry for entry in mapping.value if entry[0].value == key), None)

    def end(self, node):
        """Returns where the last character of a node stands: a block collection's own mark lies at what follows it."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        return node.end_mark.index

    def line_end(self, position):
        """Returns where the line of the character before a position ends, its line end included."""
        if position and self.text[position - 1] == "\n":
            return position  # A literal block ends with its last line.
        found = self.text.find("\n", position)
        return len(self.text) if found < 0 else found + 1

    def set(self, path, value):
        mappings, depth = self.find(path)
        if not mappings:
            if self.text and not self.text.endswith("\n"):
                self.text += self.newline
            return self.text + _block(path[0], _nested(path[1:], value), 0, self.newline) + self.newline
        mapping, key = mappings[-1], path[depth]
        value = _nested(path[depth + 1 :], value)
        entry = self.entry(mapping, key)
        if entry is None:
            return self._add(mapping, key, value)
        return self._replace(mapping, entry, key, value)

    def _add(self, mapping, key, value):
        if mapping.flow_style:
            new = f"{json.dumps(key)}: {_flow(value)}"
            if not mapping.value:
                place = mapping.start_mark.index + 1
                return self.text[:place] + new + self.text[place:]
            place = self.end(mapping.value[-1][1])
            return f"{self.text[:place]}, {new}{self.text[place:]}"
        indent = mapping.value[0][0].start_mark.column
        place = self.line_end(self.end(mapping))
        new = " " * indent + _block(key, value, indent, self.newline)
        if place == len(self.text) and not self.text.endswith("\n"):
            return self.text + self.newline + new
        return self.text[:place] + new + self.newline + self.text[place:]

    def _replace(self, mapping, entry, key, value):
        old = entry[1]
        start, end = old.start_mark.index, self.end(old)
        is_block = isinstance(old, yaml.CollectionNode) and not old.flow_style
        if mapping.flow_style or (not is_block and not (isinstance(value, (dict, list)) and value)):
            new = _flow(value)
            if isinstance(old, yaml.ScalarNode) and old.style in ("|", ">") and self.text[end - 1 : end] == "\n":
                new += self.newline
            return self.text[:start] + ("" if self.text[start - 1 : start].isspace() else " ") + new + self.text[end:]
        # Key and value anew, in the place of both.
        if isinstance(old, yaml.ScalarNode) and old.style in ("|", ">") and self.text[end - 1 : end] == "\n":
            end -= len(self.newline)
        start = entry[0].start_mark.index
        return self.text[:start] + _block(key, value, entry[0].start_mark.column, self.newline) + self.text[end:]

    def remove(self, path):
        mappings, depth = self.find(path)
        entry = self.entry(mappings[-1], path[-1]) if mappings and depth == len(path) - 1 else None
        if entry is None:
            return self.text
        mapping = mappings[-1]
        entries = mapping.value
        number = entries.index(entry)
        if len(entries) == 1 and not mapping.flow_style and len(mappings) > 1:
            # What is left is an empty mapping; without braces it would be null.
            return self.set(path[:-1], {})
        start, end = entry[0].start_mark.index, self.end(entry[1])
        if mapping.flow_style:
            if number + 1 < len(entries):
                end = entries[number + 1][0].start_mark.index
            elif number:
                start = self.end(entries[number - 1][1])
            return self.text[:start] + self.text[end:]
        line = self.text.rfind("\n", 0, start) + 1
        if self.text[line:start].strip():
            # After the dash of a list, or after '---': the next key takes its place.
            return self.text[:start] + self.text[entries[number + 1][0].start_mark.index :] if number + 1 < len(entries) else self.text
        return self.text[:line] + self.text[self.line_end(end) :]


def _nested(path, value):
    for key in reversed(path):
        value = {key: value}
    return value


def value_at(data, path):
    """Returns the value at a path of keys, None where there is none."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def edit_mapping(text, settings, path):
    """Sets and removes keys of a YAML mapping.

    :param text: the file.
    :param settings: as C(flatten) returns them. C(None) removes a key; a list replaces the old one as a whole.
    :param path: for messages.
    :returns: the new text, the very same where everything is as wanted.
    :raises MigrationError: the file is not what it should be, or cannot be edited in place.
    """
    before = read_mapping(text, path)
    for key, value in settings.items():
        current = read_mapping(text, path)
        wanted = apply(current, {key: value})
        if same(current, wanted):
            continue
        document = _Document(text)
        text = document.remove(key) if value is None else document.set(key, value)
        try:
            after = read_mapping(text, path)
        except MigrationError:
            after = None
        if not same(after, wanted):
            raise MigrationError(
                f"{path}: {'.'.join(key)} cannot be changed from {value_at(before, key)!r} to {value!r} in place, because of the way in "
                "which the file is written (anchors, aliases or merge keys?). Write it plainly, then run again."
            )
    return text
