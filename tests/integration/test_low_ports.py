#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_low_ports: what is left of ports 512 to 1023, compared with how many bindresvport() gets."""
import ctypes
import json
import os
import socket
import sys

import harness as h

BLACKLIST = "/etc/bindresvport.blacklist"
PEER, PORT = "10.9.0.9", 2049
HERE, OTHER = "10.9.0.1", "10.9.0.2"


def low():
    status, out, err = h.srcportd("--once", "--format", "json")
    assert status == 0, err
    return json.loads(out)["low"]


def over_snmp(config):
    """(available, reason, capacity, omitted, {address: (used, remaining, severity)})."""
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, config=config) as daemon:
        daemon.wait_polls(1)
        group = [h.value("srcPortLow%s.0" % name)
                 for name in ("Available", "Reason", "Capacity", "Omitted")]
        rows = {row["srcPortLowName"].decode(): (row["srcPortLowUsed"], row["srcPortLowRemaining"],
                                                 row["srcPortLowSeverity"])
                for row in h.table("srcPortLowTable").values()}
    return (*group, rows)


def reserve_all(address):
    """Sockets that bindresvport() of the C library gave a port, until it had none."""
    libc = ctypes.CDLL(None, use_errno=True)
    where = ctypes.create_string_buffer(
        socket.AF_INET.to_bytes(2, sys.byteorder) + bytes(2) +
        socket.inet_aton(address) + bytes(8), 16)
    got = []
    while True:
        one = socket.socket()
        where[2:4] = bytes(2)
        if libc.bindresvport(one.fileno(), where):
            one.close()
            return got
        got.append(one)


def test_as_many_as_bindresvport_gets():
    for address in (HERE, OTHER, PEER):
        h.add_address(address + "/32")
    h.raise_file_limit()
    if os.path.exists(BLACKLIST):  # some of Debian's C libraries leave these to their services
        h.run("mount", "--bind", "/dev/null", BLACKLIST)
    with h.Listener(PEER, PORT), h.Listener("0.0.0.0", 993):
        held = [h.connect(PEER, PORT, source=HERE, source_port=port) for port in range(600, 640)]
        held.append(h.connect(PEER, PORT, source=OTHER, source_port=639))
        held.append(h.connect(PEER, PORT, source=OTHER, source_port=1023))
        found = low()
        rows = {row["address"]: (row["used"], row["remaining"]) for row in found["locals"]}
        assert rows[HERE] == (41, 471) and rows[OTHER] == (3, 509), rows
        assert (found["capacity"], found["remaining"]) == (512, 470), found
        text = h.srcportd("--once")[1]
        assert "LOW PORTS  of 512-1023" in text and "any IPv4 address              470 remaining" in text, text
        served = over_snmp("lowWarningRemaining 472\n")
        assert served == (1, b"", 512, 0, {HERE: (41, 471, 2), OTHER: (3, 509, 1)}), served
        for address, want in (("0.0.0.0", 470), (HERE, 471), (OTHER, 509)):
            got = reserve_all(address)
            assert len(got) == want, (address, len(got), want)
            h.close_all(got)
        h.reset_all(held)


def test_a_service_alone_says_nothing():
    with h.Listener("127.0.0.1", 993):
        held = h.connect_many(3, "127.0.0.1", 993)
        assert "LOW PORTS" not in h.srcportd("--once")[1]
        h.reset_all(held)


if __name__ == "__main__":
    h.main()
