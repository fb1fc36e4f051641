#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The files under conf/ for network management systems: they follow from the MIB, and their names,
numbers and forms are right. What each system's own programs say of them is in test_nms_*.py."""
import glob
import json
import os
import re
import subprocess
import xml.etree.ElementTree as tree

import harness as h
import nms

FOLDERS = ("grafana", "librenms", "nagios", "opennms", "prometheus", "prtg", "snmp_exporter",
           "snmptt", "telegraf", "zabbix")
PYTHON = "/usr/bin/python3"  # Debian's own, which has Debian's modules


def files(*patterns):
    """Paths below conf/ of the shipped files."""
    found = [os.path.relpath(path, nms.CONF) for folder in FOLDERS for path in sorted(glob.glob(
        os.path.join(nms.CONF, folder, "**"), recursive=True)) if os.path.isfile(path)]
    return [path for path in found if not patterns or path.endswith(patterns)]


def mib():
    """The MIB as smidump has it."""
    from mib import Mib
    return Mib(h.MIB_FILE)


def test_generated_files_are_current():
    """`make conf` would change nothing."""
    made = os.path.join(h.directory(), "conf")
    done = subprocess.run([os.path.join(h.ROOT, "tests/nms/generate"), made], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode in (0, 3), done.stdout
    count = 0
    for path in sorted(glob.glob(os.path.join(made, "**"), recursive=True)):
        if os.path.isfile(path):
            with open(path) as file:
                wanted = file.read()
            path = os.path.relpath(path, made)
            assert nms.conf(path) == wanted, "%s does not follow from the MIB: make conf" % path
            count += 1
    assert count >= 7, count
    return "%d files%s" % (count, "; " + done.stdout.strip() if done.returncode else "")


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
    inputs = tomllib.loads(nms.conf("telegraf/srcportd.conf"))["inputs"]["snmp"]
    assert len(inputs) == 1
    names = h.names()
    fields = [field for field in inputs[0]["field"]]
    for field in fields:
        assert h.oid(field["oid"]) == names[field["name"]] + (0,), field
    for one in inputs[0]["table"]:
        assert one["index_as_tag"] and any(field.get("is_tag") for field in one["field"]), one
        for field in one["field"]:
            assert h.oid(field["oid"]) == names[field["name"]], field
    assert len(fields) > 50 and len(inputs[0]["table"]) >= 3


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
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) >= 10
    alarms = [panel for panel in board["panels"] if panel["title"] == "Active alarms"]
    assert "srcPortAlarmSeverity{" in alarms[0]["targets"][0]["expr"], alarms


def test_librenms():
    """As its own schema of discovery files has it."""
    pattern = r"(\.\d+)+\.\{\{ \$index \}\}"
    required = {"oid", "num_oid", "descr"}
    allowed = required | {"value", "index", "group", "snmp_flags", "warn_limit", "high_limit",
                          "low_limit", "low_warn_limit"}
    sensors = as_plain(nms.conf("librenms/srcportd.yaml"))["modules"]["sensors"]
    assert set(sensors) == {"state", "count", "percent"}
    names = h.names()
    for kind, group in sensors.items():
        more = {"states", "state_name"} if kind == "state" else set()
        for one in group["data"]:
            assert required | more <= set(one) <= allowed | more, one
            assert re.fullmatch(pattern, one["num_oid"]), one["num_oid"]
            assert h.oid(one["num_oid"].split(".{")[0]) == names[one["value"]], one
            for state in one.get("states", ()):
                assert set(state) == {"value", "descr", "graph", "generic"}


def test_php():
    """LibreNMS' handlers compile, where there is a PHP."""
    php = nms.need("php", "php-cli")
    for path in files(".php"):
        h.run(php, "-l", os.path.join(nms.CONF, path))


def test_zabbix_template():
    """Keys and UUIDs are there once, maps and macros are defined."""
    export = as_plain(nms.conf("zabbix/srcportd.yaml"))["zabbix_export"]
    template = export["templates"][0]
    uuids, keys = [], []

    def look(value):
        if isinstance(value, dict):
            uuids.extend([value["uuid"]] if "uuid" in value else [])
            keys.extend([value["key"]] if "key" in value else [])
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
    for key in re.findall(r"/srcportd by SNMP/(\w+(?:\[\{#SNMPINDEX\}\])?)", text):
        assert key in keys, key


if __name__ == "__main__":
    h.main()
