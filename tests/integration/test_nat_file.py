# SPDX-License-Identifier: ISC
"""Pools of address translation where the table of connections can only be read as a file: the same
rows as over netlink, for root without CAP_NET_ADMIN, and where ctnetlink is not loaded."""
import json
import os
import socket
import tempfile

import harness as h
import isolate
from router import OUTSIDE, PORT, SERVER, SERVER6, Router, nft
from traps import CRITICAL, alarms, kind_of
from world import UNPRIVILEGED


GROUP = "setpriv", "--reuid=65534", "--regid=65534", "--groups=0"


def report(*options, before=()):
    status, out, error = h.srcportd("--once", "--format", "json", *options, before=before)
    assert (status, error) == (0, ""), (status, error)
    return json.loads(out)["nat"]


def proc_root(**files):
    """All of /proc but some files: text, or None where there is none. Processes are missing."""
    root = tempfile.mkdtemp(dir=h.directory())
    os.mkdir(os.path.join(root, "net"))
    for folder in "", "net":
        for name in os.listdir(os.path.join("/proc", folder)):
            if name not in files and name != "net" and not name.isdigit():
                os.symlink(os.path.join("/proc", folder, name), os.path.join(root, folder, name))
    for name, text in files.items():
        folder = "net" if name == "nf_conntrack" else ""
        if text is not None:
            with open(os.path.join(root, folder, name), "w") as file:
                file.write(text)
    return root


def filled():
    """Flows of several kinds through the router; fewer than show which ports it gives out."""
    router = Router()
    router.ends()
    assert router.pass_of(8) == 8
    assert router.pass_of(20, SERVER6) == 20
    def datagrams(count):
        for _ in range(count):
            router.start(SERVER, kind=socket.SOCK_DGRAM)
        assert router.received() == count
    datagrams(8)
    nft("table ip raw { chain pre { type filter hook prerouting priority -300; ct zone set 5; }; }")
    datagrams(7)
    nft("delete table ip raw")
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    own.settimeout(5)
    own.bind((OUTSIDE, 20090))
    own.connect((SERVER, PORT))
    router.kept.append(own)
    return router


def test_the_same_rows():
    isolate.want("conntrack")
    if not os.path.exists("/proc/net/nf_conntrack"):
        raise isolate.Skip("no /proc/net/nf_conntrack here")
    router = filled()
    live = report()
    assert live["source"] == "netlink" and len(live["pools"]) == 4, live
    file = report(before=UNPRIVILEGED)
    assert (file["available"], file["source"], file["reason"]) == (True, "file", None), file
    # Neither root nor a capability, but its group.
    assert report(before=GROUP)["pools"] == file["pools"]
    # Which ports a rule gives out takes the capability, and these are too few to show it.
    for row in file["pools"]:
        assert row["range"] == {"low": 1024, "high": 65535, "from": "default"}, row
    same = "protocol outside peer port zone entries evictable holder holderEntries idle".split()
    key = [[row[name] for name in same] for row in file["pools"]]
    assert sorted(key) == sorted([row[name] for name in same] for row in live["pools"]), (live, file)
    out = h.srcportd("--once", before=UNPRIVILEGED)[1]
    assert ("\nNAT POOLS  what each outside address has left toward a peer, by "
            "/proc/net/nf_conntrack\n") in out, out
    # Moved flows show the range there, too.
    assert router.pass_of(40) == 40
    row = [row for row in report(before=UNPRIVILEGED)["pools"]
           if (row["protocol"], row["zone"], row["peer"]) == ("tcp", 0, SERVER)]
    assert len(row) == 1 and row[0]["range"]["from"] == "flows", row
    assert row[0]["range"]["low"] == 20000 and row[0]["range"]["high"] == 20099, row


def test_no_module_is_loaded():
    """Where a question would load ctnetlink, the file is read."""
    isolate.want("conntrack")
    filled()
    loaded = "nf_conntrack 204800 1 - Live 0x0000000000000000\n"
    nat = report("--proc-root", proc_root(modules=loaded))
    assert (nat["source"], len(nat["pools"])) == ("file", 4), nat
    loaded += "nf_conntrack_netlink 57344 0 - Live 0x0000000000000000\n"
    nat = report("--proc-root", proc_root(modules=loaded))
    assert (nat["source"], len(nat["pools"])) == ("netlink", 4), nat


def test_a_file_that_is_none():
    isolate.want("conntrack")
    nat = report("--proc-root", proc_root(nf_conntrack="something else\n"), before=UNPRIVILEGED)
    assert (nat["available"], nat["reason"], nat["source"]) == (
        False, "net/nf_conntrack has a line that is not understood", None), nat
    nat = report("--proc-root", proc_root(nf_conntrack=None), before=UNPRIVILEGED)
    assert (nat["available"], nat["reason"]) == (False, "needs CAP_NET_ADMIN"), nat


def test_the_daemon_says_so():
    isolate.want("conntrack")
    router = Router()
    router.ends()
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, before=UNPRIVILEGED) as daemon:
        daemon.wait_log("pools of address translation are counted, from /proc/net/nf_conntrack")
        h.wait_for(lambda: h.value("srcPortNatAvailable.0") == 1, 5, "pools")
        assert h.value("srcPortNatPools.0") == 1


def full_table(count):
    """Flows that had to change port, to one peer: a rule that gives these ports out has none left."""
    line = ("ipv4     2 tcp      6 431999 ESTABLISHED src=10.7.0.2 dst=%s sport=%d dport=443 "
            "src=%s dst=%s sport=443 dport=%d [ASSURED] mark=0 zone=0 use=2\n")
    return "".join(line % (SERVER, port + 10000, SERVER, OUTSIDE, port)
                   for port in range(30000, 30000 + count))


def test_an_alarm_stays_while_the_table_cannot_be_read():
    isolate.want("conntrack")
    root = proc_root(nf_conntrack=full_table(400))
    table = os.path.join(root, "net", "nf_conntrack")
    manager = h.Snmptrapd()
    ours = lambda: [kind_of(trap) for trap in manager.traps() if kind_of(trap)]
    with h.Snmpd(extra=h.trap_sinks("v2c")) as snmpd, \
            h.Srcportd(snmpd, "--proc-root", root, config="clearPolls 1\n", before=UNPRIVILEGED) as daemon:
        h.wait_for(lambda: ours() == [CRITICAL], 15, "that it is critical")
        (number, before), = alarms().items()
        assert b"400 of 400 outside ports in use" in before["srcPortAlarmMessage"], before
        os.unlink(table)
        daemon.wait_log("not counted: needs CAP_NET_ADMIN")
        daemon.wait_polls(3)
        assert h.value("srcPortNatAvailable.0") == 2
        (same, held), = alarms().items()
        assert same == number and held["srcPortAlarmMessage"].startswith(
            b"as it was: it is not counted any more: needs CAP_NET_ADMIN"), held
        assert ours() == [CRITICAL]


if __name__ == "__main__":
    isolate.main()
