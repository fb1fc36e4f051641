#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_hygiene: what is unwise about the range, and that each command that mends it, typed as it is
printed, is taken by the kernel and mends it."""
import contextlib
import json
import shutil
import socket

import harness as h

DEFAULT = 32768, 60999


def once(form="json"):
    status, out, err = h.srcportd("--once", "--format", form)
    assert status == 0, (status, err)
    return json.loads(out)["hygiene"] if form == "json" else out


def found():
    return {one["finding"]: one["message"] for one in once()["findings"]}


def mend():
    """Types what the text says, in its order; returns the lines."""
    lines = [line.split("to mend", 1)[1].strip() for line in once("text").splitlines()
             if line.startswith("  to mend ")]
    assert lines == once()["mend"], lines
    for line in lines:
        if shutil.which("sysctl"):
            h.run("sh", "-ec", line)
        else:
            assert line.startswith("sysctl -w net.ipv4."), line
            name, value = line[len("sysctl -w "):].split("=", 1)
            h.sysctl(name, value.strip('"'))
    return lines


def is_clean():
    now = once()
    assert now == {"findings": [], "mend": []}, now
    assert "HYGIENE" not in once("text")


def test_a_kernel_that_nobody_configured():
    h.port_range(*DEFAULT)
    is_clean()


def test_a_listener_that_is_not_reserved():
    h.port_range(*DEFAULT)
    h.reserve_ports("50000-50001")
    with h.Listener("127.0.0.1", 40010), h.Listener("::1", 40011), h.Listener("127.0.0.1", 9000):
        assert found() == {"listeners": "2 ports (40010-40011) with a listener in the range and not reserved: "
                                        "a connection can take one while its service restarts"}
        assert mend() == ['sysctl -w net.ipv4.ip_local_reserved_ports="40010-40011,50000-50001"']
        assert h.sysctl("net.ipv4.ip_local_reserved_ports") == "40010-40011,50000-50001"
        is_clean()


def test_udp_services():
    """A socket that took what it got, or that is connected, is no service."""
    h.port_range(*DEFAULT)
    h.reserve_ports("50010")
    with contextlib.ExitStack() as stack:
        def udp(family, address, port, peer=None):
            one = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            one.bind((address, port))
            if peer:
                one.connect(peer)

        udp(socket.AF_INET, "127.0.0.1", 0)
        udp(socket.AF_INET, "127.0.0.1", 40007, ("127.0.0.1", 53))
        udp(socket.AF_INET, "127.0.0.1", 50010)
        is_clean()
        udp(socket.AF_INET, "0.0.0.0", 40010)
        udp(socket.AF_INET6, "::1", 40012)
        assert found() == {"udpServices": "2 ports (40010, 40012) of UDP services in the range and not reserved: "
                                          "a socket without a port of its own can take one while its "
                                          "service restarts"}
        with h.Snmpd() as snmpd, h.Srcportd(snmpd) as daemon:
            daemon.wait_polls(1)
            assert h.value("srcPortHygieneFindings.0") == b"\x10"
        assert mend() == ['sysctl -w net.ipv4.ip_local_reserved_ports="40010,40012,50010"']
        is_clean()


def test_a_listener_that_took_what_it_got():
    """Where it listened before, nobody looks for it after a restart."""
    h.port_range(*DEFAULT)
    with h.Listener("127.0.0.1", 0) as one:
        port = one.socket.getsockname()[1]
        assert DEFAULT[0] <= port <= DEFAULT[1]
        is_clean()


def test_ends_of_equal_parity():
    for low, high, better in ((20000, 60000, "20000 60001"), (20001, 65535, "20000 65535"),
                              (1024, 65534, "1024 65535")):
        h.port_range(low, high)
        h.reserve_ports("1024-19999,65000-65535" if low == 1024 else "")
        messages = found()
        assert messages["equalParity"].startswith(
            "the ends of the range %d-%d are both" % (low, high)), messages
        assert "oddSize" in messages
        assert mend()[-1] == 'sysctl -w net.ipv4.ip_local_port_range="%s"' % better
        is_clean()


def test_reserved_ports_outside_of_the_range():
    h.port_range(*DEFAULT)
    h.reserve_ports("8080,40000,61000-61010")
    assert found() == {"reservedOutside": "12 ports (8080, 61000-61010) reserved outside of the range, "
                                          "without effect"}
    assert mend() == ['sysctl -w net.ipv4.ip_local_reserved_ports="40000"']
    is_clean()
    h.reserve_ports("8080")
    assert mend() == ['sysctl -w net.ipv4.ip_local_reserved_ports=""']
    is_clean()


def test_reserved_entries_that_overlap():
    """The kernel merges them: there is nothing to find, and nothing to mend."""
    h.port_range(*DEFAULT)
    h.reserve_ports("40000-40010,40005-40020,40020,40021")
    assert h.sysctl("net.ipv4.ip_local_reserved_ports") == "40000-40021"
    is_clean()


def test_known_services_in_the_range():
    h.port_range(5000, 60999)
    messages = found()
    assert list(messages) == ["knownServices"] and "5060 SIP, 5432 PostgreSQL" in messages["knownServices"]
    mend()
    assert "5432" in h.sysctl("net.ipv4.ip_local_reserved_ports")
    is_clean()


def test_a_range_far_smaller_than_the_default():
    """The list comes first, with the listeners that the wider range would have: no service loses
    its port in between."""
    h.port_range(40000, 40099)
    with h.Listener("127.0.0.1", 50000):
        assert found() == {"farBelowDefault": "the range has 100 ports, the kernel's own 28,232"}
        assert mend() == ['sysctl -w net.ipv4.ip_local_reserved_ports="50000"',
                          'sysctl -w net.ipv4.ip_local_port_range="32768 60999"']
        is_clean()


def test_everything_at_once():
    h.port_range(1025, 2049)
    h.reserve_ports("80,1030")
    with h.Listener("127.0.0.1", 1434):
        assert set(found()) == {"listeners", "knownServices", "equalParity", "oddSize",
                                "reservedOutside", "farBelowDefault"}
        mend()
        is_clean()


def test_who_reserves_most_of_the_range_is_not_told_to():
    """A list that would leave less than half of the range is no remedy."""
    h.port_range(*DEFAULT)
    h.reserve_ports("32768-55000")
    with h.Listener("127.0.0.1", 60000):
        assert list(found()) == ["listeners"]
        assert not mend()


def test_a_list_that_is_too_long_to_be_set():
    """Of more than 4,094 octets the kernel takes the first part, without an error: nobody is told
    to type that."""
    h.raise_file_limit()
    h.port_range(*DEFAULT)
    listeners = [h.Listener("127.0.0.1", port, backlog=1) for port in range(40000, 41364, 2)]
    assert len(mend()[0]) == len('sysctl -w net.ipv4.ip_local_reserved_ports=""') + 4091
    assert len(h.sysctl("net.ipv4.ip_local_reserved_ports")) == 4091
    is_clean()
    listeners.append(h.Listener("127.0.0.1", 41364))
    assert list(found()) == ["listeners"] and not mend()
    for one in listeners:
        one.close()


def test_a_manager_sees_it():
    h.port_range(32768, 60998)
    with h.Listener("127.0.0.1", 40010), h.Snmpd() as snmpd, h.Srcportd(snmpd):
        assert h.value("srcPortHygieneAvailable.0") == 1
        bits = h.value("srcPortHygieneFindings.0")
        assert bits[:1] == b"\x8c", bits  # listeners(0), equalParity(4), oddSize(5)
        text = h.value("srcPortHygieneMessage.0").decode()
        want = (
            "range 32768-60998: listeners not reserved, ends of equal parity; set "
            "net.ipv4.ip_local_reserved_ports=\"40010\", then "
            "net.ipv4.ip_local_port_range=\"32768 60999\"")
        assert text == want, text


if __name__ == "__main__":
    h.main()
