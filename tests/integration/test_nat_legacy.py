# SPDX-License-Identifier: ISC
"""The range of ports from rules of iptables-legacy: read where the table is there, never made."""
import json
import os
import shutil
import subprocess

import harness as h
import isolate
from router import HIGH, LOW, OUTSIDE, Router, forget_connections, nft, unnamed
from test_nat_file import proc_root

NAMES = "/proc/net/ip_tables_names"
# As the service is: another user than root, with the capability.
SERVICE = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
           "--inh-caps=+net_admin", "--ambient-caps=+net_admin")


def report(*options, before=()):
    status, out, error = h.srcportd("--once", "--format", "json", *options, before=before)
    assert (status, error) == (0, ""), (status, error)
    return json.loads(out)["nat"]


def tables():
    with open(NAMES) as file:
        return file.read().split()


def legacy(*arguments, command="iptables-legacy"):
    if shutil.which(command) is None:
        raise isolate.Skip("no %s here" % command)
    done = subprocess.run([command, "-w", "-t", "nat", *arguments], stderr=subprocess.PIPE,
                          check=False)
    if done.returncode:
        raise isolate.Skip("%s: %s" % (command, done.stderr.decode().strip().split("\n")[0]))


def legacy_router():
    isolate.want("conntrack")
    router = Router()
    nft("delete table ip nat; delete table ip6 nat")
    return router


def only(nat):
    assert len(nat["pools"]) == 1, nat
    return nat["pools"][0]


def assert_range(nat, low, high, source):
    assert only(nat)["range"] == {"low": low, "high": high, "from": source}, nat


SPELLINGS = [
    ("-p tcp -j MASQUERADE --to-ports 20000-20099", (LOW, HIGH)),
    ("-j MASQUERADE", (1024, 65535)),
    ("-j MASQUERADE --random-fully", (1024, 65535)),
    ("-p tcp -s 10.7.0.0/24 -m comment --comment x -j SNAT --to-source 192.0.2.1:20000-20099",
     (LOW, HIGH)),
    ("-j SNAT --to-source 192.0.2.1-192.0.2.1 --persistent", (1024, 65535)),
]


def test_spellings():
    router = legacy_router()
    for text, (low, high) in SPELLINGS:
        legacy("-F")
        legacy("-A", "POSTROUTING", "-o", "outside0", *text.split())
        # One of another protocol is not meant.
        legacy("-A", "POSTROUTING", "-p", "udp", "-j", "MASQUERADE", "--to-ports", "1024-2000")
        forget_connections()
        router.start("192.0.2.100")
        nat = report()
        assert_range(nat, low, high, "rule")
        assert nat["rulesUnread"] is False, nat
    legacy("-A", "POSTROUTING", "-p", "tcp", "-j", "MASQUERADE", "--to-ports", "30000-30099")
    # It kept a port that the second rule does not give out.
    assert_range(report(), 1024, 65535, "rule")


def test_as_many_pass_as_remain():
    router = legacy_router()
    legacy("-A", "POSTROUTING", "-o", "outside0", "-p", "tcp", "-j", "MASQUERADE", "--to-ports",
           "20000-20099")
    assert router.pass_of(20) == 20
    nat = report()
    assert_range(nat, LOW, HIGH, "rule")
    assert only(nat)["remaining"] == 80, nat
    assert router.pass_of(85) == 80
    assert only(report())["remaining"] == 0
    # In a recording, too.
    tape = os.path.join(h.directory(), "legacy.rec")
    live = report("--record", tape)
    assert report("--replay", tape) == unnamed(live)


def test_ipv6():
    router = legacy_router()
    legacy("-A", "POSTROUTING", "-o", "outside0", "-p", "tcp", "-j", "MASQUERADE", "--to-ports",
           "20000-20099", command="ip6tables-legacy")
    assert router.pass_of(20, "2001:db8::100") == 20
    nat = report()
    assert_range(nat, LOW, HIGH, "rule")
    assert only(nat)["remaining"] == 80, nat


def test_no_table_is_made():
    isolate.want("conntrack")
    if not os.path.exists(NAMES):
        raise isolate.Skip("the kernel has no iptables-legacy")
    router = Router()
    router.ends()
    assert "nat" not in tables()
    nat = report()
    assert_range(nat, LOW, HIGH, "rule")
    assert nat["rulesUnread"] is False, nat
    assert "nat" not in tables()


def test_whoever_is_not_root_does_not_see_them():
    router = legacy_router()
    legacy("-A", "POSTROUTING", "-o", "outside0", "-p", "tcp", "-j", "SNAT", "--to-source",
           OUTSIDE + ":20000-20099")
    router.ends()
    nat = report(before=SERVICE)
    assert (nat["source"], nat["rulesUnread"]) == ("netlink", True), nat
    assert_range(nat, 1024, 65535, "default")
    words = "\n  rules of iptables-legacy, if there are any, were not read: root alone sees whether\n"
    assert words in h.srcportd("--once", before=SERVICE)[1]
    assert words not in h.srcportd("--once")[1]
    # What connections show counts then.
    assert router.pass_of(40) == 40
    assert_range(report(before=SERVICE), LOW, HIGH, "flows")
    tape = os.path.join(h.directory(), "unread.rec")
    os.chmod(h.directory(), 0o777)
    live = report("--record", tape, before=SERVICE)
    assert live["rulesUnread"] and report("--replay", tape) == unnamed(live)
    # Where the module of the table is not loaded there is none.
    root = proc_root(modules="ip_tables 36864 0 - Live 0x0\nip6_tables 36864 0 - Live 0x0\n")
    for path in root, os.path.join(root, "net"):
        os.chmod(path, 0o755)
    assert report("--proc-root", root, before=SERVICE)["rulesUnread"] is False


if __name__ == "__main__":
    isolate.main()
