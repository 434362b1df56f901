# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's cache: what makes a key, and that only complete entries count."""

from __future__ import annotations

from pathlib import Path

import pytest
from labcluster.cache import cache_key, cached, remove_other_keys


def test_key_is_the_same_for_the_same_inputs() -> None:
    assert cache_key("a", {"x": 1, "y": 2}) == cache_key("a", {"y": 2, "x": 1})


@pytest.mark.parametrize(
    "other", [("a",), ("a", "c"), ("b", "a"), ("ab",), ("a", ["b"])], ids=["fewer", "changed", "order", "joined", "list"]
)
def test_key_differs(other: tuple[object, ...]) -> None:
    assert cache_key("a", "b") != cache_key(*other)


def test_built_once(tmp_path: Path) -> None:
    built = []

    def build(path: Path) -> None:
        built.append(path)
        (path / "result").write_text("x", encoding="ascii")

    first = cached(tmp_path / "cache", "kind", "key", build)
    assert cached(tmp_path / "cache", "kind", "key", build) == first
    assert len(built) == 1
    assert (first / "result").exists()


def test_what_failed_does_not_count_and_is_replaced(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        (path / "half").touch()
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cached(tmp_path, "kind", "key", fail)
    assert not (tmp_path / "kind-key").exists()
    entry = cached(tmp_path, "kind", "key", lambda path: (path / "whole").touch())
    assert [path.name for path in entry.iterdir()] == ["whole"]
    assert [path.name for path in tmp_path.iterdir()] == ["kind-key"]


def test_other_keys_of_the_same_kind_are_removed(tmp_path: Path) -> None:
    for name in ("kind-old", "kind-new", "kind-old.partial", "image_files-old", "images-new", "foreign"):
        (tmp_path / name).mkdir()
    remove_other_keys(tmp_path, [tmp_path / "kind-new", tmp_path / "images-new"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "image_files-old", "images-new", "kind-new"]
