# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.modules import image_preload
from module_runner import ModuleFailedError, run_module

WEB = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
DIGEST = "sha256:" + "d" * 64


@pytest.fixture
def preload(docker, ctr):
    docker.images = [{"Id": WEB}]

    def run(*references, check_mode=False, image=WEB):
        return run_module(image_preload, check_mode=check_mode, image=image, references=list(references), docker_socket=docker.path)

    return run


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (["demo/web:1.0"], {"docker.io/demo/web:1.0"}),
        (["registry.lab:5001/web"], {"registry.lab:5001/web:latest"}),
        ([f"web@{DIGEST}"], {f"docker.io/library/web@{DIGEST}"}),
        (["web:1", "web:2", f"web@{DIGEST}"], {"docker.io/library/web:1", "docker.io/library/web:2", f"docker.io/library/web@{DIGEST}"}),
    ],
    ids=["a tag", "no tag", "a digest", "several names, one copy"],
)
def test_an_image_gets_all_its_names_and_no_other(preload, ctr, references, expected):
    result = preload(*references)
    assert result["changed"]
    assert set(result["references"]) == expected
    assert ctr.image_ids() == dict.fromkeys(expected, WEB)
    assert ctr.subcommands().count("images import") == 1


def test_a_second_run_copies_nothing(preload, ctr):
    preload("web:1")
    result = preload("web:1")
    assert not result["changed"]
    assert result["references"] == []
    assert ctr.subcommands().count("images import") == 1


def test_a_name_that_stands_for_another_image_is_put_right(preload, ctr):
    ctr.has_image("docker.io/library/web:1", OTHER)
    ctr.has_image("docker.io/library/unrelated:1", OTHER)
    result = preload("web:1")
    assert result["references"] == ["docker.io/library/web:1"]
    assert ctr.image_ids() == {"docker.io/library/web:1": WEB, "docker.io/library/unrelated:1": OTHER}


def test_check_mode_foretells_and_copies_nothing(preload, ctr):
    result = preload("web:1", check_mode=True)
    assert result["changed"]
    assert result["diff"]["after"] == "docker.io/library/web:1\n"
    assert ctr.image_ids() == {}


def test_an_image_that_docker_does_not_have(preload, ctr):
    with pytest.raises(ModuleFailedError, match=r"answered GET /images/.*with 404: .*reference does not exist"):
        preload("web:1", image=OTHER)
    assert ctr.image_ids() == {}


def test_containerds_own_words_when_it_refuses(preload, ctr):
    ctr.write({"content": {}, "import_fails": True})
    with pytest.raises(ModuleFailedError, match=r"images import .* failed with exit code 1: ctr: unrecognized image format"):
        preload("web:1")


def test_a_docker_that_does_not_answer(ctr, tmp_path):
    with pytest.raises(ModuleFailedError, match=r"Docker does not answer at .*absent\.sock"):
        run_module(image_preload, image=WEB, references=["web:1"], docker_socket=str(tmp_path / "absent.sock"))
