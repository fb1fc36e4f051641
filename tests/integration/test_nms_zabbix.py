#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Zabbix imports the template, discovers the rows, fills the items and raises a trigger."""
import os
import re

import harness as h
import nms
import zabbix

TEMPLATE = "srcportd by SNMP"
# What Zabbix' documentation has for a receiver of traps: a line with the time, which the item knows
# the form of, ZBXTRAP and the sender, and then the notification.
RECEIVER = """\
#!/bin/sh
read -r name
read -r from
from=${from#*[}
text=$(cat)
printf '%%s ZBXTRAP %%s\\n%%s\\n' "$(date +%%H:%%M:%%ST%%d/%%m/%%Y)" "${from%%%%]*}" "$text" >>%s
"""


def nothing_unsupported(server, host):
    """But for Zabbix' own pools, which come and go: to its frontend and its database."""
    own = [".%d." % port for port in (zabbix.SQL_PORT, zabbix.HTTP_PORT, zabbix.SERVER_PORT)]
    broken = [item for item in server.call("item.get", hostids=[host], filter={"state": 1},
                                           output=["key_", "error"])
              if not any(port in item["key_"] for port in own)]
    assert not broken, broken[:3]


def has_dashboard(server, host):
    """The template's, with each page's widgets, and graphs of the pool for it to show."""
    template = server.call("template.get", filter={"host": [TEMPLATE]})[0]["templateid"]
    board, = server.call("templatedashboard.get", templateids=[template], selectPages="extend")
    kinds = [[widget["type"] for widget in page["widgets"]] for page in board["pages"]]
    assert board["name"] == "Source ports" and len(kinds) == 3, board
    assert sorted(set(kinds[0])) in (["graphprototype", "item", "plaintext"],
                                     ["graphprototype", "item", "itemhistory"]), kinds
    names = {one["name"] for one in server.call("graph.get", hostids=[host])}
    assert {"Pool 127.0.0.1 -> 127.0.0.1:9000: " + what for what in ("ports", "states")} <= names, names


def trapped(server, host):
    """Text of the last notification that the template's item has taken."""
    said = [value for key, value in server.values(host).items() if key.startswith("snmptrap[")]
    return said and ".0.3" in said[0] and said[0]


def test_template():
    traps = nms.write("traps.log", "")
    receiver = nms.write("receiver", RECEIVER % traps)
    os.chmod(receiver, 0o755)
    with nms.snmptrapd(receiver), nms.Host() as host, h.Snmpd(
            extra=h.trap_sinks("v2c")) as snmpd, h.Srcportd(
                # Zabbix's own pools, toward its database, are never quite full.
                snmpd, config="raisePolls 1\nclearPolls 1\nwarningRemaining off\nwarningPercent off\n"
                              "criticalPercent off\n") as daemon:
        daemon.wait_polls()
        server = zabbix.Zabbix(traps)
        assert server.import_template(nms.conf("zabbix/srcportd.yaml"))
        here = server.add_host("here", TEMPLATE)
        h.wait_for(lambda: server.server.wait_log(r"server #0 started"), 20, "the server")
        host.fill()
        server.reload()
        index = h.inet("127.0.0.1") + (9000,) + h.inet("127.0.0.1")
        pool = "%s[" + ".".join(map(str, index)) + "]"

        def discovered():
            server.reload()
            server.check_now(here)
            return server.call("item.get", hostids=[here], filter={
                "key_": pool % "srcPortPoolRemaining"})

        h.wait_for(lambda: discovered(), 40, "the pool is discovered")

        # Zabbix takes two changes of its configuration within a second for one: items that it has
        # just discovered may be without their preprocessing until it has read it once more.
        def filled():
            server.reload()
            server.check_now(here, rules=False)
            values = server.values(here)
            wanted = {pool % "srcPortPoolRemaining": "0", pool % "srcPortPoolPercent": "100",
                      pool % "srcPortPoolSeverity": "3", "srcPortSystemSeverity": "3",
                      "srcPortRangeCapacity": "100"}
            seen = {key: values.get(key) for key in wanted}
            assert seen == wanted, seen
            nothing_unsupported(server, here)
            return len(values)

        count = h.wait_for(filled, 40, "items have values")
        has_dashboard(server, here)
        triggers = h.wait_for(lambda: server.call("trigger.get", hostids=[here], filter={
            "value": 1}, expandDescription=True), 30, "a trigger")
        said = [one["description"] for one in triggers]
        assert any(re.search("critical", one) for one in said), said
        nothing_unsupported(server, here)
        host.drain()
        heard = h.wait_for(lambda: trapped(server, here), 30, "the trap item has a value")
        assert h.dotted("srcPortMIB") + ".0.3" in heard, heard
        assert "pool 127.0.0.1 -> 127.0.0.1:9000" in heard, heard
        return "%d items have values; %s" % (count, said)


if __name__ == "__main__":
    h.main()
