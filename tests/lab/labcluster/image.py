# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container images made from files: as an archive for C(docker load) and as blobs for a registry."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"
#: Images are made from the same files again and again and must have the same digest each time.
_CREATED = "2021-01-13T00:00:00Z"


@dataclass(frozen=True)
class Layer:
    """Files of one layer: a tree on disk, single files and links."""

    tree: Path | None = None
    #: path in the image -> file on disk or content
    files: dict[str, Path | bytes] = field(default_factory=dict)
    #: path in the image -> target
    links: dict[str, str] = field(default_factory=dict)
    directories: tuple[str, ...] = ()

    def tar(self) -> bytes:
        """The layer as an uncompressed archive, the same bytes for the same files."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for name in self.directories:
                info = _info(name, 0o1777 if name == "tmp" else 0o755)
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
            for path in sorted(self.tree.rglob("*")) if self.tree else []:
                info = archive.gettarinfo(path, arcname=str(path.relative_to(self.tree)))
                info.uid = info.gid = info.mtime = 0
                info.uname = info.gname = ""
                if info.islnk():
                    info.type, info.linkname, info.size = tarfile.REGTYPE, "", path.stat().st_size
                if info.isreg():
                    with path.open("rb") as file:
                        archive.addfile(info, file)
                else:
                    archive.addfile(info)
            for name, source in sorted(self.files.items()):
                content = source.read_bytes() if isinstance(source, Path) else source
                info = _info(name, 0o755)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            for name, target in sorted(self.links.items()):
                info = _info(name, 0o777)
                info.type, info.linkname = tarfile.SYMTYPE, target
                archive.addfile(info)
        return buffer.getvalue()


@dataclass(frozen=True)
class Image:
    """An image: its layers and what a container of it runs."""

    layers: tuple[Layer, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)

    def config(self, layer_tars: list[bytes]) -> bytes:
        """The image's configuration, whose digest is the image's ID."""
        description: dict[str, Any] = {
            "architecture": "amd64",
            "os": "linux",
            "created": _CREATED,
            "config": {
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "Entrypoint": list(self.entrypoint) or None,
                "Cmd": list(self.command) or None,
                "Labels": self.labels or None,
            },
            "history": [{"created": _CREATED, "created_by": "lab"} for _tar in layer_tars],
            "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in layer_tars]},
        }
        return json.dumps(description, sort_keys=True).encode()


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def write_archive(image: Image, reference: str | None, target: Path) -> None:
    """Writes what C(docker load) reads; without a reference the image has no name there (<none>:<none>)."""
    tars = [layer.tar() for layer in image.layers]
    config = image.config(tars)
    config_name = digest(config).removeprefix("sha256:") + ".json"
    members = {config_name: config}
    names = []
    for tar in tars:
        names.append(digest(tar).removeprefix("sha256:") + "/layer.tar")
        members[names[-1]] = tar
    members["manifest.json"] = json.dumps(
        [{"Config": config_name, "RepoTags": [reference] if reference else None, "Layers": names}]
    ).encode()
    with tarfile.open(target, mode="w") as archive:
        for name, content in members.items():
            info = _info(name, 0o644)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def registry_blobs(image: Image) -> tuple[bytes, dict[str, bytes]]:
    """The image as a registry keeps it: its manifest, and all blobs by digest."""
    tars = [layer.tar() for layer in image.layers]
    config = image.config(tars)
    packed = [gzip.compress(tar, compresslevel=6, mtime=0) for tar in tars]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": _CONFIG_TYPE, "size": len(config), "digest": digest(config)},
        "layers": [{"mediaType": _LAYER_TYPE, "size": len(blob), "digest": digest(blob)} for blob in packed],
    }
    blobs = {digest(blob): blob for blob in [config, *packed]}
    return json.dumps(manifest, sort_keys=True).encode(), blobs


def _info(name: str, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode = mode
    return info
