# SPDX-License-Identifier: ISC
"""datadog: conf/datadog/srcportd.yaml, a profile for the Agent's SNMP check. It takes the place of the
one that the Agent would choose for Net-SNMP on Linux, and extends it."""
import netdata
import text

EXTENDS = "generic-device.yaml"


def _symbol(item, _, suffix):
    return {"OID": item.oid + suffix, "name": item.name}  # the type follows from SNMP's


def files(mib):
    """{path below conf/: text}."""
    tree = {"extends": [EXTENDS], "sysobjectid": netdata.LINUX,
            "metrics": netdata.scalars(mib, _symbol) + netdata.tables(mib, _symbol)}
    return {"datadog/srcportd.yaml":
            text.header("Profile for the SNMP check of the Datadog Agent.") + text.yaml(tree)}
