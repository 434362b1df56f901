# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _etcd as etcd
from ansible_collections.dockershim.migration.plugins.modules import etcd_health
from module_runner import ModuleFailedError, run_module

# As kubeadm 1.20 writes them, shortened.
ETCD = """
spec:
  containers:
  - command:
    - etcd
    - --advertise-client-urls=https://10.186.0.11:2379
    - --cert-file=/etc/kubernetes/pki/etcd/server.crt
    - --key-file=/etc/kubernetes/pki/etcd/server.key
    - --listen-client-urls=https://127.0.0.1:2379,https://10.186.0.11:2379
    - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
"""
API = """
  - command:
    - kube-apiserver
    - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt
    - --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt
    - "--etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key"
    - --etcd-servers={0}
"""


@pytest.mark.parametrize(
    ("manifest", "api", "kind", "endpoints"),
    [
        (ETCD, API.format("https://127.0.0.1:2379"), etcd.STACKED, ["https://127.0.0.1:2379"]),
        (ETCD.replace("https://127.0.0.1:2379,", ""), API, etcd.STACKED, ["https://10.186.0.11:2379"]),
        (None, API.format("https://a:2379,https://b:2379"), etcd.EXTERNAL, ["https://a:2379", "https://b:2379"]),
        (None, None, etcd.NONE, []),
    ],
    ids=["on the node", "without the local address", "elsewhere", "a worker"],
)
def test_where_etcd_is(manifest, api, kind, endpoints):
    found = etcd.layout(manifest, api)
    assert (found["kind"], found["endpoints"]) == (kind, endpoints)
    if kind == etcd.EXTERNAL:
        assert found["pairs"] == [("/etc/kubernetes/pki/apiserver-etcd-client.crt", "/etc/kubernetes/pki/apiserver-etcd-client.key")]


def members(*healths, learners=()):
    """Members by their health, this node's first."""
    return [
        {
            "id": str(number),
            "name": f"cp-{number}",
            "urls": [],
            "learner": number in learners,
            "self": number == 0,
            "healthy": health,
            "problem": None if health else "it does not answer",
        }
        for number, health in enumerate(healths)
    ]


@pytest.mark.parametrize(
    ("found", "sparing", "ok", "pauses", "why"),
    [
        (members(True), True, True, True, "with 1 member etcd stands still"),
        (members(False), True, True, True, "with 1 member"),
        (members(True, True), True, True, True, "with 2 members etcd stands still"),
        (members(True, False), True, False, True, "not well is cp-1 (it does not answer)"),
        (members(True, True, True), True, True, False, "2 of 3 are well, and 2 are needed"),
        (members(False, True, True), True, True, False, "2 of 3 are well"),
        (members(True, True, False), True, False, False, "not well: cp-2"),
        (members(True, True, True, True, False), True, True, False, "3 of 5 are well, and 3 are needed; not well: cp-4"),
        (members(True, True, True, False, False), True, False, False, "2 of 5"),
        (members(True, True, True, True, learners={3}), True, True, False, "2 of 3 are well"),
        (members(True, True, False, True, learners={3}), True, False, False, "1 of 3"),
        (members(True, True, True)[1:], True, False, False, "no member of the cluster"),
        (members(True, True, True), False, True, False, "3 of 3 members are well"),
        (members(False, True, True), False, False, False, "2 of 3 members are well: not cp-0"),
        (members(True, True, False, learners={2}), False, True, False, "2 of 2"),
    ],
    ids=[
        "a single one",
        "a single one that is ill",
        "two",
        "two, the other ill",
        "three",
        "three, this one ill",
        "three, another ill",
        "five, another ill",
        "five, two others ill",
        "a learner does not vote",
        "a learner does not help",
        "not a member itself",
        "all are back",
        "this one is not back",
        "a learner may be behind",
    ],
)
def test_what_can_be_spared(found, sparing, ok, pauses, why):
    judgement = etcd.judge(found, sparing)
    assert (judgement["ok"], judgement["pauses"]) == (ok, pauses)
    assert why in judgement["why"]


# What etcd 3.4.23 answered on the lab's control plane.
LIST = {
    "header": {"cluster_id": "6666172785589357307", "member_id": "2349777608076039244", "raft_term": "2"},
    "members": [
        {
            "ID": "2349777608076039244",
            "name": "control-plane-1",
            "peerURLs": ["https://10.186.0.11:2380"],
            "clientURLs": ["https://10.186.0.11:2379"],
        }
    ],
}


def test_the_list_of_members():
    assert etcd.parse_members(LIST) == [
        {"id": "2349777608076039244", "name": "control-plane-1", "urls": ["https://10.186.0.11:2379"], "learner": False, "self": True}
    ]
    started = etcd.parse_members({"members": [{"ID": "1", "isLearner": True}]})[0]
    assert (started["name"], started["urls"], started["learner"], started["self"]) == ("not started yet", [], True, False)


class EtcdStandIn:
    """Answers as one member; health and prefix can be set."""

    def __init__(self):
        self.health, self.prefix, self.requests = [(200, {"health": "true"})], "/v3", 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def answer(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self):
                stand_in.requests += 1
                status, body = stand_in.health.pop(0) if len(stand_in.health) > 1 else stand_in.health[0]
                self.answer(status, body)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                if not self.path.startswith(stand_in.prefix + "/"):
                    self.answer(404, {})
                    return
                self.answer(200, {**LIST, "members": [{**LIST["members"][0], "clientURLs": [stand_in.url]}]})

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def ask(tmp_path, monkeypatch):
    monkeypatch.setattr(etcd_health, "POLL_INTERVAL", 0.05)
    stand_in = EtcdStandIn()
    manifest, api = tmp_path / "etcd.yaml", tmp_path / "api.yaml"
    manifest.write_text(f"    - --listen-client-urls={stand_in.url}\n")

    def call(**options):
        return run_module(etcd_health, etcd_manifest=str(manifest), api_server_manifest=str(api), **options)

    call.etcd, call.manifest, call.api = stand_in, manifest, api
    yield call
    stand_in.server.shutdown()
    stand_in.server.server_close()


@pytest.mark.parametrize("prefix", ["/v3", "/v3beta"])
def test_a_member_is_asked(ask, prefix):
    ask.etcd.prefix = prefix
    result = ask(state="healthy")
    assert (result["kind"], result["quorum"], result["pauses"], result["changed"]) == ("stacked", 1, False, False)
    assert result["members"][0]["healthy"]
    assert ask(state="sparable")["pauses"]


def test_it_waits_until_the_member_is_back(ask):
    ask.etcd.health = [(503, {"health": "false"})] * 3 + [(200, {"health": "true"})]
    assert ask(state="healthy", timeout=10)["members"][0]["healthy"]
    assert ask.etcd.requests >= 4


def test_a_member_that_does_not_come_back_is_named(ask):
    ask.etcd.health = [(503, {"health": "false", "reason": "NO LEADER"})]
    with pytest.raises(
        ModuleFailedError, match=r"is not well again: 0 of 1 members are well: not control-plane-1 \(it answers 503 NO LEADER\)"
    ):
        ask(state="healthy", timeout=0)


def test_an_etcd_elsewhere_is_asked_for_its_health_only(ask):
    ask.manifest.unlink()
    ask.api.write_text(f"    - --etcd-servers={ask.etcd.url}\n")
    result = ask(state="sparable")
    assert (result["kind"], result["pauses"]) == ("external", False)
    ask.api.unlink()
    assert ask(state="sparable")["kind"] == "none"


def test_nobody_answers(ask):
    ask.manifest.write_text("    - --listen-client-urls=http://127.0.0.1:1\n")
    with pytest.raises(ModuleFailedError, match=r"etcd cannot spare this node: http://127.0.0.1:1 does not answer"):
        ask(timeout=0)
