# SPDX-License-Identifier: ISC
"""What srcportd makes of recordings of known hosts (tests/data/record says how they were made)."""
import json
import os

import harness as h
import kernel
from world import World

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
LO = "127.0.0.1"


def path_of(name):
    return os.path.join(DATA, name + ".rec")


def replay(name, *targets):
    status, out, error = h.srcportd("--once", "--format", "json", "--replay", path_of(name), *targets)
    assert (status, error) == (0, ""), (status, error)
    return json.loads(out)


def assert_range(report, **expected):
    found = {key: report["range"][key] for key in expected}
    assert found == expected, found


def assert_pools(report, *expected):
    """Each: local, peer, port, connections, used, remaining, uncertain; no other pools."""
    keys = "local", "peer", "port", "connections", "used", "remaining", "uncertain"
    found = sorted(tuple(pool[key] for key in keys) for pool in report["pools"])
    assert found == sorted(expected), found


def assert_states(states, **expected):
    found = {name: count for name, count in states.items() if count}
    assert found == expected, found


def check_states(report):
    assert_range(report, low=40000, high=40099, size=100, reserved=0, listening=1, bound=0,
                 capacity=99, uncertain=0)
    assert_states(report["totals"]["states"], established=22, synSent=3, synReceived=2, finWait2=7,
                  timeWait=10, closeWait=7, listen=6)
    assert (report["totals"]["outbound"], report["totals"]["inbound"]) == (30, 19)
    assert_pools(report,
                 (LO, LO, 9000, 10, 10, 89, 0),
                 (LO, LO, 9001, 5, 5, 94, 0),
                 (LO, LO, 9002, 6, 0, 99, 0),   # TIME_WAIT that is old enough
                 (LO, LO, 9003, 4, 4, 95, 0),   # and that is not
                 (LO, LO, 9004, 2, 2, 97, 0),   # orphans in FIN_WAIT2, never reused
                 ("10.7.0.1", "10.7.0.2", 9000, 3, 3, 96, 0))
    pools = {pool["port"]: pool for pool in report["pools"] if pool["peer"] == LO}
    assert_states(pools[9001]["states"], closeWait=5)
    assert_states(pools[9004]["states"], finWait2=2)
    assert [pools[port]["recyclable"] for port in (9002, 9003)] == [6, 0]


def test_without_udp():
    """These recordings are older than that: not available, which is not none."""
    assert replay("states")["udp"] == {"available": False, "pools": [], "omitted": 0,
                                       "reason": "the recording has no UDP sockets"}


def test_states():
    check_states(replay("states"))


def test_states_without_privilege():
    """The kernel leaves out the mark; everything else must be the same."""
    check_states(replay("states-unprivileged"))


def test_families_and_devices():
    report = replay("families")
    assert_range(report, listening=3, bound=1, capacity=96, uncertain=0)
    assert_pools(report,
                 ("::1", "::1", 9000, 3, 3, 93, 0),
                 ("fd00:7::1", "fd00:7::2", 9000, 2, 2, 94, 0),
                 ("fe80::7:1%2", "fe80::7:2%2", 9000, 2, 2, 94, 0),
                 (LO, LO, 9000, 8, 8, 88, 0),          # half of them IPv4-mapped
                 (LO + "%1", LO, 9000, 2, 10, 86, 0))  # a bound caller meets the unbound too
    peer = next(row for row in report["peers"] if row["peer"] == LO)
    assert (peer["pools"], peer["tightest"], peer["used"]) == (2, 86, 10), peer


def test_blocked():
    report = replay("blocked")
    assert_range(report, reserved=6, listening=2, bound=5, capacity=87, uncertain=6)
    assert_pools(report,
                 (LO, LO, 9000, 20, 20, 67, 6),
                 # Explicit binds: blocked, not used. Others are outside of the range: in no pool.
                 (LO, LO, 9001, 2, 0, 87, 6),
                 ("127.0.0.3", LO, 9002, 5, 5, 82, 1),   # bind(address, 0)
                 ("127.0.0.4", "127.0.0.5", 30001, 1, 1, 86, 5),  # children of a listener that
                 ("127.0.0.4", "127.0.0.5", 30002, 1, 1, 86, 5))  # has gone
    features = report["poll"]["features"]
    assert {"bothFamilies", "boundIdle", "explicitBind", "bindNoPort"} <= set(features), features


def test_full():
    report = replay("full")
    assert_range(report, capacity=100, uncertain=0, inUse=100, free=0)
    assert_pools(report, (LO, LO, 9000, 100, 100, 0, 0))
    assert report["pools"][0]["severity"] == "critical", report["pools"]
    assert report["locals"] == [
        {"address": LO, "connections": 100, "used": 100, "remaining": 0,
         "uncertain": 0, "severity": "normal"}], report["locals"]
    assert "boundIdle" in report["poll"]["features"], report["poll"]


def test_address_translation():
    """Of a router; also where nothing is translated, and nobody may ask."""
    nat = replay("nat")["nat"]
    assert (nat["available"], nat["reason"], nat["omitted"]) == (True, None, 0), nat
    keys = ("protocol", "outside", "peer", "entries", "used", "remaining", "evictable", "capacity",
            "lossPpm", "severity")
    assert [tuple(pool[key] for key in keys) for pool in nat["pools"]] == [
        # Three are the router's own, on ports beside the rule's.
        ("tcp", "192.0.2.1", "192.0.2.100", 38, 35, 65, 0, 100, 0, "normal"),
        ("udp", "192.0.2.1", "192.0.2.100", 5, 5, 95, 0, 100, 0, "normal"),
        # Too few to show a range; and three in TIME_WAIT.
        ("tcp", "2001:db8::1", "2001:db8::100", 5, 2, 64510, 3, 64512, 0, "normal")], nat["pools"]
    assert [tuple(pool["range"].values()) for pool in nat["pools"]] == [
        (20000, 20099, "flows"), (20000, 20099, "flows"), (1024, 65535, "default")], nat["pools"]
    assert replay("full")["nat"]["pools"] is None


def test_targets():
    report = replay("states", "127.0.0.1:9000", "127.0.0.0/8", "::1", "10.7.0.2:9001")
    found = [(t["target"], t["pools"], t["connections"], t["tightest"]) for t in report["targets"]]
    assert found == [("127.0.0.1:9000", 1, 10, 89), ("127.0.0.0/8", 5, 27, 89), ("::1", 0, 0, 99),
                     ("10.7.0.2:9001", 0, 0, 99)], found


def test_same_every_time():
    """A replay depends on nothing but the recording."""
    for form in "text", "json", "nagios":
        first = h.srcportd("--once", "--format", form, "--replay", path_of("blocked"))
        h.port_range(50000, 50009)
        again = h.srcportd("--once", "--format", form, "--replay", path_of("blocked"))
        assert first == again and first[1], (first, again)


def test_what_is_recorded_now_replays_the_same():
    """Also with every port taken, where the program cannot bind a socket of its own to any of them."""
    tape = os.path.join(h.directory(), "now.rec")
    world = World()
    world.connect_until_full()
    world.udp(range(40000, 40020))
    status, out, error = h.srcportd("--once", "--format", "json", "--record", tape, LO)
    assert (status, error) == (0, ""), (status, error)
    live = json.loads(out)
    assert live["targets"][0]["tightest"] == 0, live["targets"]
    assert [row["remaining"] for row in live["udp"]["pools"]] == [80, 80, 80], live["udp"]
    if kernel.lists_bound():
        assert "boundIdle" in live["poll"]["features"], live["poll"]
    status, out, error = h.srcportd("--once", "--format", "json", "--replay", tape, LO)
    assert (status, error) == (0, ""), (status, error)
    again = json.loads(out)
    # Who holds the ports, and how long the poll took, is not in a recording.
    again["poll"]["duration_us"] = live["poll"]["duration_us"]
    for section in "range", "locals", "pools", "peers", "totals", "limits", "nat", "poll", "udp":
        assert live[section] == again[section], (section, live[section], again[section])


def test_cut_recordings_are_refused():
    with open(path_of("full"), "rb") as file:
        whole = file.read()
    cut = os.path.join(h.directory(), "cut.rec")
    for keep in 0, 1, 20, 21, 100, len(whole) // 2, len(whole) - 5, len(whole) - 1:
        with open(cut, "wb") as file:
            file.write(whole[:keep])
        status, out, error = h.srcportd("--once", "--replay", cut)
        assert status == 1 and not out, (keep, status, out)
        assert error.startswith("srcportd: " + cut + ": ") and error.count("\n") == 1, error


if __name__ == "__main__":
    h.main()
