#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_namespaces: other network namespaces, by --once --namespaces: what is said of each is what
connect() inside can still get, without privilege a bound of it, and nothing of it stays."""
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading

import harness as h
import kernel
from spaces import (ANONYMOUS, IDLE, INSIDE, add_name, from_outside, holder, inside, named, veth,
                    without_privilege)
from world import UNPRIVILEGED


def report(before=(), arguments=()):
    status, out, err = h.srcportd("--once", "--namespaces", "--format", "json", *arguments,
                                  before=before)
    assert status == 0, (status, err)
    return json.loads(out)


def rows(before=(), arguments=()):
    return {row["name"]: row for row in report(before, arguments)["namespaces"]}


NO_ENTRY = "it cannot be entered: Permission denied (CAP_SYS_ADMIN and CAP_SYS_PTRACE are needed)"


def test_a_full_pool_is_within_the_bound():
    with named("blue") as command, inside(command, 200) as (process, count):
        assert count == 100
        with open("/proc/%d/comm" % process.pid) as file:
            name = "%s (pid %d)" % (file.read().strip(), process.pid)
        # Both ends of each, and the listener.
        row = rows(without_privilege())[name]
        assert row == {
            "name": name, "kind": "process", "exact": False,
            "range": {"low": None, "high": None, "reserved": None, "capacity": None},
            "connections": 201, "leastRemaining": None, "uncertain": None, "percent": None, "severity": "unknown",
            "worstPool": None, "message":
                "no pool holds more than 201 ports; its range is not known: " + NO_ENTRY,
            "pools": [], "poolsOmitted": 0, "udpPools": [],
            "locals": []}, row


def test_a_full_pool_is_counted():
    with named("blue") as command, inside(command, 200) as (process, count):
        assert count == 100
        row = rows()["blue"]
        message, pools = row.pop("message"), row.pop("pools")
        assert row == {
            "name": "blue", "kind": "named", "exact": True,
            "range": {"low": 40000, "high": 40099, "reserved": 0, "capacity": 100},
            "connections": 201, "leastRemaining": 0, "uncertain": 0, "percent": 100,
            "severity": "critical", "worstPool": "127.0.0.1 -> 127.0.0.1:9000", "poolsOmitted": 0, "udpPools": [],
            "locals": []}, row
        # What helps is to be typed in there, and is told so.
        assert message.startswith("127.0.0.1 -> 127.0.0.1:9000: small range: 100 of 100 ports in "
                                  "use, 0 left, most held by %s; in there" % holder(process)), message
        assert "; in there (nsenter -t %d -n) set net.ipv4." % process.pid in message, message
        assert len(pools) == 1 and pools[0]["remaining"] == 0 and pools[0]["used"] == 100
        assert pools[0]["states"]["established"] == 100 and pools[0]["cause"] == "smallRange"


def test_it_counts_in_no_verdict():
    with inside(ANONYMOUS, 200) as (process, count):
        assert count == 100
        out = h.srcportd("--once")[1]
        assert "CRITICAL" not in out and "WARNING" not in out, out
        whole = report()
        told = [row for row in whole["namespaces"]
                if row["name"].endswith("(pid %d)" % process.pid)]
        assert [(row["kind"], row["connections"], row["severity"]) for row in told] == \
            [("process", 201, "critical")], told
        assert not whole["pools"] and "no outgoing connections" in whole["message"], whole


def crowded():
    """Whether so many sockets of the machine may be in any namespace that each needs a full look."""
    with open("/proc/net/sockstat") as file:
        return int(re.search(r"alloc (\d+)", file.read()).group(1)) > 15000


def gate():
    """Skips where it is so."""
    if crowded():
        raise h.Skip("the machine has too many sockets of which it is not known where they are")


# Keeps the range that it finds, and has three connections.
FEW = INSIDE.replace('file.write("40000 40099")', "pass")


def test_one_with_few_sockets_is_not_counted():
    gate()
    with named("blue") as command, inside(command, 3, FEW) as (_, count):
        assert count == 3
        row = rows()["blue"]
        assert re.match(r"^no pool holds more than [\d,]+ of 28,232 ports, too few for any level: not "
                        r"counted$", row["message"]), row
        assert (row["exact"], row["severity"], row["leastRemaining"]) == (False, "normal", None)
        assert row["range"] == {"low": 32768, "high": 60999, "reserved": None, "capacity": None}
        assert "SAFE" in h.srcportd("--once", "--namespaces")[1]
        # Who asks about a target wants to know of it everywhere.
        row = rows(arguments=["127.0.0.0/8"])["blue"]
        assert (row["exact"], row["severity"], row["leastRemaining"]) == (True, "normal", 28229)
        assert [pool["remaining"] for pool in row["pools"]] == [28229], row


def test_another_range_than_the_hosts():
    """Told, and the command, typed as printed, gives it the host's."""
    h.port_range(20000, 60999)
    with named("blue") as command, inside(command, 3, FEW) as (process, _):
        def hygiene():
            out = report()["hygiene"]
            return [one for one in out["findings"] if one["finding"] == "namespaceRanges"], out["mend"]
        findings, mend = hygiene()
        assert [one["message"] for one in findings] == [
            "1 other network namespace has another range than 20000-60999 (blue: 32768-60999)"], findings
        line = 'nsenter -t %d -n sysctl -w net.ipv4.ip_local_port_range="20000 60999"' % process.pid
        assert mend[-1] == line, mend
        assert "  to mend         " + line in h.srcportd("--once", "--namespaces")[1]
        assert "namespaceRanges" not in h.srcportd("--once")[1]
        if not shutil.which("sysctl"):
            raise h.Skip("no sysctl here")
        h.run("sh", "-ec", line)
        assert hygiene()[0] == []


def test_an_alias_and_the_token():
    config = os.path.join(h.directory(), "srcportd.conf")
    with open(config, "w") as file:
        file.write('namespaces yes\nnamespaceAlias shop "blu?"\n')
    with named("blue") as command, inside(command, 200):
        status, out, err = h.srcportd("--once", "--format", "json", "--config", config)
        assert status == 0, err
        assert [(row["name"], row["kind"], row["exact"])
                for row in json.loads(out)["namespaces"]] == [("shop", "named", True)]
        # The ports of --port and a line about a target have no place for them.
        assert h.srcportd("--once", "--port", "22", "--config", config)[0] == 0
        assert h.srcportd("--once", "--format", "nagios", "--config", config, "10.1.2.3")[0] == 0
        status, out, _ = h.srcportd("--once", "--format", "nagios", "--config", config)
        assert status == 2 and out.startswith(
            "SRCPORT CRITICAL - namespace shop: 127.0.0.1 -> 127.0.0.1:9000: small range: 100 of "), out
        # What cannot be counted is no verdict.
        status, out, _ = h.srcportd("--once", "--format", "nagios", "--config", config,
                                    before=UNPRIVILEGED)
        assert status == 0 and "namespace" not in out, out


def test_one_without_a_process_goes_with_its_name():
    with named("blue") as command:
        with inside(command, 3):
            assert rows()["blue"]["connections"] == 7
        # It has its name yet, and who stays elsewhere can connect in there.
        left = rows()["blue"]
        assert left["connections"] <= 3, left  # in TIME_WAIT
        assert left["severity"] == "normal", left
        # A plain user cannot go in, and there is nobody to be seen.
        assert "blue" not in rows(without_privilege())
        # Names that programs made, and what no namespace is mounted on, are none.
        add_name("cni-8f1c2d3e-4b5a-6978-8695-a4b3c2d1e0f9")
        os.mkfifo("/run/netns/pipe")
        h.run("touch", "/run/netns/file")
        h.run("touch", "/run/netns/host")
        h.run("mount", "--bind", "/proc/self/ns/net", "/run/netns/host")
        assert list(rows()) == ["blue"], rows()
        with named("red"), inside([], 200, from_outside("red")) as (_, count):
            assert count == 100
            left = rows()["red"]
            assert (left["connections"], left["leastRemaining"], left["severity"]) == (
                201, 0, "critical"), left
            assert "in there (nsenter --net=/run/netns/red) set net.ipv4." in left["message"], left
        h.run("umount", "/run/netns/host")
    assert rows() == {}


def test_it_needs_no_privilege():
    with named("blue") as command, inside(command, 10) as (process, count):
        assert count == 10
        assert rows()["blue"]["connections"] == 21
        # Which name in /run/netns is its own, others are not told.
        told = [row for row in rows(without_privilege()).values()
                if row["name"].endswith("(pid %d)" % process.pid)]
        assert [row["connections"] for row in told] == [21], told
        assert told[0]["kind"] == "process" and told[0]["exact"] is False


def test_two_of_one_name():
    with inside(ANONYMOUS, 1), inside(ANONYMOUS, 2):
        assert sorted(row["connections"] for row in rows().values()) == [3, 5]
        assert len(rows()) == 2


def sees_host():
    try:
        with open("/proc/2/comm") as file:
            return file.read() == "kthreadd\n"
    except FileNotFoundError:
        return False


def test_text_and_what_is_hidden():
    with named("blue") as command, inside(command, 2):
        out = h.srcportd("--once", "--namespaces")[1]
        assert "NAMESPACES  other network namespaces: what those have left that were counted, and " \
            "a bound of the others\n" in out, out
        assert "  blue                             named      WARNING   127.0.0.1 -> 127.0.0.1:" \
            "9000: small range: 2 of 100 ports in use, 98 left, most held by " in out, out
        # This test has a pid namespace: the processes of the host are hidden from it.
        if not sees_host():
            assert "processes of the host are hidden from here" in out, out
            assert report()["namespacesComplete"] is False


def test_not_asked_for():
    plain = json.loads(h.srcportd("--once", "--format", "json")[1])
    assert plain["namespaces"] is None and plain["namespacesComplete"] is None
    assert "NAMESPACES" not in h.srcportd("--once")[1]


# A situation in a namespace: `make` is what it is, `dest` whom it calls. Then, told to, it calls until
# there is no port any more, and says how often that went well.
SITUATION = """
import errno, os, resource, socket, subprocess, sys
def sysctl(name, value):
    with open("/proc/sys/net/ipv4/" + name, "w") as file:
        file.write(value)
def new():
    s = socket.socket(socket.AF_INET6 if ":" in dest[0] else socket.AF_INET)
    held.append(s)
    return s
def listen(address, port, family=socket.AF_INET):
    s = socket.socket(family)
    s.bind((address, port))
    s.listen(4096)
    held.append(s)
    return s
def call(count, to=None):
    got = []
    for _ in range(count):
        s = new()
        try:
            s.connect(to or dest)
        except OSError as error:
            assert error.errno == errno.EADDRNOTAVAIL, error
            break
        got.append(s)
    return got
held, dest = [], ("127.0.0.1", 9000)
resource.setrlimit(resource.RLIMIT_NOFILE, (4000, 4000))
sysctl("ip_local_port_range", "40000 40099")
%s
print("ready", flush=True)
sys.stdin.readline()
print(len(call(2000)), flush=True)
sys.stdin.read()
"""
BOTH = 'listener = listen("127.0.0.1", 9000)\n'
SITUATIONS = {
    # name: (what it is, ports that connect() gets; None where they are too many to try)
    "idle": (BOTH, 100),
    "some": (BOTH + "call(30)", 70),
    "full": (BOTH + "call(200)", 0),
    "reserved": (BOTH + 'sysctl("ip_local_reserved_ports", "40010-40029,50000")\ncall(10)', 70),
    "odd": (BOTH + 'sysctl("ip_local_port_range", "40001 40099")\ncall(10)', 89),
    "three": (BOTH + 'sysctl("ip_local_port_range", "40001 40003")', 2),
    "pools": (BOTH + """
for i in range(2, 42):
    listen("127.0.0.%d" % i, 9000)
    call(i, ("127.0.0.%d" % i, 9000))
call(50)""", 50),
    "listeners": (BOTH + 'for port in range(40000, 40010): listen("127.0.0.1", port)\ncall(5)', 85),
    "bound": (BOTH + """
for port in range(40000, 40020):
    s = socket.socket(); s.bind(("0.0.0.0", port)); held.append(s)
call(5)""", 75),
    "time-wait": (BOTH + """
sysctl("tcp_tw_reuse", "0")
for s in call(40):
    s.close()
    listener.accept()[0].close()""", 60),
    "close-wait": (BOTH + """
for s in call(25):
    listener.accept()[0].close()""", 75),
    "v6": ("""
dest = ("::1", 9000)
listen("::1", 9000, socket.AF_INET6)
call(33)""", 67),
    "dual": ("""
listen("::", 9000, socket.AF_INET6)
call(20)
dest6, dest = ("::1", 9000), ("127.0.0.1", 9000)
for _ in range(50):
    s = socket.socket(socket.AF_INET6); s.connect(dest6); held.append(s)""", 80),
    "syn-sent": ("""
for line in ("link add s type veth peer name sx", "address add 10.9.9.1/24 dev s",
             "link set s up", "link set sx up",
             "neighbour add 10.9.9.9 lladdr 02:00:00:00:00:01 dev s"):
    subprocess.run(["ip", *line.split()], check=True)
dest = ("10.9.9.9", 9000)
def call(count, to=None):
    got = []
    for _ in range(count):
        s = new()
        s.setblocking(False)
        error = s.connect_ex(to or dest)
        if error == errno.EADDRNOTAVAIL:
            break
        assert error == errno.EINPROGRESS, error
        got.append(s)
    return got
call(12)""", 88),
    "default": (BOTH + 'sysctl("ip_local_port_range", "32768 60999")\ncall(32)', None),
    "small": (BOTH + 'sysctl("ip_local_port_range", "40000 40009")\ncall(9)', 1),
}
USER = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c",
        "ip link set lo up; exec \"$@\"", "sh"]
TARGETS = ["127.0.0.1:9000", "[::1]:9000", "10.9.9.9:9000"]


@contextlib.contextmanager
def situation(command, text):
    with subprocess.Popen([*command, sys.executable, "-c", SITUATION % text],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          universal_newlines=True) as process:
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(10)


def left(row, situation_name):
    """What is left toward whom the situation calls: of that pool, or of none; at least and at
    most."""
    peer = {"v6": "::1", "syn-sent": "10.9.9.9"}.get(situation_name, "127.0.0.1")
    pools = [pool for pool in row["pools"] if (pool["peer"], pool["port"]) == (peer, 9000)]
    assert len(pools) <= 1 and row["exact"] == kernel.lists_bound(), row
    most = pools[0]["remaining"] if pools else row["range"]["capacity"]
    # Bound idle sockets, which are not listed before Linux 6.8; there are some in one of them.
    if situation_name == "bound" and not row["exact"]:
        return 0, most
    return most - (pools[0]["uncertain"] if pools else 0), most


def test_what_remains_is_what_connect_gets():
    """Named, anonymous, and of a user namespace of their own where there can be one, in turn."""
    with contextlib.ExitStack() as stack:
        made = {}
        # None can be made in a chroot.
        users = subprocess.run(USER[:3] + ["true"], stderr=subprocess.DEVNULL).returncode == 0
        for i, (name, (text, _)) in enumerate(SITUATIONS.items()):
            command = (stack.enter_context(named(name)) if i % 3 == 0
                       else USER if i % 3 == 2 and users else ANONYMOUS)
            made[name] = stack.enter_context(situation(command, text))
        for name, process in made.items():
            assert process.stdout.readline() == "ready\n", name
        found = rows(arguments=TARGETS)
        assert len(found) == len(SITUATIONS) == 16, sorted(found)
        told = {}
        for name, process in made.items():
            mine = [row for key, row in found.items()
                    if key == name or key.endswith("(pid %d)" % process.pid)]
            assert len(mine) == 1, (name, sorted(found))
            told[name] = left(mine[0], name)
        got = {}
        for name, (_, expected) in SITUATIONS.items():
            if expected is None:
                got[name] = 28232 - 32
                continue
            made[name].stdin.write("go\n")
            made[name].stdin.flush()
            got[name] = int(made[name].stdout.readline())
            # Whether the last port of an odd range is reached is for luck to say.
            assert expected - got[name] in ((0, 1) if name == "odd" else (0,)), (name, got[name])
        for name, count in got.items():
            assert told[name][0] <= count <= told[name][1], (name, told[name], count)
        assert all(low == high for name, (low, high) in told.items()
                   if name not in ("odd", "bound")), told
        assert told["bound"] == ((75, 75) if kernel.lists_bound() else (0, 95)), told


def test_bound_idle_sockets_that_are_not_listed():
    """Before Linux 6.8: what remains may be less by as many as there are, and is so, or the row says
    that it is not exact; afterwards it is what remains."""
    with named("blue") as command, inside(command, 30, IDLE) as (_, count):
        assert count == 35  # with a half of the ten
        def said():
            whole = report(arguments=["127.0.0.1:9000"])
            row = {one["name"]: one for one in whole["namespaces"]}["blue"]
            return row, row["leastRemaining"], row["uncertain"], whole["namespacesComplete"]
        row, remaining, uncertain, complete = said()
        if kernel.lists_bound():
            assert (row["exact"], remaining, uncertain) == (True, 60, 0), row
        elif not complete:
            # Where processes are not hidden see test_exact_unlisted.
            assert not row["exact"] and remaining == 70, row
            assert "; not exact" in row["message"], row


def test_a_target_in_several():
    """Its row has the connections of all, and what the tightest has left; that one is named."""
    h.port_range(40000, 40199)
    config = os.path.join(h.directory(), "srcportd.conf")
    with open(config, "w") as file:
        file.write("namespaces yes\ntarget web 127.0.0.1:9000\n")
    with contextlib.closing(h.Listener("127.0.0.1", 9000)), contextlib.ExitStack() as stack:
        held = h.connect_many(20, "127.0.0.1", 9000)
        blue = stack.enter_context(situation(stack.enter_context(named("blue")), BOTH + "call(97)"))
        green = stack.enter_context(situation(stack.enter_context(named("green")), BOTH + "call(30)"))
        red = stack.enter_context(situation(stack.enter_context(named("red")), BOTH))
        assert [one.stdout.readline() for one in (blue, green, red)] == ["ready\n"] * 3
        (target,) = report(arguments=["127.0.0.1:9000"])["targets"]
        message = target.pop("message")
        expected = {"namespace": "blue", "namespacesCounted": 2, "namespacesNotCounted": 0, "pools": 3,
                    "connections": 147, "used": 97, "remaining": 3, "tightest": 3, "capacity": 100,
                    "uncertain": 0, "percent": 97, "severity": "critical"}
        assert {name: target[name] for name in expected} == expected, target
        assert target["states"]["established"] == 147, target
        assert message.startswith('in "blue": small range: 97 of 100 ports in use, 3 left, most held '
                                  'by %s; in there (nsenter -t %d -n) set net.ipv4.' %
                                  (holder(blue), blue.pid)), message
        out = h.srcportd("--once", "--namespaces", "127.0.0.1:9000")[1]
        assert "\n  namespaces   2 others counted with it, the tightest is blue\n" in out, out
        assert ("\n  remaining    3 of 100 (97% used) in the tightest pool, 127.0.0.1 -> "
                "127.0.0.1:9000 in blue\n") in out, out
        status, out, _ = h.srcportd("--once", "--format", "nagios", "--config", config, "web")
        assert status == 2 and out.startswith('SRCPORT CRITICAL - web (TCP): in "blue": small range: '), out
        # Of those that cannot be entered nothing is taken for known.
        (target,) = report(without_privilege(), ["127.0.0.1:9000"])["targets"]
        expected = {"namespace": None, "namespacesCounted": 0, "namespacesNotCounted": 3, "pools": 1,
                    "connections": 20, "tightest": 180, "capacity": 200, "severity": "normal"}
        assert {name: target[name] for name in expected} == expected, target
        out = h.srcportd("--once", "--namespaces", "127.0.0.1:9000", before=without_privilege())[1]
        assert "0 others counted with it; 3 more are not, what they have is not known\n" in out, out
        blue.stdin.write("go\n")
        blue.stdin.flush()
        assert int(blue.stdout.readline()) == 3
        h.reset_all(held)


def test_udp_of_a_namespace():
    udp = BOTH + """
for port in range(40000, 40085):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", port)); held.append(s)
"""
    with named("blue") as command, situation(command, udp) as process:
        assert process.stdout.readline() == "ready\n"
        row = rows()["blue"]
        assert row["severity"] == "warning" and row["exact"], row
        assert [(pool["address"], pool["remaining"]) for pool in row["udpPools"]] == \
            [("0.0.0.0", 15), ("::", 15)], row["udpPools"]


def test_nothing_of_it_is_kept():
    """Namespaces go, with their veth, while one look after the other is taken."""
    end, looks = threading.Event(), []

    def look():
        while not end.is_set():
            looks.append(h.srcportd("--once", "--namespaces", "127.0.0.1")[0])

    with named("blue"):
        looker = threading.Thread(target=look)
        looker.start()
        try:
            for i in range(3):
                device = veth("n%d" % i)
                before = len(looks)
                with subprocess.Popen(["ip", "netns", "exec", "n%d" % i, "sleep", "60"]) as sleeper:
                    h.wait_for(lambda b=before: len(looks) > b, 20, "a look")
                    h.run("ip", "netns", "del", "n%d" % i)
                    sleeper.kill()
                h.wait_for(lambda d=device: not os.path.exists("/sys/class/net/" + d), 5,
                           "the veth to go")
        finally:
            end.set()
            looker.join(30)
    assert looks and not any(looks), looks


def test_it_goes_while_its_report_is_not_read():
    """All that was opened is closed before a word is written."""
    device = veth("gone")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b" " * 65536)
    os.set_blocking(writing, True)
    with subprocess.Popen(["ip", "netns", "exec", "gone", "sleep", "60"]) as sleeper, \
            subprocess.Popen([h.PROGRAM, "--once", "--namespaces", "0.0.0.0/0"],
                             stdout=writing) as looker:
        try:
            def waits():
                with open("/proc/%d/wchan" % looker.pid) as file:
                    return "pipe" in file.read()
            h.wait_for(waits, 10, "it to wait for its reader")
            h.run("ip", "netns", "del", "gone")
            sleeper.kill()
            h.wait_for(lambda: not os.path.exists("/sys/class/net/" + device), 5, "the veth to go")
        finally:
            sleeper.kill()
            os.close(writing)
            os.close(reading)
            looker.kill()


def test_out_of_descriptors_is_told():
    """Whichever of the two processes runs out of them."""
    said = set()
    with named("blue") as command, inside(command, 3):
        for limit in range(8, 17, 2):
            row = rows(("prlimit", "--nofile=%d" % limit))["blue"]
            if row["exact"]:
                continue
            assert row["severity"] == "unknown", (limit, row)
            assert row["message"].endswith("Too many open files"), (limit, row)
            said.add(row["message"].split(": ")[-2])
    assert said, "it was never out of them"
    return ", ".join(sorted(said))


if __name__ == "__main__":
    h.main()
