# SPDX-License-Identifier: ISC
"""grafana: conf/grafana/srcportd.json, a dashboard on what Prometheus has of SRCPORT-MIB."""
import json

import rows
import text

COLOURS = {"normal": "green", "warning": "orange", "critical": "red", "unknown": "purple"}
STATES = ("Established", "TimeWait", "CloseWait", "SynSent", "SynRecv", "FinWait1", "FinWait2",
          "LastAck", "Closing")
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HOST = 'job=~"$job", instance=~"$instance"'
# One metric of each of the two jobs.
ANY = "srcPortSystemSeverity|srcPortPoolRemaining"
POOL = HOST + ', srcPortPoolName=~"$pool"'

# What each panel says, for who has not read the MIB.
TEXTS = {
    "Severity": "The worst of all pools, targets, local addresses and limits of each host.",
    "Fewest ports left": "How many further connect() calls succeed in the tightest pool of each host.",
    "Fullest pool": "How much of the capacity is used in the fullest pool of each host.",
    "connect() calls that failed": "For want of a source port, in the time that is shown. Only where "
                                   "srcportd may count them.",
    "Active alarms": "What is wrong now, the worst first. What the figures of an alarm are about is in "
                     "its name.",
    "Ports left": "Of each pool: local address, peer address and peer port.",
    "Ports used, of the capacity": "The capacity is what the range offers without reserved and "
                                   "blocked ports.",
    "What holds them: states": "Connections of the pools by state of TCP. TIME_WAIT: many short "
                               "connections. CLOSE_WAIT: a program that does not close.",
    "Time left": "Until a pool is full if it goes on growing as it does; pools that do not grow are "
                 "left out.",
    "Pools, the tightest first": "One row for each pool that srcportd shows; it shows the tightest.",
    "Limits other than ports": "Open files and tracked connections, of what the host allows.",
    "Severity of groups": "UDP, address translation, network namespaces and accepted connections; a "
                          "group that is not available there has no value.",
    "Ports left elsewhere": "For UDP sockets, address translation, other network namespaces and ports "
                            "below 1024, where they are available.",
    "CPU of srcportd's polls": "As a share of one CPU."}


def _target(expression, legend, **more):
    return dict({"datasource": SOURCE, "expr": expression, "legendFormat": legend}, **more)


def _panel(kind, title, place, targets, unit="none", **more):
    x, y, width, height = place
    made = {"type": kind, "title": title, "description": TEXTS[title], "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": width, "h": height},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
            "options": {}, "targets": targets}
    made["fieldConfig"]["defaults"].update(more.pop("defaults", {}))
    made.update(more)
    for number, target in enumerate(made["targets"]):
        target["refId"] = chr(ord("A") + number)
    return made


def _stacked():
    return {"custom": {"stacking": {"mode": "normal"}, "fillOpacity": 40, "lineWidth": 1}}


def _severity(mib):
    """Numbers of the enumeration as words and colours."""
    enum = mib.object("srcPortSystemSeverity").enum
    return {"mappings": [{"type": "value", "options": {
        str(number): {"text": label, "color": COLOURS[label], "index": number}
        for number, label in enum.items()}}]}


def _table(title, place, columns, key, sort, mib):
    """A row for each value of the label `key`. columns: (name, expression, unit); what names a row
    in all of them alike makes one row of them, so job and __name__ are left out."""
    targets = [_target("max by (instance, %s) (%s)" % (key, expression), "", format="table",
                       instant=True) for _, expression, _ in columns]
    names = {"Value #" + chr(ord("A") + number): name
             for number, (name, _, _) in enumerate(columns)}
    properties = {name: [{"id": "unit", "value": unit}] for name, _, unit in columns if unit}
    properties["Severity"] = [{"id": kind, "value": value}
                              for kind, value in _severity(mib).items()]
    properties["Severity"].append({"id": "custom.displayMode", "value": "color-text"})
    panel = _panel("table", title, place, targets, transformations=[
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": names}},
        {"id": "sortBy", "options": {"sort": [sort]}}])
    panel["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": name}, "properties": each}
        for name, each in properties.items()]
    return panel


def _alarms(mib, place):
    columns = [("Severity", "srcPortAlarmSeverity{%s}" % HOST, None),
               ("Ports left", "srcPortAlarmRemaining{%s}" % HOST, None),
               ("In use", "srcPortAlarmPercent{%s}" % HOST, "percent"),
               ("For", "srcPortAlarmAge{%s}" % HOST, "s")]
    return _table("Active alarms", place, columns, "srcPortAlarmKey",
                  {"field": "Severity", "desc": True}, mib)


def _pools(mib, place):
    columns = [("Ports left", "srcPortPoolRemaining{%s}" % POOL, None),
               ("Used", "srcPortPoolUsed{%s}" % POOL, None),
               ("In use", "srcPortPoolPercent{%s}" % POOL, "percent"),
               ("Severity", "srcPortPoolSeverity{%s}" % POOL, None)]
    return _table("Pools, the tightest first", place, columns, "srcPortPoolName",
                  {"field": "Ports left"}, mib)


def _groups(mib):
    """The severities of all groups but the host's, which has a panel of its own."""
    return [_target("max by (instance) (%s{%s})" % (item.name, HOST),
                    "{{instance}} " + text.words(item.name[:-len("Severity")]))
            for item in rows.severities(mib) if item.name != "srcPortSystemSeverity"]


def _elsewhere(mib):
    """What is left in groups other than TCP's own: of a table the tightest row of each host."""
    found = [_target("%s{%s}" % (item.name, HOST), "{{instance}} " + text.words(item.name))
             for item in mib.scalars() if item.name.endswith("Remaining") and item.optional]
    for table in rows.discovered(mib):
        item = mib.column(table, "Remaining") or mib.column(table, "LeastRemaining")
        if item is not None and item.optional:
            found.append(_target("min by (instance) (%s{%s})" % (item.name, HOST),
                                 "{{instance}} tightest " + rows.words(table)))
    return found


def _panels(mib):
    steps = {"thresholds": {"mode": "absolute", "steps": [
        {"color": "green", "value": None}, {"color": "orange", "value": 80},
        {"color": "red", "value": 95}]}}
    states = [_target("sum(srcPortPool%s{%s})" % (state, POOL), state) for state in STATES]
    return [
        _panel("stat", "Severity", (0, 0, 6, 5), [_target("srcPortSystemSeverity{%s}" % HOST,
                                                           "{{instance}}")],
               defaults=_severity(mib)),
        _panel("stat", "Fewest ports left", (6, 0, 6, 5), [_target(
            "srcPortSystemLeastRemaining{%s}" % HOST, "{{instance}}")]),
        _panel("gauge", "Fullest pool", (12, 0, 6, 5), [_target(
            "srcPortSystemHighestPercent{%s}" % HOST, "{{instance}}")], "percent",
               defaults=dict(steps, max=100)),
        _panel("stat", "connect() calls that failed", (18, 0, 6, 5), [_target(
            "increase(srcPortFailuresTotal{%s}[$__range])" % HOST, "{{instance}}")]),
        _alarms(mib, (0, 5, 24, 7)),
        _panel("timeseries", "Ports left", (0, 12, 12, 9), [_target(
            "srcPortPoolRemaining{%s}" % POOL, "{{instance}} {{srcPortPoolName}}")]),
        _panel("timeseries", "Ports used, of the capacity", (12, 12, 12, 9), [
            _target("srcPortPoolUsed{%s}" % POOL, "{{instance}} {{srcPortPoolName}}"),
            _target("max(srcPortRangeCapacity{%s})" % HOST, "capacity")]),
        _panel("timeseries", "What holds them: states", (0, 21, 12, 9), states,
               defaults=_stacked()),
        _panel("timeseries", "Time left", (12, 21, 12, 9), [_target(
            "srcPortPoolTimeLeft{%s} < 604800" % POOL, "{{instance}} {{srcPortPoolName}}")], "s"),
        _pools(mib, (0, 30, 24, 9)),
        _panel("timeseries", "Limits other than ports", (0, 39, 12, 8), [
            _target("srcPortLimitsConntrackPercent{%s}" % HOST, "{{instance}} conntrack"),
            _target("srcPortLimitsFilesPercent{%s}" % HOST, "{{instance}} files")], "percent"),
        _panel("timeseries", "Severity of groups", (0, 47, 12, 8), _groups(mib), defaults=_severity(mib)),
        _panel("timeseries", "Ports left elsewhere", (12, 47, 12, 8), _elsewhere(mib)),
        _panel("timeseries", "CPU of srcportd's polls", (12, 39, 12, 8), [_target(
            "srcPortPollCpu{%s} / 1e6 / srcPortPollInterval{%s}" % (HOST, HOST), "{{instance}}")],
               "percentunit"),
    ]


def _variable(name, query, label):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": query,
            "definition": query, "includeAll": True, "multi": True, "refresh": 2, "sort": 1,
            "current": {"text": "All", "value": "$__all"}, "allValue": ".*"}


def files(mib):
    """{path below conf/: text}."""
    panels = _panels(mib)
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
    dashboard = {
        "title": "TCP source ports", "uid": "srcportd", "schemaVersion": 36, "version": 1,
        "tags": ["srcportd", "tcp"], "time": {"from": "now-1h", "to": "now"}, "refresh": "1m",
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource",
             "query": "prometheus"},
            _variable("job", 'label_values({__name__=~"%s"}, job)' % ANY, "Job"),
            _variable("instance", 'label_values({__name__=~"%s", job=~"$job"}, instance)' % ANY,
                      "Host"),
            _variable("pool", "label_values(srcPortPoolRemaining{%s}, srcPortPoolName)" % HOST,
                      "Pool")]},
        "annotations": {"list": [{
            "name": "Critical", "datasource": SOURCE, "enable": True, "iconColor": "red",
            "expr": 'ALERTS{alertname=~"SrcPort.*", severity="critical", alertstate="firing"}',
            "titleFormat": "{{alertname}} {{instance}}"}]},
        "panels": panels}
    return {"grafana/srcportd.json": json.dumps(dashboard, indent=1) + "\n"}
