# SPDX-License-Identifier: ISC
"""harness: everything a test file needs, in one name.

    import harness as h

    def test_range():
        h.port_range(40000, 40099)
        with h.Snmpd() as snmpd, h.Srcportd(snmpd):
            assert h.value("srcPortRangeLow.0") == 40000

    if __name__ == "__main__":
        h.main()

isolate runs the functions, net has sockets and sysctls, client has snmpget and its kin, daemons has
snmpd, snmptrapd and srcportd.
"""
# pylint: disable=unused-wildcard-import,wildcard-import,unused-import
from client import *
from daemons import *
from isolate import Skip, at_exit, directory, like, main, want
from net import *
