# SPDX-License-Identifier: ISC
"""zabbix: conf/zabbix/srcportd.yaml, a template for Zabbix 6.0 and later."""
import rows
import text

TEMPLATE = "srcportd by SNMP"
GROUP = {"uuid": "a571c0d144b14fd4a87a9d9b2aa9fcd6", "name": "Templates/Applications"}
UNITS = {"percent": "%", "seconds": "s", "milliseconds": "ms", "microseconds": "us"}
PRIORITY = {"critical": "HIGH", "warning": "WARNING"}
MIN_DELAY, ROW_DELAY, DISCOVERY_DELAY = "1m", "1m", "5m"
COLOURS = {"Used": "3B76AF", "MostUsed": "3B76AF", "Remaining": "3F8F5F", "LeastRemaining": "3F8F5F",
           "Capacity": "888888", "Established": "3B76AF", "TimeWait": "D9A03F", "CloseWait": "B04A5A",
           "SynSent": "7A5AA0"}
PORTS = ("Used", "MostUsed", "Remaining", "LeastRemaining", "Capacity")
STATES = ("Established", "TimeWait", "CloseWait", "SynSent")
# A dashboard of 6.0 is 24 columns wide; later versions scale it as they import.
WIDTH = 24
# Of the host, above everything: the numbers, and what to do in words.
NUMBERS = (("Severity", "srcPortSystemSeverity"),
           ("Ports left, tightest pool", "srcPortSystemLeastRemaining"),
           ("Used, fullest pool", "srcPortSystemHighestPercent"),
           ("Active alarms", "srcPortSystemActiveAlarms"))
MESSAGE = ("What is wrong, and what to do", "srcPortSystemMessage")
# Further pages, by words for what their graphs are of.
PAGES = (("Pools", ("pool",)), ("Targets and peers", ("target", "peer")))


def _value_type(item):
    """{} is an unsigned integer."""
    if item.kind in ("text", "date", "bits", "address"):
        return {"value_type": "CHAR", "trends": "0"}
    if item.kind == "counter":
        return {"value_type": "FLOAT"}
    return {}


def _item(item, index, kind, name=None):
    """An item, or an item prototype where index is {#SNMPINDEX}."""
    made = {"uuid": text.uuid("zabbix", kind, item.name), "name": name or text.words(item.name),
            "type": "SNMP_AGENT", "snmp_oid": "%s.%s" % (item.oid, index),
            "key": "%s[%s]" % (item.name, index) if kind != "item" else item.name,
            "delay": MIN_DELAY, "history": "7d"}
    made.update(_value_type(item))
    if item.units in UNITS and item.kind != "counter":
        made["units"] = UNITS[item.units]
    made["description"] = item.text
    if item.enum and item.kind == "enum":
        made["valuemap"] = {"name": _map_name(item)}
    steps = []
    if item.optional:  # what is not there is no error of the item's
        steps.append({"type": "CHECK_NOT_SUPPORTED", "parameters": [""],
                      "error_handler": "DISCARD_VALUE"})
    if item.kind == "counter":
        made["units"] = item.units + "/s"
        steps.append({"type": "CHANGE_PER_SECOND", "parameters": [""]})
    if steps:
        made["preprocessing"] = steps
    made["tags"] = [{"tag": "component", "value": "source ports"}]
    return made


def _map_name(item):
    labels = set(item.enum.values())
    for word, member in (("severity", "critical"), ("cause", "timeWait"), ("truth", "true")):
        if member in labels:
            return "srcportd " + word
    return "srcportd " + text.words(item.name).lower()


def _trigger(seed, expression, name, severity, **more):
    return dict({"uuid": text.uuid("zabbix", "trigger", seed), "expression": expression,
                 "name": name, "priority": PRIORITY[severity]}, **more)


def _severity_triggers(key, what):
    return [_trigger("%s-%s" % (key, word), "last(/%s/%s)=%d" % (TEMPLATE, key, number),
                     "%s: %s" % (what, word), word, manual_close="NO")
            for number, word in ((3, "critical"), (2, "warning"))]


def _scalar(item):
    made = _item(item, "0", "item")
    key = item.name
    if item.name == "srcPortSystemSeverity":
        made["triggers"] = _severity_triggers(key, "Source ports of {HOST.NAME}") + [
            _trigger("unknown", "last(/%s/%s)=4" % (TEMPLATE, key),
                     "srcportd on {HOST.NAME} sees nothing", "warning"),
            _trigger("nodata", "nodata(/%s/%s,10m)=1" % (TEMPLATE, key),
                     "srcportd on {HOST.NAME} does not answer", "warning")]
    if item.name == "srcPortLimitsSeverity":
        made["triggers"] = _severity_triggers(key, "A limit of {HOST.NAME} other than ports")
    if item.name == "srcPortFailuresTotal":
        made["triggers"] = [_trigger("failures", "last(/%s/%s)>0" % (TEMPLATE, key),
                                     "connect() fails for want of a source port on {HOST.NAME}",
                                     "critical")]
    return made


def _prototype(mib, table, column):
    thing = rows.thing(table)
    made = _item(column, "{#SNMPINDEX}", thing, "%s {#NAME}: %s" % (
        rows.title(table), rows.of_row(table, column)))
    if column.name.endswith("Severity"):
        made["trigger_prototypes"] = _severity_triggers(
            made["key"], "Source ports of %s {#NAME}" % rows.words(table))
    if column.name == "srcPortPoolTimeLeft":
        percent = "%s[{#SNMPINDEX}]" % mib.column(table, "Percent").name
        made["trigger_prototypes"] = [_trigger(
            "time-left", "max(/{0}/{1},5m)<{{$SRCPORT.TIME.LEFT}} and last(/{0}/{2})>=50".format(
                TEMPLATE, made["key"], percent),
            "Pool {#NAME} has no source port left soon", "warning")]
    return made


def _macro(table):
    return "{$SRCPORT.%s.MATCHES}" % rows.thing(table).upper().replace("_", ".")


def _graph(mib, table, what, suffixes, stacked):
    """A graph prototype of a row's columns; None if the table has fewer than two of them."""
    columns = [(suffix, mib.column(table, suffix)) for suffix in suffixes]
    items = [{"sortorder": str(number), "color": COLOURS[suffix],
              "drawtype": "SINGLE_LINE" if stacked else "BOLD_LINE",
              "item": {"host": TEMPLATE, "key": "%s[{#SNMPINDEX}]" % column.name}}
             for number, (suffix, column) in enumerate(
                 one for one in columns if one[1] is not None and one[1].readable)]
    if len(items) < 2:
        return None
    made = {"uuid": text.uuid("zabbix", "graph", what, rows.thing(table)),
            "name": "%s {#NAME}: %s" % (rows.title(table), what)}
    if stacked:
        made["type"] = "STACKED"
    made.update(ymin_type_1="FIXED", show_work_period="NO", graph_items=items)
    return made


def _graphs(mib, table):
    return [one for one in (_graph(mib, table, "ports", PORTS, False),
                            _graph(mib, table, "states", STATES, True)) if one is not None]


def _field(kind, name, value):
    return {"type": kind, "name": name, "value": value}


def _item_field(name, key):
    return _field("ITEM", name, {"host": TEMPLATE, "key": key})


def _widget(kind, place, name="", fields=()):
    """place: x, y, width and height."""
    made = {"type": kind}
    if name:
        made["name"] = name
    made.update((key, str(value)) for key, value in zip(("x", "y", "width", "height"), place))
    made["fields"] = list(fields)
    return made


def _graph_widgets(graphs, y, many):
    """The graphs of a table side by side, `many` rows of it below each other."""
    width, height = WIDTH // max(2, len(graphs)), 5 * many
    return [_widget("GRAPH_PROTOTYPE", (x * width, y, width, height), fields=[
        _field("INTEGER", "columns", "1"), _field("INTEGER", "rows", str(many)),
        _field("GRAPH_PROTOTYPE", "graphid", {"host": TEMPLATE, "name": graph["name"]})])
            for x, graph in enumerate(graphs)]


def _page(mib, name, things, y, many):
    widgets = []
    for table in rows.discovered(mib):
        if rows.thing(table) in things:
            widgets += _graph_widgets(_graphs(mib, table), y, many)
            y += 5 * many
    return {"name": name, "widgets": widgets}


def _dashboard(mib):
    """The numbers of the host and the graphs of its pools; more of these, targets and peers."""
    width = WIDTH // len(NUMBERS)
    top = [_widget("ITEM", (number * width, 0, width, 2), name, [
        _item_field("itemid", key), _field("INTEGER", "show", "2")])
           for number, (name, key) in enumerate(NUMBERS)]
    top.append(_widget("PLAIN_TEXT", (0, 2, WIDTH, 3), MESSAGE[0], [
        _item_field("itemids", MESSAGE[1]), _field("INTEGER", "show_lines", "2")]))
    first = _page(mib, "Overview", ("pool",), 5, 2)
    first["widgets"] = top + first["widgets"]
    return {"uuid": text.uuid("zabbix", "dashboard"), "name": "Source ports", "auto_start": "NO",
            "pages": [first] + [_page(mib, name, things, 0, 3) for name, things in PAGES]}


def _discovery(mib, table):
    thing, macro = rows.thing(table), _macro(table)
    return {"uuid": text.uuid("zabbix", "discovery", thing),
            "name": "%ss" % rows.title(table), "type": "SNMP_AGENT",
            "snmp_oid": "discovery[{#NAME},%s]" % rows.name_of(mib, table).oid,
            "key": "srcport.%s.discovery" % thing, "delay": DISCOVERY_DELAY,
            "filter": {"evaltype": "AND", "conditions": [
                {"macro": "{#NAME}", "value": macro, "formulaid": "A"}]},
            "lifetime": "1d",
            "item_prototypes": [_prototype(mib, table, column)
                                for column in rows.shown(mib, table)],
            "graph_prototypes": _graphs(mib, table)}


def _trap_item(mib):
    """Traps as zabbix_trap_receiver.pl or SNMPTT hand them on, with or without names."""
    names = "|".join(one.name for one in mib.notifications())
    numbers = "%s.0.[1-%d]" % (mib.root, len(mib.notifications()))
    key = 'snmptrap["(%s|%s)"]' % (names, numbers)
    return {"uuid": text.uuid("zabbix", "trap"), "name": "Notifications of srcportd",
            "type": "SNMP_TRAP", "key": key, "delay": "0", "history": "30d", "trends": "0",
            "value_type": "LOG", "logtimefmt": "hh:mm:ssTdd/MM/yyyy",
            "description": "Each notification as snmptrapd handed it on.",
            "tags": [{"tag": "component", "value": "source ports"}]}


def _value_maps(items):
    maps = {_map_name(item): item.enum for item in items if item.kind == "enum"}
    return [{"uuid": text.uuid("zabbix", "map", name), "name": name, "mappings": [
        {"value": str(number), "newvalue": label} for number, label in sorted(enum.items())]}
            for name, enum in sorted(maps.items())]


def files(mib):
    """{path below conf/: text}."""
    tables = rows.discovered(mib)
    scalars = [item for item in mib.scalars() if item.kind != "time"]
    shown = scalars + [column for table in tables for column in rows.shown(mib, table)]
    template = {
        "uuid": text.uuid("zabbix", "template"), "template": TEMPLATE, "name": TEMPLATE,
        "description": "Source ports that a Linux host has left, by srcportd and SRCPORT-MIB.",
        "groups": [{"name": GROUP["name"]}],
        "items": [_scalar(item) for item in scalars]
                 + ([_trap_item(mib)] if mib.notifications() else []),
        "discovery_rules": [_discovery(mib, table) for table in tables],
        "macros": [{"macro": _macro(table), "value": ".*",
                    "description": "Which %ss get items, by name." % rows.words(table)}
                   for table in tables] + [
                       {"macro": "{$SRCPORT.TIME.LEFT}", "value": "1h",
                        "description": "A pool that is full earlier than this is told of."}],
        "dashboards": [_dashboard(mib)],
        "valuemaps": _value_maps(shown),
    }
    tree = {"zabbix_export": {"version": "6.0", "date": "2026-11-27T00:00:00Z", "groups": [GROUP],
                              "templates": [template]}}
    return {"zabbix/srcportd.yaml": text.header("Template for Zabbix 6.0 and later.")
                                    + text.yaml(tree)}
