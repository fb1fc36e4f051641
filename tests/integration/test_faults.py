#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What goes wrong around srcportd, and what it does then.

The effects are in srcportd(8), FAULTS; CASES says which tests show each of them.
"""
import ctypes
import errno
import os
import random
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import time

import harness as h
import faults
import traps

# What srcportd(8) lists, and the functions that show it.
CASES = {
    "snmpd is absent, ends, hangs or starts anew": {
        "test_agent_link": ["test_snmpd_starts_late", "test_snmpd_killed_and_restarted",
                            "test_snmpd_hangs", "test_snmpd_hangs_from_the_start"],
        "test_traps_restart": []},
    "The AgentX socket is missing, forbidden, or no such socket": {
        "test_faults": ["test_wrong_agentx_sockets"]},
    "A second srcportd": {
        "test_agent_link": ["test_a_second_srcportd"], "test_service": ["test_second_daemon"]},
    "Netlink is refused": {"test_faults": ["test_netlink_refused", "test_bad_answers"]},
    "An answer of the kernel is cut short, garbled, an error or missing": {
        "test_faults": ["test_bad_answers", "test_bad_answers_to_once"],
        "test_lost_polls": ["test_no_answer", "test_no_answer_about_owners", "test_costly"]},
    "A file of /proc is missing or absurd": {
        "test_daemon": ["test_proc_goes_bad_under_the_daemon", "test_bad_proc_from_the_start",
                        "test_malformed_proc", "test_unreadable_proc"]},
    "Memory is short": {
        "test_fault_sites": ["test_daemon_fails_once", "test_daemon_fails_always",
                             "test_beside_snmpd", "test_in_the_background"]},
    "Descriptors are short": {
        "test_faults": ["test_few_descriptors", "test_no_descriptors_for_a_while"],
        "test_fault_sites": ["test_daemon_fails_once"]},
    "The clock is set": {"test_faults": ["test_the_wall_clock_jumps"]},
    "The host is suspended, or the daemon stopped for a while": {
        "test_faults": ["test_stopped_and_continued"]},
    "The disk is full": {
        "test_faults": ["test_the_disk_is_full"], "test_daemon": ["test_full_disk"]},
    "The configuration is read again during a poll": {
        "test_faults": ["test_reload_during_a_poll", "test_a_thousand_reloads"]},
    "Signals come in any order": {"test_faults": ["test_signals_in_any_order"]},
    "The service manager does not listen": {
        "test_faults": ["test_a_deaf_service_manager"]},
    "Nobody reads the log": {
        "test_faults": ["test_nobody_reads_the_log"],
        "test_service": ["test_syslog_that_nobody_reads"]},
    "Names that others chose are meant to do harm": {
        "test_hostile_names": ["test_a_process_and_its_cgroup"]},
}

OK, FAILED = 0, 1
NOWHERE = ["--agentx-socket", "/nowhere", "--interval", "1"]


def configured(text=""):
    """Arguments for a daemon with that configuration, that keeps nothing and has no snmpd."""
    path = faults.path_of("srcportd.conf")
    with open(path, "w") as file:
        file.write(text + ("" if "stateFile" in text else "stateFile none\n"))
    return NOWHERE + ["--config", path]


def test_the_manual_tells_of_each():
    with open(os.path.join(h.ROOT, "src/daemon/srcportd.8")) as file:
        text = re.search(r"^\.Sh FAULTS$(.*?)^\.Sh", file.read(), re.M | re.S).group(1)
    listed = re.split(r"^\.It ", text, flags=re.M)[1:]
    assert [one.splitlines()[0].replace("\\&", "") for one in listed] == list(CASES)
    assert all(len(one.splitlines()) > 1 for one in listed), listed
    for files in CASES.values():
        for name, functions in files.items():
            with open(os.path.join(h.ROOT, "tests/integration", name + ".py")) as file:
                there = re.findall(r"^def (test_\w+)\(", file.read(), re.M)
            assert not set(functions) - set(there), set(functions) - set(there)


def alive_and_well(told):
    """It polls, and ends as it should."""
    told.poke()
    told.until(faults.good)
    told.process.send_signal(signal.SIGTERM)
    assert told.wait() == OK, told.log()


# A wrong AgentX socket. Each is told once, with the reason, and found once it is right.

def wrong_sockets():
    """(what it is, its path, a part of the reason)"""
    here = h.directory()
    for name in ("unreadable", "a-directory", "empty"):
        os.mkdir(os.path.join(here, name))
    with open(os.path.join(here, "a-file"), "w"):
        pass
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagrams.bind(os.path.join(here, "datagrams"))
    deserted = socket.socket(socket.AF_UNIX)
    deserted.bind(os.path.join(here, "deserted"))
    deserted.close()
    os.chmod(os.path.join(here, "unreadable"), 0)
    os.chmod(here, 0o755)
    return [("a directory that one may not search", "unreadable/master", "Permission denied"),
            ("a missing directory", "missing/master", "No such file"),
            ("an empty directory", "empty/master", "No such file"),
            ("a directory", "a-directory", ""),
            ("a file", "a-file", ""),
            ("a socket of the wrong type", "datagrams", ""),
            ("what a dead snmpd left", "deserted", "")]


def test_wrong_agentx_sockets():
    """As a plain user, to whom permissions mean something; tried again and again, told once."""
    copies = {}
    for path in (h.PROGRAM, faults.SHIM):
        copies[path] = faults.path_of(os.path.basename(path) + "-copy")
        faults.build_shim()
        shutil.copy(path, copies[path])
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    started = []
    for number, (what, path, reason) in enumerate(wrong_sockets()):
        path = os.path.join(h.directory(), path)
        tried = faults.path_of("tried-%d" % number)
        with open(tried, "w"):
            os.chmod(tried, 0o666)
        process = subprocess.Popen([*user, copies[h.PROGRAM], "--agentx-socket", path,
                                    "--interval", "1", "--config", "/dev/null"],
                                   env=faults.shim(preload=copies[faults.SHIM], connects=tried),
                                   stderr=subprocess.PIPE, universal_newlines=True)
        h.at_exit(process.kill)
        started.append((process, what, path, reason, tried))
    for process, what, path, reason, tried in started:
        h.wait_for(lambda: open(tried).read().count(path) >= 3, 20, "attempts: " + what)
        assert process.poll() is None, what
        process.terminate()
        log = process.communicate(timeout=10)[1]
        assert process.returncode == OK, (what, log)
        lines = [line for line in log.splitlines() if path in line]
        assert len(lines) == 1 and reason in lines[0], (what, log)


# The kernel refuses netlink: a filter as a sandbox sets it, without the shim.

LOAD_ARCH, LOAD_NUMBER, LOAD_ARG0 = 4, 0, 16


def refuse_netlink():
    """For preexec_fn: socket(AF_NETLINK, ...) fails with EPERM from here on."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
    code = [(0x20, 0, 0, LOAD_NUMBER), (0x15, 0, 3, number),
            (0x20, 0, 0, LOAD_ARG0), (0x15, 0, 1, socket.AF_NETLINK),
            (0x06, 0, 0, 0x00050000 | errno.EPERM), (0x06, 0, 0, 0x7fff0000)]
    program = b"".join(struct.pack("HBBI", *one) for one in code)
    buffer = ctypes.create_string_buffer(program)
    prog = struct.pack("HxxxxxxP", len(code), ctypes.addressof(buffer))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, prog):
        raise OSError(ctypes.get_errno(), "seccomp")


def test_netlink_refused():
    if os.uname().machine not in ("x86_64", "aarch64"):
        raise h.Skip("the number of socket(2) is not known here")
    for arguments in (["--once"], configured()):
        status, out, err = h.srcportd(*arguments, preexec_fn=refuse_netlink)
        assert status == FAILED and not out, (status, out)
        assert len(err.splitlines()) == 1, err
        assert "netlink" in err and "Operation not permitted" in err, err
    status, out, err = h.srcportd("--once", "--format", "nagios", preexec_fn=refuse_netlink)
    assert status == 3 and out.startswith("SRCPORT UNKNOWN: ") and "netlink" in out, out


# The kernel's answers go bad while the daemon polls, and get good again.

ANSWERS = {
    "truncate": "a datagram was cut short",
    "garbage": "answer: ",
    "short": "answer: ",
    "busy": "the kernel refused it: Device or resource busy",
    "refuse": "the kernel refused it: Operation not permitted",
    "interrupt": "answer: Interrupted",
    "silence": "it did not end",
}


def test_bad_answers():
    """One daemon for each way."""
    lives = []
    with h.Listener("127.0.0.1", 9000):
        keep = h.connect_many(30, "127.0.0.1", 9000)
        for mode, said in ANSWERS.items():
            gate = faults.path_of("gate-" + mode)
            told = faults.Told(faults.shim(netlink=mode, gate=gate), *configured())
            lives.append((mode, said, gate, told))
        for mode, _, gate, told in lives:
            told.until(faults.good)
            told.wait_agent()
            told.held = told.descriptors()
            with open(gate, "w"):
                pass
        for mode, said, gate, told in lives:
            told.until(lambda text: text.startswith("the last poll failed") and said in text)
            for _ in range(2):
                assert "failed" in told.status(), mode
            os.unlink(gate)
        for mode, said, _, told in lives:
            told.until(faults.good)
            # Soon: an attempt to reach snmpd may be under way, or the next poll.
            h.wait_for(lambda: told.descriptors() <= told.held, 5, "as few descriptors: " + mode)
            alive_and_well(told)
            # One; the poll under way at that time may have failed in its own way.
            lines = [line for line in told.log().splitlines() if "poller: dump" in line]
            assert 1 <= len(lines) <= 2 and said in lines[-1], (mode, told.log())
            assert told.log().count("polls succeed again") == 1, (mode, told.log())
            told.close()
        h.close_all(keep)


def test_bad_answers_to_once():
    gate = faults.path_of("gate")
    with open(gate, "w"):
        pass
    with h.Listener("127.0.0.1", 9000):
        keep = h.connect_many(30, "127.0.0.1", 9000)
        for mode, said in ANSWERS.items():
            status, out, err = h.srcportd("--once", env=faults.shim(netlink=mode, gate=gate))
            assert status == FAILED and not out and said in err, (mode, status, out, err)
            assert len(err.splitlines()) == 1, (mode, err)
        h.close_all(keep)


# Time.

CLOCK_BOOTTIME = 7


def test_the_wall_clock_jumps():
    """Ten years back, a century forth: polls keep their second, ages are true, no alarm.

    What the kernel measures is looked up; what the program measures is seen from outside."""
    clock = faults.path_of("clock")
    with h.Snmpd() as snmpd:
        told = faults.Told(faults.shim(clock=clock), *configured("failures no\n"),
                           "--agentx-socket", snmpd.socket)
        told.until(faults.good)
        h.wait_for(lambda: h.value("srcPortPollPolls.0"), 10, "rows")
        assert told.timers() == [CLOCK_BOOTTIME], told.timers()
        for years in (-10, 100, 0):
            with open(clock, "w") as file:
                file.write("%d" % (years * 365 * 86400))
            start = time.monotonic()
            while time.monotonic() - start < 0.5:
                assert h.value("srcPortPollAge.0") < 5000, years
            for _ in range(2):
                assert faults.good(told.status()), years
            assert 0.5 < time.monotonic() - start < 8, years
        before = told.log()
        alive_and_well(told)
        assert "alarm" not in before and "poller: dump" not in before, before
        told.close()


def polls(status):
    return int(status.split("; ")[1].split()[0])


def test_stopped_and_continued():
    """As after a suspend: what was missed is not made up for. The timer's clock goes on while the
    host sleeps, so that a poll is due when it wakes up."""
    told = faults.Told(dict(os.environ), *configured("failures no\n"))
    before = polls(told.until(faults.good))
    told.pause()
    assert told.timers() == [CLOCK_BOOTTIME], told.timers()
    start = time.monotonic()
    while time.monotonic() - start < 4.5:
        assert told.state() == "T"
        time.sleep(0.1)
    told.resume()
    while time.monotonic() - start < 6:
        after = polls(told.until(faults.good))
    # Two that were under way or due, one or two in that time; not the four that were missed.
    assert before < after <= before + 4, (before, after)
    alive_and_well(told)
    told.close()


# Disks.

def full_disk():
    """A file system without room for one more octet; its path."""
    path = faults.path_of("full")
    os.mkdir(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k,nr_inodes=8", "tmpfs", path], check=True)
    fill(path)
    return path


def fill(path):
    with open(os.path.join(path, "filler"), "ab", buffering=0) as file:
        try:
            while file.write(b"x" * 512):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC, error


def test_the_disk_is_full():
    disk = full_disk()
    told = faults.Told(dict(os.environ), *configured(
        "stateFile %s/alarms\ntarget here 127.0.0.1 warning 65535\n" % disk))
    told.until(faults.good)
    told.wait_log("alarm: target here: warning")
    h.wait_for(lambda: "No space left on device" in told.log(), 5, "a word about the disk")
    for _ in range(3):
        assert faults.good(told.status())
    assert told.log().count("No space left") == 1, told.log()
    os.truncate(disk + "/filler", 0)
    told.wait_log("alarms are kept over a restart again")
    fill(disk)
    alive_and_well(told)
    told.close()
    status, _, err = h.srcportd("--pid-file", disk + "/pid", *NOWHERE)
    assert status == FAILED and "No space left on device" in err, (status, err)


# Signals.

def test_reload_during_a_poll():
    """Each datagram takes 100 ms: every reload hits a poll; each poll is whole."""
    path = faults.path_of("srcportd.conf")
    with h.Listener("127.0.0.1", 9000):
        keep = h.connect_many(50, "127.0.0.1", 9000)
        told = faults.Told(faults.shim(delay=100000), "--config", path, *NOWHERE, start=False)
        for number in range(20):
            with open(path, "w") as file:
                for target in range(number % 5 * 200):
                    file.write("target t%d 127.0.0.1 port 9000 warning %d\n" % (target, number + 1))
            if number == 0:
                told.start()
                told.until(faults.good)
            told.poke()
            time.sleep(random.uniform(0, 0.3))
        status = told.until(faults.good)
        # 50 connections, 50 accepted ones in the backlog, a listener.
        assert ": 101 sockets" in status, status
        assert not re.search(r"poller: (dump|/proc)", told.log()), told.log()
        alive_and_well(told)
        told.close()
        h.close_all(keep)


def test_a_thousand_reloads():
    """Good and bad ones in turn; what the process holds does not grow."""
    path = faults.path_of("srcportd.conf")
    texts = ("target a 127.0.0.1\ntarget b 127.0.0.0/8 critical 90%\n",
             "nonsense\n" * 50, "", "target a ::1 closeWait 3\nprobe yes\nmaxPools 3\n")

    def held():
        with open("/proc/%d/statm" % told.pid) as file:
            pages = int(file.read().split()[1])
        return pages, told.descriptors()

    def reload(number):
        with open(path, "w") as file:
            file.write(texts[number % len(texts)])
        told.poke()
        while "RELOADING" not in (told.message(5) or {"RELOADING": "nothing"}):
            pass

    def settled(first, last):
        """The least that it holds after some more reloads, with the empty configuration in force
        and no poll under way."""
        for number in range(first, last):
            reload(number)
        seen = []
        for _ in range(8):
            reload(2)
            told.until(faults.good)
            seen.append(held())
        return [min(part) for part in zip(*seen)]

    open(path, "w").close()
    # What is freed goes back to the kernel at once, so that the rest can be compared.
    thrifty = dict(os.environ, MALLOC_ARENA_MAX="1", MALLOC_MMAP_THRESHOLD_="65536",
                   MALLOC_TRIM_THRESHOLD_="4096", MALLOC_TOP_PAD_="0")
    told = faults.Told(thrifty, *NOWHERE, "--config", path, start=False)
    told.start()
    told.until(faults.good)
    told.wait_agent()
    before, after = settled(0, 200), settled(200, 1200)
    assert after[1] <= before[1] + 1, (before, after)  # an attempt to reach snmpd
    assert after[0] <= before[0] + 12, "%d pages, then %d" % (before[0], after[0])
    # Fifty errors a time are not fifty lines a time.
    assert len(told.log().splitlines()) < 300, len(told.log().splitlines())
    assert "left out" in told.log()
    reload(2)
    alive_and_well(told)
    told.close()


def test_signals_in_any_order():
    """Two hundred a life, from before it is ready until after it was told to end."""
    kinds = [signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD, signal.SIGCONT, signal.SIGPIPE,
             signal.SIGWINCH, signal.SIGURG]
    dice = random.Random(7)
    for life in range(6):
        told = faults.Told(dict(os.environ), *configured())
        if life % 2:
            told.until(faults.good)
        else:
            h.wait_for(lambda: signal_is_held(told.pid), 5, "signals wait")
        for _ in range(200):
            told.process.send_signal(dice.choice(kinds))
            told.drain()
            if dice.random() < 0.05:
                told.pause()
                told.resume()
        told.process.send_signal(dice.choice([signal.SIGTERM, signal.SIGINT]))
        try:
            for _ in range(20):
                told.process.send_signal(dice.choice(kinds))
        except ProcessLookupError:
            pass
        assert told.wait() == OK, told.log()
        told.close()


def signal_is_held(pid):
    """True when SIGHUP no longer ends the process."""
    with open("/proc/%d/status" % pid) as file:
        blocked = next(line for line in file if line.startswith("SigBlk"))
    return int(blocked.split()[1], 16) >> (signal.SIGHUP - 1) & 1


# Descriptors, for real: as many as the process may have, from none to enough.

def test_few_descriptors():
    enough = 0
    for limit in range(3, 24):
        status, out, err = h.srcportd("--once", preexec_fn=lambda: limit_files(limit))
        if status == OK:
            enough = enough or limit
            continue
        if status == 127:  # the loader did not come as far as the program
            continue
        assert status == FAILED and not out and len(err.splitlines()) == 1, (limit, status, err)
        assert "Too many open files" in err, (limit, err)
        assert not enough, "%d are enough, and %d are not" % (enough, limit)
    assert 3 < enough <= 12, enough


def limit_files(count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def test_no_descriptors_for_a_while():
    """All but those that it has are taken away from a daemon that runs: what polls need is open."""
    told = faults.Told(dict(os.environ), *configured("failures no\n"))
    told.until(faults.good)
    limits = resource.prlimit(told.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(told.pid, resource.RLIMIT_NOFILE, (8, limits[1]))
    for _ in range(3):
        told.until(faults.good)
    resource.prlimit(told.pid, resource.RLIMIT_NOFILE, limits)
    told.until(faults.good)
    alive_and_well(told)
    assert "Too many open files" not in told.log(), told.log()
    told.close()


def test_fewer_descriptors_than_are_awaited():
    """poll(2) itself fails then (EINVAL)."""
    told = faults.Told(dict(os.environ), *configured("failures no\n"))
    told.until(faults.good)
    limits = resource.prlimit(told.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(told.pid, resource.RLIMIT_NOFILE, (2, limits[1]))
    for _ in range(3):
        told.until(faults.good)
    assert told.log().count("the limit of open files is below those that are open") == 1, told.log()
    resource.prlimit(told.pid, resource.RLIMIT_NOFILE, limits)
    told.until(faults.good)
    told.process.send_signal(signal.SIGTERM)
    assert told.wait() == 0, told.log()
    told.close()


# A state file that is not what it should be. Nothing that was there is lost.

def life_with(path, content=None):
    """Of a daemon with that state file: its log."""
    if content is not None:
        with open(path, "w") as file:
            file.write(content)
    told = faults.Told(dict(os.environ), *configured("failures no\nstateFile %s\n" % path))
    told.until(faults.good)
    alive_and_well(told)
    log = told.log()
    told.close()
    return log


def text_of(path):
    with open(path) as file:
        return file.read()


def test_state_files_of_others():
    path = faults.path_of("alarms")
    assert "it is not touched" in life_with(path, "127.0.0.1 localhost\n")
    assert text_of(path) == "127.0.0.1 localhost\n"
    newer = "srcportd alarms 2\nlast 1 2 3\n"
    assert "it is kept as %s.bad" % path in life_with(path, newer)
    assert text_of(path + ".bad") == newer and text_of(path).startswith("srcportd alarms 1\nlast ")
    assert "alarms" not in life_with(path)
    os.unlink(path)
    os.mkfifo(path)
    assert "it is not a regular file" in life_with(path)
    os.unlink(path)
    first = faults.Told(dict(os.environ), *configured("failures no\nstateFile %s\n" % path))
    first.until(faults.good)
    before = text_of(path)
    assert "another srcportd uses it" in life_with(path)
    assert text_of(path) == before
    alive_and_well(first)
    first.close()


def test_a_deaf_service_manager():
    """Its queue is full and nobody reads: polls go on, and so does the daemon's end."""
    with h.Snmpd() as snmpd:
        told = faults.Told(dict(os.environ), *configured(), "--agentx-socket", snmpd.socket)
        h.wait_for(lambda: h.value("srcPortPollPolls.0"), 10, "a first poll")

        def polled():
            told.process.send_signal(signal.SIGUSR1)
            return h.value("srcPortPollPolls.0") > 40

        h.wait_for(polled, 50, "many polls")
        start = time.monotonic()
        told.process.send_signal(signal.SIGTERM)
        assert told.wait() == OK, told.log()
        assert time.monotonic() - start < 6
        told.close()


def fill_pipe(path):
    end = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    for size in (4096, 1):
        try:
            while True:
                os.write(end, size * b"x")
        except BlockingIOError:
            pass
    os.close(end)


def test_nobody_reads_the_log():
    """Its pipe is full, and an alarm is a line: it is told all the same, and rows are served."""
    world = traps.World(start_snmpd=False)
    world.daemon.stop()
    world.snmpd.start_and_wait()
    pipe = faults.path_of("pipe")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    world.daemon = h.Srcportd(world.snmpd, config=traps.QUICK,
                              before=["sh", "-c", 'exec "$0" "$@" 2>%s' % pipe])
    world.daemon.wait_polls(1)
    fill_pipe(pipe)
    world.fill()
    world.wait(1, traps.CRITICAL)
    assert len(traps.alarms()) == 1
    assert b"critical" not in os.read(reader, 1 << 20)
    world.empty()
    world.wait(1, traps.CLEARED)
    assert b"normal: no connection of it is left (lines before it that nobody took: 1)" in \
        os.read(reader, 1 << 20)
    assert world.daemon.stop() == OK
    os.close(reader)


if __name__ == "__main__":
    h.main(at_once=4, before=h.enter_namespace_of_its_own)
