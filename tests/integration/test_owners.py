#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_owners: who holds the sockets of a pool in trouble."""
import json
import os
import re
import shutil
import subprocess
import sys

import harness as h
import isolate

PEER, PORT = "127.9.8.7", 9777
POOL = h.inet(PEER) + (PORT,) + h.inet("127.0.0.1")
NOBODY = 65534

# Opens connections and does nothing with them; the first line of standard input ends it.
HOLD = """
import os, resource, socket, sys
name, uid, peer, port, count, cgroup = sys.argv[1:7]
resource.setrlimit(resource.RLIMIT_NOFILE, (500, 600))
if cgroup:
    open(cgroup, "w").write("0")
open("/proc/self/comm", "w").write(name)
held = []
if int(uid):
    os.setgroups([])
    os.setuid(int(uid))
for _ in range(int(count)):
    held.append(socket.socket())
    held[-1].connect((peer, int(port)))
print(len(os.listdir("/proc/self/fd")) - 1)
sys.stdout.flush()
sys.stdin.readline()
"""


def can_be(uid):
    """True if this user namespace has that user."""
    with open("/proc/self/uid_map") as file:
        spans = [[int(word) for word in line.split()] for line in file]
    return any(first <= uid < first + count for first, _, count in spans)


class Holder:
    """A process of another user, or of our own, that holds connections."""

    def __init__(self, name, uid, count, cgroup="", peer=PEER, port=PORT):
        if not can_be(uid):
            raise h.Skip("needs root, to be user %d too" % uid)
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, name, str(uid), peer, str(port), str(count), cgroup],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        h.at_exit(self.close)
        line = self.process.stdout.readline()
        assert line, "%s did not connect" % name
        self.open_files = int(line)
        self.pid = self.process.pid

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def new_cgroup(path):
    """A cgroup of version 2 for this test alone; the file that takes processes in."""
    try:
        os.mkdir(path)
    except OSError as error:
        raise h.Skip("no cgroup can be made: %s" % error) from None
    h.at_exit(lambda: h.wait_for(lambda: os.rmdir(path) is None, 10, "an empty cgroup"))
    return path + "/cgroup.procs"


def leak(listener, count):
    """Closes the other ends of all connections so far."""
    for one in listener.accept(count):
        one.close()
    listener.accepted = []
    h.wait_for(lambda: h.count_state("CLOSE_WAIT", PORT) == count, 10, "%d in CLOSE_WAIT" % count)


def once(*arguments, **options):
    status, output, errors = h.srcportd("--once", "--format", "json", *arguments, **options)
    assert not errors, errors
    return json.loads(output)


def test_two_users_leak():
    h.port_range(40000, 40199)
    with h.Listener(PEER, PORT) as listener, Holder("leaky one", NOBODY, 70) as first, \
            Holder("other", 0, 50) as second:
        leak(listener, 120)
        report = once()
        assert len(report["owners"]) == 1
        pool = report["owners"][0]
        owners = pool.pop("owners")
        assert pool == {"local": "127.0.0.1", "peer": PEER, "port": PORT, "connections": 120,
                        "closeWait": 120, "complete": True}
        expected = {"kind": "process", "fileLimit": 500, "fileLimitHard": 600}
        for owner, holder, name, uid, count in ((owners[0], first, "leaky one", NOBODY, 70),
                                                (owners[1], second, "other", 0, 50)):
            expected.update(process=name, uid=uid, pid=holder.pid, connections=count,
                            closeWait=count, openFiles=holder.open_files)
            assert {key: owner[key] for key in expected} == expected, owner
        assert len(owners) == 2
        _, text, _ = h.srcportd("--once")
        assert re.search(r"^ +70 +70  .*\(pid %d.*uid %d, %d open files \(limit 500, hard 600\)$" % (
            first.pid, NOBODY, first.open_files), text, re.M), text


def test_message_names_the_culprit():
    h.port_range(40000, 49999)
    with open(os.path.join(h.directory(), "conf"), "w") as file:
        file.write("closeWait 20\n")
    with h.Listener(PEER, PORT) as listener, Holder("java", NOBODY, 30) as holder:
        leak(listener, 30)
        _, text, _ = h.srcportd("--once", "--config", file.name, "--format", "nagios")
        words = "CLOSE_WAIT 30 of 30, held by "
        assert words in text and "(pid %d" % holder.pid in text, text
        assert "it does not close its sockets; restart it" in text


def unit_of(root):
    """With cgroups of version 2 at root, the unit of a process is named."""
    name = "srcportd-test-%s.service" % os.urandom(6).hex()
    cgroup = new_cgroup(os.path.join(root, name))
    h.port_range(40000, 40099)
    with h.Listener(PEER, PORT), Holder("java", NOBODY, 30, cgroup) as holder:
        owner = once()["owners"][0]["owners"][0]
        assert (owner["unit"], owner["cgroup"]) == (name, "/" + name)
        assert owner["name"] == '"%s" (pid %d "java")' % (name, holder.pid)


def test_unit_of_the_cgroup():
    h.want("cgroup2")
    unit_of(isolate.CGROUPS)


def test_unit_of_the_cgroup_beside_version_1():
    h.want("hybrid")
    unit_of(isolate.CGROUPS + "/unified")


def no_unit():
    h.port_range(40000, 40099)
    with h.Listener(PEER, PORT), Holder("java", NOBODY, 30) as holder:
        owner = once()["owners"][0]["owners"][0]
        assert (owner["unit"], owner["cgroup"]) == ("", "")
        assert owner["name"] == '"java" (pid %d)' % holder.pid


def test_no_unit_with_version_1():
    h.want("cgroup1")
    no_unit()


def test_no_unit_without_cgroups():
    no_unit()


def test_without_privilege_user_and_cgroup():
    h.port_range(40000, 40099)
    program = shutil.copy(h.PROGRAM, h.directory())  # where that user may go
    os.chmod(h.directory(), 0o755)
    with h.Listener(PEER, PORT), Holder("java", 0, 30), Holder("mine", NOBODY, 20):
        done = subprocess.run(
            ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups",
             program, "--once", "--format", "json"], stdout=subprocess.PIPE, check=True)
        owners = json.loads(done.stdout.decode())["owners"][0]["owners"]
        assert [(one["kind"], one["uid"], one["connections"], one["process"], one["pid"] is None)
                for one in owners if one["uid"] == 0] == [("group", 0, 30, "", True)]
        assert sum(one["connections"] for one in owners) == 50


def test_the_kernel_alone():
    h.port_range(40000, 40099)
    h.sysctl("net.ipv4.tcp_tw_reuse", 0)
    with h.Listener(PEER, PORT) as listener:
        h.time_wait(40, listener)
        owners = once()["owners"][0]["owners"]
        assert [(one["kind"], one["connections"], one["uid"], one["pid"]) for one in owners] == [
            ("nobody", 40, None, None)]


def test_nothing_to_ask_while_all_is_well():
    h.port_range(40000, 49999)
    with h.Listener(PEER, PORT), Holder("java", NOBODY, 30):
        assert once()["owners"] == []
        # A target that is in warning is asked about, whatever the other levels say.
        with open(os.path.join(h.directory(), "conf"), "w") as file:
            file.write("target t %s:%d warning 9990\n" % (PEER, PORT))
        owners = once("--config", file.name)["owners"]
        assert [one["process"] for one in owners[0]["owners"]] == ["java"]
        with open(file.name, "a") as file:
            file.write("owners no\n")
        assert once("--config", file.name)["owners"] == []


def test_who_asks_for_a_target_is_told_its_owners():
    """With the limits of their files, however well it is; the plugin's line needs none of it."""
    h.port_range(40000, 49999)
    with h.Listener(PEER, PORT), h.Listener(PEER, PORT + 1), Holder("java", NOBODY, 30) as java, \
            Holder("other", 0, 20, port=PORT + 1):
        owners = once("%s:%d" % (PEER, PORT))["owners"]
        assert [[one["process"] for one in pool["owners"]] for pool in owners] == [["java"]]
        assert (owners[0]["owners"][0]["pid"], owners[0]["owners"][0]["fileLimit"]) == (
            java.pid, 500)
        text = h.srcportd("--once", "%s:%d" % (PEER, PORT))[1]
        assert re.search(r'^OWNERS  of the sockets of each TARGET, .*\n.*\n +30 +0  "java" \(pid %d\), '
                         r"uid %d, \d+ open files \(limit 500, hard 600\)$" % (java.pid, NOBODY),
                         text, re.M), text
        assert "OWNERS" not in h.srcportd("--once")[1]


def test_owner_table():
    h.port_range(40000, 40099)
    with h.Snmpd() as snmpd, h.Listener(PEER, PORT) as listener, \
            Holder("one", NOBODY, 20) as one, Holder("two", 0, 10) as two, \
            h.Srcportd(snmpd) as program:
        program.wait_polls(1)
        rows = h.wait_for(lambda: h.table("srcPortOwnerTable"), 10, "rows of owners")
        assert list(rows) == [POOL + (1,), POOL + (2,)]
        assert [(row["srcPortOwnerKind"], row["srcPortOwnerConnections"],
                 row["srcPortOwnerUserId"]) for row in rows.values()] == [
                     (1, 20, NOBODY), (1, 10, 0)]
        first = rows[POOL + (1,)]
        assert first["srcPortOwnerAge"] <= 20
        assert b"(pid %d" % one.pid in first["srcPortOwnerName"]
        processes = h.table("srcPortOwnerProcessTable")
        assert [(row["srcPortOwnerProcessId"], row["srcPortOwnerProcessName"])
                for row in processes.values()] == [(one.pid, b"one"), (two.pid, b"two")]
        process = processes[POOL + (1,)]
        assert (process["srcPortOwnerFileLimit"], process["srcPortOwnerFileLimitHard"],
                process["srcPortOwnerOpenFiles"]) == (500, 600, one.open_files)
        # The first poll that tells of the trouble already tells who is behind it.
        assert b"most held by" in h.value("srcPortSystemMessage.0")
        listener.close()  # resets what nobody accepted: nothing stays in FIN_WAIT2
        two.close()
        one.close()
        h.wait_for(lambda: not h.table("srcPortOwnerTable"), 30, "no trouble and no owners")


if __name__ == "__main__":
    h.main()
