#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""snmpd absent, killed, restarted, hung, or taken by another: rows come back, polls never stop."""
import os
import re
import socket
import time

import harness as h
from traps import CLEARED, CRITICAL, PORT, QUICK, World

BACK = 5      # seconds from snmpd's return to the first row
INTERVAL = 1  # of the polls here


def seconds_until_served(daemon, limit=BACK):
    start = time.monotonic()
    daemon.wait_served(limit)
    return time.monotonic() - start


def polls():
    return h.value("srcPortPollPolls.0")


def lines(daemon, pattern):
    return re.findall("^.*agent: .*%s.*$" % pattern, daemon.log(), re.M)


def test_snmpd_starts_late():
    """One line that says what is missing, then silence, then rows."""
    snmpd = h.Snmpd(start=False)
    daemon = h.Srcportd(snmpd, wait=False)
    daemon.wait_log(r"agent: no AgentX master agent at \S+agentx \(No such file or directory; does "
                    r"snmpd run, with \"master agentx\" in snmpd.conf\?\); trying every \d s$")
    start = time.monotonic()
    while time.monotonic() - start < 5: # two attempts more
        assert daemon.running()
        assert len(lines(daemon, "")) == 1, daemon.log()
        time.sleep(0.2)
    snmpd.start_and_wait()
    seconds_until_served(daemon)
    daemon.wait_log("agent: serving through the AgentX master agent at")
    assert polls() >= 5, "it polled all the time"
    assert daemon.stop() == 0


def test_snmpd_killed_and_restarted():
    with h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        for round_ in range(3):
            before = polls()
            snmpd.kill()
            h.wait_for(lambda: len(lines(daemon, "lost the AgentX master")) > round_, 10,
                       "srcportd says that it lost snmpd")
            assert daemon.running()
            snmpd.start_and_wait()
            seconds_until_served(daemon)
            assert polls() > before, "a counter survives snmpd"
        snmpd.restart()
        seconds_until_served(daemon)
        assert len(lines(daemon, "lost the")) == len(lines(daemon, "serving through")) - 1 == 4


def test_snmpd_hangs():
    """Stopped for eight seconds: what the collector does is not delayed by a single poll."""
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, interval=INTERVAL) as daemon:
        daemon.wait_polls()
        before, start = polls(), time.monotonic()
        snmpd.pause()
        while time.monotonic() - start < 8:
            assert daemon.running()
            time.sleep(0.2)
        snmpd.resume()
        seconds_until_served(daemon)
        made, passed = polls() - before, time.monotonic() - start
        assert made >= int(passed / INTERVAL) - 1, (made, passed)
        assert h.value("srcPortPollErrors.0") == 0
        start = time.monotonic()
        while time.monotonic() - start < 6: # and they stay
            assert daemon.served()
            time.sleep(0.1)


def test_snmpd_hangs_from_the_start():
    snmpd = h.Snmpd()
    snmpd.pause()
    daemon = h.Srcportd(snmpd, wait=False)
    daemon.wait_log(r"agent: no AgentX master agent at \S+agentx \(no answer\)")
    snmpd.resume()
    seconds_until_served(daemon)
    assert daemon.stop() == 0


def test_ends_while_snmpd_hangs():
    snmpd = h.Snmpd()
    daemon = h.Srcportd(snmpd)
    snmpd.pause()
    start = time.monotonic()
    assert daemon.stop(6) == 0
    assert time.monotonic() - start < 4
    snmpd.resume()
    h.wait_for(lambda: not h.walk(h.root()), 10, "snmpd forgets the rows")


def test_ends_while_connect_hangs():
    """A hung snmpd whose queue of connections is full: connect() blocks for as long as it hangs."""
    snmpd = h.Snmpd()
    daemon = h.Srcportd(snmpd)
    snmpd.pause()
    waiting = []
    while len(waiting) < 1000:
        one = socket.socket(socket.AF_UNIX)
        one.setblocking(False)
        try:
            one.connect(snmpd.socket)
        except BlockingIOError:
            break
        waiting.append(one)
    assert len(waiting) < 1000
    daemon.wait_log("agent: lost the AgentX master agent")
    start = time.monotonic()
    assert daemon.stop(8) == 0
    assert time.monotonic() - start < 5
    h.close_all(waiting)


def second_beside(snmpd):
    """One more srcportd, which has found out that it is the second."""
    second = h.Srcportd(start=False)
    second.log_path += ".second"
    second.configuration += ".second"
    second.state += ".second"
    second.configure(QUICK)
    second.arguments += ["--config", second.configuration, "--agentx-socket", snmpd.socket]
    second.start()
    second.wait_log(r"agent: another agent serves this module at \S+ already: a second srcportd\?")
    return second


def test_a_second_srcportd():
    """It says so in one line, serves nothing, and takes over when the first one ends."""
    with h.Snmpd() as snmpd:
        first = h.Srcportd(snmpd, interval=1)
        first.wait_polls(3)
        second = second_beside(snmpd)
        start = time.monotonic()
        while time.monotonic() - start < 5:
            assert first.served() and second.running()
            time.sleep(0.2)
        assert len(lines(second, "")) == 1, second.log()
        assert snmpd.log().count("duplicate registration") <= 3, \
            "by the library, and by us at once, after 2 s, after 6 s ..."
        assert "another agent" not in first.log(), first.log()
        assert first.stop() == 0
        seconds_until_served(second, 12)
        second.wait_log("agent: serving through")
        assert second.stop() == 0


def test_a_second_srcportd_tells_nothing():
    """Managers hear of each alarm once; when it ends the first one's rows stay; when snmpd is another
    one, or the first one dies, one of them serves, and that one tells."""
    world = World()
    second = second_beside(world.snmpd)
    world.fill()
    world.wait(1, CRITICAL)
    second.wait_log("critical")
    world.daemon.wait_polls(3)
    assert world.told() == [CRITICAL]
    assert second.stop() == 0
    start = time.monotonic()
    while time.monotonic() - start < 2:
        assert world.daemon.served()
        time.sleep(0.1)
    second = second_beside(world.snmpd)
    world.daemon.kill()
    second.wait_log("agent: serving through the AgentX master agent")
    world.wait(2, CRITICAL)  # it cannot know what the first one told
    world.empty()
    world.wait(1, CLEARED)
    second.wait_polls(3)
    assert world.told() == [CRITICAL, CRITICAL, CLEARED]
    assert second.stop() == 0
    h.wait_for(lambda: not h.walk(h.root()), 10, "snmpd forgets the rows")


def test_two_srcportd_after_a_restart_of_snmpd():
    """One of them serves, the other says that it does not."""
    with h.Snmpd() as snmpd, h.Srcportd(snmpd) as first:
        second = second_beside(snmpd)
        for _ in range(3):
            before = len(lines(first, "")) + len(lines(second, ""))
            snmpd.kill()
            snmpd.start_and_wait()
            h.wait_for(lambda: len(lines(first, "")) + len(lines(second, "")) == before + 4, 10,
                       "both have lost it, one serves, one is refused")
            last = sorted(re.search("serving|another", lines(one, "")[-1]).group()
                          for one in (first, second))
            assert last == ["another", "serving"], (first.log(), second.log())
        assert second.stop() == 0


def test_socket_that_is_none():
    """A path where nobody can listen is told once, with the reason; the daemon goes on."""
    folder = os.path.join(h.directory(), "closed")
    for path, reason in ((os.path.join(folder, "agentx"), "No such file or directory; does .*"),
                         ("/dev/null/agentx", "Not a directory"), ("/dev/null", "not a socket")):
        daemon = h.Srcportd(None, "--agentx-socket", path)
        daemon.wait_log(r"agent: no AgentX master agent at %s \(%s\)" % (path, reason))
        assert daemon.stop() == 0
    status, _, err = h.srcportd("--agentx-socket", "/" + "x" * 200)
    assert status == 2 and err.count("\n") == 1 and "--agentx-socket" in err, (status, err)


def test_restarts_leak_no_descriptor():
    def descriptors():
        return len(os.listdir("/proc/%d/fd" % daemon.pid))

    with h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
        daemon.wait_polls()
        before = descriptors()
        for _ in range(6):
            snmpd.kill()
            snmpd.start_and_wait()
            seconds_until_served(daemon)
        h.wait_for(lambda: descriptors() <= before, 5, "no more descriptors than %d" % before)


if __name__ == "__main__":
    h.main()
