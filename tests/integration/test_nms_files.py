#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The files under conf/ for network management systems: their names, numbers and forms are right. That
they follow from the MIB is in test_nms_made.py, what each system's own programs say of them in the
others."""
import glob
import json
import os
import re
import subprocess
import xml.etree.ElementTree as tree

import harness as h
import nms

FOLDERS = ("centreon", "checkmk", "datadog", "grafana", "librenms", "nagios", "netdata", "opennms",
           "prometheus", "prtg", "snmp_exporter", "snmptt", "telegraf", "zabbix")
PYTHON = "/usr/bin/python3"  # Debian's own, which has Debian's modules


def files(*patterns):
    """Paths below conf/ of the shipped files; pictures are not among them."""
    found = [os.path.relpath(path, nms.CONF) for folder in FOLDERS for path in sorted(glob.glob(
        os.path.join(nms.CONF, folder, "**"), recursive=True)) if os.path.isfile(path) and
             not path.endswith("/pool-fills.png")]
    return [path for path in found if not patterns or path.endswith(patterns)]


def mib():
    """The MIB as smidump has it."""
    from mib import Mib
    return Mib(h.MIB_FILE)


def test_every_folder_says_what_to_copy():
    for folder in FOLDERS:
        with open(os.path.join(nms.CONF, folder, "README.md")) as file:
            steps = re.findall(r"^\d\. ", file.read(), re.M)
        assert 3 <= len(steps) <= 6, (folder, steps)


def test_names_are_the_mibs():
    """Each srcPort... word is an object of the MIB, or a metric made from one."""
    known = mib().names()
    found = 0
    for path in files():
        for word in re.findall(r"\bsrcPort[A-Z]\w*", nms.conf(path)):
            word = re.sub(r"_info$", "", word)
            assert word in known or word in {name[:-len("Entry")] for name in known
                                             if name.endswith("Entry")} | {
                                                 "srcPortSeverity"}, (path, word)
            found += 1
    assert found > 500, found


def test_numbers_are_the_mibs():
    """Each OID under the root is that of an object, or of a scalar's instance."""
    numbers = {number for name, number in h.names().items() if not name.endswith("Table")}
    root = h.dotted("srcPortMIB")[1:]
    found = 0
    for path in files():
        for text in re.findall(re.escape(root) + r"(?:\.\d+)+", nms.conf(path)):
            oid = h.oid(text)
            assert oid in numbers or oid[:-1] in numbers or oid == h.root() + (0,) or (
                oid in h.names().values()), (path, text)
            found += 1
    assert found > 500, found


def as_plain(text):
    """YAML as Python values."""
    done = subprocess.run([PYTHON, "-c", "import json, sys, yaml\n"
                           "print(json.dumps(yaml.safe_load(sys.stdin), default=str))"],
                          input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if "No module named 'yaml'" in done.stderr:
        raise h.Skip("no YAML here (Debian package python3-yaml)")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_yaml():
    for path in files(".yml", ".yaml"):
        assert isinstance(as_plain(nms.conf(path)), dict), path


def test_snmp_exporter_formats_say_the_same():
    """The newer one has credentials apart, and modules that are the same otherwise."""
    old = as_plain(nms.conf("snmp_exporter/snmp-0.22.yml"))
    new = as_plain(nms.conf("snmp_exporter/snmp.yml"))
    assert set(new) == {"auths", "modules"}, set(new)
    assert set(old) == {"srcport", "srcport_pools"}
    for module in old.values():
        assert module.pop("version", 2) == 2
        assert module.pop("auth") == {"community": "public"}
    assert new["modules"] == old
    assert new["auths"]["public_v2"]["version"] == 2
    for name, module in new["modules"].items():
        assert set(module) == {"walk", "metrics", "max_repetitions", "timeout"}, (name, set(module))


def test_xml():
    for path in files(".xml", ".ovl"):
        tree.fromstring(nms.conf(path))


def test_prtg_lookups_know_every_value():
    for name, item in (("severity", "srcPortSystemSeverity"), ("cause", "srcPortPoolCause")):
        root = tree.fromstring(nms.conf("prtg/srcportd.%s.ovl" % name))
        values = {int(one.get("value")): one.text for one in root.iter("SingleInt")}
        assert values == mib().object(item).enum, values
        assert {one.get("state") for one in root.iter("SingleInt")} <= {
            "Ok", "Warning", "Error", "None"}


def test_opennms_aliases():
    """RRDtool takes 19 characters, and no name twice."""
    space = "{http://xmlns.opennms.org/xsd/config/datacollection}"
    root = tree.fromstring(nms.conf("opennms/datacollection/srcportd.xml"))
    objects = list(root.iter(space + "mibObj"))
    aliases = [one.get("alias") for one in objects]
    assert len(aliases) > 90 and max(map(len, aliases)) <= 19, max(aliases, key=len)
    assert len(set(aliases)) == len(aliases)
    kinds = {one.get("name") for one in root.iter(space + "resourceType")}
    assert {one.get("instance") for one in objects} == kinds | {"0"}
    groups = {one.get("name") for one in root.iter(space + "group")}
    assert {one.text for one in root.iter(space + "includeGroup")} == groups


def test_telegraf():
    try:
        import tomllib
    except ImportError:
        raise h.Skip("no TOML in this Python") from None
    often, seldom = tomllib.loads(nms.conf("telegraf/srcportd.conf"))["inputs"]["snmp"]
    names = h.names()
    for one in (often, seldom):
        assert one["agent_host_tag"] == "source" and one["max_repetitions"] >= 10, one
        for field in one["field"]:
            assert h.oid(field["oid"]) == names[field["name"]] + (0,), field
    for one in often["table"]:
        assert one["index_as_tag"] and any(field.get("is_tag") for field in one["field"]), one
        for field in one["field"]:
            assert h.oid(field["oid"]) == names[field["name"]], field
    # A request each, every minute.
    assert len(often["field"]) <= 25, len(often["field"])
    assert len(often["field"]) + len(seldom["field"]) > 100 and len(often["table"]) >= 3
    asked = [field["name"] for one in (often, seldom) for field in one["field"]]
    assert len(set(asked)) == len(asked)
    traps = tomllib.loads(nms.conf("telegraf/srcportd-traps.conf"))["inputs"]["snmp_trap"]
    assert traps[0]["path"] and traps[0]["service_address"] == "udp://:162"


def test_grafana():
    """Expressions have values of snmp_exporter only; panels do not overlap."""
    board = json.loads(nms.conf("grafana/srcportd.json"))
    metrics = {metric["name"] + ("_info" if metric["type"] == "EnumAsInfo" else "")
               for module in as_plain(nms.conf("snmp_exporter/snmp.yml"))["modules"].values()
               for metric in module["metrics"]}
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        for target in panel["targets"]:
            used = re.findall(r"\bsrcPort\w+(?=\{)", target["expr"])
            assert used and set(used) <= metrics, target["expr"]
        assert len(panel["description"]) > 20, panel["title"]
    assert {one["name"] for one in board["templating"]["list"]} >= {"job", "instance"}
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) >= 10
    alarms = [panel for panel in board["panels"] if panel["title"] == "Active alarms"]
    assert "srcPortAlarmSeverity{" in alarms[0]["targets"][0]["expr"], alarms


def test_librenms():
    """As its own schema of discovery files has it."""
    pattern = r"(\.\d+)+\.\{\{ \$index \}\}"
    required = {"oid", "num_oid", "descr"}
    allowed = required | {"value", "index", "group", "snmp_flags", "warn_limit", "high_limit",
                          "low_limit", "low_warn_limit", "skip_values"}
    sensors = as_plain(nms.conf("librenms/srcportd.yaml"))["modules"]["sensors"]
    assert set(sensors) == {"state", "count", "percent"}
    names = h.names()
    for kind, group in sensors.items():
        more = {"states", "state_name"} if kind == "state" else set()
        for one in group["data"]:
            assert required | more <= set(one) <= allowed | more, one
            assert re.fullmatch(pattern, one["num_oid"]), one["num_oid"]
            assert h.oid(one["num_oid"].split(".{")[0]) == names[module(one["value"])], one
            assert module(one["oid"]) in names, one
            for state in one.get("states", ()):
                assert set(state) == {"value", "descr", "graph", "generic"}


def module(text):
    """The object of MODULE::OBJECT, as its schema has it."""
    name, _, item = text.partition("::")
    assert name == "SRCPORT-MIB" and item, text
    return item


def test_librenms_has_room():
    """A sensor's index is of at most 128 characters, whatever the row is called, or the row is left
    out; the count of what is not there any more is no number that raises an alarm."""
    sensors = as_plain(nms.conf("librenms/srcportd.yaml"))["modules"]["sensors"]
    objects = mib()
    for group in sensors.values():
        names = [one["index"] for one in group["data"]]
        assert len(set(names)) == len(names), names
    for kind, group in sensors.items():
        for one in group["data"]:
            name = re.search(r"\{\{ SRCPORT-MIB::(\w+) \}\}", one["index"])
            if not name:
                assert len(one["index"]) <= 128, one
                continue
            room = 128 - (len(one["index"]) - len(name.group(0)))
            if objects.object(name.group(1)).high > room:
                skip = one["skip_values"][0]
                assert module(skip["oid"]) == name.group(1) and skip["op"] == "regex", skip
                pattern = skip["value"].strip("/")
                assert re.match(pattern, "x" * (room + 1)) and not re.match(pattern, "x" * room)
            if kind == "count":
                assert name.group(1) == "srcPortTargetLabel", one
    longest = "[2001:db8:1111:2222:3333:4444:5555:6666] -> [2001:db8:1111:2222:3333:4444:5555:7777]:65535"
    assert len("Pool " + longest) <= 128


def test_librenms_references():
    """An event's reference is of at most 64 characters: a longer key by its digest."""
    php = nms.need("php", "php-cli")
    for path in files(".php"):
        text = nms.conf(path)
        if "Handlers" not in path:
            continue
        code = re.search(r"( *\$key = .*?;\n)? *(\$reference = .*?;)", text)
        for key in ("host", "k" * 64, "pool " + "k" * 90):
            said = h.run(php, "-r", "$key = '%s'; %s echo $reference === null ? 'none' : $reference;" % (
                key, code.group(2)))
            wanted = key if len(key) <= 64 else None
            assert said == wanted or (wanted is None and re.fullmatch("[0-9a-f]{32}", said)) or (
                said == "none" and "SrcPortSuppressed" in path), (path, said)


def test_targets_have_the_operators_name():
    """Never their specification, which two of them may share."""
    for path in files():
        if path.startswith(("snmp_exporter/", "prtg/", "snmptt/")):
            continue
        text = nms.conf(path)
        assert not re.search(r"srcPortTargetSpec|%s(?![.\d])" % re.escape(
            h.dotted("srcPortTargetSpec")), text), path
    label = h.dotted("srcPortTargetLabel")[1:]
    for path in ("zabbix/srcportd.yaml", "opennms/datacollection/srcportd.xml",
                 "telegraf/srcportd.conf", "netdata/srcportd.yaml", "datadog/srcportd.yaml",
                 "centreon/srcportd.json"):
        assert re.search(re.escape(label) + r"\b", nms.conf(path)), path
    assert "{{ SRCPORT-MIB::srcPortTargetLabel }}" in nms.conf("librenms/srcportd.yaml")


def test_opennms_graphs_are_of_what_is_collected():
    """Columns are aliases of one resource type; each collected number is in a graph."""
    text = nms.conf("opennms/snmp-graph.properties.d/srcportd-graph.properties")
    text = text.replace("\\\n", "")
    said = dict(re.findall(r"^(\S+?)=(.*)$", text, re.M))
    names = [name.strip() for name in said["reports"].split(",")]
    space = "{http://xmlns.opennms.org/xsd/config/datacollection}"
    root = tree.fromstring(nms.conf("opennms/datacollection/srcportd.xml"))
    kinds = {}
    for one in root.iter(space + "mibObj"):
        instance = "nodeSnmp" if one.get("instance") == "0" else one.get("instance")
        kinds.setdefault(instance, {})[one.get("alias")] = one.get("type")
    drawn = set()
    assert len(set(names)) == len(names) > 50
    for name in names:
        kind = kinds[said["report.%s.type" % name]]
        columns = said["report.%s.columns" % name].split(",")
        assert set(columns) <= {alias for alias, of in kind.items() if of != "string"}, name
        command = said["report.%s.command" % name]
        for number, column in enumerate(columns, 1):
            assert "{rrd%d}:%s:" % (number, column) in command, (name, column)
        row = said.get("report.%s.propertiesValues" % name)
        assert row is None or (kind[row] == "string" and "{%s}" % row in command), name
        drawn.update(columns)
    assert drawn == {alias for kind in kinds.values() for alias, of in kind.items()
                     if of != "string"}, "numbers without a graph"


def test_profiles():
    """Netdata's and Datadog's have the same numbers, under the MIB's names."""
    names = h.names()
    entries = {}
    for system in ("netdata", "datadog"):
        profile = as_plain(nms.conf(system + "/srcportd.yaml"))
        entries[system] = set()
        for entry in profile["metrics"]:
            symbols = entry.get("symbols", [entry.get("symbol")])
            for symbol in symbols + [tag["symbol"] for tag in entry.get("metric_tags", [])]:
                wanted = names[symbol["name"]] + (() if "table" in entry else (0,))
                assert h.oid(symbol["OID"]) == wanted, symbol
                entries[system].add(symbol["name"])
            if "table" in entry:
                assert entry["metric_tags"] and h.oid(entry["table"]["OID"]) == names[
                    entry["table"]["name"]], entry["table"]
    assert entries["netdata"] == entries["datadog"] and len(entries["netdata"]) > 150
    assert as_plain(nms.conf("netdata/srcportd.yaml"))["selector"][0]["sysobjectid"]["include"]
    assert as_plain(nms.conf("datadog/srcportd.yaml"))["extends"], "would replace the default profile"


def test_centreon():
    """Names are letters and digits; everything that is spoken of is collected."""
    made = json.loads(nms.conf("centreon/srcportd.json"))
    leefs = {one["name"] for one in made["snmp"]["leefs"]}
    tables = {one["name"]: {entry["name"] for entry in one["entries"]}
              for one in made["snmp"]["tables"]}
    assert len(leefs) == len(made["snmp"]["leefs"])
    for name in leefs | set(tables) | set.union(*tables.values()):
        assert re.fullmatch("[a-zA-Z0-9]+", name), name
    for one in made["snmp"]["tables"]:
        index = one["used_instance"]
        assert re.match(index, one["entries"][0]["oid"] + ".1.4.192.0.2.1"), index
    text = json.dumps(made)
    assert set(re.findall(r"%\(snmp\.leefs\.(\w+)\)", text)) == leefs
    for one in made["selection_loop"]:
        used = set(re.findall(r"%%\(%s\.(\w+)\)" % one["name"], json.dumps(one))) - {"instance"}
        assert used <= tables[one["name"]], used - tables[one["name"]]
        assert one["source"] == "%%(snmp.tables.%s)" % one["name"]
    for entry in [e for t in made["snmp"]["tables"] for e in t["entries"]] + made["snmp"]["leefs"]:
        assert entry.get("map", "cause") in made["mapping"]


def test_php():
    """LibreNMS' handlers compile, where there is a PHP."""
    php = nms.need("php", "php-cli")
    for path in files(".php"):
        h.run(php, "-l", os.path.join(nms.CONF, path))


def test_zabbix_template():
    """Keys and UUIDs are there once; maps, macros, and what graphs and the dashboard show, are
    defined."""
    export = as_plain(nms.conf("zabbix/srcportd.yaml"))["zabbix_export"]
    template = export["templates"][0]
    uuids, keys, shown = [], [], []

    def look(value):
        if isinstance(value, dict):
            uuids.extend([value["uuid"]] if "uuid" in value else [])
            (keys if "uuid" in value else shown).extend([value["key"]] if "key" in value else [])
            for one in value.values():
                look(one)
        elif isinstance(value, list):
            for one in value:
                look(one)

    look(export)
    assert len(uuids) > 100 and len(set(uuids)) == len(uuids)
    assert all(re.fullmatch(r"[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}", one) for one in uuids)
    assert len(set(keys)) == len(keys)
    text = json.dumps(template)
    maps = {one["name"] for one in template["valuemaps"]}
    assert set(re.findall(r'"valuemap": \{"name": "([^"]*)"', text)) == maps
    macros = {one["macro"] for one in template["macros"]}
    assert set(re.findall(r"\{\$[A-Z.]+\}", text)) == macros
    assert len(shown) > 10 and set(shown) <= set(keys), set(shown) - set(keys)
    graphs = [graph["name"] for rule in template["discovery_rules"]
              for graph in rule.get("graph_prototypes", [])]
    wanted = re.findall(r'"GRAPH_PROTOTYPE", "name": "graphid", "value": \{"host": "[^"]*", "name": '
                        r'"([^"]*)"', text)
    assert len(set(graphs)) == len(graphs) and wanted and set(wanted) <= set(graphs), wanted
    for key in re.findall(r"/srcportd by SNMP/(\w+(?:\[\{#SNMPINDEX\}\])?)", text):
        assert key in keys, key


if __name__ == "__main__":
    h.main()
