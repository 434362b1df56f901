# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.dockershim.migration.plugins.module_utils._systemd import parse_show

# `systemctl show --property=...` of systemd 252 for four units, one of them not installed.
SHOW = """\
MainPID=1234
EnvironmentFiles=/var/lib/kubelet/kubeadm-flags.env (ignore_errors=yes)
EnvironmentFiles=/etc/default/kubelet (ignore_errors=yes)
Id=kubelet.service
LoadState=loaded
ActiveState=active
FragmentPath=/lib/systemd/system/kubelet.service
DropInPaths=/etc/systemd/system/kubelet.service.d/10-kubeadm.conf
UnitFileState=enabled
ActiveEnterTimestampMonotonic=5000000

MainPID=0
Id=docker.service
BindsTo=containerd.service network.target
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled
CanStop=no
ActiveEnterTimestampMonotonic=0

Id=docker.socket
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=cri-docker.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
"""


def test_units_are_told_apart():
    units = parse_show(SHOW)
    kubelet = units["kubelet.service"]
    assert (kubelet["installed"], kubelet["active"], kubelet["enabled"], kubelet["main_pid"]) == (True, True, True, 1234)
    assert kubelet["active_since"] == 5.0
    assert kubelet["environment_files"] == ["/var/lib/kubelet/kubeadm-flags.env", "/etc/default/kubelet"]
    assert kubelet["unit_files"] == ["/lib/systemd/system/kubelet.service", "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"]
    docker = units["docker.service"]
    assert (docker["installed"], docker["active"], docker["enabled"], docker["main_pid"], docker["active_since"]) == (
        True,
        False,
        False,
        0,
        None,
    )
    assert (kubelet["can_stop"], docker["can_stop"]) == (True, False)
    assert docker["binds_to"] == ["containerd.service", "network.target"]
    assert units["docker.socket"]["active"]
    assert units["docker.socket"]["main_pid"] == 0
    assert not units["cri-docker.service"]["installed"]
