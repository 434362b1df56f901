# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser was compared with systemd's own code (libsystemd-shared of 247, 252 and 262, C(load_env_file_pairs) and
C(replace_env_argv)) on 30000 random files each, without a difference; the tables keep what is easily got wrong."""

from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _environment_file as environment_file
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

PATH = "/var/lib/kubelet/kubeadm-flags.env"
MODERN, BEFORE_254, BEFORE_241 = environment_file.DIALECTS


def values(text, dialect=MODERN):
    return [(assignment.name, assignment.value) for assignment in environment_file.parse_environment_file(text, dialect)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A=b\n", [("A", "b")], id="plain"),
        pytest.param("A=b", [("A", "b")], id="no newline at the end"),
        pytest.param("A=\n", [("A", "")], id="empty"),
        pytest.param('A=""\n', [("A", "")], id="empty between quotes"),
        pytest.param("  A =  b c \t\n", [("A", "b c")], id="blanks around are dropped, within are kept"),
        pytest.param("# A=1\n; A=2\n\n   # A=3\nA=4\n", [("A", "4")], id="comments of both kinds"),
        pytest.param("A=b # c\n", [("A", "b # c")], id="no comment behind a value"),
        pytest.param("nonsense\nA=b\n", [("A", "b")], id="a line without = is ignored"),
        pytest.param("export A=b\n", [("export A", "b")], id="export is not understood"),
        pytest.param("A=1\nB=x\nA=2\n", [("A", "1"), ("B", "x"), ("A", "2")], id="several assignments"),
        pytest.param("A=b\r\nC=d\r\n", [("A", "b"), ("C", "d")], id="carriage return ends a line"),
        pytest.param("A='b $c \"d\"'\n", [("A", 'b $c "d"')], id="single quotes"),
        pytest.param('A="b\n c"\n', [("A", "b\n c")], id="a newline between quotes"),
        pytest.param('A="b \\"c\\" \\\\ \\$ \\`"\n', [("A", 'b "c" \\ $ `')], id="escapes between double quotes"),
        pytest.param('A="b\\\n  c"\n', [("A", "b  c")], id="continuation between double quotes"),
        pytest.param("A=b\\\n  c\n", [("A", "b  c")], id="continuation"),
        pytest.param('A=b\\ \\"c\\n\n', [("A", 'b "cn')], id="escapes without quotes"),
        pytest.param('A=b"c d"\n', [("A", 'b"c d"')], id="quotes within an unquoted value are kept"),
        pytest.param('A="b" "c" d\n', [("A", "bcd")], id="pieces are joined, blanks between them dropped"),
        pytest.param('A="b\n', [("A", "b\n")], id="an unclosed quote runs to the end"),
        pytest.param("A=b\\ \n", [("A", "b ")], id="an escaped blank at the end is kept"),
    ],
)
def test_environment_file_as_every_systemd_reads_it(text, expected):
    for dialect in environment_file.DIALECTS:
        assert values(text, dialect) == expected


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        # src/basic/env-file.c, issue 27975
        pytest.param("# c \\\nA=b\n", MODERN, [("A", "b")], id="a comment does not continue since 254"),
        pytest.param("# c \\\nA=b\n", BEFORE_254, [], id="a comment continues until 253"),
        # issue 10659
        pytest.param('A="\\n"\n', BEFORE_254, [("A", "\\n")], id="other escapes keep their backslash since 241"),
        pytest.param('A="\\n"\n', BEFORE_241, [("A", "n")], id="other escapes lose their backslash until 239"),
        pytest.param("A='\\n'\n", BEFORE_254, [("A", "\\n")], id="no escapes between single quotes since 241"),
        pytest.param("A='\\n'\n", BEFORE_241, [("A", "n")], id="escapes between single quotes until 239"),
    ],
)
def test_environment_file_where_systemd_versions_differ(text, dialect, expected):
    assert values(text, dialect) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(" --a=b  --c\t--d\n--e ", ["--a=b", "--c", "--d", "--e"], id="blanks of every kind"),
        pytest.param("--a='b c' \"--d=e f\"", ["--a=b c", "--d=e f"], id="quotes group and go"),
        pytest.param("--a=b'c'\"d\"", ["--a=bcd"], id="quotes within a word"),
        pytest.param("'' \"\"", ["", ""], id="empty arguments"),
        pytest.param("--a=b\\ c", ["--a=b c"], id="an escaped blank"),
        pytest.param("'a\\'b' \"a\\nb\"", ["a'b", "anb"], id="a backslash works between both kinds of quotes"),
        pytest.param("--a='b c", ["--a=b c"], id="an unclosed quote"),
        pytest.param("--a=b\\", ["--a=b"], id="a backslash at the end"),
    ],
)
def test_split_words_as_systemd_does(value, expected):
    assert [word.text for word in environment_file.split_words(value)] == expected


@pytest.mark.parametrize("text", ["plain", "two words", "it's", 'say "x"', "back\\slash", "all 'of \"them\\ ", "", "{a: 'b'}", "tab\t"])
def test_a_quoted_word_reads_back(text):
    assert [word.text for word in environment_file.split_words(environment_file.quote_word(text))] == [text]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["--a=b", "--c", "d", "--e"], {"a": "b", "c": "d", "e": "true"}, id="the three forms"),
        pytest.param(["--a=", "--b"], {"a": "", "b": "true"}, id="an empty value is not a switch"),
        pytest.param(["--node_ip=1"], {"node-ip": "1"}, id="underscores are dashes"),
        pytest.param(["-v=2"], {"v": "2"}, id="shorthand with ="),
        pytest.param(["-v2"], {"v": "2"}, id="shorthand without ="),
        pytest.param(["-v", "2"], {"v": "2"}, id="shorthand apart"),
        pytest.param(["--a=1", "--b", "--a=2", "--a", "3"], {"a": ["1", "2", "3"], "b": "true"}, id="repeated"),
        pytest.param(["stray", "--a"], {"a": "true"}, id="what is no flag is left out"),
        pytest.param(["--a=b=c"], {"a": "b=c"}, id="the first = counts"),
    ],
)
def test_flags_as_dict(arguments, expected):
    assert environment_file.flags_as_dict(arguments) == expected


# kubeadm v1.20, cmd/kubeadm/app/phases/kubelet/flags.go: fmt.Sprintf("%s=%q\n", ...), flags in the order of their names.
KUBEADM_DOCKER = 'KUBELET_KUBEADM_ARGS="--network-plugin=cni --pod-infra-container-image=k8s.gcr.io/pause:3.2"\n'
KUBEADM_REMOTE = (
    'KUBELET_KUBEADM_ARGS="--container-runtime=remote --container-runtime-endpoint=/var/run/dockershim.sock '
    '--pod-infra-container-image=k8s.gcr.io/pause:3.2"\n'
)
ENDPOINT = "unix:///run/containerd/containerd.sock"


def edit(text, flags=None, absent=(), variable="KUBELET_KUBEADM_ARGS"):
    return environment_file.set_flags(text, variable, flags or {}, list(absent), PATH)


@pytest.mark.parametrize(
    ("before", "flags", "absent", "after"),
    [
        pytest.param(
            KUBEADM_DOCKER,
            {"container-runtime": "remote", "container-runtime-endpoint": ENDPOINT},
            ["network-plugin"],
            'KUBELET_KUBEADM_ARGS="--pod-infra-container-image=k8s.gcr.io/pause:3.2 --container-runtime=remote '
            '--container-runtime-endpoint=unix:///run/containerd/containerd.sock"\n',
            id="from dockershim to containerd",
        ),
        pytest.param(
            KUBEADM_REMOTE,
            {},
            ["container-runtime"],
            KUBEADM_REMOTE.replace("--container-runtime=remote ", ""),
            id="container-runtime is not container-runtime-endpoint",
        ),
        pytest.param(KUBEADM_REMOTE, {"container-runtime": "remote"}, ["network-plugin"], KUBEADM_REMOTE, id="nothing to do"),
        pytest.param(None, {}, ["a"], None, id="no file and nothing to set"),
        pytest.param(None, {"a": "b", "c": "d"}, [], 'KUBELET_KUBEADM_ARGS="--a=b --c=d"\n', id="no file"),
        pytest.param("", {"a": "b"}, [], 'KUBELET_KUBEADM_ARGS="--a=b"\n', id="an empty file"),
        pytest.param("# mine\nX=1", {"a": "b"}, [], '# mine\nX=1\nKUBELET_KUBEADM_ARGS="--a=b"\n', id="the variable is missing"),
        pytest.param(
            '# mine\nX="y"  \n; too\nKUBELET_KUBEADM_ARGS="--a=b"\n\n# end',
            {"a": "c"},
            [],
            '# mine\nX="y"  \n; too\nKUBELET_KUBEADM_ARGS="--a=c"\n\n# end',
            id="comments and other variables survive",
        ),
        pytest.param("KUBELET_KUBEADM_ARGS=--a=b  --c", {"a": "x", "d": "e"}, [], "KUBELET_KUBEADM_ARGS=--a=x  --c --d=e", id="unquoted"),
        pytest.param("KUBELET_KUBEADM_ARGS='--a=b'\n", {"c": "d"}, [], "KUBELET_KUBEADM_ARGS='--a=b --c=d'\n", id="single quotes"),
        pytest.param("KUBELET_KUBEADM_ARGS=\n", {"a": "b"}, [], 'KUBELET_KUBEADM_ARGS="--a=b"\n', id="an empty value"),
        pytest.param('KUBELET_KUBEADM_ARGS=""\n', {"a": "b"}, [], 'KUBELET_KUBEADM_ARGS="--a=b"\n', id="an empty quoted value"),
        pytest.param('KUBELET_KUBEADM_ARGS="--a=b"\n', {}, ["a"], 'KUBELET_KUBEADM_ARGS=""\n', id="the last flag goes"),
        pytest.param('KUBELET_KUBEADM_ARGS="--a"\n', {"b": "c"}, ["a"], 'KUBELET_KUBEADM_ARGS="--b=c"\n', id="all replaced"),
        pytest.param(
            'KUBELET_KUBEADM_ARGS="--a=1"\nKUBELET_KUBEADM_ARGS="--a=2"\n',
            {"a": "3"},
            [],
            'KUBELET_KUBEADM_ARGS="--a=1"\nKUBELET_KUBEADM_ARGS="--a=3"\n',
            id="the last assignment counts",
        ),
        pytest.param(
            'KUBELET_KUBEADM_ARGS="--a b --c d --e"\n', {"a": "x"}, ["c"], 'KUBELET_KUBEADM_ARGS="--a x --e"\n', id="values apart"
        ),
        pytest.param('KUBELET_KUBEADM_ARGS="--a b --c"\n', {"a": "-1"}, [], 'KUBELET_KUBEADM_ARGS="--a=-1 --c"\n', id="a dash in a value"),
        pytest.param('KUBELET_KUBEADM_ARGS="--a --b"\n', {"a": "false"}, [], 'KUBELET_KUBEADM_ARGS="--a=false --b"\n', id="a switch"),
        pytest.param('KUBELET_KUBEADM_ARGS="--a --b"\n', {"a": "true"}, [], 'KUBELET_KUBEADM_ARGS="--a --b"\n', id="a switch is true"),
        pytest.param('KUBELET_KUBEADM_ARGS="-v 2 --b"\n', {"v": "4"}, [], 'KUBELET_KUBEADM_ARGS="-v 4 --b"\n', id="shorthand"),
        pytest.param('KUBELET_KUBEADM_ARGS="-v2 --b"\n', {"v": "4"}, [], 'KUBELET_KUBEADM_ARGS="-v=4 --b"\n', id="joined shorthand"),
        pytest.param(
            'KUBELET_KUBEADM_ARGS="--node_ip=1 --b"\n', {"node-ip": "2"}, [], 'KUBELET_KUBEADM_ARGS="--node_ip=2 --b"\n', id="underscore"
        ),
        pytest.param(
            'KUBELET_KUBEADM_ARGS="--a=1 --b --a=2 --c"\n', {"a": "3"}, [], 'KUBELET_KUBEADM_ARGS="--b --a=3 --c"\n', id="repeated"
        ),
        pytest.param(
            'KUBELET_KUBEADM_ARGS="--a=1 \\\n    --b=2 \\\n    --c=3"\n',
            {"c": "4"},
            ["b"],
            'KUBELET_KUBEADM_ARGS="--a=1 \\\n    --c=4"\n',
            id="continued lines",
        ),
        pytest.param(
            'KUBELET_KUBEADM_ARGS="--a=\\"b c\\" --d=e"\n',
            {"d": "f g"},
            [],
            'KUBELET_KUBEADM_ARGS="--a=\\"b c\\" \'--d=f g\'"\n',
            id="both levels of quotes",
        ),
        pytest.param(
            "KUBELET_KUBEADM_ARGS='--a=b'\n",
            {"a": "it's"},
            [],
            'KUBELET_KUBEADM_ARGS="\\"--a=it\'s\\""\n',
            id="a quote that does not fit makes the value be written anew",
        ),
        pytest.param("KUBELET_KUBEADM_ARGS=--a=b\r\nX=1\r\n", {"a": "c"}, [], "KUBELET_KUBEADM_ARGS=--a=c\r\nX=1\r\n", id="CRLF"),
    ],
)
def test_set_flags_changes_what_it_must_and_nothing_else(before, flags, absent, after):
    new, arguments = edit(before, flags, absent)
    assert new == after
    assert arguments == (environment_file.read_arguments(new, "KUBELET_KUBEADM_ARGS", PATH) or [])
    assert edit(new, flags, absent) == (after, arguments), "a second run changes nothing"


@pytest.mark.parametrize("before", [KUBEADM_DOCKER, KUBEADM_DOCKER.replace('"', ""), KUBEADM_DOCKER.replace('"', "'"), None])
@pytest.mark.parametrize("value", ["plain", "two words", "it's", 'a"b', "a\\b", "a$b`c", "", "a=b,c=d", "'\"\\ all", "-x"])
def test_every_value_reads_back(before, value):
    text, arguments = edit(before, {"new": value, "network-plugin": value})
    for dialect in environment_file.DIALECTS:
        last = environment_file.parse_environment_file(text, dialect)[-1]
        assert [word.text for word in environment_file.split_words(last.value)] == arguments
    assert environment_file.flags_as_dict(arguments)["new"] == value
    assert environment_file.flags_as_dict(arguments)["network-plugin"] == value


@pytest.mark.parametrize(
    ("before", "flags", "absent", "message"),
    [
        pytest.param("# c \\\nKUBELET_KUBEADM_ARGS=--a\n", {"b": "c"}, [], r"line 2.*at the end of a comment", id="ambiguous comment"),
        pytest.param('KUBELET_KUBEADM_ARGS="--a=\\\\\\d"\n', {"b": "c"}, [], "backslash between quotes", id="ambiguous escape"),
        pytest.param("# c \\", {"b": "c"}, [], "cannot be written so that every systemd", id="the file ends within a comment"),
        pytest.param('X="open\n', {"b": "c"}, [], "unclosed quote", id="the file ends within a quote"),
        pytest.param('KUBELET_KUBEADM_ARGS="--a -- --b"', {"b": "c"}, [], "bare '--'", id="end of flags"),
        pytest.param("A=\0", {"b": "c"}, [], "NUL", id="NUL"),
        pytest.param("", {"--b": "c"}, [], "without dashes", id="dashes"),
        pytest.param("", {"b=c": "c"}, [], "not the name of a flag", id="no name"),
        pytest.param("", {"a-b": "c"}, ["a_b"], "named twice", id="both set and absent"),
        pytest.param("", {"a": "b\nc"}, [], "control character", id="newline"),
    ],
)
def test_what_cannot_be_done_is_refused(before, flags, absent, message):
    with pytest.raises(MigrationError, match=message):
        edit(before, flags, absent)
