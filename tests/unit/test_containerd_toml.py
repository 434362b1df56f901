# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plans give was also read by the real containerd 1.4.13, 1.6.20, 1.7.24 and 2.1.9 (C(config dump)), setting by setting."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.plugin_utils import _containerd_toml as containerd_toml

FIXTURES = Path(__file__).parent / "fixtures" / "containerd"
PATH = "/etc/containerd/config.toml"
R = 'plugins."io.containerd.grpc.v1.cri"'
IMAGES = 'plugins."io.containerd.cri.v1.images"'
RUNTIME = 'plugins."io.containerd.cri.v1.runtime"'

ALL = {
    "sandbox_image": "reg/pause:9",
    "systemd_cgroup": True,
    "registry_config_path": "/etc/containerd/certs.d",
    "cri_enabled": True,
    "snapshotter": "native",
    "root": "/data/containerd",
    "cni_bin_dir": "/x/cni",
    "cni_conf_dir": "/x/net.d",
    "default_runtime_name": "runc",
    "max_concurrent_downloads": 5,
    "discard_unpacked_layers": True,
    "enable_selinux": True,
    "debug_level": "debug",
}


def plan(text, settings, release="1.6.20"):
    planned = containerd_toml.plan(text, settings, release, PATH)
    again = containerd_toml.plan(planned.text, settings, release, PATH)
    assert again.text == planned.text, "a second run changes nothing"
    return planned


def changes(before, after):
    """Returns the lines that went and came."""
    return [
        line
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]


RUNC = f"""
[{R}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[{R}.containerd.runtimes.runc.options]
SystemdCgroup = true
"""


@pytest.mark.parametrize(
    ("release", "version", "tables"),
    [
        pytest.param("1.4.13", 2, RUNC, id="1.4"),
        pytest.param("1.7.24", 2, RUNC, id="1.7"),
        pytest.param("2.0.0", 3, RUNC.replace(R, RUNTIME), id="2.0"),
        pytest.param("2.3.4", 3, RUNC.replace(R, RUNTIME), id="2.3, so that every 2.x reads it"),
    ],
)
def test_a_new_file_holds_the_version_and_the_settings_alone(release, version, tables):
    planned = plan(None, {"systemd_cgroup": True, "cri_enabled": True}, release)
    assert planned.text == f"{containerd_toml.NEW_FILE_HEADER}version = {version}\n{tables}"
    assert planned.config_version == version


def test_unset_settings_are_left_alone():
    assert plan("version = 2\n", dict.fromkeys(ALL)).text == "version = 2\n"


@pytest.mark.parametrize(
    ("before", "settings", "after"),
    [
        pytest.param(
            f'version = 2\n[{R}] # mine\n  # the image\n  sandbox_image = "old" # why\n  unknown = 1\n',
            {"sandbox_image": "new"},
            f'version = 2\n[{R}] # mine\n  # the image\n  sandbox_image = "new" # why\n  unknown = 1\n',
            id="a value is replaced and its comment stays",
        ),
        pytest.param(
            f"version = 2\n[{R}]\n  sandbox_image = 'old'\n",
            {"sandbox_image": "new"},
            f"version = 2\n[{R}]\n  sandbox_image = 'new'\n",
            id="the quotes stay",
        ),
        pytest.param(
            f'version = 2\n\n[plugins]\n\n  [{R}]\n    sandbox_image = "x"\n\n    [{R}.cni]\n      bin_dir = "/a"\n\n# end\n',
            {"enable_selinux": True, "registry_config_path": "/c"},
            f'version = 2\n\n[plugins]\n\n  [{R}]\n    sandbox_image = "x"\n    enable_selinux = true\n\n'
            f'    [{R}.cni]\n      bin_dir = "/a"\n\n'
            f'    [{R}.registry]\n      config_path = "/c"\n\n# end\n',
            id="indented as containerd prints it",
        ),
        pytest.param(
            f'version = 2\n  [{R}]\n    sandbox_image = "x"\n',
            {"systemd_cgroup": True},
            f'version = 2\n  [{R}]\n    sandbox_image = "x"\n\n        [{R}.containerd.runtimes.runc]\n'
            f'          runtime_type = "io.containerd.runc.v2"\n\n          [{R}.containerd.runtimes.runc.options]\n'
            "            SystemdCgroup = true\n",
            id="a deeper table is indented deeper",
        ),
        pytest.param(
            f'version = 2\n{R}.sandbox_image = "x"\n[debug]\nlevel = "info"\n',
            {"cni_conf_dir": "/c"},
            f'version = 2\n{R}.sandbox_image = "x"\n{R}.cni.conf_dir = "/c"\n[debug]\nlevel = "info"\n',
            id="dotted keys",
        ),
        pytest.param(
            'version = 2\n[plugins]\n"io.containerd.grpc.v1.cri" = { sandbox_image = "x", cni = {} }\n',
            {"cni_conf_dir": "/c", "snapshotter": "native"},
            'version = 2\n[plugins]\n"io.containerd.grpc.v1.cri" = { sandbox_image = "x", cni = { conf_dir = "/c" }, '
            'containerd = { snapshotter = "native" } }\n',
            id="inline tables",
        ),
        pytest.param(
            f'version = 2\n[plugins.other]\nx = 1\n[debug]\nlevel = "info"\n'
            f'[{R}.cni]\nbin_dir = "/a"\n[metrics]\ny = 1\n[{R}]\nsandbox_image = "x"\n',
            {"sandbox_image": "y", "cni_conf_dir": "/c"},
            f'version = 2\n[plugins.other]\nx = 1\n[debug]\nlevel = "info"\n'
            f'[{R}.cni]\nbin_dir = "/a"\nconf_dir = "/c"\n[metrics]\ny = 1\n[{R}]\n'
            'sandbox_image = "y"\n',
            id="tables out of order",
        ),
        pytest.param(
            'version = 2\ndisabled_plugins = ["a", "cri", "io.containerd.grpc.v1.cri", "b"]\n',
            {"cri_enabled": True},
            'version = 2\ndisabled_plugins = ["a", "b"]\n',
            id="CRI is enabled and other entries stay",
        ),
        pytest.param(
            'version = 2\ndisabled_plugins = [\n  "a", # one\n  "cri", # two\n  # three\n  "io.containerd.cri.v1.images"\n]\n',
            {"cri_enabled": True},
            'version = 2\ndisabled_plugins = [\n  "a" # one\n  # two\n  # three\n]\n',
            id="CRI is enabled in an array of many lines and its comments stay",
        ),
        pytest.param(
            f'version = 2\n[{R}.registry.mirrors.r]\n  endpoint = [ # old\n    "https://a", # one\n    # two\n'
            '    "https://b#"\n  ] # three\n',
            {"registry_mirrors": {"r": ["https://c", "https://d"]}},
            f'version = 2\n[{R}.registry.mirrors.r]\n  endpoint = [\n    # old\n    # "https://a", # one\n    # two\n'
            '    # "https://b#"\n    "https://c",\n    "https://d",\n  ] # three\n',
            id="an array with comments keeps them",
        ),
        pytest.param(
            "version = 2\n", {"cri_enabled": False}, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n', id="CRI off"
        ),
        pytest.param(
            f'version = 2\r\n[{R}]\r\nsandbox_image = "x"\r\n',
            {"enable_selinux": True},
            f'version = 2\r\n[{R}]\r\nsandbox_image = "x"\r\nenable_selinux = true\r\n',
            id="CRLF",
        ),
        pytest.param(
            'version = 2\r\nroot = "/a"',
            {"debug_level": "info"},
            'version = 2\r\nroot = "/a"\r\n\r\n[debug]\r\nlevel = "info"\r\n',
            id="CRLF and no last newline",
        ),
        pytest.param(
            'version = 2\nroot = "/a"',
            {"debug_level": "info"},
            'version = 2\nroot = "/a"\n\n[debug]\nlevel = "info"\n',
            id="no last newline",
        ),
        pytest.param(
            f'version = 2\n[{R}]\nsandbox_image = """\nold"""\n[debug]\nlevel = "a" # "[x]\n',
            {"sandbox_image": 'a"b\\', "debug_level": "info"},
            f'version = 2\n[{R}]\nsandbox_image = "a\\"b\\\\"\n[debug]\nlevel = "info" # "[x]\n',
            id="strings of every kind",
        ),
    ],
)
def test_only_what_must_change_changes(before, settings, after):
    assert plan(before, settings).text == after


@pytest.mark.parametrize(
    ("before", "release", "expected"),
    [
        pytest.param(
            f'[{R}.containerd.runtimes.nvidia]\n  runtime_type = "io.containerd.runc.v2"\n'
            f'  [{R}.containerd.runtimes.nvidia.options]\n    BinaryName = "n"\n',
            "1.6.20",
            {"nvidia": ("io.containerd.runc.v2", True), "runc": ("io.containerd.runc.v2", True)},
            id="every handler of runc's type, and runc",
        ),
        pytest.param(
            f'[{R}.containerd.runtimes.kata]\nruntime_type = "io.containerd.kata.v2"\n',
            "1.6.20",
            {"kata": ("io.containerd.kata.v2", None), "runc": ("io.containerd.runc.v2", True)},
            id="not a handler of another type",
        ),
        pytest.param(
            f"[{R}.containerd.runtimes.runc.options]\nSystemdCgroup = true\n",
            "1.6.20",
            {"runc": ("io.containerd.runc.v2", True)},
            id="1.x cannot use a handler without a type",
        ),
        pytest.param(
            f"[{R}.containerd.runtimes.runc.options]\nSystemdCgroup = true\n",
            "2.1.9",
            {"runc": (None, True)},
            id="2.x fills it in for runc",
        ),
        pytest.param(
            f'[{R}.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v1"\n',
            "1.6.20",
            {"runc": ("io.containerd.runc.v1", True)},
            id="the older shim is kept",
        ),
    ],
)
def test_systemd_cgroup(before, release, expected):
    text = plan("version = 2\n" + before, {"systemd_cgroup": True}, release).text
    runtimes = containerd_toml.parse(text, PATH)["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]
    assert {
        name: (handler.get("runtime_type"), handler.get("options", {}).get("SystemdCgroup")) for name, handler in runtimes.items()
    } == expected


def test_systemd_cgroup_off_replaces_true_and_adds_nothing():
    before = f'version = 2\n[{R}.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n'
    assert plan(before, {"systemd_cgroup": False}).text == before
    options = f"[{R}.containerd.runtimes.runc.options]\nSystemdCgroup = "
    assert plan(before + options + "true\n", {"systemd_cgroup": False}).text == before + options + "false\n"


@pytest.mark.parametrize(("release", "version"), [("1.6.20", 2), ("2.1.9", 3)])
def test_the_file_of_dockers_package_gets_a_version_and_keeps_its_comments(release, version):
    before = (FIXTURES / "docker-package.toml").read_text()
    planned = plan(before, {"cri_enabled": True, "systemd_cgroup": True}, release)
    table = R if version == 2 else RUNTIME
    assert planned.config_version == version
    assert planned.text == (
        before.replace('disabled_plugins = ["cri"]', f"version = {version}\ndisabled_plugins = []") + RUNC.replace(R, table)
    )


@pytest.mark.parametrize("fixture", ["default-1.6.20.toml", "default-2.1.9.toml"])
def test_a_default_file_changes_one_line_per_setting(fixture):
    before = (FIXTURES / fixture).read_text()
    release = fixture[len("default-") : -len(".toml")]
    after = plan(before, ALL, release).text
    moved = {"sandbox_image", "bin_dir"} if release == "1.6.20" else {"sandbox", "bin_dirs"}
    alike = {"root", "level", "enable_selinux", "max_concurrent_downloads", "snapshotter", "discard_unpacked_layers", "SystemdCgroup"}
    came = {line[1:].strip().split(" = ")[0] for line in changes(before, after) if line.startswith("+")}
    assert came == alike | {"config_path", "conf_dir"} | moved
    gone = [line for line in changes(before, after) if line.startswith("-")]
    came = [line for line in changes(before, after) if line.startswith("+")]
    assert len(gone) == len(came)


@pytest.mark.parametrize(
    ("before", "release", "version", "place"),
    [
        pytest.param('[plugins.cri]\nsandbox_image = "x"\n', "1.6.20", 1, ("plugins", "cri"), id="version 1 is edited as such by 1.x"),
        pytest.param("version = 1\n[plugins.cri]\n", "1.6.20", 1, ("plugins", "cri"), id="said or not"),
        pytest.param(f"version = 2\n[{R}]\n", "2.1.9", 2, ("plugins", "io.containerd.grpc.v1.cri"), id="2.x migrates version 2"),
        pytest.param('disabled_plugins = ["btrfs"]\n', "1.6.20", 1, ("plugins", "cri"), id="short names keep version 1"),
        pytest.param(
            'disabled_plugins = ["io.containerd.x.v1.y"]\n', "1.6.20", 2, ("plugins", "io.containerd.grpc.v1.cri"), id="full names do not"
        ),
        pytest.param(
            "version = 1\n", "2.1.9", 3, ("plugins", "io.containerd.cri.v1.images", "pinned_images"), id="version 1 with nothing in it"
        ),
        pytest.param("", "1.6.20", 2, ("plugins", "io.containerd.grpc.v1.cri"), id="an empty file"),
        pytest.param("# only\n# comments\n", "2.1.9", 3, ("plugins", "io.containerd.cri.v1.images", "pinned_images"), id="only comments"),
        pytest.param(f"version = 4\n[{IMAGES}]\n", "2.3.1", 4, ("plugins", "io.containerd.cri.v1.images", "pinned_images"), id="version 4"),
    ],
)
def test_the_files_version_decides_the_table(before, release, version, place):
    planned = plan(before, {"sandbox_image": "y"}, release)
    assert planned.config_version == version
    data = containerd_toml.parse(planned.text, PATH)
    assert data.get("version", 1) == version
    assert "y" in containerd_toml._get(data, place).values()
    assert all(line in planned.text for line in before.splitlines() if line.startswith("#"))


def test_the_version_stands_below_the_comments_on_top():
    before = '# licence\n\n# what follows\nroot = "/a"\n'
    assert plan(before, {"cri_enabled": True}).text == '# licence\n\nversion = 2\n# what follows\nroot = "/a"\n'


def test_2x_would_drop_two_settings_of_version_2_without_handlers():
    # migrateConfigPaths of 2.x, proven with 2.1.9: snapshotter and discard_unpacked_layers need containerd.runtimes.
    text = plan("version = 2\n", {"snapshotter": "native"}, "2.1.9").text
    assert f'[{R}.containerd.runtimes.runc]\nruntime_type = "io.containerd.runc.v2"\n' in text
    assert "runtimes" not in plan("version = 2\n", {"snapshotter": "native"}, "1.7.24").text


@pytest.mark.parametrize(
    ("before", "settings", "release", "message"),
    [
        pytest.param("a = \n", {}, "1.6.20", r"config\.toml is not valid TOML: .*line 1", id="no TOML"),
        pytest.param("version = 3\n", {}, "1.7.24", "version = 3, but containerd 1.7.24 reads 2 at most", id="too new a version"),
        pytest.param("version = 4\n", {}, "2.2.0", "version = 4, but containerd 2.2.0 reads 3 at most", id="version 4 before 2.3"),
        pytest.param("version = 9\n", {}, "2.3.0", "version is 9, but containerd knows", id="no version at all"),
        pytest.param('version = "2"\n', {}, "1.6.20", "version is '2'", id="a version that is a string"),
        pytest.param(
            "[plugins.cri]\na = 1\n", {}, "2.1.9", r"no version, and containerd 2.1.9 would ignore .*\[plugins.cri\]", id="v1 for 2.x"
        ),
        pytest.param(
            f"[{R}]\na = 1\n", {}, "1.6.20", "no version, so that containerd 1.6.20 ignores .*version = 2", id="a forgotten version"
        ),
        pytest.param('disabled_plugins = ["btrfs"]\n', {}, "2.1.9", "would ignore what it says about btrfs", id="short names for 2.x"),
        pytest.param(
            f"version = 2\n[{R}]\nsandbox_image = 3\n", {"sandbox_image": "x"}, "1.6.20", "is an integer where .* a string", id="type"
        ),
        pytest.param(
            'version = 2\nplugins = "x"\n', {"sandbox_image": "x"}, "1.6.20", "plugins is a string where .* a table", id="no table"
        ),
        pytest.param(
            'version = 2\ndisabled_plugins = "cri"\n', {"cri_enabled": True}, "1.6.20", "disabled_plugins is a string", id="no array"
        ),
        pytest.param(
            "", {"registry_config_path": "/c"}, "1.4.13", "needs containerd 1.5 or later; this node has 1.4", id="1.4 has no config_path"
        ),
        pytest.param(
            "",
            {"registry_config_path": "/c", "registry_mirrors": {"r": ["https://m"]}},
            "1.6.20",
            "registry_config_path or registry_mirrors, not both",
            id="both ways to name mirrors",
        ),
        pytest.param("", {"enable_cdi": True}, "1.6.20", r"enable_cdi needs containerd 1\.7 or later; this node has 1\.6", id="CDI"),
        pytest.param(
            "", {"registry_configs": {"r": {"tls": {"ca_file": "/x"}}}}, "2.1.9", r"registry_configs\.r\.tls is ignored by", id="tls in 2.x"
        ),
        pytest.param("", {"registry_mirrors": {"r": "https://m"}}, "1.4.13", r"registry_mirrors\.r is str, .* list of URLs", id="no list"),
        pytest.param("", {"registry_configs": {"r": {"auth": {"pass": 1}}}}, "1.4.13", r"r\.auth knows username, .*not pass", id="no key"),
        pytest.param("", {"runtimes": {"x": "y"}}, "1.6.20", r"runtimes\.x is str, but it must be a dict", id="no handler"),
        pytest.param(
            f'version = 2\n[{R}]\nregistry = {{ mirrors = {{ r = {{ endpoint = ["https://m"] }} }} }}\n',
            {"registry_config_path": "/c"},
            "1.6.20",
            "stands in an inline table: give it a .table. header",
            id="mirrors in an inline table",
        ),
        pytest.param(
            'version = 2\nimports = "x"\n', {}, "1.6.20", "imports is a string where containerd expects an array of strings", id="imports"
        ),
        pytest.param("version = 2\n", {"default_runtime_name": "kata"}, "1.6.20", "'kata', but .* has no handler", id="an unknown default"),
        pytest.param(f"version = 2\n[{R}]\nsystemd_cgroup = true\n", {}, "1.6.20", "systemd_cgroup = true works only", id="the legacy key"),
    ],
)
def test_what_would_break_containerd_is_refused(before, settings, release, message):
    with pytest.raises(MigrationError, match=message):
        plan(before, settings, release)


MIRRORS = f"""version = 2
[{R}.registry]
  config_path = "/c"
  [{R}.registry.mirrors]
    # Docker Hub
    [{R}.registry.mirrors."docker.io"] # the mirror
      endpoint = [
        "https://m:5000", # first
        "https://n"
      ]
  [{R}.registry.configs."m:5000".tls]
    ca_file = "/ca"

  [{R}.registry.configs."m:5000".auth]
    username = "x"
"""


def test_mirrors_and_tls_become_comments_beside_config_path():
    planned = plan(MIRRORS, {})
    assert [file["name"] for file in planned.registries] == ["docker.io", "m:5000"]
    assert planned.text == MIRRORS.replace(
        f"""    [{R}.registry.mirrors."docker.io"] # the mirror
      endpoint = [
        "https://m:5000", # first
        "https://n"
      ]
  [{R}.registry.configs."m:5000".tls]
    ca_file = "/ca"
""",
        f"""    # [{R}.registry.mirrors."docker.io"] # the mirror
      # endpoint = [
        # "https://m:5000", # first
        # "https://n"
      # ]
  # [{R}.registry.configs."m:5000".tls]
    # ca_file = "/ca"
""",
    )


@pytest.mark.parametrize(
    ("before", "settings", "registries"),
    [
        pytest.param(
            f'[{R}.registry.mirrors.r]\nendpoint = ["https://m"]\n', {"registry_config_path": "/c"}, ["r"], id="config_path comes"
        ),
        pytest.param(f'{R}.registry.mirrors.r.endpoint = ["https://m"]\n', {"registry_config_path": "/c"}, ["r"], id="dotted keys"),
        pytest.param(f'[{R}.registry]\nmirrors.r = {{endpoint = ["https://m"]}}\n', {"registry_config_path": "/c"}, ["r"], id="inline"),
        pytest.param(f'[{R}.registry.mirrors.r]\nendpoint = ["https://m"]\n', {"root": "/x"}, [], id="nobody wants config_path"),
        pytest.param(
            f'[{R}.registry.mirrors."docker.io"]\nendpoint = ["https://registry-1.docker.io"]\n',
            {"registry_config_path": "/c"},
            [],
            id="what 1.5 prints as its default needs no file",
        ),
    ],
)
def test_which_registries_move(before, settings, registries):
    planned = plan("version = 2\n" + before, settings)
    assert [file["name"] for file in planned.registries] == registries


RUNC_OPTIONS = f"""version = 2
[{R}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
base_runtime_spec = "/spec"
[{R}.containerd.runtimes.runc.options]
Root = "/x"
"""


@pytest.mark.parametrize(
    ("before", "settings", "expected"),
    [
        pytest.param(
            RUNC_OPTIONS,
            {"runtimes": {"nvidia": {"options": {"BinaryName": "/n"}}}, "systemd_cgroup": True},
            {
                "runtime_type": "io.containerd.runc.v2",
                "base_runtime_spec": "/spec",
                "options": {"Root": "/x", "BinaryName": "/n", "SystemdCgroup": True},
            },
            id="a new handler starts as runc",
        ),
        pytest.param(
            "version = 2\n",
            {"runtimes": {"nvidia": {"options": {"BinaryName": "/n"}}}},
            {"runtime_type": "io.containerd.runc.v2", "options": {"BinaryName": "/n"}},
            id="or from nothing",
        ),
        pytest.param(
            RUNC_OPTIONS,
            {"runtimes": {"nvidia": {"runtime_type": "io.containerd.kata.v2", "options": {"ConfigPath": "/k"}}}, "systemd_cgroup": True},
            {"runtime_type": "io.containerd.kata.v2", "options": {"ConfigPath": "/k"}},
            id="another type has nothing of runc's",
        ),
        pytest.param(
            RUNC_OPTIONS + f'[{R}.containerd.runtimes.nvidia]\nruntime_type = "io.containerd.runc.v1"\nunknown = 1\n',
            {"runtimes": {"nvidia": {"options": {"BinaryName": "/n"}}}},
            {"runtime_type": "io.containerd.runc.v1", "unknown": 1, "options": {"BinaryName": "/n"}},
            id="an old one keeps what it has",
        ),
    ],
)
def test_runtimes(before, settings, expected):
    runtimes = containerd_toml.parse(plan(before, settings).text, PATH)["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]
    assert runtimes["nvidia"] == expected
    assert runtimes["runc"]["runtime_type"] == "io.containerd.runc.v2", "1.6 and 1.7 lose their own where the file has any"


def test_a_handler_of_an_imported_file_gets_the_cgroup_driver():
    planned = containerd_toml.plan(
        "version = 3\n", {"systemd_cgroup": True}, "2.1.9", PATH, handlers_elsewhere={"nvidia": "io.containerd.runc.v2"}
    )
    runtimes = containerd_toml.parse(planned.text, PATH)["plugins"]["io.containerd.cri.v1.runtime"]["containerd"]["runtimes"]
    assert runtimes["nvidia"] == {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": True}}


@pytest.mark.parametrize(
    ("before", "release", "after"),
    [
        ('imports = ["/a/*.toml"]\n', "1.6.20", 'imports = ["/a/*.toml"]\n'),
        ('imports = ["conf.d/*.toml", "b"]\nroot = "x"\n', "1.6.20", 'imports = ["/conf.d/*.toml", "/etc/containerd/b"]\nroot = "x"\n'),
        ('imports = ["conf.d/*.toml", "../b"]\n', "1.7.24", 'imports = ["/etc/containerd/conf.d/*.toml", "/etc/b"]\n'),
        ('root = "x"\n', "2.1.9", 'root = "x"\n'),
    ],
)
def test_imports_for_another_directory(before, release, after):
    assert containerd_toml.with_absolute_imports(before, PATH, containerd_toml.where.parse_containerd_version(release)) == after


def test_tables_out_of_order_are_no_obstacle():
    # tomlkit 0.15.2 cannot parse this (a table between two of its relatives).
    before = f"version = 3\n[{IMAGES}.registry]\n[{IMAGES}.registry.mirrors]\n[plugins.other]\nx = 1\n[{IMAGES}]\na = 1\n"
    assert 'sandbox = "y"' in plan(before, {"sandbox_image": "y", "snapshotter": "native"}, "2.1.9").text


def test_a_text_that_does_not_say_what_was_meant_is_never_returned(monkeypatch):
    monkeypatch.setattr(containerd_toml, "_set", lambda text, path, value: text + "[elsewhere]\nroot = 1\n")
    with pytest.raises(MigrationError, match="cannot be changed safely"):
        containerd_toml.plan("version = 2\n", {"root": "/x"}, "1.6.20", PATH)


def test_registry_credentials_may_stand_beside_config_path():
    before = f'version = 2\n[{R}.registry.configs."r".auth]\npassword = "x"\n[{R}.registry.mirrors]\n'
    assert 'config_path = "/c"' in plan(before, {"registry_config_path": "/c"}).text


def test_credentials_are_hidden_and_nothing_else():
    text = (
        f'version = 2\n[{R}.registry.configs."r:5000".auth]\n  username = "SECRET"\n  password = "SECRET" # keep\n'
        f"  token = 'SECRET'\n  #  identitytoken = \"SECRET\"\n"
        f'[{R}.registry.configs]\n  other = {{ auth = {{ auth = "SECRET", x = 1 }} }}\n'
        f'[{R}.registry.headers]\n  Authorization = ["Basic SECRET"]\n[{R}]\n  sandbox_image = "pause"\n'
    )
    hidden = containerd_toml.redact(text)
    assert "SECRET" not in hidden
    assert hidden.count("(hidden)") == 6
    for kept in ("# keep", "x = 1", 'sandbox_image = "pause"', "username", "Authorization"):
        assert kept in hidden


@pytest.mark.parametrize(
    ("module", "message"),
    [
        pytest.param(None, "is needed on the controller.*pip install 'tomlkit>=0.12'", id="missing"),
        pytest.param(type("Old", (), {"__version__": "0.11.8"}), r"too old \(0\.11\.8\)", id="too old"),
    ],
)
def test_tomlkit_is_asked_for(monkeypatch, module, message):
    monkeypatch.setattr(containerd_toml, "tomlkit", module)
    with pytest.raises(MigrationError, match=message):
        containerd_toml.require_tomlkit()
