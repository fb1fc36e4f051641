#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_low_ports: what is left of ports 512 to 1023, compared with how many bindresvport() gets."""
import ctypes
import json
import socket
import sys

import harness as h

PEER, PORT = "10.9.0.9", 2049
HERE, OTHER = "10.9.0.1", "10.9.0.2"


def low():
    status, out, err = h.srcportd("--once", "--format", "json")
    assert status == 0, err
    return json.loads(out)["low"]


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
