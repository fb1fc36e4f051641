# SPDX-License-Identifier: ISC
"""kernel: what the running kernel can do and how it behaves, found out by trying.

Nothing here asks srcportd: what it says of the kernel is what is tested. Every function makes what
it needs in the namespace of the running test and leaves nothing there.
"""
import functools
import os
import socket
import struct

import net

SPARE = 30000, 30001  # ports outside of any range of these tests


def need(name):
    """Skips the running test where the kernel has it not: local_range or reuse_delay."""
    if not CAN[name]():
        raise net.isolate.Skip("this kernel has no " + name)


@functools.lru_cache(maxsize=None)
def local_range():
    """A socket can have a port range of its own. The probe needs it."""
    with socket.socket() as one:
        try:
            one.setsockopt(socket.IPPROTO_IP, net.IP_LOCAL_PORT_RANGE,
                           struct.pack("I", SPARE[1] << 16 | SPARE[0]))
        except OSError:
            return False
    return True


@functools.lru_cache(maxsize=None)
def lists_bound():
    """sock_diag lists sockets that are bound and neither listen nor are connected."""
    with socket.socket() as one, socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as diag:
        one.bind(("127.0.0.1", SPARE[0]))
        # A dump of TCP over IPv4, of bound idle sockets only (state bit 13).
        request = struct.pack("=BBBBI48x", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 1 << 13)
        diag.send(struct.pack("=IHHII", 16 + len(request), 20, 0x301, 1, 0) + request)
        while True:
            answer = diag.recv(65536)
            while answer:
                length, kind = struct.unpack_from("=IH", answer)
                if kind != 20:  # it is over
                    return False
                if struct.unpack_from(">H", answer, 16 + 4)[0] == SPARE[0]:
                    return True
                answer = answer[length + 3 & ~3:]


def reuse_delay():
    """The age from which connect() takes a TIME_WAIT over is a setting, and exact. Kernels without
    it look whether a whole second has begun since."""
    return os.path.exists("/proc/sys/net/ipv4/tcp_tw_reuse_delay")


@functools.lru_cache(maxsize=None)
def lets_go():
    """A port that connect() and an explicit bind have shared is connect()'s again when the socket
    that was bound has gone. Other kernels keep it from every connect() until the last has gone."""
    before = net.sysctl("net.ipv4.ip_local_port_range").split()
    net.port_range(*SPARE)
    listeners = [net.Listener("127.0.0.1", port) for port in (9, 10)]
    sockets = []
    try:
        sockets.append(net.connect("127.0.0.1", 9, source="127.0.0.1", no_port=True))
        port = sockets[0].getsockname()[1]
        net.reset_all([net.connect("127.0.0.1", 10, source="127.0.0.2", source_port=port)])
        sockets += net.connect_until_full("127.0.0.1", 10, source="127.0.0.1", no_port=True)
        return len(sockets) == 3
    finally:
        net.reset_all(sockets)
        for one in listeners:
            one.close()
        net.port_range(*before)


CAN = {"local_range": local_range, "reuse_delay": reuse_delay}
