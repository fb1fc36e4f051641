# SPDX-License-Identifier: ISC
"""router: the test's namespace translates what a client's sends to a server's."""
import errno
import select
import shutil
import socket
import struct
import subprocess
import time

import harness as h
import isolate

OUTSIDE, SERVER, VIRTUAL = "192.0.2.1", "192.0.2.100", "192.0.2.200"
OUTSIDE6, SERVER6 = "2001:db8::1", "2001:db8::100"
LOW, HIGH = 20000, 20099
PORT = 9000
IP_BIND_ADDRESS_NO_PORT = 24
HEAD = "table ip nat { chain post { type nat hook postrouting priority 100; %s; }; }"
HEAD6 = "table ip6 nat { chain post { type nat hook postrouting priority 100; %s; }; }"


def nft(text):
    done = subprocess.run(["nft", "-f", "-"], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, check=False)
    if done.returncode:
        raise isolate.Skip("nft: " + done.stderr.strip().split("\n")[0])


def unnamed(nat):
    """A report without the names of processes of that time, which a recording has not."""
    for row in nat["pools"]:
        row["message"] = row["message"].replace(" in %s keep " % row["holderNamespace"], " keep ")
        row["holderNamespace"] = None
    return nat


def forget_connections():
    """Empties the kernel's table (IPCTNL_MSG_CT_DELETE, without a name)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        netlink.settimeout(5)
        netlink.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 1, 0, 0, 0, 0))
        answer = netlink.recv(4096)
    assert struct.unpack_from("=i", answer, 16) == (0,), answer


class Router:
    """Translates what the client sends to OUTSIDE (OUTSIDE6), ports low to high."""

    def __init__(self, low=LOW, high=HIGH):
        if shutil.which("nft") is None:
            raise isolate.Skip("no nft here")
        h.raise_file_limit()
        self.client = h.Namespace(["10.7.0.1/24", "fd00:7::1/64"], ["10.7.0.2/24", "fd00:7::2/64"],
                                  "inside0")
        self.server = h.Namespace([OUTSIDE + "/24", OUTSIDE6 + "/64"],
                                  [SERVER + "/24", SERVER6 + "/64"], "outside0")
        self.client.run("ip", "route", "add", "default", "via", "10.7.0.1")
        self.client.run("ip", "route", "add", "default", "via", "fd00:7::1")
        h.sysctl("net.ipv4.ip_forward", 1)
        h.sysctl("net.ipv6.conf.all.forwarding", 1)
        span = ":%d-%d" % (low, high)
        for protocol in "tcp", "udp":
            nft(HEAD % ('oifname "outside0" ip saddr 10.7.0.0/24 meta l4proto %s snat to %s%s'
                        % (protocol, OUTSIDE, span)))
            nft(HEAD6 % ('oifname "outside0" ip6 saddr fd00:7::/64 meta l4proto %s snat to [%s]%s'
                         % (protocol, OUTSIDE6, span)))
        nft("table ip nat { chain pre { type nat hook prerouting priority -100; "
            "ip daddr %s dnat to %s; }; }" % (VIRTUAL, SERVER))
        with self.server.inside():
            self.listeners = [h.Listener(SERVER, PORT), h.Listener(SERVER6, PORT)]
            self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.datagrams.bind((SERVER, PORT))
        self.kept = []

    def start(self, address, source_port=0, kind=socket.SOCK_STREAM):
        """A socket of the client that has begun to connect."""
        with self.client.inside():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made = socket.socket(family, kind)
        made.setblocking(False)
        # Two of UDP that say so may get one port from connect(), and then they are one flow.
        if kind == socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if source_port:
            made.bind(("", source_port))
        assert made.connect_ex((address, PORT)) in (0, errno.EINPROGRESS)
        if kind == socket.SOCK_DGRAM:
            made.send(b"?")
        self.kept.append(made)
        return made

    def pass_of(self, count, address=SERVER):
        """How many of that many connections pass at once; a lost SYN is sent again after a second."""
        begin = time.monotonic()
        waiting = {self.start(address).fileno(): None for _ in range(count)}
        passed = 0
        poll = select.poll()
        for descriptor in waiting:
            poll.register(descriptor, select.POLLOUT)
        while True:
            # A busy machine may take its time, but not until they are sent again.
            ready = poll.poll(max(200, 950 - 1000 * (time.monotonic() - begin)))
            if not ready:
                return passed
            for descriptor, _ in ready:
                poll.unregister(descriptor)
                passed += 1

    def ends(self, address=SERVER, kind=socket.SOCK_STREAM):
        """Two connections that keep their ports, and show where the range ends."""
        made = [self.start(address, port, kind) for port in (LOW, HIGH)]
        if kind == socket.SOCK_STREAM:
            for each in made:
                assert select.select([], [each], [], 5)[1], "no connection"

    def ends_at(self, low, high):
        for port in low, high:
            self.start(SERVER, port)

    def start_from(self, source):
        """A connection of that address of the client, from a port that the kernel chooses."""
        with self.client.inside():
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            made.bind((source, 0))
            assert made.connect_ex((SERVER, PORT)) == errno.EINPROGRESS
        self.kept.append(made)

    def reset(self):
        """Ends what it keeps without a TIME_WAIT."""
        for each in self.kept:
            if each.type == socket.SOCK_STREAM:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.close()
        self.kept.clear()

    def received(self):
        self.datagrams.settimeout(0.3)
        count = 0
        try:
            while True:
                self.datagrams.recv(16)
                count += 1
        except socket.timeout:
            return count
