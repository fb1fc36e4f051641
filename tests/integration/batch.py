# SPDX-License-Identifier: ISC
"""batch: very many small tests in one isolated process, each in a network namespace of its own.

    if __name__ == "__main__":
        batch.main([("name", function), ...])

As isolate, at a tenth of its cost: a test is a forked child, not an interpreter of its own.
"""
import ctypes
import functools
import os
import signal
import sys
import tempfile

import isolate
from net import CLONE_NEWNET, CLONE_NEWNS, give_namespaces_their_own

CASE_SECONDS = 60


def _in_namespace(function):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    isolate.enter_network()
    return function()


def _run_all(cases):
    """Inside: every test, one after the other; how many have failed."""
    failed = 0
    for name, function in cases:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                signal.alarm(CASE_SECONDS)
                status = isolate.report(name, functools.partial(_in_namespace, function))
                sys.stdout.flush()
            finally:
                os._exit(status)
        status = os.waitpid(pid, 0)[1]
        if os.WIFSIGNALED(status):
            print("not ok %s\n# ended by signal %d" % (name, os.WTERMSIG(status)), flush=True)
        failed += status != 0
    return failed


def _run_outside(count):
    """Starts this file again, isolated; its exit status."""
    path = tempfile.mkdtemp(prefix="srcportd-")
    process = None
    try:
        process = isolate.start_isolated([os.path.abspath(sys.argv[0])] + sys.argv[1:], path)
        return process.wait(CASE_SECONDS * count)
    except KeyboardInterrupt:
        return 130
    finally:
        if process:
            process.kill()
            process.wait()
        isolate.remove(path)


def main(cases, hidden=True):
    """Runs the cases and exits. Arguments pick some by part of name. Unless hidden, the machine's
    processes are seen."""
    if not hidden:
        os.environ[isolate.OPEN] = "yes"
    if sys.argv[1:]:
        cases = [case for case in cases if any(part in case[0] for part in sys.argv[1:])]
    if isolate.INSIDE in os.environ:
        isolate.enter()
        give_namespaces_their_own()
        sys.exit(1 if _run_all(cases) else 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print("1..%d" % len(cases), flush=True)
    reason = isolate.why_not()
    for name, _ in cases if reason else []:
        print("ok %s # SKIP %s" % (name, reason))
    sys.exit(0 if reason else _run_outside(len(cases)))
