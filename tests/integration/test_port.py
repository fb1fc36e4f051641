#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_port: who holds a local port (--port), and whether connect() and bind() can take it, as the
kernel itself decides it then."""
import json
import os
import random
import socket
import struct

import harness as h

import kernel

LOW, HIGH = 40000, 40099
PORT = 40010  # at an even offset: connect() comes there first
SERVER = "127.0.0.1", 9000
OTHER = "127.0.0.1", 9001


def ask(port, *options, protocol="tcp"):
    status, out, err = h.srcportd("--once", "--format", "json", "--port", str(port), *options)
    assert status == 0, (status, err)
    return [row for row in json.loads(out)["ports"] if row["protocol"] == protocol]


def text(port):
    status, out, err = h.srcportd("--once", "--port", str(port))
    assert status == 0, (status, err)
    return out


def can_connect(port, server):
    """connect() that may choose this port only; nothing of it stays."""
    try:
        one = h.connect(*server, local_range=(port, port))
    except OSError:
        return False
    found = one.getsockname()[1] == port  # outside the range the option is ignored
    h.reset_all([one])
    return found


def can_bind(port, address="::", reuse=False):
    """bind() and listen(), as a service does."""
    with socket.socket(h.family_of(address), socket.SOCK_STREAM) as one:
        if reuse:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((address, port))
            one.listen()
        except OSError:
            return False
    return True


def agrees(port, row):
    """What the kernel does with the port is what the row says."""
    if kernel.local_range():
        said, found = row["connect"], (can_connect(port, SERVER), can_connect(port, OTHER))
        assert said == "unknown" or found == {
            "yes": (True, True), "others": (False, True), "no": (False, False)}[said], (found, row)
    plain, reuse = can_bind(port), can_bind(port, reuse=True)
    want = {"yes": [(True, True)], "reuse": [(False, True), (False, False)],
            "no": [(False, False)]}[row["bind"]]
    assert (plain, reuse) in want, (plain, reuse, row)
    if "at 0.0.0.0 it can" in row["reason"]:
        assert can_bind(port, "0.0.0.0"), row


def setup():
    h.port_range(LOW, HIGH)
    servers = [h.Listener(*SERVER), h.Listener(*OTHER)]
    for one in servers:
        h.at_exit(one.close)
    return servers


def one_row(kind, state, connect, bind, port=PORT):
    rows = ask(port)
    assert len(rows) == 1, rows
    row = rows[0]
    assert (row["port"], row["protocol"], row["kind"], row["state"], row["connect"], row["bind"]) == (
        port, "tcp", kind, state, connect, bind), row
    agrees(port, row)
    return row


def mine(row):
    assert row["pid"] == os.getpid() and row["uid"] == os.getuid() and row["process"], row


def test_nobody():
    setup()
    row = one_row(None, None, "yes", "yes")
    assert row["local"] is None and row["pid"] is None
    assert "nobody       has it" in text(PORT)


def test_listener_v4():
    setup()
    with h.Listener("127.0.0.1", PORT):
        row = one_row("listener", "LISTEN", "no", "no")
        mine(row)
        assert row["local"] == "127.0.0.1" and row["peer"] is None
        assert "address already in use" in row["reason"] and "listens on it" in row["reason"]
        assert can_bind(PORT, "127.0.0.2") and "at an address that none of them has it can" in row["reason"]


def test_listener_of_both_families():
    setup()
    with h.Listener("::", PORT, only_v6=False):
        assert one_row("listener", "LISTEN", "no", "no")["local"] == "::"


def test_listener_of_v6_alone():
    setup()
    with h.Listener("::", PORT, only_v6=True):
        assert "at 0.0.0.0 it can" in one_row("listener", "LISTEN", "no", "no")["reason"]


def test_bound_idle():
    if not kernel.lists_bound():
        raise h.Skip("this kernel does not list bound idle sockets")
    setup()
    with socket.socket() as one:
        one.bind(("0.0.0.0", PORT))
        mine(one_row("bound", "BOUND", "no", "reuse"))
    with socket.socket(socket.AF_INET6) as one:
        one.bind(("::1", PORT))
        one_row("bound", "BOUND", "no", "reuse")


def test_explicit():
    setup()
    one = h.connect(*SERVER, source="127.0.0.1", source_port=PORT)
    row = one_row("explicit", "ESTABLISHED", "no", "reuse")
    assert row["peer"] == "127.0.0.1:9000"
    mine(row)
    h.reset_all([one])


def test_explicit_outside_the_range():
    setup()
    one = h.connect(*SERVER, source="127.0.0.1", source_port=20000)
    one_row("explicit", "ESTABLISHED", "no", "reuse", port=20000)
    h.reset_all([one])


def test_outgoing():
    kernel.need("local_range")
    setup()
    one = h.connect(*SERVER, local_range=(PORT, PORT))
    row = one_row("outgoing", "ESTABLISHED", "others", "reuse")
    mine(row)
    # What a service that restarts meets, and what keeps it from happening again.
    want = "sysctl -w net.ipv4.ip_local_reserved_ports=40010 keeps it for a service"
    assert want in row["reason"], row
    h.reset_all([one])


def test_outgoing_v6():
    kernel.need("local_range")
    setup()
    with h.Listener("::1", 9000):
        one = h.connect("::1", 9000, local_range=(PORT, PORT))
        rows = ask(PORT)
        assert rows[0]["peer"] == "[::1]:9000" and rows[0]["bind"] == "reuse", rows
        # It was not bound to ::1, and is in the way of IPv4 too.
        assert not can_bind(PORT) and not can_bind(PORT, "0.0.0.0")
        assert "0.0.0.0" not in rows[0]["reason"]
        h.reset_all([one])


def test_inbound_and_its_listener():
    setup()
    with h.Listener("127.0.0.1", PORT) as server:
        one = h.connect("127.0.0.1", PORT)
        server.accept(1)
        rows = ask(PORT)
        assert [row["kind"] for row in rows] == ["listener", "inbound"], rows
        assert rows[1]["peer"] == "127.0.0.1:%d" % one.getsockname()[1]
        agrees(PORT, rows[0])
        h.reset_all([one])


def test_restarted_service():
    """Its listener has gone, a connection is still there: SO_REUSEADDR is what it takes."""
    setup()
    server = h.Listener("127.0.0.1", 20000)
    one = h.connect("127.0.0.1", 20000)
    child = server.accept(1)[0]
    server.socket.close()
    row = one_row("connection", "ESTABLISHED", "no", "reuse", port=20000)
    assert can_bind(20000, reuse=True) and not can_bind(20000)
    assert "with SO_REUSEADDR if the sockets on it have that too" in row["reason"]
    h.reset_all([one, child])


def test_time_wait():
    kernel.need("local_range")
    servers = setup()
    h.sysctl("net.ipv4.tcp_tw_reuse", 0)
    one = h.connect(*SERVER, local_range=(PORT, PORT))
    one.close()
    servers[0].accept(1)[0].close()
    h.wait_for(lambda: h.count_state("TIME_WAIT"), 5, "TIME_WAIT")
    row = one_row("outgoing", "TIME_WAIT", "others", "reuse")
    assert row["pid"] is None and row["uid"] is None and "the kernel alone" in row["reason"]


def test_reserved_and_outside():
    setup()
    h.reserve_ports("40010,50000")
    assert "in net.ipv4.ip_local_reserved_ports" in ask(PORT)[0]["reason"]
    assert ask(PORT)[0]["connect"] == "no"
    assert ask(41000)[0]["connect"] == "no" and "(40000-40099)" in ask(41000)[0]["reason"]
    agrees(41000, ask(41000)[0])


def test_privileged():
    setup()
    assert ask(22)[0]["bind"] == "privileged"
    h.sysctl("net.ipv4.ip_unprivileged_port_start", 0)
    assert ask(22)[0]["bind"] == "yes"


def test_a_port_that_bind_may_have_chosen():
    """At an odd offset, where bind(address, 0) searches first, only a probe tells."""
    setup()
    one = h.connect(*SERVER, source="127.0.0.1")
    port = one.getsockname()[1]
    assert port % 2 == 1
    assert ask(port)[0]["connect"] == "unknown" and "--probe" in ask(port)[0]["reason"]
    if kernel.local_range():
        assert not can_connect(port, OTHER)
        assert ask(port, "--probe")[0]["connect"] == "no"
    h.reset_all([one])


def test_many():
    """Several ports in their order; those that nobody has are one paragraph of the text."""
    setup()
    with h.Listener("127.0.0.1", PORT):
        rows = ask("40008-40012,9000")
        assert [row["port"] for row in rows] == [9000, 40008, 40009, 40010, 40011, 40012]
        out = text("40008-40012")
        assert [line for line in out.splitlines() if line.startswith("PORT")] == [
            "PORTS 40008-40009 TCP", "PORT 40010 TCP", "PORTS 40011-40012 TCP",
            "PORTS 40008-40012 UDP"], out


def test_many_connections():
    setup()
    with h.Listener("127.0.0.1", 9002) as server:
        opened = h.connect_many(30, "127.0.0.1", 9002)
        server.accept(30)
        assert len(ask(9002)) == 31
        out = text(9002)
        assert "and 20 more connections" in out and out.count(", inbound, ") == 10, out
        h.reset_all(opened)


def test_other_users_do_not_mislead():
    """Without privilege a process of another user is none; its user is known all the same."""
    if os.getuid():
        raise h.Skip("needs root, to be another user")
    setup()
    child = os.fork()
    if child == 0:
        one = socket.socket()
        os.setuid(65534)
        one.bind(("127.0.0.1", PORT))
        one.listen()
        os.kill(os.getpid(), 19)
        os._exit(0)
    h.at_exit(lambda: (os.kill(child, 9), os.waitpid(child, 0)))
    os.waitpid(child, os.WUNTRACED)
    row = ask(PORT)[0]
    assert row["pid"] == child and row["kind"] == "listener", row


# UDP: the kernel is asked the same, of both families at once, of IPv4 alone, and at one address.

INET, INET6 = socket.AF_INET, socket.AF_INET6
FREE = "127.0.0.9"  # where no socket of these tests is


def udp(family=INET, bind=None, connect=None, v6only=None, reuse=False, device=None):
    """One UDP socket, which goes with the test."""
    one = socket.socket(family, socket.SOCK_DGRAM)
    h.at_exit(one.close)
    if v6only is not None:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    if reuse:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if device:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    if bind:
        one.bind(bind)
    elif connect:
        one.setsockopt(socket.IPPROTO_IP, h.IP_LOCAL_PORT_RANGE, struct.pack("I", PORT << 16 | PORT))
    if connect:
        one.connect((connect, 9))
    return one


def can_udp_bind(port, address, reuse=False):
    with socket.socket(h.family_of(address), socket.SOCK_DGRAM) as one:
        if reuse:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((address, port))
        except OSError:
            return False
    return True


def can_udp_connect(port, address):
    """connect() of a socket without a port, that may choose this one only."""
    with socket.socket(h.family_of(address), socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.IPPROTO_IP, h.IP_LOCAL_PORT_RANGE, struct.pack("I", port << 16 | port))
        try:
            one.connect((address, 9))
        except OSError:
            return False
        return one.getsockname()[1] == port


def udp_agrees(port, rows, doubtful=False):
    """What the kernel does with the port is what the rows say. doubtful: it does not show whether
    connected IPv6 sockets are in IPv4's way."""
    row = rows[0]
    said, reason = row["bind"], row["reason"]
    assert said in ("yes", "reuse"), row
    assert can_udp_bind(port, "::") == (said == "yes"), row
    four = said == "yes" or "at 0.0.0.0 it can" in reason
    assert can_udp_bind(port, "0.0.0.0") == four or (doubtful and not four), row
    if "at an address that none of them has it can" in reason:
        assert can_udp_bind(port, FREE), row
    if not kernel.local_range():
        return
    said = row["connect"]
    assert said in ("yes", "no"), row
    assert can_udp_connect(port, "::1") == (said == "yes"), row
    four = said == "yes" or "over IPv4 alone it can" in reason
    assert can_udp_connect(port, "127.0.0.1") == four or (doubtful and not four), row


def udp_rows(*wanted, port=PORT, connect="no", bind="reuse", doubtful=False):
    """Rows of (kind, state, local) as wanted, which the kernel confirms."""
    rows = ask(port, protocol="udp")
    found = [(row["kind"], row["state"], row["local"]) for row in rows]
    assert found == list(wanted), rows
    assert all((row["port"], row["connect"], row["bind"]) == (port, connect, bind)
               for row in rows), rows
    udp_agrees(port, rows, doubtful)
    return rows[0]


def test_udp_nobody():
    """TCP on the same port is nothing to it, and it is nothing to TCP."""
    setup()
    with h.Listener("127.0.0.1", PORT):
        row = udp_rows((None, None, None), connect="yes", bind="yes")
        assert row["pid"] is None and row["uid"] is None
        udp(bind=("0.0.0.0", PORT))
        one_row("listener", "LISTEN", "no", "no")
        udp_rows(("unconnected", "UNCONN", "0.0.0.0"))
    out = text(PORT + 1)
    assert "PORT 40011 UDP\n  connect()    yes\n  bind()       yes\n  nobody" in out, out


def test_udp_service():
    setup()
    udp(bind=("0.0.0.0", PORT))
    row = udp_rows(("unconnected", "UNCONN", "0.0.0.0"))
    mine(row)
    assert row["peer"] is None and "address already in use" in row["reason"]
    assert "has a UDP socket on it; with SO_REUSEADDR if the sockets on it have that" in row["reason"]
    assert "at an address" not in row["reason"] and not can_udp_bind(PORT, FREE)
    assert "bind()       no, address already in use: \"" in text(PORT)
    assert "UNCONN       0.0.0.0:40010, not connected, \"" in text(PORT)


def test_udp_service_that_shares():
    setup()
    udp(bind=("0.0.0.0", PORT), reuse=True)
    udp_rows(("unconnected", "UNCONN", "0.0.0.0"))
    assert can_udp_bind(PORT, "::", reuse=True) and not can_udp_bind(PORT, "::")


def test_udp_at_one_address():
    setup()
    udp(bind=("127.0.0.1", PORT))
    assert "at an address that none" in udp_rows(("unconnected", "UNCONN", "127.0.0.1"))["reason"]
    udp(INET6, bind=("::ffff:127.0.0.2", PORT))
    udp_rows(("unconnected", "UNCONN", "127.0.0.1"), ("unconnected", "UNCONN", "127.0.0.2"))


def test_udp_of_a_device():
    """A socket of one device is in the way of all that have none."""
    setup()
    udp(bind=("0.0.0.0", PORT), device=b"lo")
    assert ask(PORT, protocol="udp")[0]["local"].startswith("0.0.0.0")
    udp_agrees(PORT, ask(PORT, protocol="udp"))


def test_udp_v6():
    setup()
    one = udp(INET6, bind=("::", PORT), v6only=0)
    udp_rows(("unconnected", "UNCONN", "::"))
    one.close()
    one = udp(INET6, bind=("::", PORT), v6only=1)
    row = udp_rows(("unconnected", "UNCONN", "::"))
    assert "at 0.0.0.0 it can" in row["reason"] and "over IPv4 alone it can" in row["reason"]
    one.close()
    udp(INET6, bind=("::1", PORT))
    assert "over IPv4 alone it can" in udp_rows(("unconnected", "UNCONN", "::1"))["reason"]


def test_udp_connected():
    kernel.need("local_range")
    setup()
    one = udp(connect="127.0.0.1")
    row = udp_rows(("connected", "ESTABLISHED", "127.0.0.1"))
    assert row["peer"] == "127.0.0.1:9"
    mine(row)
    # A service may meet it there, as it may an outgoing connection.
    assert "ip_local_reserved_ports=40010 keeps it for a service" in row["reason"], row
    one.close()
    # One of IPv6 does not tell whether it is in the way of IPv4: neither "can" nor "cannot" is said.
    for only, free in ((0, False), (1, True)):
        one = udp(INET6, connect="::1", v6only=only)
        row = udp_rows(("connected", "ESTABLISHED", "::1"), doubtful=True)
        assert "0.0.0.0 it can" not in row["reason"] and "IPv4 alone" not in row["reason"], row
        assert can_udp_bind(PORT, "0.0.0.0") == free
        one.close()


def test_udp_reserved_outside_privileged():
    setup()
    h.reserve_ports("40010,50000")
    row = ask(PORT, protocol="udp")[0]
    assert (row["connect"], row["bind"]) == ("no", "yes") and "reserved_ports" in row["reason"]
    row = ask(41000, protocol="udp")[0]
    assert row["connect"] == "no" and "(40000-40099)" in row["reason"], row
    udp_agrees(41000, [row])
    assert ask(53, protocol="udp")[0]["bind"] == "privileged"


def test_udp_mixed():
    """Sockets at random on twelve ports, all in one answer, each as the kernel has it."""
    setup()
    rng, doubtful = random.Random(22), set()
    ports = range(40020, 40032)
    for port in ports:
        for _ in range(rng.randrange(4)):
            family, address = rng.choice([
                (INET, "0.0.0.0"), (INET, "127.0.0.1"), (INET, "127.0.0.2"), (INET6, "::"),
                (INET6, "::1"), (INET6, "::ffff:127.0.0.3")])
            only = None
            if address == "::":
                only = rng.randrange(2)
            try:
                one = udp(family, bind=(address, port), v6only=only)
            except OSError:
                continue
            if address in ("127.0.0.1", "::1") and rng.randrange(2):
                one.connect((address, 9))
                doubtful |= {port} if address == "::1" else set()
    rows = ask("%d-%d" % (ports[0], ports[-1]), protocol="udp")
    assert [row["port"] for row in rows] == sorted(row["port"] for row in rows)
    for port in ports:
        udp_agrees(port, [row for row in rows if row["port"] == port], port in doubtful)
    held = sum(row["kind"] is not None for row in rows)
    assert held > 8 and any(row["kind"] is None for row in rows), rows
    return "%d sockets on %d ports" % (held, len(ports))


def test_udp_many_on_one_port():
    setup()
    for _ in range(30):
        udp(bind=("127.0.0.1", PORT), reuse=True)
    assert len(ask(PORT, protocol="udp")) == 30
    out = text(PORT)
    assert "and 20 more sockets (--format" in out and out.count("UNCONN") == 10, out


def test_udp_of_a_recording():
    setup()
    udp(bind=("127.0.0.1", PORT))
    file = os.path.join(h.directory(), "recording")
    live = ask(PORT, "--record", file, protocol="udp")
    again = ask(PORT, "--replay", file, protocol="udp")
    for row in live + again:
        row.update(process=None, pid=None, unit=None, reason=None)
    assert live == again and live[0]["kind"] == "unconnected", (live, again)
    # One made before there was UDP: what is not known is never "nobody has it".
    old = os.path.join(h.ROOT, "tests/data/blocked.rec")
    status, out, _ = h.srcportd("--once", "--port", "40010", "--replay", old)
    udp_part = out[out.index("PORT 40010 UDP"):]
    assert status == 0 and "nobody" not in udp_part, out
    assert udp_part.count("not known: the recording has no UDP sockets") == 2, out


def test_recording():
    """The question can be put to a recording, which has no processes."""
    setup()
    with h.Listener("127.0.0.1", PORT):
        file = os.path.join(h.directory(), "recording")
        live = ask(PORT, "--record", file)
        again = ask(PORT, "--replay", file)
        for row in live:
            row.update(process=None, pid=None, unit=None, reason=None)
        again[0].update(reason=None)
        assert live == again, (live, again)


def test_refused():
    for options, want in (
            (("--port", "0"), "--port: found \"0\", expected ports 1 to 65535, as in 22,8000-8010"),
            (("--port", "70000"), "expected ports 1 to 65535"),
            (("--port", "ssh"), "found \"ssh\", expected ports 1 to 65535"),
            (("--port", "9-8"), "expected ports 1 to 65535"),
            (("--port", "22", "127.0.0.1"), "--port and a TARGET exclude each other"),
            (("--port", "22", "--watch", "3"), "--port and --watch exclude each other"),
            (("--port", "22", "--format", "nagios"), "--port needs --format text or json")):
        status, out, err = h.srcportd("--once", *options)
        assert status in (2, 3) and want in out + err, (options, status, out, err)
    status, _, err = h.srcportd("--port", "22")
    assert status == 2 and "--port needs --once" in err


if __name__ == "__main__":
    h.main()
