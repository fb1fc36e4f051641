# SPDX-License-Identifier: ISC
"""nms: what the tests of the files under conf/ share: other people's programs, and the host they
look at."""
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import harness as h

CONF = os.path.join(h.ROOT, "conf")
TRAPD = """\
snmpTrapdAddr udp:127.0.0.1:%d
authCommunity log,execute %s
doNotRetainNotificationLogs yes
traphandle default %s
"""
DEFAULT_ROOT = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 7777)
sys.path.append(os.path.join(h.ROOT, "tests", "nms"))


def conf(path, root=True):
    """Text of a file under conf/, with the OIDs of this build unless root is false."""
    with open(os.path.join(CONF, path)) as file:
        text = file.read()
    here = ".".join(str(part) for part in h.root()) if root else None
    return text.replace(".".join(str(part) for part in DEFAULT_ROOT), here) if root else text


def write(name, text):
    """A file of that name in the test's directory; its path."""
    path = os.path.join(h.directory(), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def need(program, package, *elsewhere):
    """Path of a program; skips the test if its package is not here. elsewhere: directories."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin" + "".join(":" + d for d in elsewhere)
    found = shutil.which(program, path=path)
    if not found:
        raise h.Skip("no %s here (Debian package %s)" % (program, package))
    return found


def http(url, data=None, timeout=10, headers=()):
    """Body of an answer as text; OSError when there is none, or an error status."""
    request = urllib.request.Request(url, data, dict(headers))
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=timeout) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise OSError("%s: %s" % (error, error.read().decode(errors="replace")[:500])) from None


def http_json(url, **options):
    return json.loads(http(url, **options))


class Program(h.Daemon):
    """Somebody else's daemon."""

    def __init__(self, name, *command, environment=()):
        self.name = name
        super().__init__()
        self.arguments = list(command)
        self.variables = dict(environment)
        self.start()

    def command(self):
        return self.arguments

    def environment(self):
        return dict(super().environment(), HOME=h.directory(), **self.variables)


def snmptrapd(handler, *options, extra=""):
    """snmptrapd that hands each notification to a command: with numbers for names, unless other
    options are given; extra: of its configuration."""
    path = write("snmptrapd.conf", TRAPD % (h.TRAP_PORT, h.COMMUNITY, handler) + extra)
    program = need("snmptrapd", "snmptrapd")
    daemon = Program("snmptrapd", program, "-f", "-n", "-C", "-c", path, "-Lo",
                     *(options or ("-On",)))
    daemon.wait_log(r"^NET-SNMP version")
    return daemon


class Exporter(Program):
    """snmp_exporter with the modules that conf/ has for its version."""

    def __init__(self, port=9116):
        program = need("prometheus-snmp-exporter", "prometheus-snmp-exporter")
        said = subprocess.run([program, "--version"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True,
                              check=False).stdout
        version = re.search(r"version (\d+)\.(\d+)", said)  # an old one knows no --version
        split = version is not None and tuple(map(int, version.groups())) >= (0, 23)
        modules = write("snmp.yml", conf("snmp_exporter/" + ("snmp.yml" if split else
                                                             "snmp-0.22.yml")))
        self.auth = "&auth=public_v2" if split else ""
        self.address = "127.0.0.1:%d" % port
        super().__init__("snmp_exporter", program, "--config.file=" + modules,
                         "--web.listen-address=" + self.address)
        h.wait_for(lambda: http("http://%s/" % self.address), 20, "snmp_exporter answers")

    def scrape(self, module):
        """{(metric, frozenset of its labels): value}."""
        text = http("http://%s/snmp?target=127.0.0.1:%d&module=%s%s" % (
            self.address, h.PORT, module, self.auth))
        return dict(samples(text))


def rules():
    """The rules of conf/ and their tests, in the test's directory; path of the rules."""
    for name in ("srcport.rules.yml", "prometheus.yml"):
        write(name, conf("prometheus/" + name))
    shutil.copy(os.path.join(h.ROOT, "tests/nms/srcport.rules.test.yml"), h.directory())
    return os.path.join(h.directory(), "srcport.rules.yml")


class Prometheus(Program):
    """Prometheus with the jobs and the rules of conf/, that asks these targets, ADDRESS:PORT, through
    an exporter, each job at its own interval."""

    URL = "http://127.0.0.1:9090"

    def __init__(self, exporter, targets, intervals=("1s", "1s"), evaluation="1s"):
        program = need("prometheus", "prometheus")
        rules()
        text = conf("prometheus/prometheus.yml").replace("EXPORTER:9116", exporter.address).replace(
            "[192.0.2.1]", json.dumps(list(targets)))
        if exporter.auth:
            text = re.sub(r"^( +)(module: .*)$", r"\1\2\n\1auth: [public_v2]", text, flags=re.M)
        each = iter(intervals)
        text = re.sub("scrape_interval: 1m\n", lambda _: self._pace(next(each)), text)
        text += "global:\n  evaluation_interval: %s\n" % evaluation
        path = write("prometheus.yml", text)
        super().__init__("prometheus", program, "--config.file=" + path,
                         "--web.listen-address=127.0.0.1:9090",
                         "--storage.tsdb.path=" + os.path.join(h.directory(), "tsdb"))
        h.wait_for(lambda: http(self.URL + "/-/ready"), 30, "Prometheus is ready")

    @staticmethod
    def _pace(interval):
        """A time-out is not longer than the interval."""
        return "scrape_interval: %s\n%s" % (interval, "" if interval[-1] == "m" else
                                            "    scrape_timeout: %s\n" % interval)

    def query(self, expression):
        """{frozenset of (label, value): number} of an instant query."""
        answer = http_json(self.URL + "/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}))
        return {frozenset(one["metric"].items()): float(one["value"][1])
                for one in answer["data"]["result"]}


def samples(text):
    """((metric, frozenset of (label, value)), value) of each line in Prometheus' text format."""
    for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M):
        pairs = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)
        yield (name, frozenset(pairs)), float(value)


LOW, HIGH = 40000, 40099


class Host:
    """A range of a hundred ports, and a peer of which 60 are used: 40 established, 20 in
    CLOSE_WAIT; a peer over IPv6. fill() uses up the rest."""

    def __init__(self):
        h.port_range(LOW, HIGH)
        self.full = h.Listener("127.0.0.1", 9000)
        self.open = [self.full, h.Listener("127.0.0.1", 9001), h.Listener("::1", 9000)]
        self.open += h.connect_many(40, "127.0.0.1", 9000, source="127.0.0.1", no_port=True)
        self.open += h.close_wait(5, self.open[1], source="127.0.0.1", no_port=True)
        self.open += h.connect_many(3, "::1", 9000)

    def fill(self, leave=0):
        """Connects until only so many ports are left in the first pool."""
        while True:
            try:
                self.open.append(h.connect("127.0.0.1", 9000, source="127.0.0.1", no_port=True))
            except OSError:
                break
        for _ in range(leave):
            h.reset_all([self.open.pop()])

    def drain(self):
        """Closes all connections."""
        h.reset_all([one for one in self.open if not isinstance(one, h.Listener)])
        self.open = [one for one in self.open if isinstance(one, h.Listener)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        h.close_all(self.open)
