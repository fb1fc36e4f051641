# SPDX-License-Identifier: ISC
"""net: sysctls, addresses and TCP sockets inside the namespace of the running test."""
import contextlib
import ctypes
import errno
import os
import resource
import socket
import struct
import subprocess
import time

import isolate

IP_BIND_ADDRESS_NO_PORT = 24
IP_LOCAL_PORT_RANGE = 51
CLONE_NEWNS = 0x20000
CLONE_NEWNET = 0x40000000


def wait_for(condition, seconds, what):
    """Calls condition until it returns something true, and returns that.

    AssertionError, OSError and RuntimeError from condition mean "not yet"; the last one is part of
    the failure's text.
    """
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = None
        except (AssertionError, OSError, RuntimeError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError("not within %g s: %s%s" % (
                seconds, what, " (%s)" % last if last else ""))
        time.sleep(0.02)


def run(*command, check=True):
    """Runs a command; its standard output, or AssertionError with what it complained about."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=False)
    if check and done.returncode:
        raise AssertionError("%s: %s" % (" ".join(command), done.stderr.strip()))
    return done.stdout


# sysctls and addresses

def sysctl(name, value=None):
    """The value of net.x.y; sets it first when one is given (a pair is written as `a b`)."""
    path = "/proc/sys/" + name.replace(".", "/")
    if value is not None:
        if isinstance(value, (tuple, list)):
            value = " ".join(str(part) for part in value)
        with open(path, "w") as file:
            file.write("%s\n" % value)
    with open(path) as file:
        return file.read().strip()


def port_range(low, high):
    sysctl("net.ipv4.ip_local_port_range", (low, high))


def reserve_ports(text):
    """text as the sysctl has it: "40000-40009,40050"; empty for none."""
    sysctl("net.ipv4.ip_local_reserved_ports", text)


def add_address(address, device="lo"):
    """address with its prefix length, usable at once: "10.9.0.1/32", "2001:db8::1/128"."""
    flags = ["nodad"] if ":" in address else []
    run("ip", "address", "add", address, "dev", device, *flags)


def silent_device(name, address, *peers):
    """A device with an address, and peers behind it to which packets go out and no answer comes."""
    run("ip", "link", "add", name, "type", "veth", "peer", "name", name + "x")
    add_address(address, name)
    run("ip", "link", "set", name, "up")
    run("ip", "link", "set", name + "x", "up")
    for peer in peers:
        run("ip", "neighbour", "add", peer, "lladdr", "02:00:00:00:00:01", "dev", name)


def give_namespaces_their_own():
    """Network namespaces made from here have a table of connections of their own: those of the
    whole machine, however many, cost nothing there. False before Linux 6.1, which has none."""
    if not os.path.exists("/proc/sys/net/ipv4/tcp_child_ehash_entries"):
        return False
    sysctl("net.ipv4.tcp_child_ehash_entries", 4096)
    return True


def enter_namespace_of_its_own():
    """This process goes on in such a network namespace."""
    if not give_namespaces_their_own():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    isolate.enter_network()


class Namespace:
    """A second network namespace, joined to the test's own by a veth pair."""

    def __init__(self, ours, theirs, device="veth0"):
        """ours, theirs: lists of addresses with prefix length of the two ends."""
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        isolate.at_exit(self.close)
        here = os.readlink("/proc/self/ns/net")
        path = "/proc/%d/ns/net" % self.process.pid
        wait_for(lambda: os.readlink(path) != here, 10, "a second network namespace")
        self.pid = str(self.process.pid)
        run("ip", "link", "add", device, "type", "veth", "peer", "name", "peer0", "netns", self.pid)
        self.run("ip", "link", "set", "lo", "up")
        for address in ours:
            add_address(address, device)
        for address in theirs:
            self.run("ip", "address", "add", address, "dev", "peer0",
                     *(["nodad"] if ":" in address else []))
        run("ip", "link", "set", device, "up")
        self.run("ip", "link", "set", "peer0", "up")

    def run(self, *command):
        return run("nsenter", "--target", self.pid, "--net", *command)

    @contextlib.contextmanager
    def inside(self):
        """Sockets made in this block live in the second namespace, also afterwards."""
        libc = ctypes.CDLL(None, use_errno=True)
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        away = os.open("/proc/%s/ns/net" % self.pid, os.O_RDONLY)
        try:
            if libc.setns(away, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            yield
        finally:
            libc.setns(home, CLONE_NEWNET)
            os.close(home)
            os.close(away)

    def close(self):
        self.process.kill()
        self.process.wait()


# sockets

def raise_file_limit():
    """As many descriptors as this process may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def sockaddr(address, port):
    """What bind() and connect() take; address may have a zone: "fe80::1%veth0"."""
    if "%" not in address:
        return address, port
    return socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][4]


class Listener:
    """A listening socket. Connections complete in its backlog; accept() takes them out of it."""

    def __init__(self, address, port, backlog=4096, only_v6=None, reuse=True):
        self.address, self.port = address, port
        self.socket = socket.socket(family_of(address), socket.SOCK_STREAM)
        if reuse:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if only_v6 is not None:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only_v6))
        self.socket.bind(sockaddr(address, port))
        self.socket.listen(backlog)
        self.accepted = []

    def accept(self, count, seconds=10):
        """Accepts exactly count connections and keeps them open; returns them."""
        self.socket.settimeout(seconds)
        taken = [self.socket.accept()[0] for _ in range(count)]
        self.accepted += taken
        return taken

    def close_peers_of(self, names):
        """Closes the other ends of connections that were not accepted yet, by (address, port)."""
        wanted = set(names)
        while wanted:
            theirs = self.accept(1)[0]
            name = theirs.getpeername()[:2]
            if name in wanted:
                wanted.remove(name)
                self.accepted.remove(theirs)
                theirs.close()

    def close(self):
        """Closes the listener and every connection accepted from it."""
        for connection in self.accepted:
            connection.close()
        self.accepted = []
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def open_socket(peer, source=None, source_port=None, no_port=False, device=None, reuse=False,
                local_range=None):
    """A TCP socket, bound where source or source_port ask for it.

    no_port: IP_BIND_ADDRESS_NO_PORT before bind(); local_range: IP_LOCAL_PORT_RANGE (low, high).
    """
    family = family_of(peer)
    tcp = socket.socket(family, socket.SOCK_STREAM)
    try:
        if reuse:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if device:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        if local_range:
            tcp.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE,
                           struct.pack("I", local_range[1] << 16 | local_range[0]))
        if no_port:
            tcp.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if source is not None or source_port is not None:
            wildcard = "::" if family == socket.AF_INET6 else "0.0.0.0"
            tcp.bind(sockaddr(source or wildcard, source_port or 0))
    except BaseException:
        tcp.close()
        raise
    return tcp


def connect(peer, port, seconds=5, **options):
    """One connection to peer:port; options as for open_socket()."""
    tcp = open_socket(peer, **options)
    try:
        tcp.settimeout(seconds)
        tcp.connect(sockaddr(peer, port))
    except BaseException:
        tcp.close()
        raise
    return tcp


def connect_many(count, peer, port, **options):
    """count connections, all open."""
    return [connect(peer, port, **options) for _ in range(count)]


def connect_until_full(peer, port, limit=70000, **options):
    """Connects until the source ports run out; returns the open connections.

    Any other error than EADDRNOTAVAIL (or EADDRINUSE from bind()) is raised.
    """
    raise_file_limit()
    opened = []
    for _ in range(limit):
        try:
            opened.append(connect(peer, port, **options))
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EADDRINUSE):
                return opened
            close_all(opened)
            raise
    close_all(opened)
    raise AssertionError("%d connections to %s port %d and still no end" % (limit, peer, port))


def syn_sent(peer, port, **options):
    """A socket in SYN_SENT: peer must be an address that never answers (see silent_device())."""
    tcp = open_socket(peer, **options)
    tcp.setblocking(False)
    code = tcp.connect_ex(sockaddr(peer, port))
    if code != errno.EINPROGRESS:
        tcp.close()
        raise OSError(code, os.strerror(code))
    return tcp


def close_all(sockets):
    for one in sockets:
        one.close()


def close_in_turn(first, ends):
    """Some close, and their other ends once they have been told: at one moment both would be left in
    TIME_WAIT. What among these is a listener just closes."""
    close_all(first)
    for one in ends:
        if isinstance(one, Listener):
            continue
        one.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(1) == b""
    close_all(ends)


def reset_all(sockets):
    """Closes with RST: no TIME_WAIT stays behind."""
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()


STATES = {"ESTABLISHED": 1, "SYN_SENT": 2, "SYN_RECV": 3, "FIN_WAIT1": 4, "FIN_WAIT2": 5,
          "TIME_WAIT": 6, "CLOSE": 7, "CLOSE_WAIT": 8, "LAST_ACK": 9, "LISTEN": 10, "CLOSING": 11}


def count_state(state, peer_port=None):
    """Sockets of this namespace in a state, both families, read from /proc/net/tcp*."""
    wanted = "%02X" % STATES[state]
    total = 0
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name) as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                total += fields[3] == wanted and (
                    peer_port is None or int(fields[2].rsplit(":", 1)[1], 16) == peer_port)
    return total


def close_wait(count, listener, **options):
    """count connections that the peer has closed and we have not; the open ends are returned."""
    before = count_state("CLOSE_WAIT", listener.port)
    ours = connect_many(count, listener.address, listener.port, **options)
    listener.close_peers_of([one.getsockname()[:2] for one in ours])
    wait_for(lambda: count_state("CLOSE_WAIT", listener.port) == before + count, 10,
             "%d sockets in CLOSE_WAIT" % count)
    return ours


def time_wait(count, listener, **options):
    """count TIME_WAIT sockets on our side, left by connections that we closed first."""
    before = count_state("TIME_WAIT", listener.port)
    ours = connect_many(count, listener.address, listener.port, **options)
    names = [one.getsockname()[:2] for one in ours]
    close_all(ours)
    listener.close_peers_of(names)
    wait_for(lambda: count_state("TIME_WAIT", listener.port) == before + count, 10,
             "%d sockets in TIME_WAIT" % count)
