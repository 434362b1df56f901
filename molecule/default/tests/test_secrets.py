# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of the lab is where it should not be: in what was printed at -vvv with diffs, in journals, in what everybody can read."""

from __future__ import annotations

import base64
import shlex
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

import cluster
import pytest
import yaml
from testinfra.host import Host

#: Where files lie that last longer than a process; /proc and /sys are the kernel's.
PLACES = "/boot /etc /home /opt /root /run /srv /tmp /usr/local /var"
NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups"


@pytest.fixture(scope="session")
def secrets(lab) -> dict[str, str]:
    """Strings by what they are."""
    found = cluster.read_json(Path(lab["secrets_file"]))
    # What the controller fetches to reach the API.
    (user,) = yaml.safe_load(Path(lab["kubeconfig"]).read_text(encoding="utf-8"))["users"]
    key = user["user"]["client-key-data"]
    found["the administrator's key in the kubeconfig"] = key[200:280]
    found["the administrator's key"] = base64.b64decode(key).decode().splitlines()[5]
    assert all(len(secret) > 20 for secret in found.values())
    return found


def search(host: Host, script: str, secrets: Mapping[str, str]) -> list[str]:
    """Runs a script as root that reads what to look for, one string a line, from its standard input; returns the lines it prints."""
    # Not on a command line, which sudo writes to the journal.
    command = ["ssh", "-F", str(cluster.BUILD / "ssh_config"), cluster.node_name(host), f"sudo sh -c {shlex.quote(script)}"]
    result = subprocess.run(command, input="\n".join(secrets.values()), check=False, capture_output=True, text=True, errors="replace")
    # grep: 1 where nothing was found, 2 where something could not be read, which is what the search for readable files expects.
    assert result.returncode in (0, 1, 2), result.stderr
    return [line for line in result.stdout.splitlines() if line]


def readable_files(host: Host, secrets: Mapping[str, str]) -> list[str]:
    """The files that hold a secret and that any user of the node can read."""
    return search(host, f"{NOBODY} grep --no-messages --devices=skip -rlF --file=- {PLACES}", secrets)


def journal_lines(host: Host, secrets: Mapping[str, str]) -> list[str]:
    """The lines of the system's journal and of the migration's own record that hold a secret."""
    everything = "{ journalctl --no-pager --output=cat --all; cat /var/lib/dockershim-migration/*.json; }"
    keep = "umask 077; patterns=$(mktemp -p /run); trap 'rm $patterns' EXIT; cat > $patterns"
    return search(host, f"{keep}; {everything} | grep -aF --file=$patterns", secrets)


def test_nobody_can_read_a_secret_on_a_node(node, secrets):
    assert readable_files(node, secrets) == []


def test_no_secret_is_in_a_journal(node, secrets):
    assert journal_lines(node, secrets) == []


@pytest.mark.parametrize("name", ["check-vvv.log", "migration-vvv.log"])
def test_no_secret_was_printed(name, secrets):
    text = (cluster.BUILD / name).read_text(encoding="utf-8")
    assert "registry.lab:5001/hosts.toml" in text, "no output of a run with diffs"
    assert "ESTABLISH" in text, "no output at -vvv"
    assert not [what for what, secret in secrets.items() if secret in text]


def test_the_files_that_hold_secrets_are_for_root_alone(node):
    assert node.file("/var/lib/kubelet/config.json").mode == 0o600
    copy = node.file("/etc/containerd/certs.d/client.lab:5003/client.key")
    assert copy.mode == 0o600
    assert copy.content == (cluster.BUILD / "registries" / "client.key").read_bytes()


@pytest.fixture
def planted():
    """A secret of its own that lies open on a node: in a file, in the system's journal and in the migration's."""
    secret = uuid.uuid4().hex
    host = cluster.node_host(cluster.node_names()[0])
    path, record = f"/var/lib/planted-{secret[:8]}", f"/var/lib/dockershim-migration/planted-{secret[:8]}.json"
    host.check_output(f"sh -c 'umask 022; echo x{secret}x > {path}; logger logged={secret}; echo recorded={secret} > {record}'")
    host.check_output("journalctl --sync")
    yield host, path, {"planted": secret}
    host.check_output(f"rm {path} {record}")


def test_a_secret_that_lies_open_would_be_found(planted):
    host, path, secrets = planted
    assert readable_files(host, secrets) == [path]
    found = journal_lines(host, secrets)
    assert f"logged={secrets['planted']}" in found
    assert f"recorded={secrets['planted']}" in found
    host.check_output(f"chmod 0600 {path}")
    assert readable_files(host, secrets) == []
