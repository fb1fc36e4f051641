#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_verdicts: what is concluded from real sockets, in every report and as an alarm."""
import errno
import json
import os
import re
import socket
import subprocess

import harness as h
import kernel
from test_failures import Failing

HERE, PORT = "127.0.0.1", 9000
QUICK = "clearPolls 1\n"


def verdicts(*options):
    """(plugin's exit code, plugin's line, JSON, text) of one poll each."""
    said = {form: h.srcportd("--once", "--format", form, *options) for form in ("nagios", "json", "text")}
    return said["nagios"][0], said["nagios"][1], json.loads(said["json"][1]), said["text"][1]


def pool_of(report, port, local=HERE):
    return [p for p in report["pools"] if (p["local"], p["port"]) == (local, port)][0]


def more(port=PORT, **options):
    """How many connect() calls succeed from now on; nothing of them stays."""
    made = h.connect_until_full(HERE, port, **options)
    h.reset_all(made)
    return len(made)


def can_bind(address=HERE):
    with socket.socket() as one:
        try:
            one.bind((address, 0))
        except OSError as error:
            assert error.errno == errno.EADDRINUSE
            return False
    return True


def alarms():
    return [(row["srcPortAlarmKey"].decode(), row["srcPortAlarmSeverity"], row["srcPortAlarmCause"])
            for row in h.table("srcPortAlarmTable").values()]


def bind_first(count, port, source=HERE):
    """Connections whose port bind(source, 0) chose: odd offsets first."""
    return [h.connect(HERE, port, source=source) for _ in range(count)]


def test_a_pool_in_which_nothing_succeeds_is_in_doubt_not_ok():
    h.port_range(40000, 40999)
    with h.Listener(HERE, PORT), h.Listener(HERE, PORT + 1):
        bound = bind_first(500, PORT + 1)
        held = h.connect_until_full(HERE, PORT)
        assert (len(held), more()) == (500, 0)
        code, line, report, text = verdicts()
        pool = pool_of(report, PORT)
        assert (pool["remaining"] - pool["uncertain"], pool["cause"]) == (0, "inDoubt"), pool
        assert (pool["severity"], code) == ("warning", 1), pool
        assert "in doubt: 500 of 1,000 ports in use, 500 left, all of which may be held by bind()" in line
        assert "srcportd --once --probe tells" in line
        assert "in doubt: 500 of 1,000" in text
        with h.Snmpd() as snmpd, h.Srcportd(snmpd, config="failures no\n" + QUICK) as daemon:
            daemon.wait_polls(1)
            assert ("pool 127.0.0.1 -> 127.0.0.1:9000", 2, 12) in alarms(), alarms()
            h.reset_all(bound)
            daemon.wait_polls(3)
            assert alarms() == []
        h.reset_all(held)


def test_in_doubt_is_critical_once_connect_failed():
    h.want("tracefs")
    h.port_range(40000, 40999)
    with h.Listener(HERE, PORT), h.Listener(HERE, PORT + 1), h.Listener(HERE, PORT + 2), h.Snmpd() as snmpd:
        bound = bind_first(500, PORT + 1)
        held = h.connect_many(420, HERE, PORT)
        with h.Srcportd(snmpd, config=QUICK) as daemon:
            daemon.wait_polls(1)
            if h.value("srcPortFailuresAvailable.0") != 1:
                raise h.Skip("not available")
            assert alarms() == [], alarms()
            held += h.connect_until_full(HERE, PORT)
            daemon.wait_polls(2)
            h.connect_until_full(HERE, PORT, limit=1)
            h.wait_for(lambda: ("pool 127.0.0.1 -> 127.0.0.1:9000", 3, 8) in alarms(), 10, "critical")
        h.reset_all(held + bound)


def test_hosts_with_nothing_but_connect_are_never_in_doubt():
    """Pools at 60, 80 and 95 % beside others, after churn."""
    h.port_range(40000, 40999)
    listeners = [h.Listener(HERE, PORT + i) for i in range(5)]
    held = [h.connect_many(count, HERE, PORT + i) for i, count in enumerate((600, 800, 950, 20, 500))]
    for pool in (held[0], held[1], held[4]):
        h.reset_all(pool[::3])
        del pool[::3]
    held[0] += h.connect_many(150, HERE, PORT)
    held[3] += h.connect_many(40, HERE, PORT + 3)
    code, _, report, text = verdicts()
    assert {p["cause"] for p in report["pools"]} <= {"none", "smallRange", "established"}, report["pools"]
    assert "in doubt" not in text and code == 2, code
    assert pool_of(report, PORT + 3)["severity"] == "normal"
    for pool in held:
        h.reset_all(pool)
    for listener in listeners:
        listener.close()


def test_bind_exhausted_is_a_warning_where_somebody_binds():
    h.port_range(40000, 40399)
    servers = [h.Listener(HERE, PORT + i) for i in range(4)]
    # The first are bound idle; the rest each goes to one of four servers.
    idle = [h.open_socket(HERE, source=HERE) for _ in range(10)]
    bound = []
    while can_bind():
        bound += bind_first(1, PORT + len(bound) % 4)
    assert len(bound) == 390
    code, line, report, text = verdicts()
    # No connect() succeeds either, and that is said first.
    assert code == 1 and "in doubt: 98 of 390 ports in use, 292 left, all of which" in line, line
    assert more() == 0
    assert "bind() to this address with port 0 can get 0 more ports" in text, text
    local = [l for l in report["locals"] if l["address"] == HERE][0]
    assert (local["remaining"], local["severity"]) == (0, "warning"), local
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config="failures no\n" + QUICK) as daemon:
        daemon.wait_polls(1)
        assert ("local 127.0.0.1", 2, 6) in alarms(), alarms()
    h.reset_all(bound + idle)
    # Where nothing tells any more, an earlier poll may have seen it.
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config="failures no\n" + QUICK) as daemon:
        bound = [h.connect(HERE, PORT + i % 4, source=HERE) for i in range(200)]
        daemon.wait_polls(2)
        assert alarms() == []
        while can_bind():
            bound += bind_first(1, PORT + len(bound) % 4)
        h.wait_for(lambda: ("local 127.0.0.1", 2, 6) in alarms(), 10, "a warning")
    h.reset_all(bound)
    for server in servers:
        server.close()


def test_a_proxy_whose_pools_hold_every_port_is_left_alone():
    h.port_range(40000, 40599)
    servers, held = [], []
    while can_bind():
        servers.append(h.Listener(HERE, PORT + len(servers)))
        held += h.connect_many(440, HERE, servers[-1].port)
        assert len(servers) < 40
    code, line, report, _ = verdicts()
    local = [l for l in report["locals"] if l["address"] == HERE][0]
    assert local["remaining"] == 0, local
    assert (code, local["severity"]) == (0, "normal"), line
    h.reset_all(held)
    for server in servers:
        server.close()


def test_a_range_of_ones_own_raises_no_alarm():
    kernel.need("local_range")
    h.want("tracefs")
    servers = [h.Listener(HERE, 9100 + i) for i in range(128)]
    held = [h.connect(HERE, s.port, local_range=(40001, 40001)) for s in servers]
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config=QUICK) as daemon:
        daemon.wait_polls(1)
        if h.value("srcPortFailuresAvailable.0") != 1:
            raise h.Skip("not available")

        def fail_all():
            for server in servers:
                assert not h.connect_until_full(HERE, server.port, limit=1, local_range=(40001, 40001))

        fail_all()
        told = "connect() calls failed with ports left"
        h.wait_for(lambda: told in h.value("srcPortSystemMessage.0").decode(), 10, told)
        assert alarms() == []
        assert h.value("srcPortSystemSeverity.0") == 1
    h.reset_all(held)
    for server in servers:
        server.close()


ELSEWHERE = ["unshare", "--net", "sh", "-c", "ip link set lo up; "
             "echo 40000 40000 >/proc/sys/net/ipv4/ip_local_port_range; exec \"$@\"", "sh"]
FULL_ELSEWHERE = """
import socket, sys
name, peer, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
keep = socket.create_server((peer, port)); kept = socket.create_connection((peer, port))
print(sum(socket.socket().connect_ex((peer, port)) != 0 for _ in range(count)))
sys.stdout.flush()
sys.stdin.read()
"""


def test_failures_elsewhere_are_in_the_line_and_the_message():
    h.want("tracefs")
    told = "failed in another network namespace"
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config=QUICK) as daemon:
        daemon.wait_polls(1)
        if h.value("srcPortFailuresAvailable.0") != 1:
            raise h.Skip("not available")

        def fail_and_see():
            """Where other tests fail by thousands at that moment, these may not be known."""
            with Failing("guest", HERE, PORT, 7, ELSEWHERE, FULL_ELSEWHERE) as failing:
                assert failing.failed == 7
                daemon.wait_polls(2)
                # By its unit, or by its command where it has none.
                return re.search(told + ': "[^"]+"$', h.value("srcPortSystemMessage.0").decode())

        h.wait_for(fail_and_see, 20, told)
        assert h.value("srcPortSystemSeverity.0") == 1
    program = subprocess.Popen([h.PROGRAM, "--once", "--watch", "4", "--format", "nagios"],
                               stdout=subprocess.PIPE)
    h.at_exit(program.kill)
    h.wait_for(lambda: counts(program), 10, "it counts")
    with Failing("guest", HERE, PORT, 7, ELSEWHERE, FULL_ELSEWHERE):
        line = program.communicate(timeout=30)[0].decode()
    assert program.returncode == 0 and line.startswith("SRCPORT OK"), line
    assert told in line.split("|")[0], line


def test_accepted_connections_that_are_not_closed_are_a_warning():
    with h.Listener(HERE, 443) as server:
        ours = h.connect_many(40, HERE, 443)
        accepted = server.accept(40)
        # 30 that the client closed, 10 that the server closed for sending alone.
        for one in ours[:30]:
            one.shutdown(socket.SHUT_WR)
        for one in accepted[30:]:
            one.shutdown(socket.SHUT_WR)
        h.wait_for(lambda: h.count_state("CLOSE_WAIT") >= 40, 10, "CLOSE_WAIT")
        config = "inboundLeak 30 clear 5\nfailures no\n" + QUICK
        file = h.directory() + "/inbound.conf"
        with open(file, "w") as out:
            out.write(config)
        code, line, report, text = verdicts("--config", file)
        totals = report["totals"]
        assert (totals["inboundCloseWait"], totals["inboundFinWait2"]) == (30, 10), totals
        assert totals["inboundSeverity"] == "warning"
        said = "of 40 accepted connections 30 in CLOSE_WAIT and 10 in FIN_WAIT2 are kept open by a " \
               "program here, most on port 443"
        assert code == 1 and "SRCPORT WARNING - inbound: " + said in line, line
        assert "WARNING      " + said in text, text
        # With its unit, where it has one.
        us = re.compile(r"most on port 443 by [^,]*pid %d\b[^,]*, which does not close them: "
                        "restart it" % os.getpid())
        for told in (line, text, totals["inboundMessage"]):
            assert us.search(told), told
        with open(file, "a") as out:
            out.write("owners no\n")
        assert "--port 443 names it" in verdicts("--config", file)[1]
        assert verdicts()[0] == 0  # by default from 1,000 on
        with h.Snmpd() as snmpd, h.Srcportd(snmpd, config=config) as daemon:
            daemon.wait_polls(1)
            assert ("inbound", 2, 14) in alarms(), alarms()
            assert h.value("srcPortTotalsInboundCloseWait.0") == 30
            assert h.value("srcPortTotalsInboundFinWait2.0") == 10
            group = [h.value("srcPortInbound%s.0" % name) for name in (
                "Available", "Reason", "CloseWait", "FinWait2", "WorstPort", "Severity")]
            assert group == [1, b"", 30, 10, 443, 2], group
            assert h.value("srcPortSystemSeverity.0") == 2
            h.wait_for(lambda: us.search(h.value("srcPortSystemMessage.0").decode()), 10,
                       "the holder's name")
            assert h.value("srcPortSystemMessage.0").startswith(said.encode())
            assert h.value("srcPortInboundMessage.0") == h.value("srcPortSystemMessage.0")
            h.reset_all(accepted)
            h.wait_for(lambda: alarms() == [], 10, "no alarm")
        h.close_all(ours)


LONG = ["2001:db8:1111:2222:3333:4444:5555:%s" % last for last in ("6661", "6662")]


TPROXY = """
table ip t {
  chain before {
    type filter hook prerouting priority mangle
    ip daddr 198.51.100.0/24 meta l4proto tcp tproxy to :9000 meta mark set 1 accept
  }
}
"""
DIAL = """
import socket, sys
keep = [socket.create_connection(("198.51.100.7", 40000 + i), timeout=5) for i in range(60)]
print(len(keep), flush=True)
sys.stdin.read()
"""


def test_children_on_another_port_than_their_listener_are_no_pools():
    """TPROXY: they block their ports, and nobody here has opened them."""
    h.port_range(40000, 40999)
    space = h.Namespace(["10.7.0.1/24"], ["10.7.0.2/24"])
    try:
        done = subprocess.run(["nft", "-f", "-"], input=TPROXY.encode(), stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise h.Skip("no nft here") from None
    if done.returncode != 0:
        raise h.Skip("no TPROXY here: %s" % done.stderr.decode().splitlines()[0])
    for words in ("rule add fwmark 1 lookup 100", "route add local 0.0.0.0/0 dev lo table 100"):
        h.run("ip", *words.split())
    h.sysctl("net.ipv4.conf.all.rp_filter", 0)
    h.sysctl("net.ipv4.conf.veth0.rp_filter", 0)
    proxy = socket.socket()
    proxy.setsockopt(socket.IPPROTO_IP, 19, 1)  # IP_TRANSPARENT
    proxy.bind(("0.0.0.0", 9000))
    proxy.listen(100)
    proxy.settimeout(10)
    with space.inside():
        h.run("ip", "route", "add", "198.51.100.0/24", "via", "10.7.0.1")
        dialler = subprocess.Popen(["python3", "-c", DIAL], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
    h.at_exit(dialler.kill)
    assert int(dialler.stdout.readline()) == 60
    children = [proxy.accept()[0] for _ in range(60)]
    with h.Listener(HERE, PORT + 1):
        report = verdicts()[2]
        assert report["totals"]["outbound"] == 0 and report["totals"]["inbound"] == 60, report["totals"]
        assert report["pools"] == []
        assert report["range"]["capacity"] == 940 and report["range"]["uncertain"] == 0
        assert more(PORT + 1) == 940
    h.close_all(children + [proxy])


def test_messages_of_long_pools_lose_whole_parts():
    """In a v1 and a v2c trap: what, how much, and no remedy without its end."""
    for address in LONG:
        h.add_address(address + "/128")
    h.port_range(40000, 40099)
    manager = h.Snmptrapd()
    with h.Listener(LONG[0], 443), h.Snmpd(extra=h.trap_sinks("v1", "v2c")) as snmpd, \
            h.Srcportd(snmpd, config="failures no\n" + QUICK) as daemon:
        daemon.wait_polls(1)
        held = h.connect_many(97, LONG[0], 443, source=LONG[1], no_port=True)
        oid = h.oid("srcPortAlarmMessage")

        def told():
            return {trap.kind: bind.value.decode() for trap in manager.traps() for bind in trap.binds
                    if bind.oid[:len(oid)] == oid}

        h.wait_for(lambda: len(told()) == 2, 10, "a trap of each version")
        whole = [row["srcPortAlarmMessage"].decode() for row in h.table("srcPortAlarmTable").values()]
        for kind, text in told().items():
            assert text.startswith("small range: 97 of 100 ports in use, 3 left"), (kind, text)
            assert "..." not in text, (kind, text)
            for part in text.split("; ", 1)[-1].split(", or "):
                assert any(part in one for one in whole), (kind, part, whole)
            for full in whole:
                rest = full[len(text):] if full.startswith(text) else "; "
                assert rest[:2] in ("", "; ", ", "), (kind, text, full)
        h.reset_all(held)


def type_all(text):
    """Types each "set NAME=VALUE" of a report into the kernel, in the order in which they stand; a
    refused one fails. Returns what was set."""
    done = []
    for name, quoted, plain in re.findall(r'(?:set|and|then) (net\.[a-z0-9_.]+)=(?:"([^"]*)"|([0-9]+))', text):
        value = quoted or plain
        h.sysctl(name, value)
        assert h.sysctl(name).split() == value.split(), (name, value, h.sysctl(name))
        done.append(name.rsplit(".", 1)[1])
    return done


def advice_of(low, high, start, reserved, listeners):
    """What a report advises where a pool has a range of 20 to 60 ports and is full."""
    h.sysctl("net.ipv4.ip_unprivileged_port_start", 1024)
    h.port_range(low, high)
    h.sysctl("net.ipv4.ip_unprivileged_port_start", start)
    h.reserve_ports(reserved)
    opened = [h.Listener(HERE, port) for port in listeners] + [h.Listener(HERE, 70 + PORT)]
    held = h.connect_until_full(HERE, 70 + PORT)
    text = verdicts()[3]
    h.reset_all(held)
    for one in opened:
        one.close()
    return text


def test_every_advised_command_is_accepted():
    cases = [
        (40000, 40019, 1024, "", []),
        (40001, 40020, 1024, "", [50000, 50001]),
        (40000, 40018, 1024, "40003,50000-50010", [50005]),
        (65500, 65535, 1024, "", [20000]),
        (65501, 65535, 9001, "", []),
        (65501, 65535, 65000, "", []),
        (1025, 1060, 1024, "", [2000, 33333]),
        (60000, 60019, 60000, "60001", [60100]),
    ]
    kept = h.sysctl("net.ipv4.ip_unprivileged_port_start")
    for case in cases:
        text = advice_of(*case)
        before = h.sysctl("net.ipv4.ip_local_port_range").split()
        done = type_all("\n".join(line for line in text.splitlines() if "to widen" in line or "and then" in line))
        assert "ip_local_port_range" in done, (case, text)
        after = [int(end) for end in h.sysctl("net.ipv4.ip_local_port_range").split()]
        assert after[1] - after[0] > int(before[1]) - int(before[0]), (case, after)
        assert after[0] % 2 != after[1] % 2, (case, after)
        # What listens in the new part is not given away; what was reserved still is not.
        reserved = h.sysctl("net.ipv4.ip_local_reserved_ports")
        for port in case[4]:
            assert not after[0] <= port <= after[1] or covers(reserved, port), (case, reserved)
        assert all(covers(reserved, int(port)) for port in re.findall(r"\d+", case[3])), (case, reserved)
        # And the sentence of the pool says nothing that is refused either.
        h.port_range(*case[:2])
        type_all(text)
    h.reserve_ports("")
    h.sysctl("net.ipv4.ip_unprivileged_port_start", kept)


def test_a_wider_range_leaves_udp_services_theirs():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as vpn:
        vpn.bind(("0.0.0.0", 51820))
        text = advice_of(40000, 40019, 1024, "", [50000])
        assert 'set net.ipv4.ip_local_reserved_ports="50000,51820"' in text, text
        type_all(text)
        assert covers(h.sysctl("net.ipv4.ip_local_reserved_ports"), 51820)
    h.reserve_ports("")


def covers(ports, port):
    return any(int(part.split("-")[0]) <= port <= int(part.split("-")[-1])
               for part in ports.split(",") if part)


def test_advice_for_time_wait_is_accepted():
    for case, (reuse, timestamps) in enumerate((("0", "1"), ("0", "0"), ("1", "0"))):
        h.sysctl("net.ipv4.tcp_tw_reuse", reuse)
        h.sysctl("net.ipv4.tcp_timestamps", timestamps)
        low = 40000 + 100 * case
        h.port_range(low, low + 39)
        with h.Listener(HERE, PORT + case) as server:
            h.time_wait(40, server)
            text = verdicts()[3]
            done = type_all(text)
            assert ("tcp_tw_reuse" in done) == (reuse == "0"), text
            assert ("tcp_timestamps" in done) == (timestamps == "0"), text
            assert "ip_local_port_range" in done, text


def counts(program):
    import test_failures
    return test_failures.counts(program.pid) or program.poll() is not None


if __name__ == "__main__":
    h.main()
