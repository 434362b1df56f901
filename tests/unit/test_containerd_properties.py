# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any valid file survives an edit: what was wanted is there, and nothing else is different, comments and layout included."""

from __future__ import annotations

import copy
import difflib
from typing import Any

import tomllib
from ansible_collections.dockershim.migration.plugins.module_utils import _containerd_settings as where
from ansible_collections.dockershim.migration.plugins.plugin_utils import _containerd_toml as containerd_toml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WANTED = {
    "sandbox_image": st.sampled_from(["reg/pause:9", 'quo"ted', "back\\slash", "ünïcode"]),
    "registry_config_path": st.just("/etc/containerd/certs.d"),
    "snapshotter": st.just("native"),
    "cni_conf_dir": st.just("/c"),
    "enable_selinux": st.booleans(),
    "max_concurrent_downloads": st.integers(0, 9),
    "debug_level": st.just("info"),
    "metrics_address": st.just("127.0.0.1:1"),
    "oom_score": st.integers(-1000, 1000),
    "root": st.just("/data"),
}
PLUGIN = '"io.containerd.grpc.v1.cri"'
#: Tables of a file, as headers name them; those of the settings among them, spelled in every way.
TABLES = [
    "debug",
    "metrics",
    " metrics . 'sub' ",
    "plugins",
    f"plugins.{PLUGIN}",
    f"plugins . {PLUGIN.replace(chr(34), chr(39))} . cni",
    f"plugins.{PLUGIN}.containerd",
    f"plugins.{PLUGIN}.containerd.runtimes.runc",
    f"plugins.{PLUGIN}.registry",
    f'plugins.{PLUGIN}.registry.configs."a.example:5000".auth',
    "plugins.other",
    "plugins.'io.containerd.internal.v1.opt'",
    'proxy_plugins."x#y"',
    "timeouts",
]
ARRAYS = ["things", "plugins.other.items", 'plugins."io.containerd.x.v1.y".unpack_config']

BLANKS = st.sampled_from(["", " ", "  ", "\t"])
COMMENTS = st.sampled_from(["", "", " # why", "# [not.a.table]", ' # k = "v"', " # 'x' \"", " #"])
SCALARS = st.sampled_from(
    [
        *("1", "-17", "0xff", "1_000", "3.5e-2", "inf", "true", "false", "1979-05-27T07:32:00Z", "07:32:00"),
        *('"a # b"', '"\\" ] } ="', "'c:\\dir'", '"""\nmany = 1\n[lines] # no\n"""', "'''it's'''", '""', "''", '"""a""""'),
    ]
)
ARRAY_VALUES = st.lists(SCALARS, max_size=3).flatmap(
    lambda items: st.sampled_from(
        [
            "[" + ", ".join(items) + "]",
            "[\n  # first\n" + "".join(f"  {item}, # item\n" for item in items) + "]",
            "[ [" + ",".join(items) + "], { a = 1 } ]",
        ]
    )
)
INLINE_TABLES = st.dictionaries(st.sampled_from(["a", "b.c", "'d e'", '"f=g"']), SCALARS, max_size=3).map(
    lambda items: "{ " + ", ".join(f"{key} = {value}" for key, value in items.items() if "\n" not in value) + " }"
)
VALUES = st.one_of(SCALARS, SCALARS, ARRAY_VALUES, INLINE_TABLES)
#: Foreign keys; dotted ones have a table of their own.
KEYS = ["k1", "k-2", '"k 3"', "'k.4'", "k5.a", 'k5 . "b"', "k6.x.y"]
#: Keys of the settings in their tables, with values that are there before.
OWN = {
    "debug": ['level = "warn"'],
    "metrics": ["address = ''"],
    f"plugins.{PLUGIN}": [
        "sandbox_image = 'old'",
        "enable_selinux=false",
        '"max_concurrent_downloads"  =  3',
        "cni.x = 1",
        "registry = {}",
    ],
    f"plugins.{PLUGIN}.containerd": ['snapshotter = "overlayfs"'],
    f"plugins.{PLUGIN}.registry": ['config_path = """old"""'],
    "": [
        "oom_score = 0",
        'root="""/x"""',
        "debug . level = 'warn'",
        'metrics = { "address" = "x" }',
        f"plugins.{PLUGIN}.cni.conf_dir = 'x'",
    ],
}


@st.composite
def sections(draw, name, header):
    indent = draw(BLANKS)
    lines = [f"{indent}{header}{draw(COMMENTS)}"] if header else []
    lines += draw(st.lists(st.sampled_from(["", "# a comment of its own", "  # indented"]), max_size=2))
    statements = [
        f"{key}{draw(BLANKS)}={draw(BLANKS)}{draw(VALUES)}" for key in draw(st.lists(st.sampled_from(KEYS), max_size=3, unique=True))
    ]
    statements += draw(st.lists(st.sampled_from(OWN.get(name, ["k9 = 1"])), max_size=2, unique=True))
    for statement in draw(st.permutations(statements)):
        lines.append(f"{draw(BLANKS)}{statement}{draw(COMMENTS)}")
        lines += draw(st.lists(st.sampled_from(["", "# between"]), max_size=1))
    return lines


@st.composite
def files(draw):
    lines = ["version = 2" + draw(COMMENTS)]
    lines += draw(sections("", ""))
    tables = draw(st.lists(st.sampled_from(TABLES), max_size=6, unique=True))
    headers = [(name, f"[{name}]") for name in tables] + [
        (name, f"[[{name}]]") for name in draw(st.lists(st.sampled_from(ARRAYS), max_size=3))
    ]
    for name, header in draw(st.permutations(headers)):
        lines += draw(sections(name, header))
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text = "\n".join(lines).replace("\n", newline) + draw(st.sampled_from(["", newline, newline * 2]))
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # Not every combination is valid: a table twice, a key that is a table elsewhere. The first lines always are.
        text = lines[0] + newline
    return text


def put(data: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {})
    data[path[-1]] = value


def comments(text: str) -> list[str]:
    return sorted(line.strip() for line in text.splitlines() if line.lstrip().startswith("#"))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(files(), st.fixed_dictionaries({}, optional=WANTED))
def test_any_valid_file_survives_an_edit(before, wanted):
    after = containerd_toml.plan(before, wanted, "1.6.20").text

    expected = copy.deepcopy(tomllib.loads(before))
    places = {name: where.place(name, 2) for name in wanted}
    for name, place in places.items():
        put(expected, place, wanted[name])
    # NaN is not generated, so that equality means sameness.
    assert tomllib.loads(after) == expected
    assert comments(after) == comments(before)

    keys = [place[-1] for place in places.values()]
    gone = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]
    # A whole value of several lines may go; each line that goes belongs to a setting that was wanted, or to a table that holds one.
    holders = [part for place in places.values() for part in place[1:-1]]
    many = 'config_path = """old"""', 'root="""/x"""'
    assert [line for line in gone if line.strip("- ") and not any(key in line for key in [*keys, *holders, *many])] == []
    assert containerd_toml.plan(after, wanted, "1.6.20").text == after
