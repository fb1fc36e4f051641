# SPDX-License-Identifier: ISC
# Plug-in for Checkmk 2.3 and later.
# Made from SRCPORT-MIB by `make conf`: change the generator in tests/nms/, not this.
"""Source ports of a host by SNMP: the host and its groups, and a service for each row."""
from cmk.agent_based.v2 import (CheckPlugin, Metric, Result, Service, SNMPSection, SNMPTree, State,
                                exists)

STATES = {"1": State.OK, "2": State.WARN, "3": State.CRIT, "4": State.UNKNOWN}
CAUSES = {
    "1": "none",
    "2": "established",
    "3": "timeWait",
    "4": "closeWait",
    "5": "synSent",
    "6": "smallRange",
    "7": "blocked",
    "8": "failures",
    "9": "limit",
    "10": "halfClosed",
    "11": "unacknowledged",
    "12": "inDoubt",
    "13": "reserved",
    "14": "inboundLeak",
    "15": "natLoss",
    "16": "stale",
}
NEVER = "4294967295"  # of a time that does not come

# (group, its severity, its message or none, {metric: its numbers}); OIDs below BASE.
BASE = ".1.3.6.1.4.1.8072.9999.9999.7777.1"
GROUPS = (
    ("System", "1.1.0", "1.2.0", {
        "srcport_system_least_remaining": "1.4.0",
        "srcport_system_highest_percent": "1.5.0",
        "srcport_system_active_alarms": "1.6.0",
        "srcport_system_omitted_alarms": "1.7.0",
        "srcport_system_sequence": "1.8.0",
        "srcport_system_owed": "1.10.0",
        "srcport_range_low": "2.1.0",
        "srcport_range_high": "2.2.0",
        "srcport_range_size": "2.3.0",
        "srcport_range_reserved": "2.4.0",
        "srcport_range_listening": "2.5.0",
        "srcport_range_bound": "2.6.0",
        "srcport_range_capacity": "2.7.0",
        "srcport_range_uncertain": "2.8.0",
        "srcport_range_in_use": "2.9.0",
        "srcport_range_free": "2.10.0",
        "srcport_totals_established": "3.1.0",
        "srcport_totals_syn_sent": "3.2.0",
        "srcport_totals_syn_recv": "3.3.0",
        "srcport_totals_fin_wait1": "3.4.0",
        "srcport_totals_fin_wait2": "3.5.0",
        "srcport_totals_time_wait": "3.6.0",
        "srcport_totals_close": "3.7.0",
        "srcport_totals_close_wait": "3.8.0",
        "srcport_totals_last_ack": "3.9.0",
        "srcport_totals_listen": "3.10.0",
        "srcport_totals_closing": "3.11.0",
        "srcport_totals_inbound": "3.12.0",
        "srcport_totals_outbound": "3.13.0",
        "srcport_totals_sockets": "3.14.0",
        "srcport_totals_inbound_close_wait": "3.15.0",
        "srcport_totals_inbound_fin_wait2": "3.16.0",
        "srcport_poll_interval": "5.1.0",
        "srcport_poll_age": "5.2.0",
        "srcport_poll_duration": "5.3.0",
        "srcport_poll_sockets": "5.4.0",
        "srcport_poll_omitted_pools": "5.8.0",
        "srcport_poll_omitted_peers": "5.9.0",
        "srcport_poll_omitted_locals": "5.10.0",
        "srcport_poll_cpu": "5.13.0",
        "srcport_poll_carried": "5.14.0",
        "srcport_poll_omitted_pool_conns": "5.15.0",
        "srcport_poll_omitted_peer_conns": "5.16.0",
        "srcport_poll_omitted_local_conns": "5.17.0",
        "srcport_poll_light": "5.18.0",
        "srcport_failures_last_age": "6.5.0",
        "srcport_failures_last_process_id": "6.7.0",
        "srcport_udp_sockets": "7.3.0",
        "srcport_udp_omitted_locals": "7.4.0",
        "srcport_netns_namespaces": "9.3.0",
        "srcport_netns_exacts": "9.4.0",
        "srcport_netns_omitted": "9.5.0",
        "srcport_netns_omitted_pools": "9.6.0",
        "srcport_low_capacity": "23.3.0",
        "srcport_low_omitted": "23.4.0"}),
    ("Limits", "4.21.0", None, {
        "srcport_limits_tw_reuse": "4.1.0",
        "srcport_limits_tw_reuse_delay": "4.2.0",
        "srcport_limits_timestamps": "4.3.0",
        "srcport_limits_fin_timeout": "4.4.0",
        "srcport_limits_time_wait": "4.5.0",
        "srcport_limits_time_wait_max": "4.6.0",
        "srcport_limits_tcp_in_use": "4.7.0",
        "srcport_limits_orphans": "4.8.0",
        "srcport_limits_orphans_max": "4.9.0",
        "srcport_limits_tcp_memory": "4.10.0",
        "srcport_limits_tcp_memory_max": "4.11.0",
        "srcport_limits_files": "4.12.0",
        "srcport_limits_files_max": "4.13.0",
        "srcport_limits_conntrack_entries": "4.14.0",
        "srcport_limits_conntrack_max": "4.15.0",
        "srcport_limits_files_percent": "4.19.0",
        "srcport_limits_conntrack_percent": "4.20.0"}),
    ("UDP IPv4", "7.15.0", "7.17.0", {
        "srcport_udp_ipv4_used": "7.10.0",
        "srcport_udp_ipv4_remaining": "7.11.0",
        "srcport_udp_ipv4_uncertain": "7.12.0",
        "srcport_udp_ipv4_capacity": "7.13.0",
        "srcport_udp_ipv4_percent": "7.14.0"}),
    ("UDP IPv6", "7.25.0", "7.27.0", {
        "srcport_udp_ipv6_used": "7.20.0",
        "srcport_udp_ipv6_remaining": "7.21.0",
        "srcport_udp_ipv6_uncertain": "7.22.0",
        "srcport_udp_ipv6_capacity": "7.23.0",
        "srcport_udp_ipv6_percent": "7.24.0"}),
    ("NAT", "8.7.0", "8.8.0", {
        "srcport_nat_entries": "8.3.0",
        "srcport_nat_pools": "8.4.0",
        "srcport_nat_omitted_pools": "8.5.0",
        "srcport_nat_age": "8.9.0"}),
    ("Netns worst", "9.7.0", "9.8.0", {}),
    ("Inbound", "21.6.0", "21.7.0", {
        "srcport_inbound_close_wait": "21.3.0",
        "srcport_inbound_fin_wait2": "21.4.0",
        "srcport_inbound_worst_port": "21.5.0"}),
)
# {service: (OID of the rows, name, severity, cause or none, what is left, {metric: column})}.
TABLES = {
    "peer": (".1.3.6.1.4.1.8072.9999.9999.7777.1.11.1", "6", "13", "14", ("9", "ports left"), {
        "srcport_peer_remaining": "9",
        "srcport_peer_used": "8",
        "srcport_peer_capacity": "11",
        "srcport_peer_percent": "12",
        "srcport_peer_time_left": "26",
        "srcport_peer_high_water": "25",
        "srcport_peer_established": "16",
        "srcport_peer_time_wait": "21",
        "srcport_peer_close_wait": "22",
        "srcport_peer_syn_sent": "17",
        "srcport_peer_connections": "7"}),
    "pool": (".1.3.6.1.4.1.8072.9999.9999.7777.1.12.1", "6", "13", "14", ("9", "ports left"), {
        "srcport_pool_remaining": "9",
        "srcport_pool_used": "8",
        "srcport_pool_capacity": "11",
        "srcport_pool_percent": "12",
        "srcport_pool_time_left": "26",
        "srcport_pool_high_water": "25",
        "srcport_pool_established": "16",
        "srcport_pool_time_wait": "21",
        "srcport_pool_close_wait": "22",
        "srcport_pool_syn_sent": "17",
        "srcport_pool_connections": "7"}),
    "target": (".1.3.6.1.4.1.8072.9999.9999.7777.1.13.1", "6", "13", "14", ("9", "ports left"), {
        "srcport_target_remaining": "9",
        "srcport_target_used": "8",
        "srcport_target_capacity": "11",
        "srcport_target_percent": "12",
        "srcport_target_time_left": "26",
        "srcport_target_high_water": "25",
        "srcport_target_established": "16",
        "srcport_target_time_wait": "21",
        "srcport_target_close_wait": "22",
        "srcport_target_syn_sent": "17",
        "srcport_target_connections": "7"}),
    "NAT pool": (".1.3.6.1.4.1.8072.9999.9999.7777.1.17.1", "15", "13", "14", ("9", "ports left"), {
        "srcport_nat_pool_remaining": "9",
        "srcport_nat_pool_used": "8",
        "srcport_nat_pool_capacity": "11",
        "srcport_nat_pool_percent": "12",
        "srcport_nat_pool_loss_ppm": "17",
        "srcport_nat_pool_evictable": "10",
        "srcport_nat_pool_entries": "16"}),
    "namespace": (".1.3.6.1.4.1.8072.9999.9999.7777.1.18.1", "6", "13", "14", ("5", "ports used at most"), {
        "srcport_netns_most_used": "5",
        "srcport_netns_connections": "7"}),
    "low port": (".1.3.6.1.4.1.8072.9999.9999.7777.1.24.1", "6", "13", None, ("9", "ports left"), {
        "srcport_low_remaining": "9",
        "srcport_low_used": "8"}),
}


def _oids():
    """Every scalar, once."""
    found = []
    for _, severity, message, metrics in GROUPS:
        found += [oid for oid in (severity, message, *metrics.values()) if oid and oid not in found]
    return found


def _columns(table):
    _, name, severity, cause, _, metrics = TABLES[table]
    return [name, severity] + ([cause] if cause else []) + list(metrics.values())


def parse_srcportd(string_tables):
    """{"": {OID: text}, table: {name: {column: text}}}, without what has no instance."""
    scalars = dict(zip(_oids(), string_tables[0][0])) if string_tables[0] else {}
    section = {"": {oid: value for oid, value in scalars.items() if value != ""}}
    for table, rows in zip(TABLES, string_tables[1:]):
        columns = _columns(table)
        section[table] = {row[0]: dict(zip(columns, row)) for row in rows if row[1] != ""}
    return section


snmp_section_srcportd = SNMPSection(
    name="srcportd",
    detect=exists(BASE + ".1.1.0"),
    fetch=[SNMPTree(base=BASE, oids=_oids())] + [
        SNMPTree(base=TABLES[table][0], oids=_columns(table)) for table in TABLES],
    parse_function=parse_srcportd,
)


def _metrics(metrics, values):
    for name, key in metrics.items():
        if values.get(key, "") not in ("", NEVER):
            yield Metric(name, int(values[key]))


def discover_srcportd(section):
    for group, severity, _, _ in GROUPS:
        if severity in section[""]:
            yield Service(item=group)


def check_srcportd(item, section):
    for group, severity, message, metrics in GROUPS:
        if group == item and severity in section[""]:
            said = section[""].get(message) or "severity %s" % section[""][severity]
            yield Result(state=STATES.get(section[""][severity], State.UNKNOWN), summary=said)
            yield from _metrics(metrics, section[""])


check_plugin_srcportd = CheckPlugin(
    name="srcportd",
    service_name="Source ports %s",
    discovery_function=discover_srcportd,
    check_function=check_srcportd,
)


def _row_plugin(table):
    def discover(section):
        for name in section[table]:
            yield Service(item=name)

    def check(item, section):
        _, _, severity, cause, left, metrics = TABLES[table]
        row = section[table].get(item)
        if row is None:
            yield Result(state=State.OK, summary="No sockets: it comes back with the next one")
            return
        said = "%s %s" % (row[left[0]], left[1])
        if cause and row[cause] != "1":
            said += ", cause: " + CAUSES.get(row[cause], row[cause])
        yield Result(state=STATES.get(row[severity], State.UNKNOWN), summary=said)
        yield from _metrics(metrics, row)

    return CheckPlugin(
        name="srcportd_" + table.lower().replace(" ", "_"),
        sections=["srcportd"],
        service_name="Source ports of %s %%s" % table,
        discovery_function=discover,
        check_function=check,
    )


check_plugin_srcportd_peer = _row_plugin("peer")
check_plugin_srcportd_pool = _row_plugin("pool")
check_plugin_srcportd_target = _row_plugin("target")
check_plugin_srcportd_nat_pool = _row_plugin("NAT pool")
check_plugin_srcportd_namespace = _row_plugin("namespace")
check_plugin_srcportd_low_port = _row_plugin("low port")
