#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_symptoms: the README's symptoms and the manual's older commands. Each symptom is made, the
command beside it is typed as it is printed, and what is said to settle it is there and right."""
import errno
import os
import re
import shutil
import socket
import subprocess

import harness as h

import kernel

LOW, HIGH = 40000, 40099
HERE, OTHER, PEER, PORT = "10.9.0.1", "10.9.0.12", "10.9.0.9", 443
# In its text PEER is found too.
LOOKALIKE = "10.9.0.90"


def rows():
    """[(symptom, command, what settles it)] of the README's table."""
    with open(os.path.join(h.ROOT, "README.md")) as file:
        table = file.read().split("| symptom | command | what settles it |\n")[1].split("\n\n")[0]
    return [tuple(cell.strip() for cell in line.strip("|").split("|"))
            for line in table.splitlines()[1:]]


def older():
    """[(older command, the one to type now, the words behind it)] of the manual."""
    with open(os.path.join(h.ROOT, "src/daemon/srcportd.8")) as file:
        section = re.search(r"^\.Sh OLDER COMMANDS\n(.*?)^\.Sh ", file.read(), re.M | re.S).group(1)
    items = re.split(r"^\.It Li ", section, flags=re.M)[1:]
    return [(item.split("\n", 1)[0],) + re.search(r"^\.Dl (.*)\n((?s:.*))", item, re.M).groups()
            for item in items]


def type_in(command, **words):
    """What a printed command says, with these in the place of its words in capitals."""
    for name, value in words.items():
        command = re.sub(r"\b%s\b" % name, str(value), command)
    program, *arguments = command.split()
    assert program == "srcportd" and not re.search(r"\b[A-Z]+\b", command), command
    status, out, err = h.srcportd(*arguments)
    assert status == 0 and not err, (command, status, err)
    return out


def symptom(beginning, **words):
    """Types the command beside a symptom; its output, and what is said to settle it."""
    row, = [row for row in rows() if row[0].startswith(beginning)]
    return type_in(re.search(r"`(.*)`", row[1]).group(1), **words), row[2]


def setup(*addresses):
    h.port_range(LOW, HIGH)
    for address in (HERE, PEER) + addresses:
        h.add_address(address + "/32")
    server = h.Listener(PEER, PORT)
    h.at_exit(server.close)
    return server


def fails(what, call):
    """It fails with that error."""
    try:
        call()
    except OSError as error:
        assert error.errno == what, error
        return
    raise AssertionError("it does not fail")


def number(out, title, section=None):
    """The number behind a title of the text; section: in which it stands."""
    if section:
        out = re.search(r"^%s\b.*?(?=^\S|\Z)" % section, out, re.M | re.S).group(0)
    found = re.search(r"^ +%s +(\d+)" % title, out, re.M)
    assert found, (title, out)
    return int(found.group(1))


def test_all_have_a_test():
    """Each row's symptom is made below, and nothing is typed but srcportd."""
    with open(__file__) as file:
        made = set(re.findall(r'= symptom\("([^"]*)"', file.read()))
    for row in rows():
        assert sum(row[0].startswith(one) for one in made) == 1, row
    assert len(rows()) == 7, rows()


def test_cannot_assign():
    setup()
    held = h.connect_until_full(PEER, PORT, source=HERE, no_port=True)
    fails(errno.EADDRNOTAVAIL, lambda: h.connect(PEER, PORT, source=HERE, no_port=True))
    out, _ = symptom("`Cannot assign requested address`", PEER=PEER, PORT=PORT)
    assert "CRITICAL" in out and number(out, "remaining") == 0, out
    h.reset_all(held)
    # The same error for another reason: much remains.
    fails(errno.EADDRNOTAVAIL, lambda: h.connect(PEER, PORT, source="10.9.9.9"))
    out, settles = symptom("`Cannot assign requested address`", PEER=PEER, PORT=PORT)
    assert "CRITICAL" not in out and "not this host's" in settles, out


def test_address_in_use_of_a_service():
    kernel.need("local_range")
    setup()
    one = h.connect(PEER, PORT, local_range=(40010, 40010))
    fails(errno.EADDRINUSE, lambda: h.Listener("0.0.0.0", 40010, reuse=False))
    out, _ = symptom("`Address already in use`", N=40010)
    assert "(pid %d)" % os.getpid() in out and "SO_REUSEADDR" in out, out
    assert "ip_local_reserved_ports=40010 keeps it" in out, out
    h.reset_all([one])
    # Its list to reserve is HYGIENE's, once the service has the port.
    with h.Listener("0.0.0.0", 40010):
        out = type_in("srcportd --once")
        assert re.search(r"^HYGIENE(?s:.*)ip_local_reserved_ports=\"?40010", out, re.M), out


def test_address_in_use_of_a_client():
    setup()
    held = []
    while len(held) < HIGH - LOW + 1:
        one = socket.socket()
        one.bind((HERE, 0))
        held.append(one)
    fails(errno.EADDRINUSE, lambda: socket.socket().bind((HERE, 0)))
    out, _ = symptom("the same from connect() or bind()")
    line, = re.findall(r"^ +%s +.*$" % re.escape(HERE),
                       out[out.index("LOCAL ADDRESSES"):].split("\n\n")[0], re.M)
    assert re.search(r" 0 remaining\b", line), line
    h.close_all(held)


def test_a_traceroute_that_binds():
    setup()
    h.add_address(OTHER + "/32")
    more = h.Listener(OTHER, 80)
    h.at_exit(more.close)
    held = h.connect_until_full(PEER, PORT, source=HERE, no_port=True)
    fails(errno.EADDRINUSE, lambda: socket.socket().bind(("", 0)))
    out, _ = symptom("a traceroute over TCP")
    assert number(out, "free", "RANGE") == 0, out
    held += [h.connect(OTHER, 80)]  # another peer has all left
    h.reset_all(held)


def test_many_time_wait():
    h.port_range(LOW, HIGH)
    h.sysctl("net.ipv4.tcp_tw_reuse", 1)
    with h.Listener("127.0.0.1", PORT) as server:
        h.time_wait(30, server)
        assert h.count_state("TIME_WAIT") == 30

        def let_go():
            out, _ = symptom("many TIME_WAIT", PEER="127.0.0.1")
            return "(0% used)" in out and out
        out = h.wait_for(let_go, 5, "they are recyclable")
        assert "30" in re.search(r"^.*recyclable.*$", out, re.M).group(0), out


def test_many_close_wait():
    server = setup()
    held = h.close_wait(20, server, source=HERE, no_port=True)
    out, _ = symptom("many CLOSE_WAIT", PEER=PEER)
    owners = out[out.index("OWNERS"):].split("\n\n")[0]
    assert "pid %d" % os.getpid() in owners and "CLOSE_WAIT" in out, out
    h.reset_all(held)


def test_one_source_address_only():
    setup(OTHER)
    held = h.connect_many(20, PEER, PORT, source=HERE, no_port=True)
    out, _ = symptom("one source address only", PEER=PEER)
    assert re.search(r"\b20 .*\bin 1 pool\b", out), out
    out = type_in("srcportd --once")
    sources = out[out.index("SOURCES"):].split("\n\n")[0]
    assert re.search(r"^ +%s +100 remaining" % re.escape(OTHER), sources, re.M), sources
    # With the second address in use, there is the capacity again.
    held += h.connect_many(100, PEER, PORT, source=OTHER, no_port=True)
    h.reset_all(held)


def shell(command, **words):
    """What an older command says; None where its program is not here."""
    if not shutil.which(command.split()[0], path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        return None
    for name, value in words.items():
        command = re.sub(r"\b%s\b" % name, str(value), command)
    return subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=False).stdout


def test_older_commands():
    """On one host each older command says what the manual says that it does, and what is to be typed
    now has the right number under the words that are named."""
    server = setup(OTHER, LOOKALIKE)
    h.reserve_ports("40000-40009")
    h.sysctl("net.ipv4.tcp_tw_reuse", 1)
    listeners = [h.Listener(LOOKALIKE, PORT), h.Listener("0.0.0.0", 40020),
                 h.Listener("::", 40020, only_v6=True)]
    idle = socket.socket()
    idle.bind((HERE, 40030))
    held = h.connect_many(12, PEER, PORT, source=HERE, no_port=True)
    held += h.connect_many(7, LOOKALIKE, PORT, source=HERE, no_port=True)
    held += h.close_wait(5, server, source=HERE, no_port=True)
    table = {old: (now, words) for old, now, words in older()}
    said = {old: type_in(now, PEER=PEER, N=40030) for old, (now, _) in table.items()}
    for old, (_, words) in table.items():
        for title in re.findall(r"^\.Li ([A-Z]+)\b", words, re.M):
            assert re.search(r"^%s\b" % title, said[old], re.M), (old, title)

    def of(beginning):
        old, = [old for old in table if old.startswith(beginning)]
        return old, said[old]
    old, out = of("sysctl")
    text = shell(old)
    assert text is None or text.split()[-2:] == [str(LOW), str(HIGH)], text
    # Ten are reserved, one has two listeners, one is bound: each deducted once.
    assert number(out, "capacity", "RANGE") == 100 - 10 - 1 - (1 if kernel.lists_bound() else 0), out
    old, out = of("ss -s")
    used = number(out, "in use", "RANGE")
    counted = shell(old.split(" , ")[1])
    assert counted is None or int(counted) > used, (counted, used)
    old, out = of("netstat -an | grep PEER")
    counted = shell(old, PEER=PEER)
    assert number(out, "remaining") == number(out, "capacity") - 17, out
    assert counted is None or int(counted) > 17, counted
    old, out = of("netstat -an | grep -c CLOSE_WAIT")
    counted = shell(old)
    assert (counted is None or int(counted) == 5) and "pid %d" % os.getpid() in out, (counted, out)
    old, out = of("lsof")
    assert "connect()" in out and "bind()" in out, out
    if kernel.lists_bound():
        assert "bound, idle" in out and "40030" not in (shell("ss -ltunp") or ""), out
    h.close_all(listeners + [idle])
    h.reset_all(held)
    assert len(table) == 7, sorted(table)


if __name__ == "__main__":
    h.main()
