#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Out of memory, out of descriptors, and every other failed call: at each place that makes one.

A first run finds the places in the program that call something which may fail (tests/faults/shim.c
lists what). Then comes one run for each place, in which its call fails once, and one in which it
fails always. Probing, counting failures and looking for owners are on. What may then happen:

  --once       the whole report and exit status 0; or one line that says what went wrong, no
               report, and exit status 1 (3 as a plugin)
  the daemon   at the start it may end with exit status 1 and a line that says why;
               once it is ready it never ends; after a call that failed once it polls well again;
               it reloads and ends with status 0 when it is told to, also while a call fails always
  with snmpd   no answer is made up; after a call that failed once, the rows are served and each
               notification arrives whole
  -d           what the shell sees is a daemon that runs, or exit status 1 and a line that says why
"""
import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
import time

import harness as h
import faults

TOKENS = """\
target here 127.0.0.1
target net 127.0.0.0/28 critical 90% warning 50
closeWait 5 clear 2
"""


@functools.lru_cache(maxsize=None)
def probes():
    """True if this kernel lets us ask about ports in doubt."""
    return not h.srcportd("--once", "--probe")[2]


# Failures are counted over the whole machine: those of other tests would make the program reach
# more in one run than in the next. With these it always does. They ask for the one port that is
# taken (Linux 6.3), and go to peers that are none of our pools or targets: no alarm comes of them. A
# poll is hastened when a pool begins to fail, unless a poll was the first to see it: each second
# there is another that begins.
TAKEN = 40500
FAIL = """
import socket, struct, time
while True:
    with socket.socket() as one:
        one.setsockopt(socket.IPPROTO_IP, %d, struct.pack("I", %d))
        one.connect_ex(("127.9.9.%%d" %% (time.monotonic() %% 250 + 1), 9000))
    time.sleep(0.02)
""" % (h.IP_LOCAL_PORT_RANGE, TAKEN << 16 | TAKEN)


class Host:
    """Connections enough for every array of the program to grow, and somebody who fails."""

    def __enter__(self):
        h.port_range(40000, 40999)
        h.like("cgroup2")
        self.listeners = [h.Listener("127.0.0.%d" % n, 9000) for n in range(1, 21)]
        self.keep = [h.open_socket("127.0.0.1", source_port=TAKEN)]
        for listener in self.listeners:
            self.keep += h.connect_many(20, listener.address, 9000)
        self.keep += h.close_wait(10, self.listeners[0])
        self.keep += h.close_wait(10, self.listeners[-1])
        if h.like("tracefs"):
            h.at_exit(subprocess.Popen([sys.executable, "-c", FAIL]).kill)
        return self

    def __exit__(self, *_):
        h.reset_all(self.keep)
        for listener in self.listeners:
            listener.close()


def configuration():
    path = faults.path_of("srcportd.conf")
    with open(path, "w") as file:
        file.write(TOKENS + "stateFile %s\n" % faults.path_of("state"))
        file.write("probe yes\n" if probes() else "")
    os.makedirs(path + ".d", exist_ok=True)
    with open(path + ".d/more.conf", "w") as file:
        file.write("target more 127.0.0.2 port 9000\n")
    return path


def sites_of_once(arguments):
    path = faults.path_of("sites")
    status, out, err = h.srcportd(*arguments, env=faults.shim(sites=path))
    assert status in (0, 1) and out and not err, (status, err)
    found = faults.sites(path)
    os.unlink(path)
    assert len(found) > 10, found
    return found, status, out


def check_once(arguments, offset, times, whole, plugin):
    """whole: exit status and output of a run in which nothing fails."""
    hit = faults.path_of("hit")
    status, out, err = h.srcportd(*arguments, seconds=20,
                                  env=faults.shim(at=offset, times=times, hit=hit))
    assert os.path.exists(hit), "was not reached"
    os.unlink(hit)
    said = "status %d, %r, %r" % (status, out[-200:], err)
    if out and not (plugin and status == 3):
        # What could be done without is missing, no more; the poll itself is whole.
        assert status == whole[0], said
        assert len(out.splitlines()) >= len(whole[1].splitlines()) * 0.6, said
    elif plugin:
        assert status == 3 and re.match(r"SRCPORT UNKNOWN: \S[^\n]*\n\Z", out), said
    else:
        assert status in (1, 3) and not out, said
        lines = err.splitlines()
        assert lines and all(re.match(r"srcportd: \S", line) for line in lines), said
        assert len(lines) == 1 or status == 3, said


def at_each(found, check, both=("1", "always")):
    """Runs check(offset, times) at each site; every complaint in one failure."""
    complaints = []
    for function, offset in found:
        for times in both:
            try:
                check(offset, times)
            except AssertionError as error:
                complaints.append("%s at %s fails %s: %s" % (
                    function, faults.place(offset), {"1": "once"}.get(times, times), error))
    assert not complaints, "\n".join(complaints)


def run_once(*arguments, plugin=False):
    with Host():
        arguments = ("--once", "--config", configuration()) + arguments
        found, *whole = sites_of_once(arguments)
        at_each(found, lambda offset, times: check_once(arguments, offset, times, whole, plugin))
    return "%d places" % len(found)


def test_once_text():
    return run_once(*(["--probe"] if probes() else []), "127.0.0.1", "127.0.0.3:9000")


def test_once_json_and_record():
    return run_once("--format", "json", "--record", faults.path_of("record"))


def test_once_namespaces():
    """With another network namespace, and the process that enters it: its calls fail too."""
    other = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
    h.at_exit(other.kill)
    own = os.readlink("/proc/self/ns/net")
    h.wait_for(lambda: os.readlink("/proc/%d/ns/net" % other.pid) != own, 5, "the namespace")
    return run_once("--namespaces", "--format", "json", "127.0.0.1")


def test_once_nagios():
    return run_once("--format", "nagios", plugin=True)


def test_once_replay():
    record = faults.path_of("record")
    with Host():
        status, _, err = h.srcportd("--once", "--record", record)
        assert status == 0, err
    return run_once("--replay", record)


# Of a life before: one that goes on, one that is over.
STATE = """\
srcportd alarms 1
last 2 2
alarm 1 1 warning warning 1000000000 target here
alarm 2 2 critical critical 1000000000 target more
"""


def daemon(environment, agentx=None):
    """A daemon, beside snmpd or with alarms of before."""
    if agentx is None:
        agentx = "/nowhere"
        with open(faults.path_of("state"), "w") as file:
            file.write(STATE)
    return faults.Told(environment, "--config", configuration(), "--interval", "60",
                       "--agentx-socket", agentx, "--pid-file", faults.path_of("pid"))


reached = set()  # by a life before it is told to end


def saw_failures(path):
    """True if a run with sites=path has rested after failures, and hurried because of them: that is
    a second place, or the compiler has made it one with the first, and then none is missed."""
    places = " ".join(faults.place(offset) for function, offset in faults.sites(path)
                      if function == "timerfd_settime")
    return "failures.c" in places and "pace.c" in places


def live(told, path):
    """A life: ready, two reloads, a failure, the end; its exit status."""
    told.until(faults.good)
    for _ in range(2):
        told.poke()
        told.until(faults.good)
    if told.counts():
        with contextlib.suppress(AssertionError):
            h.wait_for(lambda: saw_failures(path), 20, "failures are seen")
    reached.update(offset for _, offset in faults.sites(path))
    told.process.send_signal(signal.SIGTERM)
    return told.wait()


def sites_of_daemon():
    path = faults.path_of("sites")
    told = daemon(faults.shim(sites=path))
    assert live(told, path) == 0, told.log()
    told.close()
    clean_up()
    return faults.sites(path)


def clean_up():
    """Nothing of a life is left for the next."""
    for name in os.listdir(h.directory()):
        if name in ("hit", "state", "pid") or re.match(r"srcportd.*\.log", name):
            os.unlink(faults.path_of(name))


def ended_at_start(told):
    """It could not start: status 1 (3 if the configuration could not be read), and it says why."""
    status = told.wait()
    lines = told.log().splitlines()
    assert status in (1, 3) and lines, "status %d, %s" % (status, lines)
    assert re.match(r"srcportd: \S", lines[-1]), lines
    # An errno that somebody else left says something wrong.
    assert not re.search(r"Success|No such file", lines[-1]), lines


# What is lost for good where these find no memory, and so has to be told.
TOLD = {"list_alarms": "alarms are left out", "content": "Cannot allocate memory: alarms will be",
        "add": "notifications given up"}


def first_status(told):
    """None if it ends or cannot tell: soon after the call has failed."""
    status = None
    deadline = time.monotonic() + 30
    while status is None and told.running() and not told.deaf() and time.monotonic() < deadline:
        failed = os.path.exists(faults.path_of("hit"))
        status = told.status(2)
        if failed:
            break
    return status


def lived_on(told, offset, times, status):
    held = []
    if status is not None:
        told.wait_agent()
    for _ in range(5 if status else 3):
        told.poke()
        patience = 10 if times == "1" else 1 if status else 0.2
        status = told.status(patience) or status
        held.append(told.descriptors() if told.running() else 0)
    assert told.running(), "it ended: " + told.log()
    if status is not None:  # after polls; and a survey of owners may be under way
        assert held[-1] <= held[0] + 3, "descriptors: %s" % held
    if times == "1" and not told.deaf():
        assert status is not None and faults.good(status), status
    # A failure may have to wait for those of other tests.
    if offset in reached:
        h.wait_for(lambda: os.path.exists(faults.path_of("hit")), 20, "the call that fails")
    told.process.send_signal(signal.SIGTERM)
    assert told.wait() == 0, told.log()
    assert os.path.exists(faults.path_of("hit")), "was not reached"
    for line in set(told.log().splitlines()):
        assert told.log().count(line) == 1 or "reloaded" in line, "told twice: " + line
    where = faults.place(offset).split()[0]
    if times == "always" and where in TOLD:
        assert TOLD[where] in told.log(), told.log()


def check_daemon(offset, times):
    told = daemon(faults.shim(at=offset, times=times, hit=faults.path_of("hit")))
    try:
        # READY may be the message that could not be sent: then the next poll tells.
        status = first_status(told)
        if status is None and not told.running():
            ended_at_start(told)
            assert os.path.exists(faults.path_of("hit")), "was not reached"
        else:
            lived_on(told, offset, times, status)
    finally:
        told.close()
        clean_up()


def run_daemon(times):
    with Host():
        found = sites_of_daemon()
        at_each(found, check_daemon, (times,))
    return "%d places" % len(found)


def test_daemon_fails_once():
    return run_daemon("1")


def test_daemon_fails_always():
    return run_daemon("always")


# Beside snmpd: the places that only this reaches.

ALARMS = 3  # two targets and a peer with a leak


def serve(snmpd, trapd, environment, check):
    """A life with snmpd, in which check(told, notifications) is called as soon as it is ready."""
    before = len(trapd.traps())
    told = daemon(environment, snmpd.socket)
    try:
        check(told, lambda: trapd.traps()[before:])
    finally:
        told.close()
        clean_up()


def is_whole(trap):
    """A notification as the MIB has it: 10 objects behind time and kind, none without a value."""
    return len(trap.binds) == 12 and not any(bind.type in ("Null", "") for bind in trap.binds)


def served_and_told(told, traps):
    told.until(faults.good)
    h.wait_for(lambda: len(traps()) >= ALARMS, 10, "notifications")
    assert all(is_whole(trap) for trap in traps()), traps()
    h.wait_for(lambda: h.value("srcPortPollPolls.0"), 10, "an answer to a GET")
    h.wait_for(lambda: len(h.table("srcPortTargetTable")) == 3, 10, "a walk")
    told.process.send_signal(signal.SIGTERM)
    assert told.wait() == 0, told.log()
    assert len(traps()) == ALARMS, "told twice: %s" % traps()


def only_lives(told, traps):
    """A call fails always: what comes is whole, and it ends as it should."""
    told.until(faults.good)
    asked = time.monotonic()
    while time.monotonic() < asked + (0.5 if os.path.exists(faults.path_of("hit")) else 5):
        try:
            assert h.value("srcPortPollPolls.0")
            h.walk("srcPortTargetTable")
        except h.SnmpError as error:
            # Or it is not registered yet.
            assert re.search("genError|noSuchObject", str(error)), error
    told.poke()
    told.until(faults.good)
    assert all(is_whole(trap) for trap in traps()), traps()
    told.process.send_signal(signal.SIGTERM)
    assert told.wait() == 0, told.log()


def test_beside_snmpd():
    path, hit = faults.path_of("sites"), faults.path_of("hit")
    with Host(), h.Snmptrapd() as trapd, h.Snmpd(h.trap_sinks("v2c")) as snmpd:
        known = set(sites_of_daemon())
        serve(snmpd, trapd, faults.shim(sites=path), served_and_told)
        found = [site for site in faults.sites(path) if site not in known]
        assert len(found) >= 5, found

        def check(offset, times):
            serve(snmpd, trapd, faults.shim(at=offset, times=times, hit=hit),
                  served_and_told if times == "1" else only_lives)

        at_each(found, check)
    return "%d places" % len(found)


# In the background: likewise.

def detach(environment):
    """srcportd -d; what the shell sees, and the daemon's number if it runs."""
    clean_up()
    # Not a pipe: without /dev/null in its place, standard error stays open.
    with open(faults.path_of("stderr"), "w+") as err:
        done = subprocess.run([h.PROGRAM, "-d", "--config", configuration(), "--interval", "60",
                               "--agentx-socket", "/nowhere", "--pid-file", faults.path_of("pid")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                              timeout=30, check=False, env=environment)
        err.seek(0)
        done.stderr = err.read()
    if done.returncode:
        return done, None
    with open(faults.path_of("pid")) as file:
        return done, int(file.read())


def at_rest(pid, hit=None):
    """After its first poll, in the next wait; or where something was to fail."""
    looks = []

    def rests():
        with open("/proc/%d/wchan" % pid) as file:
            looks.append("poll" in file.read())
        return all(looks[-3:]) and len(looks) > 2 or (hit and os.path.exists(hit))

    h.wait_for(rests, 10, "the daemon's first poll")


def end(pid):
    os.kill(pid, signal.SIGTERM)
    h.wait_for(lambda: not os.path.exists(faults.path_of("pid")), 5, "the daemon's end")


def check_detached(offset, times):
    hit = faults.path_of("hit")
    done, pid = detach(faults.shim(at=offset, times=times, hit=hit))
    lines = done.stderr.splitlines()
    if pid is None:
        assert done.returncode == 1 and lines, (done.returncode, lines)
        assert re.match(r"srcportd(\[\d+\])?: \S", lines[-1]), lines
    else:
        at_rest(pid, hit)
        end(pid)
    assert os.path.exists(hit), "was not reached"


def test_in_the_background():
    path = faults.path_of("sites")
    with Host():
        known = set(sites_of_daemon())
        runs = []
        for _ in range(2):
            os.unlink(path)
            done, pid = detach(faults.shim(sites=path))
            assert pid, done
            at_rest(pid)
            end(pid)
            runs.append(faults.sites(path))
        # What each life comes to. A pipe of which somebody reads takes an octet.
        found = [site for site in runs[0] if site in runs[1] and site not in known and
                 site[0] != "write"]
        assert {"fork", "pipe2"} <= {function for function, _ in found}, found
        at_each(found, check_detached)
    return "%d places" % len(found)


if __name__ == "__main__":
    h.main(at_once=4, before=h.enter_namespace_of_its_own)
