#!/bin/sh
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
# A node before kubeadm: Debian with Docker (which brings containerd along, as on most sites) and sshd, and the kubelet's packaging as upstream has it.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update
apt-get install -y --no-install-recommends \
  systemd systemd-sysv dbus udev libpam-systemd \
  docker.io containernetworking-plugins \
  openssh-server sudo python3 ca-certificates curl \
  iproute2 iptables conntrack ethtool socat util-linux mount kmod procps ebtables iputils-ping less
apt-get clean
rm /usr/sbin/policy-rc.d

cp -r --preserve=mode /mnt/files/node/. /
mkdir -p /opt/cni /etc/cni/net.d /etc/kubernetes/manifests
# Where the kubelet looks by default.
ln -s /usr/lib/cni /opt/cni/bin
systemctl enable kubelet.service lab-network.service ssh.service

# The administrator that Ansible logs in as.
useradd --create-home --shell /bin/bash --groups sudo admin
install -d -m 700 -o admin -g admin /home/admin/.ssh
echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
chmod 440 /etc/sudoers.d/admin

echo LANG=C.UTF-8 > /etc/default/locale

# Every node makes its own.
rm -f /etc/ssh/ssh_host_*
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id

# Makes no sense in a container.
systemctl mask getty@tty1.service systemd-udevd.service systemd-udev-trigger.service systemd-udevd-control.socket \
  systemd-udevd-kernel.socket systemd-modules-load.service sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  systemd-remount-fs.service dev-hugepages.mount systemd-pstore.service e2scrub_reap.service
systemctl disable apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer
