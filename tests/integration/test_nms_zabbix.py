#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Zabbix imports the template, discovers the rows, fills the items and raises a trigger."""
import re

import harness as h
import nms
import zabbix

TEMPLATE = "srcportd by SNMP"


def nothing_unsupported(server, host):
    broken = server.call("item.get", hostids=[host], filter={"state": 1},
                         output=["key_", "error"])
    assert not broken, broken[:3]


def test_template():
    with nms.Host() as host, h.Snmpd() as snmpd, h.Srcportd(
            snmpd, config="raisePolls 1\nwarningRemaining off\n") as daemon:
        daemon.wait_polls()
        server = zabbix.Zabbix()
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
        server.reload()

        def filled():
            server.check_now(here, rules=False)
            values = server.values(here)
            wanted = {pool % "srcPortPoolRemaining": "0", pool % "srcPortPoolPercent": "100",
                      pool % "srcPortPoolSeverity": "3", "srcPortSystemSeverity": "3",
                      "srcPortRangeCapacity": "100"}
            seen = {key: values.get(key) for key in wanted}
            assert seen == wanted, seen
            return len(values)

        count = h.wait_for(filled, 40, "items have values")
        triggers = h.wait_for(lambda: server.call("trigger.get", hostids=[here], filter={
            "value": 1}, expandDescription=True), 30, "a trigger")
        said = [one["description"] for one in triggers]
        assert any(re.search("critical", one) for one in said), said
        nothing_unsupported(server, here)
        return "%d items have values; %s" % (count, said)


if __name__ == "__main__":
    h.main()
