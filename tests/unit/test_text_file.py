# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _text_file
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from module_runner import patch_module_args


@pytest.fixture
def module(request):
    with patch_module_args({"_ansible_check_mode": getattr(request, "param", False)}):
        yield AnsibleModule(argument_spec={}, supports_check_mode=True)


def test_a_missing_file_reads_as_none(tmp_path):
    assert _text_file.read_text(str(tmp_path / "absent" / "file")) is None


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path):
    path = tmp_path / "binary"
    path.write_bytes(b"ab\xff")
    with pytest.raises(MigrationError, match=r"binary is not UTF-8 text \(byte 2\)"):
        _text_file.read_text(str(path))


def test_a_new_file_gets_its_mode_and_its_directory(module, tmp_path):
    path = tmp_path / "deep" / "file"
    result = _text_file.write_text(module, str(path), None, "new\n", mode="0600")
    assert result["changed"]
    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "backup_file" not in result


def test_an_existing_file_keeps_its_mode_and_leaves_a_backup(module, tmp_path):
    path = tmp_path / "file"
    path.write_text("old\n")
    path.chmod(0o640)
    result = _text_file.write_text(module, str(path), "old\n", "new\n")
    assert path.read_text() == "new\n"
    assert path.stat().st_mode & 0o777 == 0o640
    with open(result["backup_file"]) as backup:
        assert backup.read() == "old\n"


def test_equal_texts_write_nothing(module, tmp_path):
    path = tmp_path / "file"
    path.write_text("same\n")
    before = path.stat().st_mtime_ns
    result = _text_file.write_text(module, str(path), "same\n", "same\n")
    assert not result["changed"]
    assert path.stat().st_mtime_ns == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("module", [True], indirect=True)
def test_check_mode_shows_the_diff_and_writes_nothing(module, tmp_path):
    path = tmp_path / "file"
    path.write_text("old\n")
    result = _text_file.write_text(module, str(path), "old\n", "new\n")
    assert result["changed"]
    assert (result["diff"]["before"], result["diff"]["after"]) == ("old\n", "new\n")
    assert path.read_text() == "old\n"
