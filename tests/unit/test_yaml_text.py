# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils._errors import MigrationError
from ansible_collections.dockershim.migration.plugins.module_utils._yaml_text import edit_mapping, flatten, read_mapping

CONFIG = """\
# Written by hand on a Friday.
apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false   # never
  webhook: {cacheTTL: 0s, enabled: true}
cgroupDriver:  "systemd"
clusterDNS:
- 10.96.0.10
# Odd, but ours:
  # with a comment of its own
evictionHard:
    memory.available: '100Mi'
    nodefs.available: 10%
failSwapOn: off
kind: KubeletConfiguration
logging: {}
staticPodPath: /etc/kubernetes/manifests
unknownKey: |
  many
  lines
zLast: ~
"""


def edited(text, settings):
    after = edit_mapping(text, flatten(settings), "FILE")
    assert edit_mapping(after, flatten(settings), "FILE") == after, "the second time nothing changes"
    return after


@pytest.mark.parametrize(
    ("settings", "old", "new"),
    [
        ({"cgroupDriver": "cgroupfs"}, 'cgroupDriver:  "systemd"', "cgroupDriver:  cgroupfs"),
        ({"containerLogMaxSize": "10M"}, "zLast: ~\n", 'zLast: ~\ncontainerLogMaxSize: "10M"\n'),
        ({"authentication.anonymous.enabled": True}, "enabled: false   # never", "enabled: true   # never"),
        ({"authentication": {"anonymous": {"enabled": True}}}, "enabled: false   # never", "enabled: true   # never"),
        ({"authentication.webhook.enabled": False}, "enabled: true}", "enabled: false}"),
        ({"authentication.webhook.more": "x"}, "enabled: true}", 'enabled: true, "more": x}'),
        ({"authentication.webhook.cacheTTL": None}, "{cacheTTL: 0s, enabled: true}", "{enabled: true}"),
        ({"authentication.webhook.enabled": None}, "{cacheTTL: 0s, enabled: true}", "{cacheTTL: 0s}"),
        (
            {"authentication.x509.clientCAFile": "/ca.crt"},
            "enabled: true}\n",
            "enabled: true}\n  x509:\n    clientCAFile: /ca.crt\n",
        ),
        ({"clusterDNS": ["10.0.0.1", "10.0.0.2"]}, "- 10.96.0.10\n", '- "10.0.0.1"\n- "10.0.0.2"\n'),
        ({"clusterDNS": []}, "clusterDNS:\n- 10.96.0.10\n", "clusterDNS: []\n"),
        ({"evictionHard": {"memory.available": "200Mi"}}, "'100Mi'", '"200Mi"'),
        (
            {"evictionHard": {"imagefs.available": "15%"}},
            "nodefs.available: 10%\n",
            'nodefs.available: 10%\n    imagefs.available: "15%"\n',
        ),
        ({"evictionHard": {"nodefs.available": None}}, "    nodefs.available: 10%\n", ""),
        # The comment that follows the removed lines belongs to the next key.
        ({"clusterDNS": None}, "clusterDNS:\n- 10.96.0.10\n", ""),
        ({"authentication.anonymous.enabled": None}, "anonymous:\n    enabled: false   # never\n", "anonymous: {}   # never\n"),
        ({"failSwapOn": False}, "", ""),
        ({"failSwapOn": True}, "failSwapOn: off", "failSwapOn: true"),
        ({"logging.verbosity": 3}, "logging: {}", 'logging: {"verbosity": 3}'),
        ({"logging": {}}, "", ""),
        ({"unknownKey": None}, "unknownKey: |\n  many\n  lines\n", ""),
        ({"unknownKey": "one"}, "unknownKey: |\n  many\n  lines\n", "unknownKey: one\n"),
        ({"unknownKey": ["a"]}, "unknownKey: |\n  many\n  lines\n", "unknownKey:\n- a\n"),
        ({"zLast": "x"}, "zLast: ~", "zLast: x"),
        ({"zLast": None, "absent": None, "logging.gone.further": None}, "zLast: ~\n", ""),
        ({"a": "yes", "b": "10", "c": "unix:///run/x.sock", "d": "1.5", "e": "null"}, "", None),
    ],
)
def test_only_what_is_meant_changes(settings, old, new):
    after = edited(CONFIG, settings)
    if new is None:
        assert after.startswith(CONFIG)
        assert {key: read_mapping(after, "FILE")[key] for key in settings} == settings
    else:
        assert after == CONFIG.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ("", {"a": 1}, "a: 1\n"),
        ("# nothing yet\n", {"a": 1}, "# nothing yet\na: 1\n"),
        ("# nothing yet", {"a": {"b": True}}, "# nothing yet\na:\n  b: true\n"),
        ("a: 1", {"b": 2}, "a: 1\nb: 2"),
        ("a: 1\r\nb: 2 # two\r\n", {"b": 3, "c": 4}, "a: 1\r\nb: 3 # two\r\nc: 4\r\n"),
        ("a: 1\r\nb: 2\r\nc: 3\r\n", {"b": None}, "a: 1\r\nc: 3\r\n"),
        ("---\na: 1\n", {"a": 2}, "---\na: 2\n"),
        ("a:\nb: 1\n", {"a": "x"}, "a: x\nb: 1\n"),
        ("a:\nb: 1\n", {"a.c": "x"}, "a:\n  c: x\nb: 1\n"),
        ('{"kind": "K", "a": {"b": [1, 2]}}', {"a.b": [3], "c": "d"}, '{"kind": "K", "a": {"b": [3]}, "c": d}'),
        ("{}\n", {"a": 1}, '{"a": 1}\n'),
        ("a: 1 # one\n", {"a": None}, ""),
        ("# head\n\na: 1\n\n# tail\n", {"b": 2}, "# head\n\na: 1\nb: 2\n\n# tail\n"),
        ("a: |\n  text\n", {"b": 2}, "a: |\n  text\nb: 2\n"),
    ],
)
def test_files_of_other_forms(text, settings, expected):
    assert edited(text, settings) == expected


@pytest.mark.parametrize(
    ("text", "settings", "message"),
    [
        ("a: [1\n", {"a": 1}, "FILE, line 2: not YAML"),
        ("a:\n\t- 1\n", {"a": 1}, "FILE, line 2: not YAML"),
        ("a: 1\n---\nb: 2\n", {"a": 1}, "FILE holds 2 YAML documents"),
        ("- a\n", {"a": 1}, "FILE is no mapping"),
        ("just words\n", {"a": 1}, "FILE is no mapping"),
        ("a: 1\nb: 2\na: 3\n", {"b": 1}, "FILE, line 3: the key 'a' is there twice"),
        ("a: \x07\n", {"a": 1}, "FILE: not YAML"),
        ("a: 1\n", {"a.b": 1}, "a.b cannot be set, because a is 1"),
        ("a: &x {c: 1}\nb: *x\n", {"b.c": 2}, "FILE: b.c cannot be changed from 1 to 2 in place"),
        ("a: 1\n", {"a.b": 1, "a": {"b": 2}}, "contradict each other"),
        ("a: 1\n", {".a": 1}, "is not the name of a setting"),
    ],
)
def test_what_is_refused(text, settings, message):
    with pytest.raises(MigrationError) as caught:
        edit_mapping(text, flatten(settings), "FILE")
    assert message in caught.value.message
