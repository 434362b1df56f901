# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The annotation, over real HTTP against the stand-in."""

from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.modules import cri_socket_annotation
from api_stand_in import ApiStandIn, make_node
from module_runner import ModuleFailedError, run_module

KEY = cri_socket_annotation.ANNOTATION
WANTED = "unix:///run/containerd/containerd.sock"


@pytest.fixture
def server():
    with ApiStandIn() as stand_in:
        yield stand_in


def run(server, check_mode=False, **options):
    return run_module(cri_socket_annotation, check_mode=check_mode, host=server.url, api_timeout=2, name="worker-1", **options)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("unix:///run/containerd/containerd.sock", WANTED),
        ("/run/containerd/containerd.sock", WANTED),
        ("unix://unix:///run/containerd/containerd.sock", WANTED),
        ("unix:////run/containerd/containerd.sock", WANTED),
        (" /run/containerd/containerd.sock\n", WANTED),
    ],
)
def test_normalised(given, written):
    assert cri_socket_annotation.normalise(given) == written


@pytest.mark.parametrize(
    "given", ["", "unix://", "/", "run/containerd.sock", "unix://run/containerd.sock", "tcp://1.2.3.4:1", "npipe:////./pipe/x"]
)
def test_no_socket(given):
    with pytest.raises(MigrationError, match="cri_socket"):
        cri_socket_annotation.normalise(given)


@pytest.mark.parametrize(
    ("before", "options", "after"),
    [
        pytest.param("/var/run/dockershim.sock", {"cri_socket": WANTED}, WANTED, id="dockershim"),
        pytest.param("/run/containerd/containerd.sock", {"cri_socket": WANTED}, WANTED, id="bare-path-is-rewritten"),
        pytest.param("unix://" + WANTED, {"cri_socket": WANTED}, WANTED, id="doubled-scheme-is-rewritten"),
        pytest.param(None, {"cri_socket": WANTED}, WANTED, id="none"),
        pytest.param(WANTED, {"cri_socket": "/run/containerd/containerd.sock"}, WANTED, id="same"),
        pytest.param(WANTED, {"state": "absent"}, None, id="absent"),
        pytest.param(None, {"state": "absent"}, None, id="absent-already"),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True], ids=["real", "check"])
def test_states(server, before, options, after, check_mode):
    node = make_node(other="kept")
    if before is not None:
        node["metadata"]["annotations"][KEY] = before
    server.add(node)
    result = run(server, check_mode, **options)
    assert (result["changed"], result["before"], result["after"]) == (before != after, before, after)
    assert (result["diff"]["before"], result["diff"]["after"]) == tuple(value + "\n" if value else "" for value in (before, after))
    wrote = before != after and not check_mode
    assert server.nodes["worker-1"]["metadata"]["annotations"].get(KEY) == (after if wrote else before)
    assert server.nodes["worker-1"]["metadata"]["annotations"]["other"] == "kept"
    assert [request[2] for request in server.changes()] == ([{"metadata": {"annotations": {KEY: after}}}] if wrote else [])


def test_a_node_without_annotations(server):
    node = make_node()
    del node["metadata"]["annotations"]
    server.add(node)
    assert run(server, cri_socket=WANTED)["changed"]
    assert server.nodes["worker-1"]["metadata"]["annotations"] == {KEY: WANTED}


@pytest.mark.parametrize(("kubelet", "refused"), [("v1.36.4", False), ("v1.37.0", True), ("v2.0.0", True), ("", False)])
def test_never_recreated_from_1_37(server, kubelet, refused):
    node = make_node()
    node["status"]["nodeInfo"]["kubeletVersion"] = kubelet
    server.add(node)
    if refused:
        with pytest.raises(ModuleFailedError, match="instance-config"):
            run(server, cri_socket=WANTED)
        assert server.changes() == []
        assert not run(server, state="absent")["changed"]
    else:
        assert run(server, cri_socket=WANTED)["changed"]


def test_present_needs_a_socket(server):
    with pytest.raises(ModuleFailedError, match="cri_socket"):
        run(server)
