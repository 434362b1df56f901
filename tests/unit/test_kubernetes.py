# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection: where its values come from, what is repeated, what the errors say. Over real HTTP."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import subprocess
import threading
import time

import pytest
import yaml
from ansible_collections.dockershim.migration.plugins.doc_fragments.kubernetes_auth import ModuleDocFragment
from ansible_collections.dockershim.migration.plugins.module_utils import _kubernetes as api
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from api_stand_in import ApiStandIn, make_node, status_object

NOTHING = dict.fromkeys(api.CONNECTION_OPTIONS)
CANARY = "s3cr3t-t0k3n"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("K8S_AUTH_") or name.upper().endswith("_PROXY") or name == "KUBECONFIG"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(api, "BACKOFF", (0.02,))


@pytest.fixture
def server():
    with ApiStandIn() as stand_in:
        stand_in.add(make_node())
        yield stand_in


def kubeconfig(url, **user):
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "admin@lab",
        "contexts": [{"name": "admin@lab", "context": {"cluster": "lab", "user": "admin"}}],
        "clusters": [{"name": "lab", "cluster": {"server": url}}],
        "users": [{"name": "admin", "user": user or {"token": CANARY}}],
    }


def client(api_timeout=2, **options):
    settings = api.connection_settings({**NOTHING, **options}, os.environ)
    return api.KubernetesClient(api.client_configuration(settings), api_timeout=api_timeout)


# -- where values come from --------------------------------------------------------------------------------------------

AWX = {"K8S_AUTH_HOST": "https://awx:6443", "K8S_AUTH_API_KEY": "t", "K8S_AUTH_SSL_CA_CERT": "/ca", "K8S_AUTH_VERIFY_SSL": "False"}


@pytest.mark.parametrize(
    ("options", "environment", "expected"),
    [
        pytest.param({}, {}, {"kubeconfig": "HOME/.kube/config"}, id="nothing"),
        pytest.param({}, {"KUBECONFIG": "~/a:/b"}, {"kubeconfig": "HOME/a:/b"}, id="kubectl-environment"),
        pytest.param(
            {}, AWX, {"host": "https://awx:6443", "api_key": "t", "ca_cert": "/ca", "validate_certs": False, "kubeconfig": None}, id="awx"
        ),
        pytest.param(
            {"kubeconfig": "/k"}, AWX, {"kubeconfig": "/k", "host": None, "api_key": None, "validate_certs": None}, id="option-wins"
        ),
        pytest.param({"kubeconfig_content": "x"}, AWX, {"kubeconfig_content": "x", "kubeconfig": None, "host": None}, id="content-wins"),
        pytest.param({"kubeconfig": "/k", "host": "https://b"}, AWX, {"kubeconfig": "/k", "host": "https://b", "api_key": None}, id="both"),
        pytest.param(
            {"host": "https://b"}, AWX, {"host": "https://b", "api_key": "t", "kubeconfig": None}, id="host-with-token-of-environment"
        ),
        pytest.param(
            {"host": "https://b"},
            {"K8S_AUTH_KUBECONFIG": "/k", "K8S_AUTH_CONTEXT": "c"},
            {"kubeconfig": None, "context": None},
            id="host-alone",
        ),
        pytest.param(
            {},
            {"K8S_AUTH_KUBECONFIG": "~/k", "K8S_AUTH_CONTEXT": "c", "KUBECONFIG": "/n"},
            {"kubeconfig": "HOME/k", "context": "c"},
            id="kubeconfig-of-environment",
        ),
        pytest.param({"context": "d"}, {"K8S_AUTH_KUBECONFIG": "/k", "K8S_AUTH_CONTEXT": "c"}, {"context": "d"}, id="value-by-value"),
        pytest.param({"kubeconfig": "/k"}, {"K8S_AUTH_PROXY": "http://p"}, {"proxy": "http://p"}, id="proxy-always"),
        pytest.param({"validate_certs": True}, AWX, {"validate_certs": True}, id="false-is-a-value"),
    ],
)
def test_settings(options, environment, expected, tmp_path):
    found = api.connection_settings({**NOTHING, **options}, environment)
    expected = {key: value.replace("HOME", str(tmp_path)) if isinstance(value, str) else value for key, value in expected.items()}
    assert {key: found[key] for key in expected} == expected


def test_a_broken_boolean_is_named():
    with pytest.raises(MigrationError, match="K8S_AUTH_VERIFY_SSL"):
        api.connection_settings(NOTHING, {"K8S_AUTH_HOST": "https://a", "K8S_AUTH_VERIFY_SSL": "perhaps"})


def test_the_documentation_has_the_same_options():
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert set(documented) == set(api.CONNECTION_OPTIONS)
    for name, spec in api.CONNECTION_OPTIONS.items():
        assert {key: documented[name].get(key) for key in ("type", "default", "aliases")} == {
            key: spec.get(key) for key in ("type", "default", "aliases")
        }
        if name in api.ENVIRONMENT:
            assert f"E({api.ENVIRONMENT[name]})" in " ".join(documented[name]["description"])


# -- kubeconfigs -------------------------------------------------------------------------------------------------------


def test_kubeconfig_file(server, tmp_path):
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(yaml.safe_dump(kubeconfig(server.url)))
    server.token = CANARY
    assert client().node("worker-1")["metadata"]["name"] == "worker-1"


@pytest.mark.parametrize("dump", [yaml.safe_dump, json.dumps], ids=["yaml", "json"])
def test_kubeconfig_content(server, dump):
    server.token = CANARY
    assert client(kubeconfig_content=dump(kubeconfig(server.url))).node("worker-1")


def test_host_and_token(server, monkeypatch):
    server.token = CANARY
    monkeypatch.setenv("K8S_AUTH_API_KEY", CANARY)
    assert client(host=server.url + "/").node("worker-1")


def broken(**changes):
    return yaml.safe_dump({**kubeconfig("https://h"), **changes})


@pytest.mark.parametrize(
    ("text", "context", "says"),
    [
        pytest.param("a: [" + CANARY, None, "not valid YAML (line 1", id="yaml"),
        pytest.param(CANARY, None, "not a kubeconfig", id="text"),
        pytest.param("\n", None, "kubeconfig_content is empty", id="empty"),
        pytest.param(broken(clusters=[]), None, "names no clusters", id="no-clusters"),
        pytest.param(
            broken(**{"current-context": ""}), None, "no current-context: name one with the option context (admin@lab)", id="no-context"
        ),
        pytest.param(broken(), "other", "no context 'other'; it has admin@lab", id="wrong-context"),
        pytest.param(
            broken(users=[{"name": "x", "user": {"token": CANARY}}]), None, "the user 'admin', which is not in 'users'", id="no-user"
        ),
        pytest.param(broken(users=[{"user": {"token": CANARY}}]), None, "every entry of 'users' needs a name", id="nameless"),
        pytest.param(broken(clusters=[{"name": "lab", "cluster": {}}]), None, "names no server", id="no-server"),
        pytest.param(
            broken(users=[{"name": "admin", "user": {"client-certificate-data": "!" + CANARY, "client-key-data": CANARY}}]),
            None,
            "cannot be used",
            id="broken-base64",
        ),
        pytest.param(
            broken(users=[{"name": "admin", "user": {"client-certificate": "/no/such.crt", "client-key": "/no/such.key"}}]),
            None,
            "/no/such.crt",
            id="missing-file",
        ),
        pytest.param(
            broken(clusters=[{"name": "lab", "cluster": {"server": "lab:6443"}}]), None, "not the URL of an API server", id="no-url"
        ),
    ],
)
def test_broken_kubeconfig(text, context, says):
    with pytest.raises(MigrationError) as raised:
        client(kubeconfig_content=text, context=context)
    assert says in raised.value.message
    assert CANARY not in raised.value.message


def test_the_librarys_words_are_not_passed_on(tmp_path):
    """The client library quotes the whole entry that it cannot use: here a user whose token stands one level too high."""
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump({**kubeconfig("https://h"), "users": [{"name": "admin", "token": CANARY}]}))
    with pytest.raises(MigrationError) as raised:
        client(kubeconfig=str(path))
    assert str(path) in raised.value.message
    assert CANARY not in raised.value.message


def test_missing_kubeconfig_names_the_path_and_the_way_out(tmp_path):
    with pytest.raises(MigrationError) as raised:
        client()
    assert f"{tmp_path}/.kube/config: No such file" in raised.value.message
    assert "K8S_AUTH_KUBECONFIG" in raised.value.message


def test_missing_ca_file():
    with pytest.raises(MigrationError, match=r"/no/ca\.pem"):
        client(host="https://h", ca_cert="/no/ca.pem")


# -- patience ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(0, "", id="cut-off"),
        pytest.param(500, status_object(500, "etcdserver: leader changed"), id="etcd-leader-changed"),
        pytest.param(503, "upstream connect error", id="load-balancer"),
        pytest.param(504, status_object(504, "Timeout: request did not complete"), id="timeout"),
        pytest.param(429, status_object(429, "The server is currently handling too many requests"), id="overload"),
        pytest.param(401, status_object(401, "Unauthorized"), id="api-server-just-started"),
    ],
)
def test_passing_failures_are_repeated(server, status, body):
    server.fail(status, body, times=2)
    assert client(host=server.url).node("worker-1")
    assert len(server.requests) == 3


def test_retry_after_is_honoured(server):
    server.fail(429, "{}", Retry_After="1")
    started = time.monotonic()
    assert client(api_timeout=5, host=server.url).node("worker-1")
    assert time.monotonic() - started >= 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_api_server_that_comes_back():
    port = free_port()
    started = []

    def start_while_the_client_waits(_seconds):
        if not started:
            late = ApiStandIn(port).__enter__()
            late.add(make_node())
            late.fail(403, status_object(403, "RBAC: clusterrole.rbac.authorization.k8s.io not found"))
            started.append(late)

    waiting = client(api_timeout=60, host=f"http://127.0.0.1:{port}")
    waiting.sleep = start_while_the_client_waits
    try:
        assert waiting.node("worker-1")
    finally:
        for late in started:
            late.__exit__()


def test_an_api_server_that_stays_away():
    port = free_port()
    with pytest.raises(api.ApiError) as raised:
        client(api_timeout=1, host=f"http://127.0.0.1:{port}").node("worker-1")
    for part in (
        f"http://127.0.0.1:{port}",
        "read node worker-1",
        "GET /api/v1/nodes/worker-1",
        "connection refused",
        "api_timeout is 1 s",
    ):
        assert part in raised.value.message


def test_the_deadline_of_the_task_ends_the_patience():
    patient = client(api_timeout=300, host=f"http://127.0.0.1:{free_port()}")
    patient.deadline = patient.clock() + 0.3
    with pytest.raises(api.ApiError, match="task's own timeout"):
        patient.node("worker-1")


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        pytest.param(403, status_object(403, 'nodes "worker-1" is forbidden'), "lacks a right", id="forbidden"),
        pytest.param(400, status_object(400, "bad"), "400: bad", id="bad-request"),
        pytest.param(409, status_object(409, "modified"), "409: modified", id="conflict"),
        pytest.param(302, "elsewhere", "302", id="redirect"),
        pytest.param(200, "<html>welcome</html>", "is this the URL of a Kubernetes API server", id="web-page"),
    ],
)
def test_lasting_failures_end_at_once(server, status, body, says):
    server.fail(status, body)
    with pytest.raises(api.ApiError) as raised:
        client(host=server.url).node("worker-1")
    assert says in raised.value.message
    assert server.url in raised.value.message
    assert len(server.requests) == 1


def test_wrong_credentials(server, monkeypatch):
    monkeypatch.setattr(api, "GRACE_FOR_UNAUTHORIZED", 0.1)
    server.token = CANARY + "-of-somebody-else"
    with pytest.raises(api.ApiError) as raised:
        client(api_timeout=30, host=server.url, api_key=CANARY).node("worker-1")
    assert raised.value.status == 401
    assert "credentials are not valid" in raised.value.message
    assert CANARY not in raised.value.message


def test_a_node_that_does_not_exist(server):
    server.add(make_node("worker-2"))
    with pytest.raises(api.ApiError) as raised:
        client(host=server.url).node("worker-9")
    assert "no node 'worker-9'" in raised.value.message
    assert "worker-1, worker-2" in raised.value.message


def test_a_name_that_cannot_be_resolved_ends_at_once(monkeypatch):
    def unknown(*arguments, **more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    started = time.monotonic()
    with pytest.raises(api.ApiError, match="cannot be resolved"):
        client(api_timeout=30, host="https://no-such-host.invalid:6443").node("worker-1")
    assert time.monotonic() - started < 5


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1: (certificate, key)."""
    directory = tmp_path_factory.mktemp("tls")
    certificate, key = directory / "tls.crt", directory / "tls.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def tls_server(server, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    server.use_tls(context)
    return server


def test_an_unknown_authority_ends_at_once(tls_server):
    with pytest.raises(api.ApiError) as raised:
        client(api_timeout=30, host=tls_server.url).node("worker-1")
    assert "not trusted" in raised.value.message
    assert "K8S_AUTH_SSL_CA_CERT" in raised.value.message


def test_a_known_authority(tls_server, authority):
    assert client(host=tls_server.url, ca_cert=str(authority[0])).node("worker-1")


def test_no_verification(tls_server, monkeypatch):
    monkeypatch.setenv("K8S_AUTH_HOST", tls_server.url)
    monkeypatch.setenv("K8S_AUTH_VERIFY_SSL", "no")
    assert client().node("worker-1")


def test_https_to_a_plain_port_ends_at_once(server):
    with pytest.raises(api.ApiError, match="TLS failed"):
        client(api_timeout=30, host=server.url.replace("http:", "https:")).node("worker-1")


def test_client_certificate_of_the_kubeconfig(server, authority, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority)
    context.load_verify_locations(authority[0])
    context.verify_mode = ssl.CERT_REQUIRED
    server.use_tls(context)
    encoded = [base64.b64encode(path.read_bytes()).decode() for path in authority]
    document = kubeconfig(server.url, **{"client-certificate-data": encoded[0], "client-key-data": encoded[1]})
    document["clusters"][0]["cluster"]["certificate-authority-data"] = encoded[0]
    settings = api.connection_settings({**NOTHING, "kubeconfig_content": yaml.safe_dump(document)}, {})
    configuration = api.client_configuration(settings, tmpdir=str(tmp_path / "private"))
    assert api.KubernetesClient(configuration, api_timeout=2).node("worker-1")
    written = list((tmp_path / "private").iterdir())
    assert written
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)


def test_a_handshake_cut_off_is_repeated():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted = []

        def hang_up():
            while len(accepted) < 2:
                connection = listener.accept()[0]
                accepted.append(connection.recv(64))
                connection.close()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        with pytest.raises(api.ApiError):
            client(api_timeout=0.5, host=f"https://127.0.0.1:{listener.getsockname()[1]}").node("worker-1")
        thread.join(2)
        assert len(accepted) == 2


@pytest.mark.parametrize(
    ("text", "expected"), [("v1.20.2", (1, 20, 2)), ("28.1.0", (28, 1, 0)), ("37.0.0b1", (37, 0, 0)), ("v1.30.1+k3s1", (1, 30, 1))]
)
def test_version(text, expected):
    assert api.version_tuple(text) == expected
