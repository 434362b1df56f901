# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real kubeadm cluster with dockershim on this machine: up, down, status, probe, registry-log, etcd-watch, restart, snapshot, restore."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from labcluster import etcd_watch, lifecycle, machine, probe, registry_log, results, settings, snapshot, views
from labcluster.command import set_log_dir
from labcluster.errors import LabError
from labcluster.lock import only_one

CHECKOUT = Path(__file__).resolve().parents[2]
#: What sudo would drop from the environment and the lab reads.
_KEPT_BY_SUDO = ("LAB_", "XDG_CACHE_HOME", "HOME", "http_proxy", "https_proxy", "no_proxy")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="Sizes by environment: LAB_CONTROL_PLANES (1 or 3; default 1), LAB_WORKERS (1 to 9; default 2). "
        "More in tests/lab/README.md.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="build and start a fresh lab, replacing the one that runs")
    commands.add_parser("down", help="remove machines, volumes, network and build/lab; the cache stays")
    status = commands.add_parser("status", help="show machines, nodes with their runtime, and pods")
    status.add_argument(
        "--expect", metavar="RUNTIME", help="exit 1 if a node is not Ready on this runtime, such as containerd; show only such nodes"
    )
    probing = commands.add_parser("probe", help="ask the Service ten times a second from outside the cluster")
    probing.add_argument("action", choices=("start", "stop", "report"), help="report exits 1 when a request failed or has no result")
    probing.add_argument("--json", action="store_true", help="the report as JSON")
    watching = commands.add_parser("etcd-watch", help="ask each member of etcd every second from outside the cluster")
    watching.add_argument("action", choices=("start", "stop", "report"), help="report exits 1 without a quorum or with several away")
    log = commands.add_parser("registry-log", help="print pulls from the registries as JSON lines")
    log.add_argument(
        "--since", metavar="TIME", help="only from this time on: seconds since 1970, or ISO 8601 (UTC unless it says otherwise)"
    )
    restart = commands.add_parser("restart", help="restart a node")
    restart.add_argument("--hard", action="store_true", help="as a power failure would")
    keeping = commands.add_parser("snapshot", help="keep a copy of a node's disk, without etcd's data; the node is stopped meanwhile")
    restoring = commands.add_parser("restore", help="put a node's disk back as the snapshot has it; the node is switched off meanwhile")
    for command in (restart, keeping, restoring):
        command.add_argument("node", metavar="NODE")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    become_root()
    description = results.read_description(CHECKOUT)
    # Only C(up) chooses; everything else is about the lab that is there.
    recorded = description["knobs"] if description and arguments.command != "up" else {}
    lab = settings.load_settings({**os.environ, **recorded}, CHECKOUT)
    if arguments.command in ("up", "down"):
        # The names of containers and network belong to the machine, whatever checkout they come from.
        with only_one(Path("/run/lock") / f"{lab.name}.lock", "works on the lab"):
            set_log_dir(lab.log_dir)
            (lifecycle.up if arguments.command == "up" else lifecycle.down)(lab)
        return 0
    if arguments.command == "status":
        if arguments.expect:
            return expect_runtime(lab, arguments.expect)
        print(views.status(lab), end="")
        return 0
    if description is None:
        raise LabError(f"there is no lab in {lab.build_dir}; make one with: python3 tests/lab/lab.py up")
    if arguments.command == "probe":
        return run_probe(lab, arguments.action, arguments.json)
    if arguments.command == "registry-log":
        return print_pulls(lab, arguments.since)
    set_log_dir(lab.log_dir)
    if arguments.command == "etcd-watch":
        return watch_etcd(lab, arguments.action)
    return change_node(lab, arguments)


def watch_etcd(lab: settings.Settings, action: str) -> int:
    """Starts, stops or adds up the watcher of etcd."""
    if action == "start":
        etcd_watch.start(lab)
        return 0
    if action == "stop":
        etcd_watch.stop(lab)
        return 0
    if not lab.etcd_file.exists():
        raise LabError("nobody has watched etcd yet; start it with: python3 tests/lab/lab.py etcd-watch start")
    with lab.etcd_file.open(encoding="utf-8") as file:
        report = etcd_watch.make_report(probe.read_lines(file))
    print(etcd_watch.render(report), end="")
    return 0 if report.ok else 1


def change_node(lab: settings.Settings, arguments: argparse.Namespace) -> int:
    """Restarts a node, keeps a copy of it, or puts that back."""
    node = lab.node(arguments.node)
    if arguments.command == "restart":
        snapshot.restart(node, hard=arguments.hard)
    elif arguments.command == "snapshot":
        snapshot.take(lab, node)
    else:
        snapshot.restore(lab, node)
    return 0


def expect_runtime(lab: settings.Settings, runtime: str) -> int:
    """Tells whether every node is Ready on a runtime."""
    others = views.nodes_not_on(lab, runtime)
    for line in others:
        print(line)
    return 1 if others else 0


def run_probe(lab: settings.Settings, action: str, as_json: bool) -> int:
    """Starts, stops or adds up the probe."""
    if action == "start":
        machine.execute(lab.services_container, "systemctl", "stop", "lab-probe.service")
        if lab.probe_file.exists():
            lab.probe_file.replace(lab.probe_file.with_suffix(".previous.jsonl"))
        machine.execute(lab.services_container, "systemctl", "start", "lab-probe.service")
        return 0
    if action == "stop":
        machine.execute(lab.services_container, "systemctl", "stop", "lab-probe.service")
        return 0
    if not lab.probe_file.exists():
        raise LabError("the probe has not run yet; start it with: python3 tests/lab/lab.py probe start")
    with lab.probe_file.open(encoding="utf-8") as file:
        report = probe.make_report(probe.read_lines(file))
    if as_json:
        print(json.dumps({**report.__dict__, "ok": report.ok}, indent=2))
    else:
        print(probe.render(report), end="")
    return 0 if report.ok else 1


def print_pulls(lab: settings.Settings, since_text: str | None) -> int:
    """Prints what the registries were asked for."""
    try:
        since = registry_log.parse_time(since_text) if since_text else None
    except ValueError as error:
        raise LabError(f"--since {since_text}: neither seconds since 1970 nor ISO 8601 ({error})") from error
    pulls = []
    for name in settings.REGISTRIES:
        path = lab.services_dir / f"{name}-access.log"
        if path.exists():
            with path.open(encoding="utf-8", errors="replace") as file:
                pulls += registry_log.parse_pulls(name, file, since)
    for pull in sorted(pulls, key=lambda record: record["time"]):
        print(json.dumps(pull))
    return 0


def become_root() -> None:
    """Machines need root: without it the command runs itself again through sudo."""
    if os.geteuid() == 0:
        return
    if not shutil.which("sudo"):
        raise LabError("the lab needs root (privileged containers, overlays) and finds no sudo; run it as root")
    kept = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(_KEPT_BY_SUDO)]
    os.execvp("sudo", ["sudo", "env", *kept, sys.executable, *sys.argv])  # noqa: S606


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"lab: {error}")
    except KeyboardInterrupt:
        sys.exit("lab: interrupted; run the command again, it replaces what is half done")
    except BrokenPipeError:
        sys.exit(0)
