# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong value is put into one place after another on a migrated node, and the playbook that compares them names each.

kubelet 1.20 reads no endpoint from config.yaml or instance-config.yaml: those stand in the table of tests/unit/test_consistency.py.
"""

from __future__ import annotations

import contextlib
import time

import cluster
import pytest

NODE = "worker-1"
RIGHT, WRONG = "unix:///run/containerd/containerd.sock", "unix:///run/wrong.sock"
ANNOTATION = "kubeadm.alpha.kubernetes.io/cri-socket"
ENV, EXTRA, CRICTL = "/var/lib/kubelet/kubeadm-flags.env", "/etc/default/kubelet", "/etc/crictl.yaml"
DROP_IN = "/etc/systemd/system/kubelet.service.d/99-wrong.conf"


def check(*variables):
    """Runs the playbook; returns its exit code and what it printed."""
    run = cluster.run_playbook("check-consistency.yml", "--limit", NODE, *variables)
    return run.returncode, run.stdout


def shell(command):
    return cluster.node_host(NODE).check_output(f"sh -c '{command}'")


@contextlib.contextmanager
def restored(path):
    """Gives a file back as it was, byte for byte, or takes it away again."""
    shell(f"if [ -e {path} ]; then cp --archive {path} {path}.before; fi")
    try:
        yield
    finally:
        shell(f"if [ -e {path}.before ]; then mv {path}.before {path}; else rm --force {path}; fi; systemctl daemon-reload")


def wrong_file(path, command):
    @contextlib.contextmanager
    def change():
        with restored(path):
            shell(command)
            yield

    return change


@contextlib.contextmanager
def wrong_annotation():
    cluster.api().patch_node(NODE, {"metadata": {"annotations": {ANNOTATION: "/var/run/dockershim.sock"}}})
    try:
        yield
    finally:
        cluster.api().patch_node(NODE, {"metadata": {"annotations": {ANNOTATION: RIGHT}}})


@contextlib.contextmanager
def wrong_command_line():
    """A kubelet that was started with another socket than its file has now (a link to containerd's, so that it runs)."""
    with restored(ENV):
        shell(f"ln --symbolic --force /run/containerd/containerd.sock /run/wrong.sock; sed --in-place s#{RIGHT}#{WRONG}# {ENV}")
        shell("systemctl restart kubelet")
    try:
        yield
    finally:
        shell("systemctl restart kubelet; rm /run/wrong.sock")


@contextlib.contextmanager
def stopped_kubelet():
    shell("systemctl stop kubelet")
    try:
        yield
    finally:
        shell("systemctl start kubelet")


PLACES = {
    f"the running kubelet says {WRONG}": wrong_command_line,
    "the running kubelet says nothing": stopped_kubelet,
    f"{ENV} (KUBELET_KUBEADM_ARGS)": wrong_file(ENV, f"sed --in-place s#{RIGHT}#{WRONG}# {ENV}"),
    f"{EXTRA} (KUBELET_EXTRA_ARGS)": wrong_file(EXTRA, f"echo KUBELET_EXTRA_ARGS=--container-runtime-endpoint={WRONG} >> {EXTRA}"),
    f"{DROP_IN}, line 2 (KUBELET_WRONG_ARGS)": wrong_file(
        DROP_IN,
        f'printf "[Service]\\nEnvironment=KUBELET_WRONG_ARGS=--container-runtime-endpoint={WRONG}\\n" > {DROP_IN}; systemctl daemon-reload',
    ),
    CRICTL: wrong_file(CRICTL, f"sed --in-place s#{RIGHT}#{WRONG}# {CRICTL}"),
    f"Node {NODE}, annotation {ANNOTATION}": wrong_annotation,
}


def test_all_places_agree_after_the_migration():
    code, output = check()
    assert code == 0, output
    assert RIGHT in output


@pytest.mark.parametrize("place", PLACES)
def test_a_wrong_value_is_named(place):
    # Left to itself the check would believe the running kubelet.
    with PLACES[place]():
        code, output = check("--extra-vars", f"kubelet_runtime_expected_endpoint={RIGHT}")
    # The message's line breaks are Ansible's.
    said = " ".join(output.split())
    assert code != 0, output
    assert place in said
    others = [other for other in PLACES if other not in place and place not in other]
    assert not [other for other in others if f"{other} says" in said], "only the one that is wrong is named"


def test_every_place_is_named_to_who_expects_another_runtime():
    code, output = check("--extra-vars", "kubelet_runtime_expected_endpoint=unix:///run/cri-dockerd.sock")
    said = " ".join(output.split())
    assert code != 0
    for place in ("the running kubelet", ENV, CRICTL, f"annotation {ANNOTATION}", f"Node {NODE}, containerRuntimeVersion"):
        assert place in said


def test_everything_is_as_it_was():
    deadline = time.time() + 60
    code, output = check()
    while code != 0 and time.time() < deadline:
        code, output = check()
    assert code == 0, output
