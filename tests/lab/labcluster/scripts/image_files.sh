#!/bin/sh
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
# What goes into the images beside Kubernetes's own programs: one directory each in /mnt/out.

# copy ROOT FILE...: the files with every library that they are linked with.
copy() {
  root=$1
  shift
  mkdir -p "$root"
  for file in "$@"; do
    cp --parents --dereference "$file" "$root"
    ldd "$file" 2> /dev/null | sed -nE 's/.*(=> |^[[:space:]]+)(\/[^ ]+) \(0x.*/\2/p' | while read -r library; do
      cp --parents --dereference "$library" "$root"
    done
  done
}

apt-get update
mkdir /build
cd /build
apt-get download etcd-server etcd-client busybox-static
for package in *.deb; do
  dpkg -x "$package" /build/unpacked
done

for program in etcd etcdctl; do
  cp "/build/unpacked/usr/bin/$program" "/usr/local/bin/$program"
done
copy /mnt/out/etcd /usr/local/bin/etcd /usr/local/bin/etcdctl
rm /usr/local/bin/etcd /usr/local/bin/etcdctl

# kube-proxy calls iptables: the same kind that the node uses, with its extensions.
kind=$(readlink -f /usr/sbin/iptables)
copy /mnt/out/kube-proxy "$kind" /usr/lib/*-linux-gnu/xtables/*.so /usr/sbin/conntrack
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  ln -s "$(basename "$kind")" "/mnt/out/kube-proxy$(dirname "$kind")/$name"
done
copy /mnt/out/kube-proxy /etc/protocols 2> /dev/null || true

mkdir -p /mnt/out/busybox/bin
cp /build/unpacked/bin/busybox /mnt/out/busybox/bin/
