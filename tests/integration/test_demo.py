#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`make demo` shows what it promises and leaves nothing behind, also after Ctrl-C."""
import contextlib
import os
import signal
import subprocess

import harness as h
import isolate


def start_demo(*story):
    """tests/demo as a terminal starts it: a process group of its own, its temporary files here."""
    environment = dict(os.environ, TMPDIR=temporary(), SRCPORTD=h.PROGRAM)
    del environment[isolate.INSIDE]
    return subprocess.Popen([os.path.join(h.ROOT, "tests/demo"), *story], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True, env=environment)


def temporary():
    path = os.path.join(h.directory(), "t")
    os.makedirs(path, exist_ok=True)
    return path


def running():
    """Processes of this PID namespace but init and this one; the dead wait for init and count not."""
    found = []
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) not in (1, os.getpid()):
            with contextlib.suppress(OSError), open("/proc/%s/stat" % pid) as file:
                if file.read().rsplit(")", 1)[1].split()[0] != "Z":
                    found.append(pid)
    return found


def nothing_left():
    return not running() and not os.listdir(temporary())


def test_shows_the_numbers():
    demo = start_demo()
    out = demo.communicate()[0]
    assert demo.returncode == 0, out
    for line in ("srcPortSystemSeverity.0 = INTEGER: warning(2)",
                 "srcPortRangeCapacity.0 = Gauge32: 289 ports",
                 "27 connections succeeded, then: [Errno 99] Cannot assign requested address",
                 "srcPortSystemSeverity.0 = INTEGER: critical(3)",
                 "TARGET 192.0.2.10:5432  CRITICAL",
                 "TARGET 192.0.2.30  WARNING"):
        assert line in out, "%s\n%s" % (line, out)
    assert nothing_left()


def test_a_router():
    demo = start_demo("nat")
    out = demo.communicate()[0]
    if "demo: nft" in out or "demo: no" in out:
        raise isolate.Skip(out.strip().splitlines()[-1])
    assert demo.returncode == 0, out
    for line in ("800 of 1,000 outside ports in use, 200 left",
                 "srcPortNatSeverity.0 = INTEGER: normal(1)",
                 "srcPortAlarmKey.1 = STRING: nat tcp 192.0.2.1 -> 192.0.2.100:9000",
                 "; give the rule a wider range of ports",
                 "50 of 50 connections pass",
                 "srcPortCleared"):
        assert line in out, "%s\n%s" % (line, out)
    assert nothing_left()


def test_ctrl_c():
    demo = start_demo()
    for line in demo.stdout:
        if "srcPortSystemSeverity" in line:
            break
    os.killpg(demo.pid, signal.SIGINT)
    rest = demo.communicate(timeout=20)[0]
    assert demo.returncode == 130, demo.returncode
    assert "Traceback" not in rest, rest
    h.wait_for(nothing_left, 10, "the demo's processes and files are gone")


if __name__ == "__main__":
    h.main()
