#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_targets: what may stand for a TARGET on the command line, and what is refused and why."""
import json
import os

import harness as h


def once(*options):
    status, out, err = h.srcportd("--once", "--format", "json", *options)
    return status, json.loads(out)["targets"] if status == 0 else None, err


def refused(target, want, *options):
    status, _, err = once(*options, target)
    assert status == 2 and want in err, (status, err)


def test_name_of_a_configured_target():
    """It has the levels of the configuration; other targets of it are not reported."""
    h.port_range(40000, 40099)
    file = os.path.join(h.directory(), "srcportd.conf")
    with open(file, "w") as out:
        out.write("target db 127.0.0.1:9000 warning 99 critical off\ntarget \"the other\" 192.0.2.1\n")
    with h.Listener("127.0.0.1", 9000):
        opened = h.connect_many(2, "127.0.0.1", 9000)
        status, rows, err = once("--config", file, "db")
        assert status == 0 and len(rows) == 1, (rows, err)
        assert rows[0]["name"] == "db" and rows[0]["target"] == "127.0.0.1:9000"
        assert rows[0]["used"] == 2 and rows[0]["severity"] == "warning"
        rows = once("--config", file, "the other", "127.0.0.1")[1]
        assert [row["target"] for row in rows] == ["192.0.2.1", "127.0.0.1"]
        refused("db2", "the name of a configured target, or --resolve", "--config", file)
        h.reset_all(opened)


def test_a_host_is_resolved_only_when_asked_for():
    refused("localhost", "--resolve for a host's name")
    status, rows, err = once("--resolve", "localhost:80")
    assert status == 0, err
    assert {row["target"] for row in rows} <= {"127.0.0.1:80", "[::1]:80"} and rows
    assert {row["name"] for row in rows} == {"localhost"}
    status, _, err = once("--resolve", "nosuch.invalid")
    assert status == 1 and '"nosuch.invalid" has no address' in err, err
    # What is no name is refused as before.
    refused("10.0.0.256", "expected ADDR", "--resolve")
    status, _, err = h.srcportd("--resolve")
    assert status == 2 and "--resolve needs --once" in err


def test_what_cannot_be_meant():
    for target in ("0.0.0.0", "::", "[::]:80", "0.0.0.0:443"):
        refused(target, "this is the wildcard")
    refused("fe80::1%eth9", 'found "fe80::1%eth9", expected a device that this host has')
    refused("10.0.0.5/8", "expected the first address of the net")
    for target in ("0.0.0.0/0", "::/0", "fe80::1%lo", "[10.0.0.1]:80", "[2001:db8::]/32:443"):
        status, _, err = once(target)
        assert status == 0, (target, err)


if __name__ == "__main__":
    h.main()
