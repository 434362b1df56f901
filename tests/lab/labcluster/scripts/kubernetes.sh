#!/bin/sh
# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
set -eu
# In a tree of its own: Kubernetes from Debian's source package, which is complete (kubelet with dockershim, kubeadm, control plane).
# In the same go, for they share nearly all packages: the stand-in for cri-dockerd (files/cri-dockerd), which is the dockershim as a
# program of its own.
# Results: /mnt/out/bin, and the pause program as /mnt/out/pause.
sed 's/^deb /deb-src /' /etc/apt/sources.list > /etc/apt/sources.list.d/source.list
apt-get update
apt-get install -y --no-install-recommends golang-go golang-github-modern-go-reflect2-dev gcc libc6-dev make rsync jq dpkg-dev patch xz-utils procps
mkdir -p /build
cd /build
apt-get source --download-only kubernetes
dpkg-source -x kubernetes_*.dsc kubernetes
cd kubernetes
mkdir -p /mnt/out/bin
gcc -Os -Wall -static -o /mnt/out/pause build/pause/linux/pause.c
strip /mnt/out/pause

# The vendored reflect2 1.0.1 crashes with Go 1.18 and newer when it walks a map; Debian has 1.0.2. The old files must go: some
# of them are no longer there in 1.0.2 and would declare things twice.
rm vendor/github.com/modern-go/reflect2/*.go vendor/github.com/modern-go/reflect2/*.s
cp -a /usr/share/gocode/src/github.com/modern-go/reflect2/*.go /usr/share/gocode/src/github.com/modern-go/reflect2/*.s \
  vendor/github.com/modern-go/reflect2/

mkdir -p .go/src/k8s.io
ln -s ../../.. .go/src/k8s.io/kubernetes
export GOPATH="$PWD/.go" GOCACHE=/build/cache CGO_ENABLED=0
export KUBE_GIT_VERSION="$LAB_KUBERNETES_VERSION" KUBE_GIT_COMMIT="$LAB_KUBERNETES_COMMIT" KUBE_GIT_TREE_STATE=clean
export KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20
cd .go/src/k8s.io/kubernetes
mkdir cmd/cri-dockerd
cp /mnt/files/cri-dockerd/main.go cmd/cri-dockerd/
targets="cmd/kubeadm cmd/kubelet cmd/kube-apiserver cmd/kube-controller-manager cmd/kube-scheduler cmd/kube-proxy cmd/kubectl cmd/cri-dockerd"
make WHAT="$targets"
for target in $targets; do
  cp "_output/local/bin/linux/amd64/${target#cmd/}" /mnt/out/bin/
done
