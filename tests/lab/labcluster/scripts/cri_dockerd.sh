#!/bin/sh
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
# In a tree of its own: the stand-in for cri-dockerd (files/cri-dockerd), from the dockershim in Debian's source package of Kubernetes.
# Result: /mnt/out/cri-dockerd.
sed 's/^deb /deb-src /' /etc/apt/sources.list > /etc/apt/sources.list.d/source.list
apt-get update
apt-get install -y --no-install-recommends golang-go dpkg-dev patch xz-utils
mkdir -p /build
cd /build
apt-get source --download-only kubernetes
dpkg-source -x kubernetes_*.dsc kubernetes
mkdir -p kubernetes/cmd/cri-dockerd go/src/k8s.io
cp /mnt/files/cri-dockerd/main.go kubernetes/cmd/cri-dockerd/
ln -s /build/kubernetes go/src/k8s.io/kubernetes
export GOPATH=/build/go GOCACHE=/build/cache GO111MODULE=off CGO_ENABLED=0
cd go/src/k8s.io/kubernetes
go build -ldflags '-s -w' -o /mnt/out/cri-dockerd k8s.io/kubernetes/cmd/cri-dockerd
