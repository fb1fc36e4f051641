#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The log of a bad day: one line for each change of state, and each says what, where and what to
do."""
import collections
import os
import re
import shutil

import harness as h

PORT = 9000
POOL = "pool 127.0.0.1 -> 127.0.0.1:9000"
RANGE = "sys/net/ipv4/ip_local_port_range"
ROUNDS = 3

# Every line that this day may have, with what it names and advises.
LINES = {
    "start": r"main: srcportd \S+ polls every 1 s",
    "failures": r"failures: failed connect\(\) calls are not counted: .*: mount -t tracefs .*",
    "raised": r"alarm: " + re.escape(POOL) + ": warning: .* in use, .*; set net.ipv4.ip_local_port"
              "_range=.*",
    "cleared": r"alarm: " + re.escape(POOL) + ": normal: .*",
    "lost": r"agent: lost the AgentX master agent at \S+/agentx \(.*\); trying every 2 s",
    "served": r"agent: serving through the AgentX master agent at \S+/agentx",
    "failed": r"poller: \S+/ip_local_port_range: expected two ports LOW HIGH .*; the last good "
              "snapshot stays",
    "works": r"poller: polls succeed again",
    "reloaded": r"config: reloaded: 0 targets",
    "refused": r"config: \S+/srcportd.conf:3: found \"nonsense\", expected a token .*",
    "kept": r"config: not reloaded: the configuration before it stays in force",
    "stopped": r"main: stopped",
}


def counted(log):
    """How many lines of each kind, and those of none."""
    kinds, others = collections.Counter(), []
    for line in log.splitlines():
        text = line.partition("srcportd: ")[2]
        kind = [name for name, pattern in LINES.items() if re.fullmatch(pattern, text)]
        kinds.update(kind)
        others += [] if kind else [line]
    return dict(kinds), others


def wait_lines(daemon, **expected):
    """Waits until the log has so many lines of these kinds."""
    h.wait_for(lambda: all(counted(daemon.log())[0].get(kind) == count
                           for kind, count in expected.items()), 15, expected)


def test_one_line_per_change():
    h.port_range(40000, 40099)
    root = os.path.join(h.directory(), "proc")
    os.makedirs(os.path.dirname(os.path.join(root, RANGE)))
    for name in (RANGE, "sys/net/ipv4/ip_local_reserved_ports"):
        shutil.copy("/proc/" + name, os.path.join(root, name))
    good = "clearPolls 1\n"
    snmpd = h.Snmpd()
    daemon = h.Srcportd(snmpd, "--proc-root", root, config=good)
    for times in range(1, ROUNDS + 1):
        with h.Listener("127.0.0.1", PORT):
            held = h.connect_many(90, "127.0.0.1", PORT)
            wait_lines(daemon, raised=times)
            snmpd.stop()
            wait_lines(daemon, lost=times)
            with open(os.path.join(root, RANGE), "w") as file:
                file.write("nonsense\n")
            wait_lines(daemon, failed=times)
            daemon.configure(good + "nonsense\n")
            daemon.reload()
            wait_lines(daemon, kept=times)
            snmpd.start_and_wait()
            wait_lines(daemon, served=times + 1)
            shutil.copy("/proc/" + RANGE, os.path.join(root, RANGE))
            wait_lines(daemon, works=times)
            h.reset_all(held)
        daemon.configure(good)
        daemon.reload()
        wait_lines(daemon, cleared=times, reloaded=times)
    daemon.wait_polls(2)
    daemon.stop()
    kinds, others = counted(daemon.log())
    assert not others, others
    assert kinds == dict(dict.fromkeys(LINES, ROUNDS), start=1, failures=1, stopped=1,
                         served=ROUNDS + 1), kinds


def test_reasons_that_take_turns():
    """Polls fail, each for another reason than the one before: that is one change."""
    root = os.path.join(h.directory(), "proc")
    paths = [os.path.join(root, name) for name in (RANGE, "sys/net/ipv4/ip_local_reserved_ports")]
    os.makedirs(os.path.dirname(paths[0]))

    def write(*texts):
        for path, text in zip(paths, texts):
            with open(path, "w") as file:
                file.write(text + "\n")

    write("40000 40099", "")
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, "--proc-root", root) as daemon:
        seen = set()

        def is_told(path):
            reason = h.value("srcPortPollLastError.0").decode()
            seen.add(reason)
            return path in reason

        for times in range(3):
            write("nonsense", "")
            h.wait_for(lambda: is_told(paths[0]), 10, "a bad range")
            write("40000 4009%d" % times, "nonsense")
            h.wait_for(lambda: is_told(paths[1]), 10, "bad reserved ports")
        write("40000 40099", "")
        daemon.wait_log("polls succeed again")
        assert len(seen - {""}) == 2, seen
        assert daemon.log().count("the last good snapshot stays") == 1, daemon.log()


if __name__ == "__main__":
    h.main()
