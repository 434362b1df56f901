# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Docker leaves in a node's packet filter, and how it is taken away without touching what is not Docker's.

Sources: moby libnetwork/iptables and libnetwork/drivers/bridge (chains C(DOCKER), C(DOCKER-ISOLATION-STAGE-1) and C(-2) since 17.06, one
C(DOCKER-ISOLATION) before, C(DOCKER-USER) for the administrator's own rules, C(DOCKER-INGRESS) of swarm, C(DOCKER-FORWARD), C(DOCKER-CT)
and C(DOCKER-BRIDGE) since 28.0; policy DROP of FORWARD where dockerd itself turned forwarding on, since 1.13).
Runs on the node: standard library and Python 3.6 only.
"""

import re
import shlex

CHAINS = re.compile(r"^DOCKER(-USER|-FORWARD|-CT|-BRIDGE|-INGRESS|-ISOLATION(-STAGE-[12])?)?$")
#: The administrator's own: Docker only puts a RETURN into it.
USER_CHAIN = "DOCKER-USER"
BRIDGE = "docker0"
#: Who else writes into FORWARD and lives well with its policy being ACCEPT: Kubernetes and CNI plugins.
CLUSTER_CHAINS = re.compile(r"^(KUBE-|CNI-|cali-|FLANNEL|CILIUM|WEAVE|ANTREA|kube-)", re.IGNORECASE)


def parse_save(text):
    """Parses the output of C(iptables-save).

    :returns: dict of table -> dict of chains (dict of name -> policy, C(-) for none) and rules (list of lists of str, each beginning with
        the chain).
    """
    tables, table = {}, None
    for line in text.splitlines():
        if line.startswith("*"):
            table = tables.setdefault(line[1:].strip(), {"chains": {}, "rules": []})
        elif line.startswith(":") and table is not None:
            name, policy = line[1:].split()[:2]
            table["chains"][name] = policy
        elif line.startswith("-A ") and table is not None:
            table["rules"].append(shlex.split(line)[1:])
    return tables


def is_dockers(rule):
    """Whether a rule in a chain that is not Docker's belongs to Docker: it leads into one of its chains, or names its bridge."""
    target = rule[rule.index("-j") + 1] if "-j" in rule[:-1] else ""
    interfaces = [rule[number + 1] for number, word in enumerate(rule[:-1]) if word in ("-i", "-o")]
    return bool(CHAINS.match(target)) or BRIDGE in interfaces


def plan_removal(text):
    """Plans the removal of Docker's chains and rules.

    :param text: str, output of C(iptables-save) (or C(ip6tables-save)).
    :returns: dict of commands (list of argument lists, without the program), kept (list of str: what stays, and why), and policy (bool:
        whether FORWARD is to get the policy ACCEPT again, which is the last of the commands then).
    """
    commands, kept = [], []
    tables = parse_save(text)
    for name in sorted(tables):
        table = tables[name]
        chains = [chain for chain in table["chains"] if CHAINS.match(chain)]
        own = [rule[1:] for rule in table["rules"] if rule[0] == USER_CHAIN and rule[1:] != ["-j", "RETURN"]]
        if own:
            chains.remove(USER_CHAIN)
            kept.append(
                "table {0}: chain {1} has rules of its own: {2}".format(name, USER_CHAIN, "; ".join(" ".join(rule) for rule in own))
            )
        for rule in table["rules"]:
            leads_to_kept = own and USER_CHAIN in rule[1:]
            if rule[0] not in chains and not (own and rule[0] == USER_CHAIN) and is_dockers(rule) and not leads_to_kept:
                commands.append(["-t", name, "-D"] + rule)
        # Chains lead to each other: all are emptied before the first one goes.
        commands += [["-t", name, "-F", chain] for chain in sorted(chains)]
        commands += [["-t", name, "-X", chain] for chain in sorted(chains)]
    policy, why = _policy(tables.get("filter"))
    if policy:
        commands.append(["-t", "filter", "-P", "FORWARD", "ACCEPT"])
    elif why:
        kept.append(why)
    return {"commands": commands, "kept": kept, "policy": policy}


def _policy(table):
    """Whether Docker, and nobody else, can have set FORWARD's policy to DROP: tuple of that and why not (str or None)."""
    if table is None or table["chains"].get("FORWARD") != "DROP":
        return False, None
    if not any(CHAINS.match(chain) for chain in table["chains"]):
        return False, "FORWARD's policy is DROP, and there are no chains of Docker's that would tell that Docker set it"
    others = []
    for rule in table["rules"]:
        target = rule[rule.index("-j") + 1] if "-j" in rule[:-1] else ""
        if rule[0] == "FORWARD" and not is_dockers(rule) and not CLUSTER_CHAINS.match(target):
            others.append(" ".join(rule[1:]))
    if others:
        return False, "FORWARD's policy is DROP, and it stays, since others have rules there as well: {0}".format("; ".join(others))
    return True, None
