#!/bin/sh
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
# The machine beside the cluster: registries and, for several control planes, a load balancer; over the node's tree.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update
apt-get install -y --no-install-recommends docker-registry haproxy apache2-utils
apt-get clean
rm /usr/sbin/policy-rc.d
cp -r --preserve=mode /mnt/files/services/. /
systemctl disable docker-registry.service haproxy.service lab-network.service
systemctl mask docker.service docker.socket containerd.service kubelet.service
systemctl enable lab-registry@mirror.service lab-registry@private.service lab-registry@tls.service \
  lab-registry@client.service lab-registry@auth.service
