# Copyright (c) 2026, the dockershim.migration developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ansible_collections.dockershim.migration.plugins.module_utils import _lock as lock
from ansible_collections.dockershim.migration.plugins.modules import migration_lock
from api_stand_in import ApiStandIn
from module_runner import ModuleFailedError, run_module

NOW = lock.parse_time("2026-11-23T21:30:00Z")
ME = {
    "user": "root",
    "host": "controller",
    "pid": 4711,
    "started": "100",
    "since": "2026-11-23T21:12:08Z",
    "boot_id": "b",
    "pid_namespace": "n",
}
OTHER = {**ME, "pid": 4242, "started": "50", "user": "eve"}
ELSEWHERE = {**OTHER, "host": "awx-1", "boot_id": "c"}


def lease(holder=None, renewed="2026-11-23T21:29:00.000000Z", duration=1800, **changes):
    holder = holder or OTHER
    spec = {"holderIdentity": lock.describe(holder), "leaseDurationSeconds": duration, "renewTime": renewed, "acquireTime": renewed}
    return {
        "metadata": {"name": "dockershim-migration", "annotations": {lock.HOLDER_ANNOTATION: json.dumps(holder)}},
        "spec": {**spec, **changes},
    }


FOREIGN = {"metadata": {}, "spec": {"holderIdentity": "somebody", "leaseDurationSeconds": 60, "renewTime": "2026-11-23T21:29:30Z"}}


@pytest.mark.parametrize(
    ("found", "running", "force", "action", "why"),
    [
        (None, {}, False, lock.CREATE, "nobody"),
        (lease(holderIdentity=""), {}, False, lock.TAKE, "nobody"),
        (lease(ME), {4711: "100"}, False, lock.RENEW, "this run"),
        (lease(ME, renewed="2026-11-23T10:00:00Z"), {4711: "100"}, False, lock.RENEW, "this run"),
        (lease(), {4242: "50"}, False, lock.REFUSE, "has it until 2026-11-23T21:59:00Z"),
        (lease(), {}, False, lock.TAKE, "does not run any more"),
        (lease(), {4242: "77"}, False, lock.TAKE, "does not run any more"),
        (lease(ELSEWHERE), {}, False, lock.REFUSE, "eve@awx-1 pid 4242"),
        (lease({**OTHER, "boot_id": "earlier"}), {}, False, lock.REFUSE, "has it until"),
        (lease({**OTHER, "pid_namespace": "other"}), {}, False, lock.REFUSE, "has it until"),
        (lease({**OTHER, "boot_id": None}), {}, False, lock.REFUSE, "has it until"),
        (lease(ELSEWHERE, renewed="2026-11-23T20:59:59Z"), {}, False, lock.TAKE, "has not renewed it since 2026-11-23T21:29:59Z"),
        (lease(ELSEWHERE, renewed="2026-11-23T21:00:01Z"), {}, False, lock.REFUSE, "has it until"),
        (lease(ELSEWHERE), {}, True, lock.TAKE, "by force"),
        (lease(OTHER, renewed=None), {4242: "50"}, False, lock.TAKE, "has not renewed"),
        (FOREIGN, {}, False, lock.REFUSE, "somebody has it"),
        ({**FOREIGN, "spec": {**FOREIGN["spec"], "renewTime": "2026-11-23T21:28:00Z"}}, {}, False, lock.TAKE, "somebody has not"),
    ],
    ids=[
        "no lease",
        "given back",
        "mine",
        "mine, expired",
        "a living process of this host",
        "a dead process of this host",
        "its number belongs to another process now",
        "another host",
        "another boot of this host",
        "another container on this host",
        "a host that tells nothing",
        "expired",
        "about to expire",
        "by force",
        "never renewed",
        "of another tool",
        "of another tool, expired",
    ],
)
def test_who_may_have_the_lock(found, running, force, action, why):
    decided = lock.decide(found, ME, NOW, running.get, force)
    assert decided[0] == action
    assert why in decided[1]


def test_the_time_of_the_api_has_microseconds():
    assert lock.micro_time(NOW + 0.25) == "2026-11-23T21:30:00.250000Z"
    assert lock.parse_time("2026-11-23T21:30:00.250000Z") == NOW
    assert lock.parse_time("rubbish") == 0


@pytest.fixture
def api():
    with ApiStandIn() as api:
        yield api


def call(api, state, holder=None, **options):
    return run_module(migration_lock, host=api.url, state=state, holder=holder or ME, api_timeout=2, **options)


KEY = "kube-system/dockershim-migration"


def test_one_run_has_it_and_the_other_is_told_who(api):
    assert call(api, "acquired", ELSEWHERE, note="job 7")["held"]
    for state in ("checked", "acquired"):
        with pytest.raises(ModuleFailedError, match=r"eve@awx-1 pid 4242 since 2026-11-23T21:12:08Z \(job 7\) has the lock") as failure:
            call(api, state)
        assert failure.value.result["holder"].startswith("eve@awx-1")
    assert call(api, "released")["changed"] is False
    assert call(api, "released", ELSEWHERE)["changed"]
    assert api.leases == {}
    assert call(api, "checked")["held"] is False
    assert call(api, "acquired")["held"]


def test_a_renewal_keeps_the_time_of_the_beginning(api):
    call(api, "acquired", duration=60)
    spec = dict(api.leases[KEY]["spec"])
    result = call(api, "renewed", duration=90)
    renewed = api.leases[KEY]["spec"]
    assert result["held"]
    assert (renewed["acquireTime"], renewed["leaseTransitions"]) == (spec["acquireTime"], 0)
    assert renewed["renewTime"] >= spec["renewTime"]
    assert renewed["leaseDurationSeconds"] == 90


def test_a_lock_that_another_has_taken_since_is_not_taken_back(api):
    call(api, "acquired")
    call(api, "acquired", ELSEWHERE, force=True)
    assert api.leases[KEY]["spec"]["leaseTransitions"] == 1
    with pytest.raises(ModuleFailedError, match="has lost its lock"):
        call(api, "renewed")
    assert api.leases[KEY]["spec"]["holderIdentity"].startswith("eve@awx-1")


def test_of_two_that_want_it_at_the_same_moment_one_gets_it(api):
    def hook(verb, path):
        if verb == "POST":
            api.hook = lambda verb, path: None
            api.leases[KEY] = lease(ELSEWHERE, renewed=lock.micro_time(__import__("time").time()))
            api.leases[KEY]["metadata"].update(uid="u", resourceVersion="1")

    api.hook = hook
    with pytest.raises(ModuleFailedError, match="eve@awx-1"):
        call(api, "acquired")


def test_an_answer_that_was_lost_is_no_other_run(api):
    call(api, "acquired")
    api.fail(0, times=1, on="GET")
    assert call(api, "renewed")["held"]


def test_check_mode_takes_nothing(api):
    result = call(api, "acquired", check_mode=True)
    assert result["changed"]
    assert api.changes() == []


def test_it_goes_on_without_the_lock_only_where_it_is_told_to():
    with ApiStandIn() as gone:
        url = gone.url
    options = {"host": url, "state": "acquired", "holder": ME, "api_timeout": 1}
    with pytest.raises(ModuleFailedError, match="does not answer"):
        run_module(migration_lock, **options)
    result = run_module(migration_lock, when_away="warn", **options)
    assert (result["held"], result["changed"]) == (False, False)


def test_a_process_is_known_by_its_beginning():
    assert lock.process_started(os.getpid()) == lock.process_started(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        described = lock.describe_process(process.pid)
        assert described["started"]
        assert lock.is_neighbour(described, lock.describe_process(os.getpid()))
        process.kill()
    assert lock.process_started(process.pid) is None
    assert lock.process_started(None) is None
