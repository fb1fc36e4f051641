# SPDX-License-Identifier: ISC
"""walk.py PORT VERSION ROOT - walks with pysnmp, an SNMP stack that shares nothing with Net-SNMP,
and prints a line of JSON for each varbind. pysnmp 4, or 7, whose calls are coroutines."""
# pylint: disable=import-error
import asyncio
import json
import sys

try:
    from pysnmp.hlapi.v3arch import asyncio as api
    from pysnmp.hlapi.v3arch.asyncio import walk_cmd
    AUTHENTICATION, PRIVACY = api.USM_AUTH_HMAC96_SHA, api.USM_PRIV_CFB128_AES
except ImportError:
    from pysnmp import hlapi as api
    walk_cmd = None
    AUTHENTICATION, PRIVACY = api.usmHMACSHAAuthProtocol, api.usmAesCfb128Protocol

TYPES = {"TimeTicks": "TimeTicks", "Counter32": "Counter", "Gauge32": "Gauge",
         "Unsigned32": "Gauge", "Integer": "Integer", "Integer32": "Integer",
         "OctetString": "OctetString", "ObjectIdentifier": "OID"}


OPTIONS = {"lexicographicMode": False, "lookupMib": False}


def show(error, status, binds):
    if error or status:
        sys.exit(str(error or status.prettyPrint()))
    for oid, value in binds:
        kind = TYPES.get(type(value).__name__, type(value).__name__)
        plain = ({"octets": value.asOctets().decode("latin1")} if kind == "OctetString" else
                 str(value) if kind == "OID" else int(value))
        print(json.dumps([str(oid), kind, plain]))


async def walk_newer(where, who, what):
    target = await api.UdpTransportTarget.create(where, timeout=5, retries=1)
    async for error, status, _, binds in walk_cmd(api.SnmpEngine(), who, target, api.ContextData(),
                                                  what, **OPTIONS):
        show(error, status, binds)


def main():
    port, version, root = sys.argv[1:]
    where, what = ("127.0.0.1", int(port)), api.ObjectType(api.ObjectIdentity(root))
    who = api.CommunityData("public", mpModel=0 if version == "1" else 1)
    if version == "3":
        who = api.UsmUserData("tester", "authpass123", "privpass123", AUTHENTICATION, PRIVACY)
    if walk_cmd:
        asyncio.run(walk_newer(where, who, what))
        return
    target = api.UdpTransportTarget(where, timeout=5, retries=1)
    for error, status, _, binds in api.nextCmd(api.SnmpEngine(), who, target, api.ContextData(), what,
                                               **OPTIONS):
        show(error, status, binds)


main()
