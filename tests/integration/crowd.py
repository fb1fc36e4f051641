#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""crowd: very many connections of the running test's namespace, held by processes of their own.

One process may have 20,000 descriptors: each makes 9,000 connections, both ends. They go to PEERS
addresses 127.1.0.x, in turn, at a port of their own for each process, outside the range.
"""
import socket
import subprocess
import sys

import isolate
from net import IP_BIND_ADDRESS_NO_PORT, raise_file_limit

PER_PROCESS = 9000
PEERS = 30
FIRST_PORT = 1001


class Crowd:
    """Connections that are there when the constructor returns, and until the test ends. `ports` are
    those that the servers listen on."""

    def __init__(self, processes):
        self.ports = [FIRST_PORT + i for i in range(processes)]
        self.connections = processes * PER_PROCESS
        self.processes = [subprocess.Popen([sys.executable, __file__, str(port)],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                          for port in self.ports]
        isolate.at_exit(self.close)
        for process in self.processes:
            assert process.stdout.readline() == b"ready\n", "a crowd cannot be made"

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def hold(port):
    """In the process: connects, and stays until its input ends."""
    raise_file_limit()
    server = socket.create_server(("0.0.0.0", port), backlog=1024)
    kept = []
    for i in range(PER_PROCESS):
        one = socket.socket()
        one.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        one.bind(("127.0.0.1", 0))
        one.connect(("127.1.0.%d" % (1 + i % PEERS), port))
        kept += [one, server.accept()[0]]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    hold(int(sys.argv[1]))
