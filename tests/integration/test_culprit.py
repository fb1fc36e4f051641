#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_culprit: the notification itself names who is behind it."""
import re

import harness as h
from test_failures import PEER, PORT, fail_once, start
from test_owners import Holder, leak


def messages(traps):
    """The texts of the notifications."""
    oid = h.oid("srcPortAlarmMessage")
    return [bind.value.decode() for trap in traps for bind in trap.binds
            if bind.oid[:len(oid)] == oid]


def test_a_leak_is_told_with_its_owner():
    h.port_range(40000, 49999)
    receiver = h.Snmptrapd()
    with h.Snmpd(h.trap_sinks("v2c")) as snmpd, h.Listener(PEER, PORT) as listener, \
            h.Srcportd(snmpd, config="closeWait 20\n") as program:
        program.wait_polls(1)
        with Holder("java", 0, 30, peer=PEER) as holder:
            leak(listener, 30)
            found = messages(receiver.wait_traps(1, trap_oid="srcPortWarning"))
            assert "CLOSE_WAIT 30 of 30" in found[0], found
            assert "held by" in found[0] and "(pid %d" % holder.pid in found[0], found
            assert "restart it" in found[0], found


def test_a_failure_is_told_with_its_process():
    h.want("tracefs")
    h.port_range(40000, 40003)
    receiver = h.Snmptrapd()
    with h.Snmpd(h.trap_sinks("v2c")) as snmpd, h.Listener(PEER, PORT), start(snmpd) as program:
        held = h.connect_until_full(PEER, PORT)
        program.wait_polls(2)
        found = h.wait_for(lambda: fail_once() and [text for text in messages(
            receiver.traps("srcPortCritical")) if "failed" in text], 10, "a notification")
        assert re.match(r'failed connect\(\) calls \(\d+, the last in "python', found[0]), found
        h.reset_all(held)


if __name__ == "__main__":
    h.main()
