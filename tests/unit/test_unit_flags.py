# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._unit_files import unit_flags

UNIT = "[Unit]\nDescription=kubelet\n[Service]\nExecStart=/usr/bin/kubelet\n"
# kubeadm's own drop-in (kubernetes/release, cmd/krel/templates/latest/kubeadm/10-kubeadm.conf).
KUBEADM = """\
# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
"""


def runtime_flags(*texts):
    files = [(f"/file{number}", text) for number, text in enumerate(texts, 1)]
    return [
        (entry["path"], entry["line"], entry["variable"], {name: value for name, value in entry["flags"].items() if "kube" not in name})
        for entry in unit_flags(files)
    ]


def test_kubeadms_drop_in_names_no_runtime():
    assert runtime_flags(UNIT, KUBEADM) == [
        ("/file2", 4, "KUBELET_CONFIG_ARGS", {"config": "/var/lib/kubelet/config.yaml"}),
        ("/file2", 3, "KUBELET_KUBECONFIG_ARGS", {}),
    ]


@pytest.mark.parametrize(
    ("drop_in", "expected"),
    [
        (
            '[Service]\nEnvironment="KUBELET_EXTRA_ARGS=--container-runtime remote --container-runtime-endpoint unix:///run/x.sock"\n',
            [("/file2", 2, "KUBELET_EXTRA_ARGS", {"container-runtime": "remote", "container-runtime-endpoint": "unix:///run/x.sock"})],
        ),
        (
            "[Service]\nEnvironment=A=1 'B=--network-plugin=cni --v=2'\n",
            [("/file2", 2, "B", {"network-plugin": "cni", "v": "2"})],
        ),
        (
            "[Service]\n# --cni-bin-dir=/not\nExecStart=\n"
            "ExecStart=/usr/bin/kubelet \\\n; a comment in between\n  --network-plugin=cni \\\n  --v=2\n",
            [("/file2", 4, None, {"network-plugin": "cni", "v": "2"})],
        ),
        ("[Service]\nEnvironment=A=--v=1\nEnvironment=\n", []),
        ("[Service]\nEnvironment=A=--v=1\nEnvironment=A=--v=2\n", [("/file2", 3, "A", {"v": "2"})]),
        ("[Install]\nEnvironment=A=--v=1\n", []),
        ("[Service]\nEnvironment=PATH=/usr/bin:/bin\nExecStart=/usr/bin/kubelet $ARGS\n", []),
        ("[Service]\nExecStart=/usr/bin/kubelet --v=1 \\", [("/file2", 2, None, {"v": "1"})]),
    ],
)
def test_the_flags_of_a_drop_in(drop_in, expected):
    assert runtime_flags(UNIT, drop_in) == expected


def test_a_later_file_takes_back_what_an_earlier_one_said():
    first = "[Service]\nEnvironment=A=--v=1\nExecStart=/usr/bin/kubelet --v=3\n"
    assert runtime_flags(first, "[Service]\nEnvironment=A=\nExecStart=\nExecStart=/usr/bin/kubelet\n") == []
