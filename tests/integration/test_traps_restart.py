#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Notifications while snmpd or srcportd come and go: nothing is lost, nothing told twice."""
import os
import signal
import time

import harness as h
from traps import CLEARED, CRITICAL, KEY, PORT, QUICK, World, alarms, values


def test_snmpd_killed_between_raise_and_clear():
    world = World()
    world.fill()
    world.wait(1, CRITICAL)
    world.snmpd.kill()
    world.empty()
    world.daemon.wait_log("%s: normal" % KEY.decode())
    world.snmpd.start_and_wait()
    world.wait(1, CLEARED)
    world.daemon.wait_polls(3)
    assert world.told() == [CRITICAL, CLEARED]
    world.daemon.stop()


def test_snmpd_restarted_during_an_alarm():
    """What is active is told once more, under the same number; what came and went is not."""
    world = World(config=QUICK + "target other 127.0.0.1 port 9001 critical 5% warning off\n")
    world.fill()
    world.wait(1, CRITICAL)
    other = h.Listener("127.0.0.1", PORT + 1)
    for _ in range(2):
        count = len(world.ours())
        world.snmpd.kill()
        lines = world.daemon.log().count("target other: normal")
        brief = h.connect_many(10, "127.0.0.1", PORT + 1)
        h.wait_for(lambda: world.daemon.log().count("target other: critical") > lines, 10, "alarm")
        h.reset_all(brief)
        h.wait_for(lambda: world.daemon.log().count("target other: normal") > lines, 10, "its end")
        world.snmpd.start_and_wait()
        world.wait(count + 1)
        world.daemon.wait_polls(3)
    assert world.told() == [CRITICAL] * 3
    seen = [values(trap) for trap in world.ours()]
    assert {(one["srcPortAlarmSequence"], one["srcPortAlarmKey"]) for one in seen} == {(1, KEY)}
    assert h.value("srcPortSystemUnsent.0") == 4
    assert "given up" not in world.daemon.log()  # overtaken, not lost
    other.close()
    world.daemon.stop()


def test_snmpd_stopped_for_ten_seconds():
    """Polls go on; what is told meanwhile arrives afterwards, once."""
    world = World(config=QUICK + "target other 127.0.0.1 port 9001 critical 5% warning off\n")
    world.fill()
    world.wait(1, CRITICAL)
    polls = h.value("srcPortPollPolls.0")
    world.snmpd.pause()
    time.sleep(2)
    other = h.Listener("127.0.0.1", PORT + 1)
    more = h.connect_many(10, "127.0.0.1", PORT + 1)
    world.daemon.wait_log("target other: critical")
    time.sleep(8)
    world.snmpd.resume()
    world.daemon.wait_served(20)
    world.wait(2, CRITICAL, 20)
    assert h.value("srcPortPollPolls.0") >= polls + 9
    world.daemon.wait_polls(4)
    keys = [values(trap)["srcPortAlarmKey"] for trap in world.ours(CRITICAL)]
    assert sorted(keys) == [KEY, b"target other"], keys
    h.reset_all(more)
    world.empty()
    world.wait(2, CLEARED)
    world.daemon.wait_polls(3)
    assert sorted(world.told()) == [CRITICAL, CRITICAL, CLEARED, CLEARED]
    other.close()
    world.daemon.stop()


def test_snmpd_started_after_the_alarm():
    world = World(start_snmpd=False)
    world.fill()
    world.daemon.wait_log("%s: critical" % KEY.decode())
    world.snmpd.start_and_wait()
    world.wait(1, CRITICAL)
    world.daemon.wait_polls(3)
    assert world.told() == [CRITICAL]
    world.daemon.stop()


def test_srcportd_restarted_during_an_alarm():
    """It knows from its file what has been told: not again, but its end; by number and since when."""
    world = World()
    world.fill()
    world.wait(1, CRITICAL)
    before = alarms()[(1,)]
    world.daemon.stop()
    world.daemon = h.Srcportd(world.snmpd, config=QUICK)
    world.daemon.wait_polls(3)
    assert world.told() == [CRITICAL]
    after = alarms()[(1,)]
    for name in ("Key", "Since", "Sequence", "Severity"):
        assert after["srcPortAlarm" + name] == before["srcPortAlarm" + name], name
    assert after["srcPortAlarmAge"] >= before["srcPortAlarmAge"]
    # Killed, it has no time to write anything: what it knew was in the file.
    world.daemon.kill()
    world.daemon = h.Srcportd(world.snmpd, config=QUICK)
    world.daemon.wait_polls(3)
    assert world.told() == [CRITICAL]
    # What ends while it is not there is told when it comes back.
    world.daemon.stop()
    world.empty()
    world.daemon = h.Srcportd(world.snmpd, config=QUICK)
    world.wait(1, CLEARED)
    world.daemon.wait_polls(2)
    assert world.told() == [CRITICAL, CLEARED]
    assert values(world.ours(CLEARED)[0])["srcPortAlarmSequence"] == 2
    # Without the file there is no telling what managers know.
    world.fill()
    world.wait(2, CRITICAL)
    assert values(world.ours(CRITICAL)[1])["instance"] == (2,)
    world.daemon.stop()
    os.unlink(world.daemon.state)
    world.daemon = h.Srcportd(world.snmpd, config=QUICK)
    world.wait(3, CRITICAL)
    world.daemon.stop()


def test_numbers_go_on_before_the_first_good_poll():
    world = World()
    world.fill()
    world.wait(1, CRITICAL)
    world.daemon.stop()
    empty = os.path.join(h.directory(), "no-proc")
    os.makedirs(empty)
    world.daemon.arguments += ["--proc-root", empty]
    world.daemon.start()
    world.daemon.wait_served()
    assert h.value("srcPortPollPolls.0") == 0
    assert h.value("srcPortSystemSequence.0") == 1
    world.daemon.stop()


def restart_with_an_alarm_on_its_way(clear_polls):
    """snmpd hangs, the alarm is in its socket: that it is over is told, and no second alarm."""
    world = World(config="warningRemaining off\nclearPolls %d\n" % clear_polls)
    world.snmpd.pause()
    world.fill()
    world.daemon.wait_log("%s: critical" % KEY.decode())
    world.daemon.stop(15)
    world.empty()
    world.daemon.start()
    world.daemon.wait_log("%s: normal" % KEY.decode())
    world.snmpd.resume()
    world.wait(1, CLEARED, 20)
    world.daemon.wait_polls(2)
    assert world.told() == [CRITICAL, CLEARED], world.told()
    world.daemon.stop()


def test_restarted_with_an_alarm_on_its_way():
    restart_with_an_alarm_on_its_way(1)


def test_restarted_with_an_alarm_on_its_way_that_is_ending():
    restart_with_an_alarm_on_its_way(3)


def test_a_file_that_cannot_be_written_is_no_obstacle():
    world = World()
    world.daemon.stop()
    os.unlink(world.daemon.state)
    os.mkdir(world.daemon.state + ".new")
    world.daemon = h.Srcportd(world.snmpd, config=QUICK)
    world.daemon.wait_log("alarms.new?: Is a directory|alarms: Is a directory")
    world.fill()
    world.wait(1, CRITICAL)
    world.empty()
    world.wait(1, CLEARED)
    assert world.daemon.log().count("Is a directory") == 1
    world.daemon.stop()


def test_a_stop_waits_for_what_is_on_its_way():
    """The alarm of the last poll before SIGTERM is told, and not a second time by the next life."""
    world = World()
    for _ in range(3):
        count = len(world.ours())
        world.fill()
        h.wait_for(lambda: world.daemon.log().count(": critical:") > 0, 10, "the alarm")
        assert world.daemon.stop() == 0
        world.daemon = h.Srcportd(world.snmpd, config=QUICK)
        world.empty()
        world.wait(count + 2)
        world.daemon.wait_polls(2)
        assert world.told()[count:] == [CRITICAL, CLEARED], world.told()[count:]
    world.daemon.process.send_signal(signal.SIGTERM)
    assert world.daemon.wait() == 0


if __name__ == "__main__":
    h.main()
