# SPDX-License-Identifier: ISC
"""world: the verbs with which an exactness scenario is made, and the questions asked about it.

A World is one network namespace with a port range of 100. Its verbs open real sockets and keep
them.
A question knows what srcportd says (an interval, from a report) and what the kernel does (it tries
until the first error, then gives everything back).
"""
import errno
import json
import socket

import harness as h

LOW, HIGH = 40000, 40099
HOME = "127.0.0.1"
PORT = 9000
FAR = "10.7.0.2"  # behind a veth pair, seen from NEAR
NEAR = "10.7.0.1"
FAR_ADDRESSES = FAR, "fd00:7::2", "fe80::7:2%veth0"


# Runs a command with no capability at all.
UNPRIVILEGED = "setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"


class World:
    def __init__(self):
        h.raise_file_limit()
        h.port_range(LOW, HIGH)
        self.kept = []
        self.servers = {}
        self.namespace = None

    # what stands on the other side

    def serve(self, address=HOME, port=PORT):
        """The listener at address:port, made when it is first wanted; in the far namespace if the
        address is there."""
        key = (address, port)
        if key not in self.servers:
            if address in FAR_ADDRESSES:
                with self.namespace.inside():
                    self.servers[key] = h.Listener(address.replace("%veth0", "%peer0"), port)
            else:
                self.servers[key] = h.Listener(address, port)
        return self.servers[key]

    def far(self):
        """A second namespace behind a veth pair, with an address of each family and link-local."""
        self.namespace = h.Namespace([NEAR + "/24", "fd00:7::1/64", "fe80::7:1/64"],
                                     [FAR + "/24", "fd00:7::2/64", "fe80::7:2/64"])
        return self.namespace

    def deaf(self, address=FAR):
        """From now on nothing that we send to the far address arrives; what it sends still does."""
        h.run("ip", "neighbour", "replace", address, "lladdr", "02:00:00:00:00:01", "dev", "veth0",
              "nud", "permanent")

    # our sockets

    def keep(self, sockets):
        self.kept += sockets
        return sockets

    def connect(self, count=1, peer=HOME, port=PORT, source=HOME, **options):
        """count connections whose port connect() chooses, as sock_diag can tell."""
        self.serve(peer, port)
        options.setdefault("no_port", source is not None)
        return self.keep(h.connect_many(count, peer, port, source=source, **options))

    def connect_from(self, ports, peer=HOME, port=PORT, source=HOME, **options):
        """A connection from each of these ports, explicitly bound."""
        self.serve(peer, port)
        return self.keep([h.connect(peer, port, source=source, source_port=p, **options)
                          for p in ports])

    def connect_bound(self, count, peer=HOME, port=PORT, source=HOME, **options):
        """count connections from sockets whose port bind(source, 0) chose."""
        return self.connect(count, peer, port, source, no_port=False, **options)

    def listen(self, address, port, **options):
        listener = h.Listener(address, port, **options)
        self.keep([listener])
        return listener

    def bound(self, address, ports, **options):
        """Bound idle sockets on these ports; 0 lets bind() choose."""
        return self.keep([h.open_socket(address, source=address, source_port=p, **options)
                          for p in ports])

    def connect_until_full(self, peer=HOME, port=PORT, source=HOME, **options):
        self.serve(peer, port)
        options.setdefault("no_port", True)
        return self.keep(h.connect_until_full(peer, port, source=source, **options))

    def udp(self, ports):
        for port in ports:
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind((HOME, port))
            self.keep([one])

    def syn_sent(self, count, peer=FAR, port=PORT, source=NEAR, **options):
        return self.keep([h.syn_sent(peer, port, source=source, no_port=True, **options)
                          for _ in range(count)])

    def inbound(self, count, port, address=HOME, peer=HOME):
        """count connections into a listener of ours, from ports outside the range. The listener and
        the accepted ends."""
        listener = self.listen(address, port)
        self.keep([h.connect(address, port, source=peer, source_port=30001 + i)
                   for i in range(count)])
        return listener, self.keep(listener.accept(count))

    def take(self, sockets):
        """The other ends of these connections, accepted, in the same order. The listener has no
        other connection waiting."""
        server = self.serve(*sockets[0].getpeername()[:2])
        ends = {end.getpeername()[:2]: end for end in server.accept(len(sockets))}
        return [ends[one.getsockname()[:2]] for one in sockets]

    def close_first(self, sockets):
        """We close these connections, then their other ends do: TIME_WAIT stays on our side."""
        before = h.count_state("TIME_WAIT")
        ends = self.take(sockets)
        h.close_in_turn(sockets, ends)
        h.wait_for(lambda: h.count_state("TIME_WAIT") >= before + len(sockets), 10, "TIME_WAIT")

    def time_wait(self, count=40, peer=HOME, port=PORT, source=HOME, age=None):
        """count TIME_WAIT of one pool, none of them younger than age (seconds)."""
        self.close_first(self.connect(count, peer, port, source))
        if age is not None:
            h.wait_for(lambda: youngest() >= age, age + 10, "TIME_WAIT of age %g s" % age)

    # the moment of asking

    def ask(self, *arguments, before=()):
        """The report of `srcportd --once`; before: what to put before the command."""
        status, out, error = h.srcportd("--once", "--format", "json", *arguments, before=before)
        assert status == 0 and not error, (status, error)
        return json.loads(out)


def youngest():
    """Seconds since the last socket entered TIME_WAIT: its timer runs down from 60."""
    left = [0]
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name) as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == "06":
                    left.append(int(fields[5].split(":")[1], 16) / 100)
    return 60 - max(left)


def interval(row, total="remaining"):
    return row[total] - row["uncertain"], row[total]


def with_index(address):
    """127.0.0.1%lo as reports have it: 127.0.0.1%1."""
    address, _, device = address.partition("%")
    return "%s%%%d" % (address, socket.if_nametoindex(device)) if device else address


class Connect:
    """How many connect() calls of one pool succeed?"""

    unit = "connects"

    def __init__(self, local=HOME, peer=HOME, port=PORT, to=None, silent=False, **caller):
        """caller: options of the sockets; source=None for one that is not bound at all. to: how the
        caller writes the peer's address. silent: the peer never answers."""
        self.local, self.peer, self.port = local, peer, port
        self.caller = dict({"source": local, "no_port": True}, **caller)
        if self.caller["source"] is None:
            self.caller["no_port"] = False
        self.to, self.silent = to or peer, silent

    def said(self, report):
        """The pool's row; a caller bound to a device without one goes by the row of those that are
        not; a pool without sockets has what the range offers."""
        names = [with_index(self.local)]
        if "device" in self.caller:
            names.insert(0, with_index("%s%%%s" % (self.local, self.caller["device"])))
        for name in names:
            for pool in report["pools"]:
                if (pool["local"], pool["peer"], pool["port"]) == (
                        name, with_index(self.peer), self.port):
                    return interval(pool)
        return interval(report["range"], "capacity")

    def prepare(self, world):
        if not self.silent:
            world.serve(self.peer, self.port)

    def measure(self):
        opened = (until_full(h.syn_sent, self.to, self.port, **self.caller) if self.silent else
                  h.connect_until_full(self.to, self.port, **self.caller))
        h.reset_all(opened)
        return len(opened)


class Bind:
    """How many bind(address, 0) succeed?"""

    unit = "binds"

    def __init__(self, address, device=None):
        self.address, self.device = address, device

    def said(self, report):
        """In an odd-sized range any one bind() leaves out the first or the last port. An address on
        which no socket was seen has what is free."""
        ranges = report["range"]
        name = with_index("%s%%%s" % (self.address, self.device) if self.device else self.address)
        rows = [(row["remaining"], row.get("uncertain", 0)) for row in report["locals"]
                if row["address"] == name]
        if self.address in ("0.0.0.0", "::") or not rows:
            rows = [(ranges["free"], ranges["unseen"])]
        assert len(rows) == 1, "%d rows for %s" % (len(rows), name)
        left, uncertain = rows[0]
        odd = ranges["size"] % 2 == 1 and ranges["size"] > 3
        return left - uncertain - odd, left

    def prepare(self, world):
        pass

    def measure(self):
        opened = until_full(h.open_socket, self.address, source=self.address, device=self.device)
        h.close_all(opened)
        return len(opened)


class Peer:
    """How many connect() calls toward one peer succeed, spread over these of its ports?"""

    unit = "connects"

    def __init__(self, peer, ports, local=HOME, key="remaining"):
        self.peer, self.ports, self.local, self.key = peer, ports, local, key

    def said(self, report):
        row = [row for row in report["peers"] if row["peer"] == self.peer]
        assert len(row) == 1, "%d rows for %s" % (len(row), self.peer)
        return row[0][self.key] - row[0]["uncertain"], row[0][self.key]

    def prepare(self, world):
        for port in self.ports:
            world.serve(self.peer, port)

    def measure(self):
        turn = iter(self.ports * HIGH)
        opened = until_full(lambda: h.connect(self.peer, next(turn), source=self.local,
                                              no_port=True))
        h.reset_all(opened)
        return len(opened)


class Target(Peer):
    """The same for a target of the command line."""

    def __init__(self, peer, ports, name=None, **options):
        super().__init__(peer, ports, **options)
        self.name = name or peer

    def said(self, report):
        row = [row for row in report["targets"] if row["target"] == self.name]
        assert len(row) == 1, report["targets"]
        return row[0][self.key] - row[0]["uncertain"], row[0][self.key]


def until_full(opener, *arguments, **options):
    """Calls opener until a source port is what is missing; what it opened."""
    opened = []
    while True:
        try:
            opened.append(opener(*arguments, **options))
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EADDRINUSE):
                return opened
            raise
