#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Who enters other network namespaces is killed, or stuck: what is known stays, it is said, and no
poll waits for that."""
import contextlib
import os
import signal
import time

import harness as h
from spaces import from_outside, inside, named, remove_cgroup
from test_namespaces_daemon import Told, children, row

GONE = b"the process that enters them has gone: restart srcportd"


def helpers(told):
    """Who enters, and who starts that one again."""
    (keeper,) = children(told.daemon.pid)
    return h.wait_for(lambda: children(keeper), 5, "who enters")[0], keeper


def test_killed_while_a_process_comes_and_goes():
    """One namespace, and one alarm."""
    told = Told()
    with named("blue") as command, inside([], 200, from_outside("blue")):
        told.wait(1)
        end = time.monotonic() + 12
        while time.monotonic() < end:
            with contextlib.suppress(ProcessLookupError):
                os.kill(helpers(told)[0], signal.SIGKILL)
            h.run(*command, "sleep", "1.3")
            assert row("blue")["srcPortNetnsSeverity"] == 3, row("blue")
        assert len(told.ours()) == 1, told.ours()
    told.daemon.stop()


def test_stuck():
    """It waits for a file that never comes: the polls do not."""
    told = Told()
    with named("blue"), inside([], 200, from_outside("blue")):
        told.wait(1)
        enters, _ = helpers(told)
        os.kill(enters, signal.SIGSTOP)
        h.wait_for(lambda: h.value("srcPortNetnsReason.0") == GONE, 20, "the reason")
        told.daemon.wait_polls(3)
        assert row("blue")["srcPortNetnsSeverity"] == 3 and len(told.ours()) == 1, row("blue")
    told.daemon.stop()


def test_gone_before_there_was_any():
    """That no namespace is found from then on has its reason."""
    told = Told()
    told.daemon.wait_polls(1)
    os.kill(helpers(told)[1], signal.SIGKILL)
    with named("blue"):
        h.wait_for(lambda: h.value("srcPortNetnsReason.0") == GONE, 40, "the reason")
        assert row("blue") is None
        told.daemon.wait_log("namespaces: other network namespaces are not counted: " + GONE.decode())
    told.daemon.stop()


@contextlib.contextmanager
def one_process():
    """A cgroup in which there may be one, and a function that puts one there."""
    at = os.path.join(h.directory(), "cgroup")
    os.mkdir(at)
    for mount in (["cgroup", "-o", "pids"], ["cgroup2"]):
        h.run("mount", "-t", *mount, "none", at, check=False)
        path = os.path.join(at, "srcportd-%s" % os.urandom(6).hex())
        with contextlib.suppress(OSError):
            os.mkdir(path)
        if os.path.exists(os.path.join(path, "pids.max")):
            break
        with contextlib.suppress(OSError):
            os.rmdir(path)
    else:
        raise h.Skip("no cgroup with pids.max")

    def put(name, value):
        with open(os.path.join(path, name), "w") as file:
            file.write(str(value))
    put("pids.max", 1)
    try:
        yield lambda process: put("cgroup.procs", process)
    finally:
        put("pids.max", "max")
        remove_cgroup(path)


def test_killed_where_no_process_can_be_started():
    """What cannot be entered keeps no poll waiting, however many there are."""
    told = Told()
    with contextlib.ExitStack() as stack:
        for i in range(12):
            stack.enter_context(named("n%d" % i))
        h.wait_for(lambda: h.value("srcPortNetnsNamespaces.0") == 12, 40, "all of them")
        enters, keeper = helpers(told)
        with one_process() as put, told.daemon:
            put(keeper)
            os.kill(enters, signal.SIGKILL)
            told.daemon.wait_polls(3)


if __name__ == "__main__":
    h.main(at_once=3)
