# SPDX-License-Identifier: ISC
"""filling: a program that uses up the source ports toward its database, for the pictures."""
import harness as h

HOST, DATABASE, PORT = "192.0.2.1", "192.0.2.10", 5432


class Program:
    """Opens connections at a rate, and treats some of them badly."""

    def __init__(self, listener):
        self.listener, self.opened, self.count = listener, [], 0
        self.failed = None

    def step(self, now):
        """One connection; each fifth is closed by us, each seventh by the database only."""
        if self.failed is not None:
            return
        try:
            one = h.connect(DATABASE, PORT, source=HOST, no_port=True)
        except OSError:
            self.failed = now
            return
        self.count += 1
        if self.count % 5 == 0:
            name = one.getsockname()[:2]
            one.close()
            self.listener.close_peers_of([name])
        else:
            self.opened.append(one)
            if self.count % 7 == 0:
                self.listener.close_peers_of([one.getsockname()[:2]])
