#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Names that others chose to do harm, as they arrive: by SNMP, in notifications, reports and logs.

Nothing that arrives has a control character, a character that cannot be seen or turns the text, or
octets that are no UTF-8; and a per cent sign is a per cent sign."""
import json
import os
import signal
import subprocess
import sys
import unicodedata

import harness as h
import faults
import isolate

PEER, PORT = "127.0.0.1", 9000

# 15 octets, the most that a process's name may have: clear the screen, a format, the plugin's
# separator, right to left, no UTF-8, the end of a line and of a string.
NAME = b"\x1b[2J%n|\xe2\x80\xae\xff\n\"x"
SHOWN = "?[2J%n|???\"x"
# As a part of a sentence, where it stands in quotes.
QUOTED = SHOWN.replace("\"", "'")

HOLD = """
import os, socket, sys
with open("/proc/self/comm", "wb") as file:
    file.write(os.fsencode(sys.argv[1]))
if sys.argv[4]:
    with open(os.fsencode(sys.argv[4]) + b"/cgroup.procs", "w") as file:
        file.write("0")
held = []
for _ in range(int(sys.argv[3])):
    held.append(socket.socket())
    held[-1].connect(("127.0.0.1", int(sys.argv[2])))
print("ready")
sys.stdout.flush()
sys.stdin.readline()
"""


def assert_clean(data, *also):
    """data: octets, or text that was decoded strictly; also: characters that may be there."""
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    for character in text:
        kind = unicodedata.category(character)
        assert kind not in ("Cc", "Cf", "Zl", "Zp", "Cs", "Cn") or character in also, (
            "U+%04X" % ord(character), text)
    return text


class Holder:
    """A process with that name, and in that cgroup, that fills the pool."""

    def __init__(self, name, count, cgroup=b""):
        self.process = subprocess.Popen([sys.executable, "-c", HOLD, name, str(PORT), str(count),
                                         cgroup], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        h.at_exit(self.close)
        assert self.process.stdout.readline() == b"ready\n"

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(10)
            self.process.stdout.close()


def hostile_cgroup():
    """A cgroup of version 2 with such a name; b"" where none can be made."""
    path = os.fsencode(isolate.CGROUPS) + b"/%d\x1b[7m%%s\xe2\x80\xa8\xff.service" % os.getpid()
    try:
        h.want("cgroup2")
        os.mkdir(path)
    except (h.Skip, OSError):
        return b""
    h.at_exit(lambda: h.wait_for(lambda: os.rmdir(path) is None, 10, "an empty cgroup"))
    return path


def run_octets(*arguments):
    """The program's exit status, standard output and standard error as octets."""
    done = subprocess.run([h.PROGRAM, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


def check_reports(cgroup):
    status, out, err = run_octets("--once", "--format", "json")
    assert (status, err) == (0, b""), (status, err)
    assert_clean(out, "\n")
    owner = json.loads(out)["owners"][0]["owners"][0]
    assert owner["process"] == SHOWN, owner
    if cgroup:
        assert owner["unit"].endswith("?[7m%s??.service"), owner
        assert owner["cgroup"].endswith("/" + owner["unit"]), owner
    status, out, err = run_octets("--once")
    assert (status, err) == (0, b""), (status, err)
    assert QUOTED in assert_clean(out, "\n"), out
    status, out, err = run_octets("--once", "--format", "nagios")
    assert (status, err) == (2, b""), (status, err)
    line = assert_clean(out, "\n")
    assert line.count("\n") == 1 and line.count("|") == 1, line
    assert QUOTED.replace("|", "?") in line, line


def test_a_process_and_its_cgroup():
    h.port_range(40000, 40019)
    cgroup = hostile_cgroup()
    with h.Listener(PEER, PORT), h.Snmptrapd() as trapd, h.Snmpd(h.trap_sinks("v2c")) as snmpd:
        holder = Holder(NAME, 20, cgroup)
        check_reports(cgroup)
        with h.Srcportd(snmpd) as daemon:
            trap = trapd.wait_traps(1, trap_oid=h.oid("srcPortCritical"))[0]
            told = [bind.value for bind in trap.binds if isinstance(bind.value, bytes)]
            message = next(text for text in told if b"held by" in text)
            assert QUOTED in assert_clean(message), message
            for (row,) in [h.table("srcPortOwnerProcessTable").values()]:
                assert assert_clean(row["srcPortOwnerProcessName"]) == SHOWN, row
            for (row,) in [h.table("srcPortOwnerTable").values()]:
                assert QUOTED in assert_clean(row["srcPortOwnerName"]), row
                assert_clean(row["srcPortOwnerUnit"])
                assert_clean(row["srcPortOwnerCgroup"])
            assert QUOTED in assert_clean(h.value("srcPortSystemMessage.0"))
            for (row,) in [h.table("srcPortAlarmTable").values()]:
                assert QUOTED in assert_clean(row["srcPortAlarmMessage"]), row
            assert QUOTED in assert_clean(daemon.log(), "\n"), daemon.log()
            assert daemon.stop() == 0
        holder.close()
    return "with a cgroup" if cgroup else "without a cgroup"


LINE = b"\x1b]0;x\x07 %s%n \xe2\x80\xae \xff\r"


def complaint(status, *arguments):
    """The one line that says what is wrong, clean."""
    seen, out, err = run_octets(*arguments)
    plugin = b"nagios" in arguments
    line = assert_clean(out if plugin else err, "\n")
    assert seen == status and line.count("\n") == 1, (seen, line)
    assert plugin or not out, out
    assert "?]0;x? %s%n ? ?" in line, line
    return line


def test_what_the_operator_wrote():
    """Lines that quote a configuration, an argument or a path."""
    path = os.fsencode(h.directory()) + b"/" + LINE
    complaint(2, b"--" + LINE)
    complaint(3, b"--check-config", b"--config", path)
    complaint(2, b"--once", LINE)
    complaint(3, b"--once", b"--format", b"nagios", LINE + b"|")
    complaint(1, b"--once", b"--proc-root", path)
    complaint(1, b"--once", b"--replay", path)
    complaint(1, b"--once", b"--record", path + b"/x")
    complaint(1, b"--pid-file", path + b"/x", b"--agentx-socket", b"/nowhere")
    complaint(2, b"--agentx-socket", LINE, b"--check-config")
    for text in (b"target \"" + LINE + b"\" 127.0.0.1\n", b"target a \"" + LINE + b"\"\n",
                 b"\"" + LINE + b"\" 5\n", b"interval \"" + LINE + b"\"\n"):
        with open(faults.path_of("conf"), "wb") as file:
            file.write(text)
        complaint(3, b"--check-config", b"--config", os.fsencode(faults.path_of("conf")))
        complaint(3, b"--once", b"--format", b"nagios", b"--config",
                  os.fsencode(faults.path_of("conf")))


def test_a_state_file_that_somebody_else_wrote():
    """Not believed: no alarm comes of it, and its words go nowhere."""
    h.port_range(40000, 40019)
    with h.Snmpd() as snmpd:
        daemon = h.Srcportd(snmpd, config="", start=False)
        with open(daemon.state, "wb") as file:
            file.write(b"srcportd alarms 1\nlast 1 1\n"
                       b"alarm 1 1 critical critical 5 target " + LINE.strip() + b"\n")
        daemon.start()
        daemon.wait_served()
        assert h.table("srcPortAlarmTable") == {}
        assert "alarms from before the start are not known" in assert_clean(daemon.log(), "\n")
        assert daemon.stop() == 0


def test_the_service_manager():
    """A path with a line of its own in it adds no line to what the manager is told."""
    root = os.path.join(h.directory(), "proc\nREADY=1\x1b")
    told = faults.Told(dict(os.environ), "--proc-root", root, "--agentx-socket", "/nowhere",
                       "--interval", "1", "--config", "/dev/null")
    message = told.message(10)
    assert "proc?READY=1?" in assert_clean(message["STATUS"]), message
    told.process.send_signal(signal.SIGTERM)
    assert told.wait() == 0, told.log()
    told.close()


if __name__ == "__main__":
    h.main(at_once=4)
