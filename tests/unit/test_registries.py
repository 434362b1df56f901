# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _registries as registries
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

PATH = "/etc/docker/daemon.json"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(None, ({}, []), id="no file"),
        pytest.param(" \n", ({}, []), id="an empty file"),
        pytest.param('\ufeff{"debug": true}', ({"debug": True}, []), id="a byte order mark"),
        pytest.param('{"debug": true, "debug": false}', ({"debug": False}, ["debug"]), id="the last of two keys counts"),
    ],
)
def test_daemon_json_is_read_as_dockerd_does(text, expected):
    assert registries.parse_daemon_json(text, PATH) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param('{\n  "debug": true,\n}', r"daemon.json is not valid JSON: .*line [23]", id="a comma too many"),
        pytest.param("[]", "holds list where dockerd expects an object", id="no object"),
    ],
)
def test_daemon_json_that_dockerd_refuses(text, message):
    with pytest.raises(MigrationError, match=message):
        registries.parse_daemon_json(text, PATH)


@pytest.mark.parametrize("value", ["https://m.example", {"a": "b"}, [1], False])
def test_a_list_that_is_none_names_file_key_and_value(value):
    with pytest.raises(MigrationError, match=r"/etc/docker/daemon.json: registry-mirrors must be a list of strings, not "):
        registries.registries({"registry-mirrors": value})


def hosts(daemon=None, **arguments):
    """The hosts.toml of each registry without its marker line."""
    result = registries.registries(daemon or {}, **arguments)
    for host in result["hosts"]:
        assert host["hosts_toml"].startswith(registries.MARKER + "\n\n[host.")
        assert host["name"] != "_default"
    return {host["name"]: host["hosts_toml"][len(registries.MARKER) + 2 :] for host in result["hosts"]}


def attention(daemon=None, **arguments):
    return [(item["key"], item["value"]) for item in registries.registries(daemon or {}, **arguments)["attention"]]


PULL = '  capabilities = ["pull", "resolve"]\n'
INSECURE_R5000 = '[host."https://r:5000"]\n  skip_verify = true\n\n[host."http://r:5000"]\n'


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://b.example/", "http://a.example:5000"]}},
            {"docker.io": f'[host."https://b.example"]\n{PULL}\n[host."http://a.example:5000"]\n{PULL}'},
            id="mirrors in their order",
        ),
        # moby ValidateMirror keeps the path and appends /; the client appends v2/. containerd appends /v2 unless it is there.
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://m.example/hub/"]}},
            {"docker.io": f'[host."https://m.example/hub"]\n{PULL}'},
            id="a mirror with a path",
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://m.example/v2/"]}},
            {"docker.io": f'[host."https://m.example/v2/v2"]\n{PULL}'},
            id="a mirror whose path ends in v2",
        ),
        pytest.param(
            {
                "daemon": {"registry-mirrors": ["https://m.example"]},
                "dockerd_args": ["dockerd", "-H", "fd://", "--registry-mirror", "https://n.example"],
            },
            {"docker.io": f'[host."https://m.example"]\n{PULL}\n[host."https://n.example"]\n{PULL}'},
            id="mirrors of file and flag",
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://m.example", "https://m.example/"]}},
            {"docker.io": f'[host."https://m.example"]\n{PULL}'},
            id="a mirror named twice",
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://r:5000"], "insecure-registries": ["r:5000"]}},
            {"docker.io": f'[host."https://r:5000"]\n{PULL}  skip_verify = true\n', "r:5000": INSECURE_R5000},
            id="an insecure mirror is asked by its own scheme only",
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["http://r:5000"], "insecure-registries": ["r:5000"]}},
            {"docker.io": f'[host."http://r:5000"]\n{PULL}', "r:5000": INSECURE_R5000},
            id="nothing to verify by HTTP",
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://r:5000"], "insecure-registries": ["r"]}},
            {"docker.io": f'[host."https://r:5000"]\n{PULL}', "r": INSECURE_R5000.replace(":5000", "")},
            id="host does not cover host:port",
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://localhost:5000", "https://127.0.0.1"]}},
            {
                "docker.io": f'[host."https://localhost:5000"]\n{PULL}  skip_verify = true\n\n'
                f'[host."https://127.0.0.1"]\n{PULL}  skip_verify = true\n'
            },
            id="a mirror on loopback is insecure by itself",
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://10.1.2.3:5000"], "insecure-registries": ["10.0.0.0/8"]}},
            {"docker.io": f'[host."https://10.1.2.3:5000"]\n{PULL}  skip_verify = true\n'},
            id="a mirror within an insecure network",
        ),
        pytest.param({"daemon": {"insecure-registries": ["http://r:5000"]}}, {"r:5000": INSECURE_R5000}, id="a scheme is dropped"),
        pytest.param({"dockerd_args": ["--insecure-registry=r:5000"]}, {"r:5000": INSECURE_R5000}, id="insecure by flag"),
        pytest.param({"daemon": {"insecure-registries": ["127.0.0.0/8", "::1/128"]}}, {}, id="loopback needs nothing"),
        pytest.param(
            {
                "daemon": {"insecure-registries": ["10.0.0.0/8"]},
                "addresses": {"r:5000": ["10.9.9.9"], "far:5000": ["192.0.2.1"], "localhost:5000": ["127.0.0.1"]},
            },
            {"r:5000": INSECURE_R5000},
            id="registries in use that resolve into a network",
        ),
        pytest.param(
            {"certs": {"r:5000": ["ca.crt", "client.cert", "client.key", "readme"]}},
            {"r:5000": '[host."https://r:5000"]\n  ca = ["ca.crt"]\n  client = [["client.cert", "client.key"]]\n'},
            id="certificates",
        ),
        pytest.param({"certs": {"r:5000": ["readme"], "s": []}}, {}, id="directories without certificates"),
        pytest.param(
            {"certs": {"r:5000": ["ca.crt"]}, "daemon": {"insecure-registries": ["r:5000"]}},
            {"r:5000": INSECURE_R5000},
            id="Docker ignores the certificates of an insecure registry",
        ),
        pytest.param(
            {"certs": {"m:5000": ["ca.crt", "a.key", "a.cert"]}, "daemon": {"registry-mirrors": ["https://m:5000"]}},
            {
                "docker.io": f'[host."https://m:5000"]\n{PULL}  ca = ["m:5000/ca.crt"]\n  client = [["m:5000/a.cert", "m:5000/a.key"]]\n',
                "m:5000": '[host."https://m:5000"]\n  ca = ["ca.crt"]\n  client = [["a.cert", "a.key"]]\n',
            },
            id="a mirror brings its certificates along",
        ),
        pytest.param({"certs": {"r": ['a"\\ä.crt']}}, {"r": '[host."https://r"]\n  ca = ["a\\"\\\\ä.crt"]\n'}, id="strings are escaped"),
    ],
)
def test_hosts_toml(arguments, expected):
    assert hosts(**arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({"daemon": {"insecure-registries": ["10.0.0.0/8"]}}, [("insecure-registries", "10.0.0.0/8")], id="a network"),
        pytest.param({"daemon": {"insecure-registries": ["127.0.0.0/8"]}}, [], id="not the loopback network"),
        pytest.param(
            {"daemon": {"insecure-registries": ["docker.io"]}}, [("insecure-registries", "docker.io")], id="Docker Hub is always secure"
        ),
        pytest.param({"daemon": {"insecure-registries": ["r:5000/path"]}}, [("insecure-registries", "r:5000/path")], id="no host"),
        pytest.param({"daemon": {"insecure-registries": ["ftp://r"]}}, [("insecure-registries", "ftp://r")], id="a strange scheme"),
        pytest.param({"daemon": {"registry-mirrors": ["m.example"]}}, [("registry-mirrors", "m.example")], id="a mirror without a scheme"),
        pytest.param(
            {"daemon": {"registry-mirrors": ["m.example:5000"]}}, [("registry-mirrors", "m.example:5000")], id="a port is no scheme"
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://m/?a"]}}, [("registry-mirrors", "https://m/?a")], id="a mirror with a query"
        ),
        pytest.param(
            {"daemon": {"registry-mirrors": ["https://u:secret@m/"]}},
            [("registry-mirrors", "https://********@m/")],
            id="a mirror's password is hidden",
        ),
        pytest.param({"daemon": {"registry-mirrors": ["https://m/v2/"]}}, [("registry-mirrors", "https://m/v2/")], id="a doubled v2"),
        pytest.param({"certs": {"docker.io": ["ca.crt"]}}, [("certs.d", "docker.io")], id="Docker reads no certificates for Docker Hub"),
        pytest.param(
            {"certs": {"r": ["ca.crt"]}, "daemon": {"insecure-registries": ["r"]}},
            [("certs.d", "r")],
            id="certificates of an insecure registry",
        ),
        pytest.param({"certs": {"r": ["a.cert"]}}, [("certs.d", "r/a.cert")], id="a certificate without its key"),
        pytest.param({"certs": {"r": ["a.key"]}}, [("certs.d", "r/a.key")], id="a key without its certificate"),
        pytest.param(
            {"certs": {"r": ["a.key"]}, "daemon": {"registry-mirrors": ["https://r"]}},
            [("certs.d", "r/a.key")],
            id="is reported once for a mirror too",
        ),
    ],
)
def test_what_needs_attention(arguments, expected):
    assert attention(**arguments) == expected


def test_attention_for_a_network_names_the_registries_written_for_it():
    result = registries.registries({"insecure-registries": ["10.0.0.0/8"]}, addresses={"r:5000": ["10.9.9.9"], "far": ["192.0.2.1"]})
    assert "r:5000." in result["attention"][0]["why"]
    assert "far" not in result["attention"][0]["why"]


def test_files_say_where_they_come_from_and_what_is_private():
    result = registries.registries({"registry-mirrors": ["https://m"]}, certs={"m": ["ca.crt", "a.cert", "a.key"]})
    assert {host["name"]: dict(host["files"]) for host in result["hosts"]} == {
        "docker.io": {
            "m/ca.crt": {"source": "m/ca.crt", "private": False},
            "m/a.cert": {"source": "m/a.cert", "private": False},
            "m/a.key": {"source": "m/a.key", "private": True},
        },
        "m": {
            "ca.crt": {"source": "m/ca.crt", "private": False},
            "a.cert": {"source": "m/a.cert", "private": False},
            "a.key": {"source": "m/a.key", "private": True},
        },
    }


def test_two_texts_that_mean_the_same():
    assert registries.same_meaning('# mine\n[host."https://r"]\nca =  ["ca.crt"]\n', '[host."https://r"]\n\n  ca = ["ca.crt"] \n')
    assert not registries.same_meaning('[host."https://r"]\n', '[host."http://r"]\n')
