# SPDX-License-Identifier: ISC
"""A whole default range, 1024-65535, toward one peer: who is lost then, and whose low ports are
translated among themselves (nf_nat_l4proto_unique_tuple())."""
import json
import socket
import struct

import harness as h
import isolate
from router import HEAD, PORT, SERVER, Router, nft
from test_nat_protocols import arrived, raw

INSIDE = ["10.7.0.%d" % n for n in range(2, 5)]


def pool():
    status, out, error = h.srcportd("--once", "--format", "json")
    assert (status, error) == (0, ""), (status, error)
    row, = json.loads(out)["nat"]["pools"]
    return row


def assert_row(**expected):
    row = pool()
    found = {key: row[key] for key in expected}
    assert found == expected, (found, row)


class Inside:
    """Hosts behind the router; each port of each is a flow of UDP."""

    def __init__(self, router):
        self.receiver = raw(router.server, socket.AF_INET, socket.IPPROTO_UDP)
        self.receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.senders = {}
        for address in INSIDE:
            if address != INSIDE[0]:
                router.client.run("ip", "address", "add", address + "/24", "dev", "peer0")
            self.senders[address] = raw(router.client, socket.AF_INET, socket.IPPROTO_UDP)
            self.senders[address].bind((address, 0))

    def send(self, address, ports):
        for port in ports:
            self.senders[address].sendto(struct.pack(">HHHH", port, PORT, 8, 0), (SERVER, 0))

    def pass_of(self, address, ports):
        """How many of these arrive."""
        self.send(address, ports)
        return arrived(self.receiver, lambda packet: packet[2:4] == struct.pack(">H", PORT))


def test_all_ports_of_an_address():
    isolate.want("conntrack")
    router = Router()
    for sysctl in "udp_timeout", "udp_timeout_stream":
        h.sysctl("net.netfilter.nf_conntrack_" + sysctl, 300)
    nft("delete table ip nat")
    nft(HEAD % 'oifname "outside0" masquerade')
    inside = Inside(router)
    first, second, third = INSIDE
    # One host has all but ten.
    for port in range(1024, 65526, 100):
        inside.send(first, range(port, min(port + 100, 65526)))
        inside.receiver.recv(64)
    arrived(inside.receiver, lambda packet: True)
    assert_row(entries=64502, used=64502, remaining=10, capacity=64512, percent=99,
               holder=first, holderEntries=64502)
    # What keeps its port finds it, wherever it is; what has to change hardly ever does.
    assert inside.pass_of(second, range(65526, 65536)) == 10
    assert_row(entries=64512, used=64512, remaining=0, percent=100, lossPpm=1000000,
               severity="critical", range={"low": 1024, "high": 65535, "from": "rule"})
    assert inside.pass_of(second, range(2000, 2050)) == 0
    # Ports below 512 stay below, those up to 1023 go to 600 and above: among themselves.
    assert inside.pass_of(second, range(1, 512)) == 511
    assert inside.pass_of(third, range(1, 512)) == 0
    assert inside.pass_of(second, range(512, 600)) == 88
    assert inside.pass_of(third, range(512, 600)) == 88
    assert_row(entries=64512 + 511 + 2 * 88, used=64512, remaining=0, holder=first)
    # Entries that end give their ports back.
    h.sysctl("net.netfilter.nf_conntrack_udp_timeout", 1)
    assert inside.pass_of(first, range(3000, 3040)) == 40
    h.wait_for(lambda: pool()["remaining"] == 40, 15, "40 ports")
    assert inside.pass_of(second, range(3000, 3040)) == 40


if __name__ == "__main__":
    isolate.main()
