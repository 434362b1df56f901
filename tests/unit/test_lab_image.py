# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the lab makes: the same digest each time, and an archive that C(docker load) understands."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest
from labcluster.image import Image, Layer, digest, registry_blobs, write_archive


@pytest.fixture
def image(tmp_path: Path) -> Image:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "program").write_text("x", encoding="ascii")
    (tree / "bin" / "link").symlink_to("program")
    return Image((Layer(tree=tree), Layer(files={"etc/file": b"content"}, directories=("etc", "tmp"))), command=("program",))


def test_archive(image: Image, tmp_path: Path) -> None:
    write_archive(image, "registry.lab:5001/a:1", tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as archive:
        content = {member.name: archive.extractfile(member).read() for member in archive}
    (manifest,) = json.loads(content["manifest.json"])
    config = json.loads(content[manifest["Config"]])
    assert manifest["RepoTags"] == ["registry.lab:5001/a:1"]
    assert [digest(content[name]) for name in manifest["Layers"]] == config["rootfs"]["diff_ids"]
    with tarfile.open(fileobj=io.BytesIO(content[manifest["Layers"][0]])) as layer:
        assert {member.name: member.linkname for member in layer} == {"bin": "", "bin/link": "program", "bin/program": ""}


def test_archive_without_name(image: Image, tmp_path: Path) -> None:
    write_archive(image, None, tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert json.loads(archive.extractfile("manifest.json").read())[0]["RepoTags"] is None


def test_registry_form_is_stable_and_complete(image: Image) -> None:
    manifest_text, blobs = registry_blobs(image)
    assert (manifest_text, blobs) == registry_blobs(image)
    manifest = json.loads(manifest_text)
    for part in (manifest["config"], *manifest["layers"]):
        assert len(blobs[part["digest"]]) == part["size"]
        assert digest(blobs[part["digest"]]) == part["digest"]
    config = json.loads(blobs[manifest["config"]["digest"]])
    assert [digest(gzip.decompress(blobs[layer["digest"]])) for layer in manifest["layers"]] == config["rootfs"]["diff_ids"]
