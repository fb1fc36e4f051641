# SPDX-License-Identifier: ISC
"""isolate: runs each test_* function of a file in namespaces and a directory of its own.

A test file ends with

    if __name__ == "__main__":
        isolate.main()

Every function then runs in its own network, PID and mount namespace (a user namespace too when not
root), as PID 1's child, with loopback up. Whatever it starts dies with it: also when it fails, when
it hangs and when someone presses Ctrl-C. Output is TAP; text that a function returns stands behind
its name. Arguments pick functions by part of name.

What srcportd uses where the machine offers it is the same to a test on every machine: tracefs,
cgroups, connection tracking and the machine's own interfaces are not there, unless the test
begins with want(). CAP_NET_ADMIN is always there, over the test's own network namespace; a program
that is to run without is started behind world.UNPRIVILEGED.
"""
import concurrent.futures
import contextlib
import ctypes
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

INSIDE = "SRCPORTD_TEST_INSIDE"  # set in the isolated process: the test's directory
OPEN = "SRCPORTD_TEST_OPEN"  # set where the machine's processes are to be seen
CASE_SECONDS = 240  # where everything else runs at the same time
_cleanups = []
_running = set()  # isolated functions under way
_libc = ctypes.CDLL(None, use_errno=True)
_prctl = _libc.prctl  # found now: a child of many threads must not look for it


class Skip(Exception):
    """Raised by a test that cannot run on this machine; the text says why."""


def directory():
    """The running test's own directory; removed after it."""
    return os.environ[INSIDE]


def at_exit(action):
    """Calls action when the running test ends, last registered first."""
    _cleanups.append(action)


def _die_with_parent():
    """For preexec_fn: SIGKILL me when the thread that started me ends."""
    _prctl(1, signal.SIGKILL)


def unshare_command():
    command = ["unshare", "--net", "--fork", "--kill-child", "--mount", "--propagation",
               "unchanged"]  # see _keep_mounts()
    if OPEN not in os.environ:
        command += ["--pid", "--mount-proc"]
    return command if os.geteuid() == 0 else command + ["--user", "--map-root-user"]


def why_not():
    """None if this user can make namespaces here, else what unshare(1) says."""
    private = ["sh", "-c", "mount --make-rprivate / || mount --make-private /proc"]  # _keep_mounts()
    attempt = private if OPEN in os.environ else ["true"]
    done = subprocess.run(unshare_command() + attempt, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, universal_newlines=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip() or "no namespaces"


def start_isolated(arguments, path, **options):
    """Popen of this interpreter with arguments, in new namespaces, with path as its directory."""
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
    environment[INSIDE] = path
    return subprocess.Popen(unshare_command() + [sys.executable] + arguments, env=environment,
                            preexec_fn=_die_with_parent, **options)


def _mount(kind, path, flags=0):
    """mount(8) without a process. kind: of the file system, or what a bind mount shows."""
    if _libc.mount(kind.encode(), path.encode(), kind.encode(), flags, None):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "%s on %s" % (kind, path))


MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def _keep_mounts():
    """What is mounted from here on stays in this mount namespace.

    In a chroot, / is a directory and no mount: it cannot be told so. A copy of it can, once it has
    been mounted on something that is: it is made our root."""
    try:
        _mount("none", "/", MS_REC | MS_PRIVATE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        copy, here = "/proc/root", os.getcwd()
        _mount("none", "/proc", MS_PRIVATE)
        _mount("tmpfs", "/proc")
        os.mkdir(copy)
        _mount("/", copy, MS_BIND | MS_REC)
        _mount("none", copy, MS_REC | MS_PRIVATE)
        os.chroot(copy)
        os.chdir(here)
        _mount("proc", "/proc")


def enter_network():
    """In a new network namespace, before anything else: loopback, and none of the optional sources.

    A new sysfs has this namespace's interfaces, and nothing is mounted in it. A user namespace may
    not make one where a part of the machine's own is covered already: then what matters here is
    covered too. The counters of connection tracking in /proc/net/stat stay; they are 0."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    try:
        _mount("sysfs", "/sys")
    except PermissionError:
        for path in (TRACEFS, DEBUGFS, CGROUPS):
            if os.path.isdir(path):
                _mount("tmpfs", path)
    if os.path.isdir(CONNTRACK):
        _mount("tmpfs", CONNTRACK)


# The optional sources that a test can ask for, and what then is mounted.

TRACEFS, DEBUGFS, CGROUPS = "/sys/kernel/tracing", "/sys/kernel/debug", "/sys/fs/cgroup"
CONNTRACK = "/proc/sys/net/netfilter"


def _want_tracefs():
    _mount("tracefs", TRACEFS)
    if not os.path.exists(TRACEFS + "/events/sock"):
        raise OSError("this kernel has no events of sockets")


def _want_cgroup1():
    """Version 1 alone: nothing of it is looked at, so this is all there has to be."""
    _mount("tmpfs", CGROUPS)
    for name in ("systemd", "memory"):
        os.mkdir(os.path.join(CGROUPS, name))


def _want_cgroup2():
    _mount("cgroup2", CGROUPS)


def _want_hybrid():
    """Version 2 beside version 1."""
    _want_cgroup1()
    os.mkdir(CGROUPS + "/unified")
    _mount("cgroup2", CGROUPS + "/unified")


def _want_conntrack():
    """Only where the kernel has it: nothing asks for the module."""
    if os.path.ismount(CONNTRACK):
        subprocess.run(["umount", CONNTRACK], check=True)
    if not os.path.exists(CONNTRACK + "/nf_conntrack_count"):
        raise OSError("this kernel has no connection tracking")


_SOURCES = {"tracefs": _want_tracefs, "cgroup1": _want_cgroup1, "cgroup2": _want_cgroup2,
            "hybrid": _want_hybrid, "conntrack": _want_conntrack}


def want(source):
    """Makes an optional source available to the running test: "tracefs", "conntrack", or one kind
    of cgroups: "cgroup1", "cgroup2" or "hybrid". Skips the test where the machine has it not."""
    try:
        _SOURCES[source]()
    except OSError as error:
        raise Skip("no %s here: %s" % (source, error)) from None


def like(source):
    """As want(), but a test that can do without goes on. True if it is available."""
    with contextlib.suppress(Skip):
        want(source)
        return True
    return False


def enter():
    """First thing inside the namespaces."""
    _keep_mounts()
    enter_network()
    for path in ("/etc/snmp", "/var/lib/srcportd"):  # what an installed srcportd has there
        if os.path.isdir(path):
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], check=True)


def leave():
    """Undoes what at_exit() collected; the namespaces take the rest."""
    while _cleanups:
        _cleanups.pop()()


def _indented(text):
    return "".join("# %s\n" % line for line in text.rstrip().splitlines())


def report(name, function):
    """Runs one test and prints its result; the exit status says whether it passed."""
    try:
        try:
            said = function()
        finally:
            leave()
    except Skip as reason:
        print("ok %s # SKIP %s" % (name, reason))
    except BaseException:  # a KeyboardInterrupt is a result too
        print("not ok %s\n%s" % (name, _indented(traceback.format_exc())), end="")
        for log in sorted(os.listdir(directory())):
            if log.endswith(".log"):
                with open(os.path.join(directory(), log), errors="replace") as file:
                    print("# --- %s (end)\n%s" % (log, _indented(file.read()[-3000:])), end="")
        return 1
    else:
        print("ok %s" % name if said is None else "ok %s: %s" % (name, said))
    return 0


def _run_inside(name, before):
    enter()
    if before:
        before()
    return report(name, getattr(sys.modules["__main__"], name))


def _run_isolated(name):
    """Runs one function in its namespaces; returns what it printed."""
    path = tempfile.mkdtemp(prefix="srcportd-")
    process = None
    try:
        process = start_isolated([os.path.abspath(sys.argv[0]), name], path,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
        _running.add(process)
        try:
            output = process.communicate(timeout=CASE_SECONDS)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            return "not ok %s\n# still running after %d s\n" % (name, CASE_SECONDS)
        if not any(line.startswith(("ok %s" % name, "not ok %s" % name))
                   for line in output.splitlines()):
            output = "not ok %s\n# ended with %d and no result\n%s" % (
                name, process.returncode, _indented(output))
        return output
    finally:
        if process:
            process.kill()  # unshare; --kill-child takes the namespace's init with it
            process.wait()
            _running.discard(process)
        remove(path)


def remove(path):
    """Removes a test's directory. The namespace's last processes may still be dying and writing."""
    deadline = time.monotonic() + 5
    while os.path.exists(path) and time.monotonic() < deadline:
        shutil.rmtree(path, ignore_errors=True)
        time.sleep(0 if not os.path.exists(path) else 0.05)


def _run_all(names, at_once):
    """Runs the functions, at_once of them at a time, and prints their results in order; how many
    have failed."""
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(_run_isolated, name) for name in names]
        try:
            for one in waiting:
                output = one.result()
                failed += any(line.startswith("not ok") for line in output.splitlines())
                sys.stdout.write(output)
                sys.stdout.flush()
        except BaseException:
            for one in waiting:
                one.cancel()
            for process in list(_running):
                process.kill()
            raise
    return failed


def main(at_once=1, before=None):
    """Runs the test functions of __main__ and exits. at_once: how many at a time, for a file whose
    functions do little but wait; before: called in its namespaces before each."""
    if INSIDE in os.environ:
        for number in (signal.SIGINT, signal.SIGTERM):  # unshare(1) of util-linux 2.36 ignores them
            signal.signal(number, signal.SIG_DFL)
        sys.exit(_run_inside(sys.argv[1], before))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = [name for name, value in vars(sys.modules["__main__"]).items()
             if name.startswith("test_") and callable(value)]
    if sys.argv[1:]:
        names = [name for name in names if any(part in name for part in sys.argv[1:])]
    reason = why_not()
    print("1..%d" % len(names), flush=True)
    for name in names if reason else []:
        print("ok %s # SKIP %s" % (name, reason))
    try:
        failed = 0 if reason else _run_all(names, at_once)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(1 if failed or not names else 0)
