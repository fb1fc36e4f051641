#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_sources: which other local address has ports left, and that it has as many as it is said to."""
import json

import harness as h

PEER, PORT = "10.9.0.9", 443
HERE, OTHER = "10.9.0.1", "10.9.0.12"


def once(*options):
    status, out, err = h.srcportd("--once", "--format", "json", *options)
    assert status == 0, (status, err)
    return json.loads(out)


def left(report, address):
    return [row["remaining"] for row in report["sources"] if row["address"] == address]


def test_a_full_address_and_another_that_is_not():
    h.port_range(40000, 40099)
    for address in (HERE, OTHER, PEER):
        h.add_address(address + "/32")
    with h.Listener(PEER, PORT), h.Listener(OTHER, 40001), h.Listener(OTHER, 22):
        held = h.connect_many(98, PEER, PORT, source=HERE, no_port=True)
        held += h.connect_many(5, PEER, PORT, source=OTHER, no_port=True)
        report = once(PEER)
        # Of the accepted ends none is held against the peer's address.
        assert left(report, PEER) == [99], report["sources"]
        assert left(report, HERE) == [1], report["sources"]
        most = max(row["remaining"] for row in report["sources"])
        assert report["targets"][0]["severity"] == "critical"
        assert "connect from %s too (it has %d ports left)" % (PEER, most) \
            in report["targets"][0]["message"], report["targets"]
        assert "add peer or local" not in report["targets"][0]["message"]
        text = h.srcportd("--once")[1]
        assert "SOURCES  what each local address has left toward any destination, at least" in text
        # The floor: what is really left from there.
        floor = left(report, OTHER)[0]
        assert floor == 93, report["sources"]
        more = h.connect_until_full(PEER, PORT, source=OTHER, no_port=True)
        assert floor <= len(more) <= floor + 1, (floor, len(more))
        h.reset_all(held + more)


def test_one_address_is_no_choice():
    h.port_range(40000, 40099)
    h.add_address(HERE + "/32")
    assert left(once(), HERE) == [100]
    assert "SOURCES" not in h.srcportd("--once")[1]


def test_a_recording_has_none():
    h.add_address(HERE + "/32")
    file = h.directory() + "/one.rec"
    once("--record", file)
    assert once("--replay", file)["sources"] is None


if __name__ == "__main__":
    h.main()
