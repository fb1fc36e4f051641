# SPDX-License-Identifier: ISC
"""daemons: snmpd, snmptrapd and srcportd of one test, on loopback ports in its own namespace."""
import collections
import os
import re
import signal
import subprocess

import client
import isolate
from net import wait_for

PROGRAM = os.environ.get("SRCPORTD", os.path.join(client.ROOT, "build", "srcportd"))
TRAP_PORT = 1620
ENGINE_ID = "0x80001f8804737263706f7274"  # snmpd's; receivers of v3 traps must know it
SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")

SNMPD_CONF = """\
agentaddress udp:127.0.0.1:{port}
master agentx
agentXSocket unix:{socket}
agentXPerms 0666 0755
exactEngineID {engine}
rocommunity {community}
createUser tester SHA authpass123 AES privpass123
rouser tester priv
dontLogTCPWrappersConnects yes
sysName test
sysLocation test
sysContact test
"""

TRAPD_CONF = """\
snmpTrapdAddr udp:127.0.0.1:{port}
authCommunity log {community}
createUser -e {engine} tester SHA authpass123 AES privpass123
authUser log tester priv
doNotRetainNotificationLogs yes
format1 TRAP1\\t%N\\t%w\\t%q\\t%V\\t%v\\n
format2 %P\\t%V\\t%v\\n
[snmp] hexOutputLength 0
"""

Trap = collections.namedtuple("Trap", "kind enterprise generic specific binds")
Trap.__doc__ = """kind: "v1", "v2c", "v3" or "inform"; the three of v1 are None elsewhere; binds:
list of VarBind, for v2c and later with sysUpTime.0 and snmpTrapOID.0 first."""


class Daemon:
    """A process with a log file; ends with the test at the latest."""

    name = "daemon"

    def __init__(self):
        self.process = None
        taken = sum(name.startswith(self.name) and name.endswith(".log")
                    for name in os.listdir(isolate.directory()))
        self.log_path = os.path.join(isolate.directory(), "%s%s.log" % (
            self.name, "-%d" % (taken + 1) if taken else ""))
        open(self.log_path, "w").close()
        isolate.at_exit(self.kill)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return client.environment()

    def start(self):
        """Starts it without waiting for anything."""
        assert not self.running(), "%s runs already" % self.name
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(self.command(), env=self.environment(),
                                            cwd=isolate.directory(), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        """Everything it has said so far, over restarts."""
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def wait_log(self, pattern, seconds=10):
        """The match of a regular expression that is, or comes to be, in the log."""
        return wait_for(lambda: re.search(pattern, self.log(), re.M), seconds,
                        "%s says /%s/" % (self.name, pattern))

    def stop(self, seconds=10):
        """SIGTERM; its exit status."""
        self.process.terminate()
        return self.wait(seconds)

    def wait(self, seconds=10):
        """Waits until it ends by itself; its exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s still runs after %g s" % (self.name, seconds)) from None

    def kill(self):
        """SIGKILL; nothing if it does not run."""
        if self.running():
            self.process.kill()
            self.process.wait()

    def pause(self):
        """SIGSTOP, and waits until it has stopped."""
        self.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: self.state() == "T", 5, "%s stopped" % self.name)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def state(self):
        """The letter of /proc/PID/stat: R, S, T, Z ..."""
        with open("/proc/%d/stat" % self.pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.running():
            self.stop()
        else:
            self.kill()


class Snmpd(Daemon):
    """A master agent that answers -v1, -v2c and -v3 (see client) and knows where to send traps."""

    name = "snmpd"

    def __init__(self, extra="", start=True):
        """extra: more lines for its configuration."""
        super().__init__()
        self.socket = os.path.join(isolate.directory(), "agentx")
        self.configuration = os.path.join(isolate.directory(), "snmpd.conf")
        with open(self.configuration, "w") as file:
            file.write(SNMPD_CONF.format(port=client.PORT, socket=self.socket, engine=ENGINE_ID,
                                         community=client.COMMUNITY) + extra)
        if start:
            self.start_and_wait()

    def command(self):
        return ["snmpd", "-f", "-C", "-c", self.configuration, "-Lo"]

    def environment(self):
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        return dict(super().environment(), PATH=path)

    def start_and_wait(self):
        self.start()
        wait_for(self.answers, 10, "snmpd answers")
        return self

    def answers(self):
        """True if it answers for itself."""
        assert self.running(), "snmpd ended: " + self.log()[-500:]
        return client.get((1, 3, 6, 1, 2, 1, 1, 3, 0), timeout=0.5, retries=0)

    def restart(self):
        self.stop()
        return self.start_and_wait()


def trap_sinks(*kinds):
    """Lines for Snmpd(extra=...) that send notifications to Snmptrapd as these kinds."""
    address = "127.0.0.1:%d" % TRAP_PORT
    lines = {
        "v1": "trapsink %s %s" % (address, client.COMMUNITY),
        "v2c": "trap2sink %s %s" % (address, client.COMMUNITY),
        "inform": "informsink %s %s" % (address, client.COMMUNITY),
        "v3": "trapsess -v3 %s %s" % (" ".join(client.USER), address),
    }
    return "".join(lines[kind] + "\n" for kind in kinds)


class Snmptrapd(Daemon):
    """A manager that writes down each notification."""

    name = "snmptrapd"

    def __init__(self):
        super().__init__()
        self.configuration = os.path.join(isolate.directory(), "snmptrapd.conf")
        with open(self.configuration, "w") as file:
            file.write(TRAPD_CONF.format(port=TRAP_PORT, community=client.COMMUNITY,
                                         engine=ENGINE_ID))
        self.start()
        self.wait_log(r"^NET-SNMP version")

    def command(self):
        return ["snmptrapd", "-f", "-n", "-C", "-c", self.configuration, "-Lo", "-Onextb", "-OU"]

    def environment(self):
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        return dict(super().environment(), PATH=path)

    def traps(self, trap_oid=None):
        """Every notification so far; trap_oid keeps those (v2c and later) with that snmpTrapOID."""
        found = [self._parse(line) for line in self.log().splitlines() if line.startswith("TRAP")
                 or line.startswith("INFORM")]
        if trap_oid is None:
            return found
        wanted = client.oid(trap_oid)
        return [trap for trap in found if trap.kind != "v1" and trap.binds[1].value == wanted]

    @staticmethod
    def _parse(line):
        fields = line.split("\t")
        if fields[0] == "TRAP1":
            head = ("v1", client.oid(fields[1]), int(fields[2]), int(fields[3].strip(".")))
            rest = fields[4:]
        else:
            kind = ("inform" if fields[0].startswith("INFORM") else
                    "v3" if "v3" in fields[0] else "v2c")
            head, rest = (kind, None, None, None), fields[1:]
        return Trap(*head, client.parse("\n".join(field for field in rest if field.strip())))

    def wait_traps(self, count, seconds=10, trap_oid=None):
        """At least count notifications; all there are."""
        wait_for(lambda: len(self.traps(trap_oid)) >= count, seconds, "%d notifications" % count)
        return self.traps(trap_oid)


# In a range of a hundred ports, the sockets of snmpd and of a manager are enough for an alarm of UDP.
UDP_OFF = "".join("udp%s off\n" % level for level in (
    "CriticalPercent", "WarningPercent", "CriticalRemaining", "WarningRemaining"))


class Srcportd(Daemon):
    """The program under test as a daemon in the foreground."""

    name = "srcportd"

    def __init__(self, snmpd=None, *arguments, interval=1, config=None, wait=True, start=True,
                 before=()):
        """With snmpd: connects to it, and unless wait is false returns when its rows are served.
        config: the text of its configuration; with one, alarms survive a restart in .state. Where
        nothing is said of UDP, it raises no alarm.
        before: what comes before its name."""
        super().__init__()
        self.before = list(before)
        self.arguments = list(arguments)
        self.configuration = os.path.join(isolate.directory(), "srcportd.conf")
        self.state = os.path.join(isolate.directory(), "alarms")
        if config is not None:
            self.configure(config)
        elif "--config" not in self.arguments:
            with open(self.configuration, "w") as file:
                file.write(UDP_OFF)
        if "--config" not in self.arguments:
            self.arguments += ["--config", self.configuration]
        if snmpd is not None:
            self.arguments += ["--agentx-socket", snmpd.socket]
        if interval is not None:
            self.arguments += ["--interval", str(interval)]
        if start:
            self.start()
            if wait and snmpd is not None:
                self.wait_served()

    def command(self):
        return self.before + [PROGRAM] + self.arguments

    def environment(self):
        return dict(os.environ)  # not the variables that keep the clients tame: it has to be tame

    def served(self):
        """True if the master answers with one of our objects."""
        assert self.running(), "srcportd ended: " + self.log()[-500:]
        bind = client.get_next(client.root(), timeout=1, retries=0)[0]
        return bind.oid[:len(client.root())] == client.root()

    def wait_served(self, seconds=10):
        """Returns when our objects are served and the first poll has ended, well or not."""
        wait_for(self.served, seconds, "snmpd serves SRCPORT-MIB")
        wait_for(lambda: client.value("srcPortPollPolls.0") + client.value("srcPortPollErrors.0"),
                 seconds, "the end of a first poll")
        return self

    def wait_polls(self, count=2, seconds=20):
        """Returns after count more polls: with 2, what was true at the call has been seen."""
        name = "srcPortPollPolls.0"
        before = wait_for(lambda: client.value(name), seconds, "a first poll")
        wait_for(lambda: client.value(name) >= before + count, seconds, "%d more polls" % count)
        return self

    def configure(self, text):
        """Writes its configuration; reload() makes it read that. Where nothing is said of it an alarm
        is over after three polls: the fifteen seconds of the default are long."""
        if "clearPolls" not in text:
            text += "\nclearPolls 3\n"
        if "udp" not in text:
            text += UDP_OFF
        with open(self.configuration, "w") as file:
            file.write("stateFile %s\n%s" % (self.state, text))

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=10):
        """As Daemon.stop(); a sanitizer's report in the log fails the test."""
        status = super().stop(seconds)
        assert not SANITIZER_REPORT.search(self.log()), self.log()
        return status


def srcportd(*arguments, seconds=30, before=(), **options):
    """Runs the program to its end: exit status, standard output, standard error. before: what comes
    before its name."""
    done = subprocess.run([*before, PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=seconds,
                          check=False, **options)
    assert not SANITIZER_REPORT.search(done.stderr), done.stderr
    return done.returncode, done.stdout, done.stderr
