# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dockershim.migration.plugins.module_utils import _docker_network as network
from ansible_collections.dockershim.migration.plugins.modules import docker_leftovers
from module_runner import ModuleFailedError, run_module

# What iptables-save said on a migrated lab node (Docker 20.10, kube-proxy 1.20), without most of Kubernetes' own rules.
SAVED = """\
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD {policy} [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
:KUBE-FORWARD - [0:0]
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
{more}-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
COMMIT
"""
CHAINS = {"DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER-USER"}


def saved(policy="ACCEPT", more=""):
    return SAVED.format(policy=policy, more=more)


def test_all_that_is_dockers_goes_and_nothing_else():
    plan = network.plan_removal(saved())
    deleted = [command[2:] for command in plan["commands"] if command[2] == "-D"]
    assert len(deleted) == 9
    assert not [rule for rule in deleted if any("KUBE" in word for word in rule)]
    assert {command[3] for command in plan["commands"] if command[2] == "-X"} == CHAINS
    assert plan["kept"] == []
    assert not plan["policy"]
    # A chain is emptied and led to by nobody before it goes.
    order = [command[2] for command in plan["commands"] if command[1] == "filter"]
    assert order == ["-D"] * 6 + ["-F"] * 4 + ["-X"] * 4


def test_rules_keep_their_words():
    rule = '-A FORWARD -m comment --comment "two words" -i docker0 -j ACCEPT'
    plan = network.plan_removal(f"*filter\n:FORWARD ACCEPT [0:0]\n{rule}\nCOMMIT\n")
    words = ["FORWARD", "-m", "comment", "--comment", "two words", "-i", "docker0", "-j", "ACCEPT"]
    assert plan["commands"] == [["-t", "filter", "-D", *words]]


@pytest.mark.parametrize(
    ("text", "policy", "kept"),
    [
        (saved("ACCEPT"), False, None),
        (saved("DROP"), True, None),
        (saved("DROP", "-A FORWARD -m comment --comment x -j CNI-FORWARD\n-A FORWARD -j cali-FORWARD\n"), True, None),
        (saved("DROP", "-A FORWARD -j ufw-before-forward\n"), False, "others have rules there as well: -j ufw-before-forward"),
        (saved("DROP", "-A FORWARD -s 192.0.2.0/24 -j ACCEPT\n"), False, "others have rules there"),
        ("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", False, "no chains of Docker's"),
        ("", False, None),
    ],
    ids=["ACCEPT", "Docker's DROP", "beside CNI", "beside ufw", "beside a rule of the administrator's", "no Docker", "no filter at all"],
)
def test_the_policy_of_forward(text, policy, kept):
    plan = network.plan_removal(text)
    assert plan["policy"] is policy
    assert (plan["commands"][-1:] == [["-t", "filter", "-P", "FORWARD", "ACCEPT"]]) is policy
    assert [kept in item for item in plan["kept"]] == ([True] if kept else [])


def test_the_administrators_own_rules_stay():
    plan = network.plan_removal(saved(more="-A DOCKER-USER -s 192.0.2.0/24 -j DROP\n"))
    assert "-s 192.0.2.0/24 -j DROP" in plan["kept"][0]
    assert {command[3] for command in plan["commands"] if command[2] == "-X"} == CHAINS - {"DOCKER-USER"}
    assert ["-t", "filter", "-D", "FORWARD", "-j", "DOCKER-USER"] not in plan["commands"]


def test_a_second_time_there_is_nothing():
    clean = "*filter\n:FORWARD ACCEPT [0:0]\n:KUBE-FORWARD - [0:0]\n-A FORWARD -j KUBE-FORWARD\nCOMMIT\n"
    assert network.plan_removal(clean) == {"commands": [], "kept": [], "policy": False}


@pytest.fixture
def tidy(tmp_path, monkeypatch):
    """Runs the module on a node with directories of the test's own and without a packet filter."""

    def run(docker_runs=False, **options):
        def run_command(self, command, **keywords):
            assert command[0] == "systemctl"
            return 0, f"Id=docker.service\nMainPID={int(docker_runs)}\n", ""

        monkeypatch.setattr(AnsibleModule, "run_command", run_command)
        monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda self, name, required=False: None)
        monkeypatch.setattr(docker_leftovers, "BRIDGE", "no-such-bridge")
        places = {name: str(tmp_path / name) for name in ("cni_networks", "cni_cache", "dockershim_root", "docker_root")}
        return run_module(docker_leftovers, **places, **options)

    return run


def test_leaked_addresses_and_the_dockershims_directory(tidy, tmp_path):
    networks = tmp_path / "cni_networks" / "pods"
    networks.mkdir(parents=True)
    for address, container in (("10.1.0.2", "dead"), ("10.1.0.3", "of-containerd"), ("10.1.0.4", "sandbox")):
        (networks / address).write_text(f"{container}\r\neth0")
    (networks / "last_reserved_ip.0").write_text("10.1.0.4")
    (networks / "lock").write_text("")
    (tmp_path / "docker_root" / "containers" / "dead").mkdir(parents=True)
    (tmp_path / "dockershim_root" / "sandbox").mkdir(parents=True)
    (tmp_path / "dockershim_root" / "sandbox" / "sandbox").write_text("{}")
    foretold = tidy(check_mode=True)
    assert (networks / "10.1.0.2").exists()
    result = tidy()
    assert foretold["removed"] == result["removed"]
    assert sorted(path.name for path in networks.iterdir()) == ["10.1.0.3", "last_reserved_ip.0", "lock"]
    assert not (tmp_path / "dockershim_root").exists()
    assert (tmp_path / "docker_root").exists()
    assert not tidy()["changed"]


def test_a_docker_that_runs_keeps_all(tidy):
    with pytest.raises(ModuleFailedError, match="Docker runs on this node"):
        tidy(docker_runs=True)
