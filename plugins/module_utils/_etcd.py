# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an etcd cluster can spare one of its members, and whether that member is back.

Sources: etcd's gRPC gateway (etcd.io/docs, "Why gRPC gateway": C(/v3/) since 3.4, C(/v3beta/) in 3.3), C(GET /health) of the client
URLs (a linearizable read, V(true) as a string), kubeadm's static pod manifests and certificates (kubernetes.io, "PKI certificates").
Runs on the node: standard library and Python 3.6 only.
"""

import http.client
import json
import re
import ssl
from urllib.parse import urlsplit

from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError

#: Where etcd is for a control plane: on the node in a static pod, elsewhere, or nowhere, since the node is no control plane.
STACKED, EXTERNAL, NONE = "stacked", "external", "none"

API_PREFIXES = ("/v3", "/v3beta")
LOCAL = "https://127.0.0.1:2379"

_FLAG = re.compile(r"""^\s*-\s*["']?--(?P<name>[a-z0-9-]+)=(?P<value>.*?)["']?\s*$""", re.MULTILINE)


def manifest_flags(text):
    """Returns the flags in a static pod's manifest of kubeadm's: dict of name -> value; empty for no manifest."""
    return {match.group("name"): match.group("value") for match in _FLAG.finditer(text or "")}


def layout(etcd_manifest, api_server_manifest):
    """Tells where etcd is, and with which certificates it is asked.

    :param etcd_manifest: str or None, text of the static pod's manifest.
    :param api_server_manifest: str or None.
    :returns: dict of kind, endpoints (list of URLs), cafile, and pairs (list of (certificate, key), the first that exists counts).
    """
    api = manifest_flags(api_server_manifest)
    etcd = manifest_flags(etcd_manifest)
    if etcd:
        endpoints = [url for url in etcd.get("listen-client-urls", LOCAL).split(",") if urlsplit(url).hostname == "127.0.0.1"]
        directory = "/etc/kubernetes/pki/etcd"
        pairs = [
            ("{0}/healthcheck-client.crt".format(directory), "{0}/healthcheck-client.key".format(directory)),
            (api.get("etcd-certfile"), api.get("etcd-keyfile")),
            (etcd.get("cert-file"), etcd.get("key-file")),
        ]
        return {
            "kind": STACKED,
            "endpoints": endpoints or etcd.get("advertise-client-urls", LOCAL).split(","),
            "cafile": etcd.get("trusted-ca-file"),
            "pairs": [pair for pair in pairs if all(pair)],
        }
    if api:
        return {
            "kind": EXTERNAL,
            "endpoints": [url for url in api.get("etcd-servers", "").split(",") if url],
            "cafile": api.get("etcd-cafile"),
            "pairs": [pair for pair in [(api.get("etcd-certfile"), api.get("etcd-keyfile"))] if all(pair)],
        }
    return {"kind": NONE, "endpoints": [], "cafile": None, "pairs": []}


def parse_members(answer):
    """Returns the members of the gateway's answer: list of dicts with id, name, urls, learner and self."""
    own = (answer.get("header") or {}).get("member_id")
    return [
        {
            "id": member["ID"],
            "name": member.get("name") or "not started yet",
            "urls": member.get("clientURLs") or [],
            "learner": bool(member.get("isLearner")),
            "self": member["ID"] == own,
        }
        for member in answer.get("members") or []
    ]


def judge(members, sparing):
    """Judges a cluster by the health of its members.

    :param members: list of dicts of C(parse_members), each with C(healthy) (bool) and C(problem) (str or None).
    :param sparing: bool, whether this node's member is about to go for a while; otherwise all members are to be well.
    :returns: dict of ok (bool), quorum (int), pauses (bool: the cluster cannot go on without this member, so its API stands still for a
        while) and why (str).
    """
    voters = [member for member in members if not member["learner"]]
    quorum = len(voters) // 2 + 1
    ill = [member for member in voters if not member["healthy"]]
    named = "; ".join("{0} ({1})".format(member["name"], member["problem"]) for member in ill)
    if not sparing:
        why = "{0} of {1} members are well".format(len(voters) - len(ill), len(voters)) + (": not " + named if ill else "")
        return {"ok": not ill, "quorum": quorum, "pauses": False, "why": why}
    others = [member for member in voters if not member["self"]]
    well = [member for member in others if member["healthy"]]
    if not any(member["self"] for member in members):
        return {"ok": False, "quorum": quorum, "pauses": False, "why": "this node's etcd is no member of the cluster that it answers for"}
    if len(others) < quorum:
        # One member, or two: the cluster stands still while one of them is away, and goes on when it is back.
        ok = len(well) == len(others)
        why = "with {0} member{1} etcd stands still while this one is away".format(len(voters), "s" if others else "")
        return {"ok": ok, "quorum": quorum, "pauses": True, "why": why if ok else why + ", and not well is " + named}
    return {
        "ok": len(well) >= quorum,
        "quorum": quorum,
        "pauses": False,
        "why": "without this member {0} of {1} are well, and {2} are needed".format(len(well), len(voters), quorum)
        + ("; not well: " + named if ill else ""),
    }


class Etcd:
    """An etcd that is asked over HTTPS with a client certificate.

    :param timeout: int, seconds for one request.
    """

    def __init__(self, cafile, pair, timeout=5):
        self.timeout = timeout
        try:
            self.context = ssl.create_default_context(cafile=cafile)
            if pair:
                self.context.load_cert_chain(*pair)
        except (OSError, ssl.SSLError) as error:
            raise MigrationError("The certificates for etcd cannot be used ({0}, {1}): {2}.".format(cafile, ", ".join(pair or ()), error))

    def members(self, endpoint):
        """Asks one member for the list of all."""
        for prefix in API_PREFIXES:
            status, answer = self._ask(endpoint, "POST", prefix + "/cluster/member/list", "{}")
            if status == 200:
                return parse_members(answer)
        raise MigrationError("etcd at {0} answered the question for its members with {1}: {2}.".format(endpoint, status, answer))

    def problem(self, url):
        """Returns why the member at a client URL is not well, or None where it is."""
        try:
            status, answer = self._ask(url, "GET", "/health")
        except MigrationError as error:
            return error.message
        if status == 200 and isinstance(answer, dict) and str(answer.get("health")).lower() == "true":
            return None
        reason = answer.get("reason") if isinstance(answer, dict) else answer
        return "it answers {0} {1}".format(status, reason or answer)

    def _ask(self, endpoint, verb, path, body=None):
        url = urlsplit(endpoint)
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(url.hostname, url.port or 2379, context=self.context, timeout=self.timeout)
        else:
            connection = http.client.HTTPConnection(url.hostname, url.port or 2379, timeout=self.timeout)
        try:
            connection.request(verb, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise MigrationError("{0} does not answer ({1})".format(endpoint, error))
        finally:
            connection.close()
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text.strip()[:200]
