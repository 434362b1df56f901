# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is built once and kept: Debian trees, Kubernetes, images."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from labcluster import settings as s
from labcluster.cache import cache_key, cached, remove_other_keys, remove_tree
from labcluster.command import run
from labcluster.console import in_parallel, say, step
from labcluster.errors import LabError
from labcluster.host import apt_settings
from labcluster.image import Image, Layer, write_archive
from labcluster.layers import build_layer, debootstrap, files_text, script_text

_BASE_PACKAGES = ("ca-certificates",)
_CONTROL_PLANE_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")


@dataclass(frozen=True)
class Artifacts:
    """Directories of the cache that a running lab uses."""

    base: Path
    node: Path
    services: Path
    kubernetes: Path
    image_files: Path
    images: Path
    #: The program, real or stand-in.
    cri_dockerd: Path

    @property
    def node_layers(self) -> list[Path]:
        """The trees of a node, topmost first."""
        return [self.kubernetes / "tree", self.node / "layer", self.base / "tree"]

    @property
    def services_layers(self) -> list[Path]:
        return [self.services / "layer", self.node / "layer", self.base / "tree"]

    def system_image(self, name: str) -> Path:
        return self.images / f"{name}.tar"


def build_artifacts(settings: s.Settings) -> Artifacts:
    """Builds what the cache lacks; independent parts at the same time."""
    if platform.machine() != "x86_64":
        raise LabError(f"the lab runs on x86_64 only; this machine is {platform.machine()}")
    cache = settings.cache_dir
    apt = apt_settings()

    base_key = cache_key(s.DEBIAN_SUITE, _BASE_PACKAGES, script_text("base.sh"), apt)
    base = cached(cache, "base", base_key, lambda path: _build_base(path, apt))

    kubernetes_key = cache_key(
        s.KUBERNETES_VERSION, s.KUBERNETES_COMMIT, s.DEBIAN_SUITE, script_text("kubernetes.sh"), files_text("cri-dockerd")
    )
    node_key = cache_key(base_key, script_text("node.sh"), files_text("node"))
    services_key = cache_key(node_key, script_text("services.sh"), files_text("services"))
    image_files_key = cache_key(base_key, script_text("node.sh"), script_text("image_files.sh"))
    images_key = cache_key(kubernetes_key, image_files_key, 1)

    def debian() -> tuple[Path, Path, Path]:
        node = cached(cache, "node", node_key, lambda path: _build_node(path, base))
        services = cached(cache, "services", services_key, lambda path: _build_services(path, base, node))
        files = cached(cache, "image_files", image_files_key, lambda path: _build_image_files(path, base, node))
        return node, services, files

    kubernetes, (node, services, image_files) = in_parallel(
        lambda: cached(cache, "kubernetes", kubernetes_key, lambda path: _build_kubernetes(path, base)), debian
    )
    images = cached(cache, "images", images_key, lambda path: _build_images(path, kubernetes, image_files))
    remove_other_keys(cache, [base, node, services, kubernetes, image_files, images])
    say(f"cache: {cache}")
    return Artifacts(
        base=base,
        node=node,
        services=services,
        kubernetes=kubernetes,
        image_files=image_files,
        images=images,
        cri_dockerd=settings.cri_dockerd or kubernetes / "out" / "bin" / "cri-dockerd",
    )


def _build_base(path: Path, apt: str) -> None:
    with step("Debian's base system (debootstrap)", log="base"):
        debootstrap(s.DEBIAN_SUITE, _BASE_PACKAGES, path / "tree")
        # Settings go into the tree itself: a layer of its own would only lengthen the stack.
        build_layer([path / "tree"], path / "changes", "base.sh", env={"LAB_APT_SETTINGS": apt})
        _merge(path / "changes", path / "tree")


def _build_node(path: Path, base: Path) -> None:
    with step("a node's tree (Docker, containerd, sshd)", log="node"):
        build_layer([base / "tree"], path / "layer", "node.sh")


def _build_services(path: Path, base: Path, node: Path) -> None:
    with step("the services' tree (registry, load balancer)", log="services"):
        build_layer([node / "layer", base / "tree"], path / "layer", "services.sh")


def _build_image_files(path: Path, base: Path, node: Path) -> None:
    with step("files of images (etcd, iptables, busybox)", log="image_files"):
        (path / "files").mkdir()
        build_layer([node / "layer", base / "tree"], path / "layer", "image_files.sh", out=path / "files")
        remove_tree(path / "layer")


def _build_kubernetes(path: Path, base: Path) -> None:
    with step(f"Kubernetes {s.KUBERNETES_VERSION} from Debian's source package (the longest step: minutes)", log="kubernetes"):
        (path / "out").mkdir()
        version = {"LAB_KUBERNETES_VERSION": s.KUBERNETES_VERSION, "LAB_KUBERNETES_COMMIT": s.KUBERNETES_COMMIT}
        build_layer([base / "tree"], path / "layer", "kubernetes.sh", out=path / "out", env=version)
        remove_tree(path / "layer")
        # The part that lies on every node, as a tree to be laid over it.
        programs = path / "tree" / "usr" / "bin"
        programs.mkdir(parents=True)
        for name in ("kubeadm", "kubelet", "kubectl"):
            (path / "out" / "bin" / name).rename(programs / name)


def _build_images(path: Path, kubernetes: Path, image_files: Path) -> None:
    with step("system images", log="images"):
        binaries, files = kubernetes / "out" / "bin", image_files / "files"

        def write(name: str, tag: str, image: Image) -> None:
            write_archive(image, f"{s.IMAGE_REPOSITORY}/{name}:{tag}", path / f"{name}.tar")

        for name in _CONTROL_PLANE_PROGRAMS:
            write(name, s.KUBERNETES_VERSION, Image((Layer(files={f"usr/local/bin/{name}": binaries / name}),)))
        proxy = Layer(tree=files / "kube-proxy")
        program = Layer(files={"usr/local/bin/kube-proxy": binaries / "kube-proxy"}, directories=("run", "tmp"))
        write("kube-proxy", s.KUBERNETES_VERSION, Image((proxy, program)))
        write("etcd", s.ETCD_TAG, Image((Layer(tree=files / "etcd"),)))
        write("pause", s.PAUSE_TAG, Image((Layer(files={"pause": kubernetes / "out" / "pause"}),), entrypoint=("/pause",)))


def _merge(changes: Path, tree: Path) -> None:
    run(["cp", "-a", f"{changes}/.", tree])
    remove_tree(changes)
