# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kubeadm is told; everything else is its default."""

from __future__ import annotations

from labcluster import settings as s

#: Far from a real site only where a small test machine forces it: no eviction for the host's full disk, and kube-proxy must leave
#: conntrack's size alone, which a container may not change.
_KUBELET = """\
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
failSwapOn: false
# How long it takes at the most until a static pod without a readiness probe is called ready again. The default is a minute.
syncFrequency: 10s
evictionHard:
  memory.available: "0%"
  nodefs.available: "0%"
  nodefs.inodesFree: "0%"
  imagefs.available: "0%"
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
conntrack:
  maxPerCore: 0
  min: 0
"""


def init_config(settings: s.Settings, token: str, certificate_key: str) -> str:
    """For C(kubeadm init) on the first control plane."""
    node = settings.control_planes[0]
    sans = "".join(f"    - {name}\n" for name in [settings.services_address, *(plane.address for plane in settings.control_planes)])
    return f"""\
apiVersion: kubeadm.k8s.io/v1beta2
kind: InitConfiguration
bootstrapTokens:
  - token: {token}
certificateKey: {certificate_key}
localAPIEndpoint:
  advertiseAddress: {node.address}
nodeRegistration:
  name: {node.name}
---
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterConfiguration
kubernetesVersion: {s.KUBERNETES_VERSION}
controlPlaneEndpoint: {settings.api_endpoint}
networking:
  podSubnet: {s.POD_SUBNET}
  serviceSubnet: {s.SERVICE_SUBNET}
apiServer:
  certSANs:
{sans}{_KUBELET}"""


def join_config(settings: s.Settings, node: s.Node, token: str, ca_hash: str, certificate_key: str) -> str:
    """For C(kubeadm join) on every other node."""
    control_plane = ""
    if node.is_control_plane:
        control_plane = f"""\
controlPlane:
  certificateKey: {certificate_key}
  localAPIEndpoint:
    advertiseAddress: {node.address}
"""
    return f"""\
apiVersion: kubeadm.k8s.io/v1beta2
kind: JoinConfiguration
discovery:
  bootstrapToken:
    apiServerEndpoint: {settings.api_endpoint}
    token: {token}
    caCertHashes:
      - {ca_hash}
{control_plane}nodeRegistration:
  name: {node.name}
"""
