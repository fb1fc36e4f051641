# SPDX-License-Identifier: ISC
"""traps: what tests of notifications share: a host, a manager, and what the one told the other."""
import harness as h

PORT = 9000
KEY = b"pool 127.0.0.1 -> 127.0.0.1:9000"
QUICK = "warningRemaining off\nclearPolls 1\n"
CRITICAL, WARNING, CLEARED, SUPPRESSED, UNKNOWN = 1, 2, 3, 4, 5


def kind_of(trap):
    """The number of one of our notifications, 0 for anybody else's."""
    root = h.root()
    if trap.kind == "v1":
        return trap.specific if trap.enterprise == root and trap.generic == 6 else 0
    name = trap.binds[1].value
    return name[-1] if name[:-1] == root + (0,) else 0


def values(trap):
    """{object: value} of a notification, without the two that SNMPv2 puts first."""
    entry, system = h.oid("srcPortAlarmEntry"), h.oid("srcPortSystem")
    names = {oid: name for name, oid in h.names().items()}
    found = {}
    for bind in trap.binds[0 if trap.kind == "v1" else 2:]:
        depth = len(entry) if bind.oid[:len(entry)] == entry else len(system)
        found[names[bind.oid[:depth + 1]]] = bind.value
        found["instance"] = bind.oid[depth + 1:]
    return found


class World:
    """A host with 100 source ports, a listener, a manager, and snmpd that tells it of everything."""

    def __init__(self, *sinks, config=QUICK, start_snmpd=True):
        h.port_range(40000, 40099)
        self.listener = h.Listener("127.0.0.1", PORT)
        self.manager = h.Snmptrapd()
        self.snmpd = h.Snmpd(extra=h.trap_sinks(*(sinks or ("v2c",))), start=start_snmpd)
        self.daemon = h.Srcportd(self.snmpd, config=config, wait=start_snmpd)
        self.held = []

    def fill(self, count=97):
        self.held = h.connect_many(count, "127.0.0.1", PORT)

    def empty(self):
        h.reset_all(self.held)
        self.held = []

    def ours(self, kind=None):
        """What the manager has received of our notifications."""
        return [trap for trap in self.manager.traps()
                if kind_of(trap) and kind in (None, kind_of(trap))]

    def wait(self, count, kind=None, seconds=10):
        h.wait_for(lambda: len(self.ours(kind)) >= count, seconds,
                   "%d notifications of kind %s" % (count, kind))
        return self.ours(kind)

    def told(self):
        """Kinds, in the order of arrival."""
        return [kind_of(trap) for trap in self.ours()]


def alarms():
    return h.table("srcPortAlarmTable")
