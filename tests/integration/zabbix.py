# SPDX-License-Identifier: ISC
"""zabbix: a Zabbix server of one test: PostgreSQL, the frontend's API, and the server itself, on
loopback and in the test's directory. Needs root, as PostgreSQL will not run as that."""
import glob
import gzip
import itertools
import json
import os
import pwd
import re
import subprocess

import harness as h
import nms

FRONTEND = "/usr/share/zabbix"
SQL = "/usr/share/zabbix-server-pgsql"
SQL_PORT, HTTP_PORT, SERVER_PORT = 55432, 8080, 10051
# Of what the package fills the database with: not the templates for everything else.
TABLES = ("users", "usrgrp", "users_groups", "role", "role_rule", "config", "hstgrp", "dbversion",
          "settings", "globalmacro", "ids", "hgset", "hgset_group", "ugset", "ugset_group",
          "user_ugset")

SERVER_CONF = """\
LogType=console
DBHost=127.0.0.1
DBPort={sql}
DBName=zabbix
DBUser=postgres
ListenPort={port}
ListenIP=127.0.0.1
AllowRoot=1
SocketDir={directory}
PidFile={directory}/zabbix.pid
StartPollers=2
StartPollersUnreachable=1
StartPreprocessors=1
StartPingers=0
StartDiscoverers=0
StartHTTPPollers=0
StartTrappers=2
StartLLDProcessors=1
StartTimers=1
StartEscalators=1
StartAlerters=1
StartSNMPTrapper={trapper}
SNMPTrapperFile={traps}
CacheUpdateFrequency=60
Timeout=5
"""

FRONTEND_CONF = """\
<?php
$DB['TYPE'] = 'POSTGRESQL';
$DB['SERVER'] = '127.0.0.1';
$DB['PORT'] = '{sql}';
$DB['DATABASE'] = 'zabbix';
$DB['USER'] = 'postgres';
$DB['PASSWORD'] = '';
$DB['SCHEMA'] = '';
$DB['ENCRYPTION'] = false;
$DB['KEY_FILE'] = $DB['CERT_FILE'] = $DB['CA_FILE'] = $DB['CIPHER_LIST'] = '';
$DB['VERIFY_HOST'] = false;
$DB['VAULT_URL'] = $DB['VAULT_DB_PATH'] = $DB['VAULT_TOKEN'] = '';
$DB['DOUBLE_IEEE754'] = true;
$ZBX_SERVER = '127.0.0.1';
$ZBX_SERVER_PORT = '{port}';
$ZBX_SERVER_NAME = 'test';
$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
"""


class Postgres(nms.Program):
    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise h.Skip("no PostgreSQL here (Debian package postgresql)")
        user = pwd.getpwnam("postgres")
        self.data = os.path.join(h.directory(), "pg")
        os.mkdir(self.data)
        os.chown(self.data, user.pw_uid, user.pw_gid)
        os.chmod(h.directory(), 0o755)
        self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        h.run(*self.as_user, found[-1] + "/initdb", "-D", self.data, "-A", "trust", "-E", "UTF8",
              "--locale=C.UTF-8", "--no-sync")
        super().__init__("postgres", *self.as_user, found[-1] + "/postgres", "-D", self.data, "-k",
                         self.data, "-c", "listen_addresses=127.0.0.1", "-p", str(SQL_PORT), "-c",
                         "fsync=off", "-c", "synchronous_commit=off")
        h.wait_for(lambda: self.sql("select 1", "postgres"), 20, "PostgreSQL answers")

    def sql(self, text, database="zabbix"):
        done = subprocess.run(["psql", "-qAt", "-h", "127.0.0.1", "-p", str(SQL_PORT), "-U",
                               "postgres", "-v", "ON_ERROR_STOP=1", database], input=text,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise OSError(done.stderr[-500:])
        return done.stdout.strip()

    def fill(self):
        """What the package's README says to load, less the templates."""
        self.sql("create database zabbix", "postgres")
        with gzip.open(SQL + "/schema.sql.gz", "rt") as file:
            self.sql(file.read())
        with gzip.open(SQL + "/data.sql.gz", "rt") as file:
            self.sql("".join(statements(file)))


def statements(lines):
    """Those that fill TABLES: of one line each, or since 7.0 of a line for each row."""
    wanted = re.compile(r"INSERT INTO (%s) " % "|".join(TABLES))
    kept = False
    for line in lines:
        if re.match("[A-Z]", line):
            kept = bool(wanted.match(line))
        if kept:
            yield line


class Zabbix:
    """The three, and a session at the API."""

    def __init__(self, traps=None):
        """traps: a file with traps that the server reads."""
        if os.geteuid() or "INSIDE" in os.environ:
            raise h.Skip("PostgreSQL needs root here, to become someone else")
        server = nms.need("zabbix_server", "zabbix-server-pgsql")
        php = nms.need("php", "php-cli")
        if not os.path.isdir(FRONTEND):
            raise h.Skip("no frontend here (Debian package zabbix-frontend-php)")
        self.database = Postgres()
        self.database.fill()
        path = nms.write("zabbix_server.conf", SERVER_CONF.format(
            sql=SQL_PORT, port=SERVER_PORT, directory=h.directory(), trapper=int(traps is not None),
            traps=traps or "/dev/null"))
        self.server = nms.Program("zabbix", server, "-f", "-c", path)
        self.server_command = [server, "-c", path]
        self._frontend(php)
        if self.version < (6, 0):
            raise h.Skip("the template is for Zabbix 6.0 and later, here is %d.%d" % self.version)
        self.ids = itertools.count(1)
        self.session = None
        self.session = self.call("user.login", username="Admin", password="zabbix")

    def _frontend(self, php):
        """The frontend in PHP's own web server, with a configuration of its own where Debian's
        frontend looks for it; nobody outside the test's mounts sees that."""
        h.run("mount", "-t", "tmpfs", "tmpfs", "/etc/zabbix")
        with open("/etc/zabbix/zabbix.conf.php", "w") as file:
            file.write(FRONTEND_CONF.format(sql=SQL_PORT, port=SERVER_PORT))
        self.web = nms.Program("php", php, "-d", "max_execution_time=300", "-d",
                               "memory_limit=256M", "-d", "post_max_size=16M", "-S",
                               "127.0.0.1:%d" % HTTP_PORT, "-t", FRONTEND)
        said = h.wait_for(lambda: self.call_plain("apiinfo.version", []), 20, "the API answers")
        self.version = tuple(map(int, said.split(".")[:2]))

    def call_plain(self, method, parameters, session=None):
        body = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1}
        headers = {"Content-Type": "application/json-rpc"}
        if session and self.version >= (6, 4):
            headers["Authorization"] = "Bearer " + session
        elif session:
            body["auth"] = session
        answer = json.loads(nms.http("http://127.0.0.1:%d/api_jsonrpc.php" % HTTP_PORT,
                                     json.dumps(body).encode(), 100, headers))
        if "error" in answer:
            raise AssertionError("%s: %s" % (method, answer["error"]))
        return answer["result"]

    def call(self, method, **parameters):
        return self.call_plain(method, parameters, self.session)

    def import_template(self, text):
        """True when the API has taken it, with everything in it made anew."""
        every = {"createMissing": True, "updateExisting": True}
        kinds = ["templates", "items", "triggers", "discoveryRules", "valueMaps", "graphs",
                 "templateDashboards"]
        kinds += ["template_groups"] if self.version >= (6, 2) else ["groups"]
        return self.call("configuration.import", format="yaml", source=text,
                         rules={kind: every for kind in kinds})

    def add_host(self, name, template):
        """A host at the test's snmpd with that template; its id."""
        group = self.call("hostgroup.get", limit=1)[0]["groupid"]
        found = self.call("template.get", filter={"host": [template]})[0]["templateid"]
        return self.call("host.create", host=name, groups=[{"groupid": group}],
                         templates=[{"templateid": found}], interfaces=[{
                             "type": 2, "main": 1, "useip": 1, "ip": "127.0.0.1", "dns": "",
                             "port": str(h.PORT), "details": {
                                 "version": 2, "bulk": 1, "community": h.COMMUNITY}}])["hostids"][0]

    def reload(self):
        """Makes the server read its configuration now."""
        h.run(*self.server_command, "-R", "config_cache_reload")

    def check_now(self, host, rules=True):
        """Asks for all discoveries, or all items, at once."""
        if rules:
            ids = [one["itemid"] for one in self.call("discoveryrule.get", hostids=[host])]
        else:
            ids = [one["itemid"] for one in self.call("item.get", hostids=[host],
                                                      filter={"type": 20})]
        self.call_plain("task.create", [{"type": 6, "request": {"itemid": one}} for one in ids],
                        self.session)

    def values(self, host):
        """{key: last value} of the items that have one."""
        return {item["key_"]: item["lastvalue"] for item in self.call(
            "item.get", hostids=[host], output=["key_", "lastvalue", "lastclock"])
                if item["lastclock"] != "0"}
