#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Notifications on their whole way: real sockets, srcportd, snmpd, snmptrapd."""
import time

import harness as h
from traps import (CLEARED, CRITICAL, KEY, PORT, QUICK, SUPPRESSED, WARNING, World, alarms,
                   kind_of, values)


def test_every_kind_of_manager_hears_of_each_change_once():
    world = World("v1", "v2c", "inform", "v3")
    world.held = h.connect_until_full("127.0.0.1", PORT)
    assert len(world.held) == 100
    world.wait(4)
    row = {"Key": KEY, "Kind": 1, "Severity": 3, "Sequence": 1, "LocalAddrType": 1,
           "PeerAddrType": 1, "LocalAddr": b"\x7f\0\0\1", "PeerAddr": b"\x7f\0\0\1",
           "PeerPort": PORT, "Used": 100, "Capacity": 100, "Remaining": 0, "Percent": 100,
           "CloseWait": 0, "Cause": 6, "Namespace": b""}
    (index, seen), = alarms().items()
    assert index == (1,) and seen["srcPortAlarmAge"] < 30, (index, seen)
    assert {name: seen["srcPortAlarm" + name] for name in row} == row, seen
    assert h.value("srcPortSystemSeverity.0") == 3
    assert h.value("srcPortSystemActiveAlarms.0") == 1
    world.empty()
    world.wait(8)
    world.daemon.wait_polls(3)
    assert alarms() == {}
    carried = ["Severity", "Key", "Message", "Namespace", "Used", "Capacity", "Remaining",
               "Percent", "Cause", "Sequence"]
    for sort in ("v1", "v2c", "inform", "v3"):
        told = [trap for trap in world.ours() if trap.kind == sort]
        assert [kind_of(trap) for trap in told] == [CRITICAL, CLEARED], (sort, told)
        raised, cleared = (values(trap) for trap in told)
        assert [name for name in raised if name != "instance"] == [
            "srcPortAlarm" + name for name in carried]
        assert raised["instance"] == cleared["instance"] == (1,)
        for name in carried:
            if name != "Message":
                assert raised["srcPortAlarm" + name] == row[name], (sort, name)
        message = raised["srcPortAlarmMessage"].decode().rstrip(".")
        assert message.startswith("small range: 100 of 100 ports in use, 0 left"), message
        assert seen["srcPortAlarmMessage"].decode().startswith(message)
        now = dict(row, Severity=1, Cause=1, Used=0, Remaining=100, Percent=0, Sequence=2)
        for name in carried:
            if name != "Message":
                assert cleared["srcPortAlarm" + name] == now[name], (sort, name)
    assert h.value("srcPortSystemSequence.0") == h.value("srcPortSystemSent.0") == 2
    assert h.value("srcPortSystemOwed.0") == h.value("srcPortSystemUnsent.0") == 0
    world.daemon.stop()


def test_up_and_down_through_both_severities():
    """Each step once, nothing while the numbers stay between two levels, no flapping at a level."""
    world = World(config="warningRemaining off\nclearPolls 1\nwarningPercent 50 clear 40\n"
                         "criticalPercent 80 clear 70\n")
    for wanted, kinds in ((49, []), (50, [WARNING]), (79, []), (45, []), (80, [CRITICAL]),
                          (75, []), (81, []), (71, []), (69, [WARNING]), (41, []), (50, []),
                          (39, [CLEARED]), (49, [])):
        before = len(world.ours())
        h.reset_all(world.held[wanted:])
        world.held = world.held[:wanted]
        world.held += h.connect_many(wanted - len(world.held), "127.0.0.1", PORT)
        world.daemon.wait_polls(2)
        if kinds:
            world.wait(before + 1)
        assert world.told()[before:] == kinds, (wanted, world.told()[before:])
    sequences = [values(trap)["srcPortAlarmSequence"] for trap in world.ours()]
    assert sequences == [1, 2, 3, 4], sequences
    assert {values(trap)["instance"] for trap in world.ours()} == {(1,)}
    world.daemon.stop()


def test_a_target_and_a_leak():
    world = World(config=QUICK + "target bank 127.0.0.1 port 9000 critical 10% warning off\n"
                                 "closeWait 5 clear 0\ntarget elsewhere 192.0.2.0/24\n")
    other = h.Listener("127.0.0.1", PORT + 1)
    leaked = h.close_wait(6, other)
    first, = world.wait(1)
    seen = values(first)
    assert kind_of(first) == WARNING and seen["srcPortAlarmKey"] == b"peer 127.0.0.1", seen
    assert seen["srcPortAlarmCause"] == 4
    assert seen["srcPortAlarmMessage"].startswith(b"CLOSE_WAIT 6 of 6 to 127.0.0.1, held by "), seen
    world.fill(20)
    second = world.wait(2)[1]
    seen = values(second)
    second_id = seen["instance"]
    assert kind_of(second) == CRITICAL and seen["srcPortAlarmKey"] == b"target bank", seen
    assert seen["srcPortAlarmUsed"] == 20, seen
    assert alarms()[second_id]["srcPortAlarmPeerPort"] == PORT
    targets = h.table("srcPortTargetTable")
    bank = targets[(4,) + tuple(b"bank")]
    assert bank["srcPortTargetSpec"] == b"127.0.0.1:9000"
    assert (bank["srcPortTargetSeverity"], bank["srcPortTargetConnections"]) == (3, 20)
    assert bank["srcPortTargetCriticalPercent"] == 10 and bank["srcPortTargetWarningPercent"] == 0
    empty = targets[(9,) + tuple(b"elsewhere")]
    assert (empty["srcPortTargetPools"], empty["srcPortTargetSeverity"]) == (0, 1)
    h.close_all(leaked)
    world.empty()
    world.wait(4)
    world.daemon.wait_polls(3)
    assert sorted(world.told()) == [CRITICAL, WARNING, CLEARED, CLEARED]
    world.daemon.stop()


def many_pools(count):
    """count pools in alarm: one connection each, in a range of ten ports."""
    h.raise_file_limit()
    h.port_range(40000, 40009)
    listeners = [h.Listener("0.0.0.0", 9000 + i) for i in range(1 + count // 2000)]
    held = []
    for i in range(count):
        peer = "127.%d.%d.%d" % (1 + i // 62500, i // 250 % 250, 1 + i % 250)
        held.append(h.connect(peer, 9000 + i // 2000))
    return listeners, held


def test_five_thousand_alarms_at_once():
    """Every one is told when there is no limit, and snmpd answers all the time."""
    manager = h.Snmptrapd()
    keep = many_pools(5000)
    with h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd:
        daemon = h.Srcportd(snmpd, wait=False,
                            config="maxAlarms 10000\nnotificationsPerMinute 0\n")
        slowest, answers, deadline = 0, 0, time.monotonic() + 60
        while h.value("srcPortSystemSent.0") < 5000 if answers > 20 else True:
            start = time.monotonic()
            h.get((1, 3, 6, 1, 2, 1, 1, 3, 0), timeout=2, retries=0)
            slowest = max(slowest, time.monotonic() - start)
            answers += 1
            assert time.monotonic() < deadline, daemon.log()[-2000:]
        assert h.value("srcPortSystemActiveAlarms.0") == 5000
        assert h.value("srcPortSystemSequence.0") == 5000
        assert h.value("srcPortSystemUnsent.0") == h.value("srcPortSystemOwed.0") == 0
        assert slowest < 1, slowest
        sequences = [values(trap)["srcPortAlarmSequence"]
                     for trap in manager.traps(h.root() + (0, WARNING))]
        assert len(sequences) == len(set(sequences)), "some came twice"
        # UDP loses them on their way from snmpd to snmptrapd, most of them where the machine is busy.
        assert len(sequences) > 100, len(sequences)
        assert daemon.stop() == 0
    assert keep


def test_a_storm_is_cut_short_and_summed_up():
    """For managers of v1 and of v2c alike; and a target's is told however bad the pools are."""
    manager = h.Snmptrapd()
    keep = many_pools(300)

    def told(sort, kind=None):
        return [trap for trap in manager.traps()
                if trap.kind == sort and kind_of(trap) and kind in (None, kind_of(trap))]

    with h.Snmpd(extra=h.trap_sinks("v1", "v2c")) as snmpd:
        daemon = h.Srcportd(snmpd, config="notificationsPerMinute 20\nmaxAlarms 250\nclearPolls 1\n"
                            "target bank 127.0.0.1 port %d critical off warning 5%%\n" % (PORT + 1))
        h.wait_for(lambda: told("v1", SUPPRESSED) and told("v2c", SUPPRESSED), 10, "summaries")
        daemon.wait_polls(3)
        # Half of the limit is for targets and the host.
        for sort in ("v1", "v2c"):
            assert [kind_of(trap) for trap in told(sort)] == 10 * [WARNING] + [SUPPRESSED], sort
        summary, = told("v2c", SUPPRESSED)
        seen = values(summary)
        assert values(told("v1", SUPPRESSED)[0]) == seen
        assert seen["srcPortSystemActiveAlarms"] == 250 and seen["instance"] == (0,)
        assert seen["srcPortSystemOwed"] == 240 and seen["srcPortSystemSequence"] == 11
        assert seen["srcPortSystemMessage"] == (
            b"notifications held back: 240; srcPortAlarmTable has all active alarms: 250")
        assert h.value("srcPortSystemOwed.0") == 240
        assert h.value("srcPortSystemOmittedAlarms.0") == 50
        assert len(h.table("srcPortAlarmTable")) == 250
        listener = h.Listener("127.0.0.1", PORT + 1)
        held = h.connect_many(6, "127.0.0.1", PORT + 1)
        h.wait_for(lambda: all(len(told(sort)) == 12 for sort in ("v1", "v2c")), 10, "the target")
        h.reset_all(held)
        h.wait_for(lambda: all(len(told(sort)) == 13 for sort in ("v1", "v2c")), 10, "its end")
        daemon.wait_polls(2)
        for sort in ("v1", "v2c"):
            last = told(sort)[11:]
            assert [kind_of(trap) for trap in last] == [WARNING, CLEARED], sort
            assert {values(trap)["srcPortAlarmKey"] for trap in last} == {b"target bank"}
            numbers = [values(trap)["srcPortAlarmSequence"] for trap in told(sort)
                       if kind_of(trap) != SUPPRESSED]
            assert numbers == [*range(1, 11), 12, 13], (sort, numbers)
            keys = [values(trap)["srcPortAlarmKey"] for trap in told(sort, WARNING)]
            assert len(set(keys)) == 11, keys
        listener.close()
        daemon.stop()
    assert keep


def test_a_target_is_told_in_a_full_minute_and_the_limit_holds_at_a_reconnect():
    """Half of the limit is the target's, whatever anybody's pools do, and snmpd coming back does
    not bring all of them at once."""
    manager = h.Snmptrapd()
    keep = many_pools(60)
    with h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd:
        daemon = h.Srcportd(snmpd, config="clearPolls 1\nnotificationsPerMinute 10\n"
                            "target bank 127.0.0.1 port %d critical 5%% warning off\n"
                            % (PORT + 1))
        pools = h.root() + (0, WARNING)
        manager.wait_traps(5, trap_oid=pools)
        snmpd.kill()
        snmpd.start_and_wait()
        daemon.wait_served()
        daemon.wait_polls(3)
        listener = h.Listener("127.0.0.1", PORT + 1)
        held = h.connect_many(10, "127.0.0.1", PORT + 1)
        told, = manager.wait_traps(1, trap_oid=h.root() + (0, CRITICAL))
        assert values(told)["srcPortAlarmKey"] == b"target bank"
        daemon.wait_polls(3)
        assert len(manager.traps(pools)) == 5, "the limit was passed"
        owed, active = (bind.value for bind in h.get("srcPortSystemOwed.0",
                                                     "srcPortSystemActiveAlarms.0"))
        # That five were told is known before or after snmpd came back.
        assert active >= 61 and owed in (active - 1, active - 6), (owed, active)
        h.reset_all(held)
        manager.wait_traps(1, trap_oid=h.root() + (0, CLEARED))
        listener.close()
        assert daemon.stop() == 0
    assert keep


def test_reload_with_a_lower_level_and_with_a_broken_file():
    world = World(config="interval 3600\nwarningRemaining off\n")
    world.daemon.stop()
    world.daemon = h.Srcportd(world.snmpd, interval=None,
                              config="interval 3600\nwarningRemaining off\n")
    world.fill(50)
    world.daemon.configure("interval 3600\nwarningRemaining off\nwarningPercent 40\n")
    world.daemon.reload()
    world.wait(1, WARNING, 5)
    polls = h.value("srcPortPollPolls.0")
    for text in ("warningPercent 40\ncriticalPercent 45\nbogus\n",
                 "criticalPercent 45 clear 46\nwarningPercent 1\n"):
        lines = world.daemon.log().count("not reloaded")
        world.daemon.configure("interval 3600\n" + text)
        world.daemon.reload()
        h.wait_for(lambda: world.daemon.log().count("not reloaded") > lines, 5, "refusal")
    assert h.value("srcPortPollPolls.0") == polls
    assert world.told() == [WARNING]
    world.daemon.configure("interval 3600\nwarningRemaining off\nwarningPercent 40\n"
                           "criticalPercent 45\n")
    world.daemon.reload()
    world.wait(1, CRITICAL, 5)
    world.daemon.stop()


def test_only_what_was_asked_for_is_sent():
    world = World(config=QUICK + "notifications cleared critical\nwarningPercent 50\n")
    world.fill(60)
    world.daemon.wait_polls(2)
    assert len(alarms()) == 1
    world.held += h.connect_many(37, "127.0.0.1", PORT)
    world.wait(1, CRITICAL)
    world.empty()
    world.wait(1, CLEARED)
    world.daemon.wait_polls(2)
    assert world.told() == [CRITICAL, CLEARED]
    sequences = [values(trap)["srcPortAlarmSequence"] for trap in world.ours()]
    assert sequences == [1, 2], sequences
    world.daemon.stop()


if __name__ == "__main__":
    h.main()
