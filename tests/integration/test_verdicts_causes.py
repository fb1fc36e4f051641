#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_verdicts_causes: what fills a pool is named, from real sockets, with the remedy for that."""
import harness as h
from test_verdicts import HERE, PORT, pool_of, verdicts
from world import FAR, NEAR, World


def report_of(port, peer=HERE):
    """(the pool toward this peer and port, the whole text) of one poll."""
    _, _, report, text = verdicts()
    return [p for p in report["pools"] if (p["peer"], p["port"]) == (peer, port)][0], text


def test_half_closed_is_neither_time_wait_nor_established():
    """8,690 FIN_WAIT2 whose holder has gone, beside 10 TIME_WAIT."""
    h.raise_file_limit()
    h.port_range(40000, 48999)
    h.sysctl("net.ipv4.tcp_tw_reuse", 0)
    with h.Listener(HERE, PORT) as server:
        h.time_wait(10, server)
        ours, theirs = [], []
        for _ in range(10):  # no more at once than the backlog has room for
            ours += h.connect_many(869, HERE, PORT)
            theirs += server.accept(869)
        h.close_all(ours)
        h.wait_for(lambda: h.count_state("FIN_WAIT2") == 8690, 10, "FIN_WAIT2")
        pool, text = report_of(PORT)
        assert (pool["states"]["finWait2"], pool["states"]["timeWait"]) == (8690, 10), pool
        assert (pool["remaining"], pool["cause"]) == (300, "halfClosed"), pool
        assert "set net.ipv4.tcp_fin_timeout=15 (now 60 s), as the peer does not close its side" in text, text
        h.reset_all(theirs)


def test_closes_that_are_not_acknowledged():
    """FIN_WAIT1, beside fewer established."""
    h.port_range(40000, 40099)
    world = World()
    world.far()
    ours = world.connect(90, FAR, source=NEAR)
    world.take(ours)
    world.deaf()
    for one in ours[:60]:
        one.shutdown(1)
    h.wait_for(lambda: h.count_state("FIN_WAIT1") == 60, 10, "FIN_WAIT1")
    pool, text = report_of(PORT, FAR)
    assert (pool["remaining"], pool["cause"]) == (10, "unacknowledged"), pool
    assert "check the path to the peer: it does not acknowledge" in text, text


def test_a_list_set_on_purpose_does_not_outrank_what_fills_the_pool():
    """More than half of the range reserved, and 2,492 TIME_WAIT of 2,796 usable ports."""
    h.port_range(30000, 36449)
    h.reserve_ports("30000-33653")
    h.sysctl("net.ipv4.tcp_tw_reuse", 0)
    with h.Listener(HERE, PORT) as server:
        h.time_wait(2492, server)
        pool, text = report_of(PORT)
        assert (pool["capacity"], pool["remaining"]) == (2796, 304), pool
        assert pool["cause"] == "timeWait", pool
        assert "shorten" not in text, text
    h.reserve_ports("")


def test_exactly_half_of_the_range_is_bound():
    h.port_range(40000, 40999)
    bound = [h.open_socket(HERE, source="127.0.0.2", source_port=port) for port in range(40500, 41000)]
    with h.Listener(HERE, PORT):
        held = h.connect_many(490, HERE, PORT)
        pool = pool_of(verdicts()[2], PORT)
        assert (pool["capacity"], pool["remaining"], pool["cause"]) == (500, 10, "blocked"), pool
        h.reset_all(held)
    h.close_all(bound)


def test_a_dead_peer_is_not_a_nat_without_ports():
    """96 SYN_SENT, whatever clashes there were elsewhere on the host."""
    h.port_range(40000, 40099)
    world = World()
    world.far()
    world.deaf()
    world.syn_sent(96)
    pool, text = report_of(PORT, FAR)
    assert (pool["remaining"], pool["cause"]) == (4, "synSent"), pool
    assert "NAT on this host found no port" not in text, text


if __name__ == "__main__":
    h.main()
