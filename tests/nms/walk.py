# SPDX-License-Identifier: ISC
"""walk.py PORT VERSION ROOT - walks with pysnmp, an SNMP stack that shares nothing with Net-SNMP,
and prints a line of JSON for each varbind."""
import json
import sys

from pysnmp.hlapi import (  # pylint: disable=import-error
    CommunityData, ContextData, ObjectIdentity, ObjectType, SnmpEngine, UdpTransportTarget,
    UsmUserData, nextCmd, usmAesCfb128Protocol, usmHMACSHAAuthProtocol)

TYPES = {"TimeTicks": "TimeTicks", "Counter32": "Counter", "Gauge32": "Gauge",
         "Unsigned32": "Gauge", "Integer": "Integer", "Integer32": "Integer",
         "OctetString": "OctetString", "ObjectIdentifier": "OID"}


def main():
    port, version, root = sys.argv[1:]
    user = UsmUserData("tester", "authpass123", "privpass123", usmHMACSHAAuthProtocol,
                       usmAesCfb128Protocol)
    who = user if version == "3" else CommunityData("public", mpModel=0 if version == "1" else 1)
    target = UdpTransportTarget(("127.0.0.1", int(port)), timeout=5, retries=1)
    for error, status, _, binds in nextCmd(SnmpEngine(), who, target, ContextData(),
                                           ObjectType(ObjectIdentity(root)),
                                           lexicographicMode=False, lookupMib=False):
        if error or status:
            sys.exit(str(error or status.prettyPrint()))
        for oid, value in binds:
            kind = TYPES.get(type(value).__name__, type(value).__name__)
            plain = ({"octets": value.asOctets().decode("latin1")} if kind == "OctetString" else
                     str(value) if kind == "OID" else int(value))
            print(json.dumps([str(oid), kind, plain]))


main()
