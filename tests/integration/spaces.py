# SPDX-License-Identifier: ISC
"""spaces: other network namespaces of a test, and what is in them."""
import contextlib
import os
import subprocess
import sys

import harness as h

# 100 ports in a namespace of its own, and one listener.
BEGIN = """
import socket, sys
with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
    file.write("40000 40099")
held, listener = [], socket.socket()
listener.bind(("127.0.0.1", 9000))
listener.listen(4096)
"""
# As many connections as there can be, to the number that is asked for. Then it says how many there
# are, and waits.
INSIDE = BEGIN + """
for _ in range(int(sys.argv[1])):
    one = socket.socket()
    try:
        one.connect(("127.0.0.1", 9000))
    except OSError:
        break
    held += [one, listener.accept()[0]]
print(len(held) // 2, flush=True)
sys.stdin.read()
"""
# The same, and ten ports of the range are bound, of which nobody is called.
IDLE = INSIDE.replace("\nprint(len", """
for port in range(40001, 40021, 2):
    one = socket.socket()
    one.bind(("127.0.0.1", port))
    held.append(one)
print(len""")


def from_outside(name):
    """INSIDE, by a process that is there while it makes the sockets and no longer."""
    return """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def go(file):
    assert libc.setns(file.fileno(), 0x40000000) == 0, ctypes.get_errno()
home = open("/proc/self/ns/net")
with open("/run/netns/%s") as there:
    go(there)
""" % name + INSIDE.replace("\nprint(len", "\ngo(home)\nprint(len")


def holder(process):
    """It, as messages name who holds sockets."""
    with open("/proc/%d/comm" % process.pid) as file:
        return '"%s" (pid %d)' % (file.read().strip(), process.pid)


NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


@contextlib.contextmanager
def inside(command, count, program=INSIDE):
    """A process in a namespace that the command goes to, and how many connections it has."""
    with subprocess.Popen([*command, sys.executable, "-c", program, str(count)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          universal_newlines=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)


def own_run():
    """/run is that of this test."""
    if not os.path.isdir("/run/of-this-test"):
        h.run("mount", "-t", "tmpfs", "none", "/run")
        os.mkdir("/run/of-this-test")


def add_name(name):
    """A namespace as ip(8) makes it."""
    own_run()
    h.run("ip", "netns", "add", name)


def attach_name(name, process):
    """Names the namespace of a process, as ip(8) does."""
    own_run()
    h.run("ip", "netns", "attach", name, str(process))


@contextlib.contextmanager
def named(name):
    """The same, with loopback."""
    add_name(name)
    h.run("ip", "-n", name, "link", "set", "lo", "up")
    try:
        yield ["ip", "netns", "exec", name]
    finally:
        h.run("ip", "netns", "del", name, check=False)


def without_privilege():
    """What makes an unprivileged user of a command."""
    if os.stat("/proc/self/ns/user").st_ino != 0xeffffffd:
        raise h.Skip("in a user namespace there is no other user")
    return NOBODY


ANONYMOUS = ["unshare", "--net", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh"]


def remove_cgroup(path):
    """Once no process is in it."""
    def removed():
        with contextlib.suppress(OSError):
            os.rmdir(path)
        return not os.path.exists(path)
    h.wait_for(removed, 20, "no process in the cgroup")


def veth(name):
    """A namespace with one end of a veth, whose other end is here."""
    add_name(name)
    h.run("ip", "link", "add", "v-" + name, "type", "veth", "peer", "name", "inside", "netns", name)
    return "v-" + name
