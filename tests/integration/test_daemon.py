#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Bad input as a user meets it: one clear line on stderr, and the exit status of the manual."""
import json
import os
import re
import shutil
import signal
import stat
import subprocess

import harness as h

OK, FAILED, USAGE = 0, 1, 2
NAGIOS_UNKNOWN = 3


def complaint(status, *arguments, **options):
    """Runs srcportd, which must end with status and say one line, on stderr only; the line."""
    seen, out, err = h.srcportd(*arguments, **options)
    context = "%s: %d, %r, %r" % (arguments, seen, out, err)
    assert seen == status, context
    assert out == "", context
    assert err.startswith("srcportd: ") and err.endswith("\n") and err.count("\n") == 1, context
    return err


def proc_root(**files):
    """A directory to stand in for /proc with the two files that must be there; returns its path.

    files: text by name, None for no such file, a list for a directory in its place.
    """
    root = os.path.join(h.directory(), "proc")
    shutil.rmtree(root, ignore_errors=True)
    folder = os.path.join(root, "sys/net/ipv4")
    os.makedirs(folder)
    content = dict({"ip_local_port_range": "40000\t40099\n", "ip_local_reserved_ports": "\n"},
                   **files)
    for name, text in content.items():
        path = os.path.join(folder, name)
        if isinstance(text, list):
            os.mkdir(path)
        elif text is not None:
            with open(path, "w") as file:
                file.write(text)
    return root


def test_unknown_and_malformed_options():
    for arguments, named in (
            (["--nope"], "--nope"),
            (["-x"], "-x"),
            (["--once", "--format", "xml"], "xml"),
            (["--once", "--format"], "--format"),
            (["--interval", "0"], "--interval"),
            (["--interval", "-1"], "--interval"),
            (["--interval", "1.5"], "--interval"),
            (["--interval", "86401"], "--interval"),
            (["--once=yes"], "--once=yes"),
            (["--config", ""], "--config"),
            (["--format", "json"], "--once"),
            (["--once", "--check-config"], "exclude each other"),
            (["--record", "/dev/null"], "--once"),
            (["--once", "--record", "a", "--replay", "b"], "--replay"),
            (["192.0.2.1"], "--once")):
        line = complaint(USAGE, *arguments)
        assert named in line, line


def test_malformed_targets():
    for target in ("", "host", "192.0.2", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536",
                   "192.0.2.1:80x", "192.0.2.1/33", "192.0.2.256", "[2001:db8::1", "[2001:db8::1]x",
                   "2001:db8::g", "2001:db8::/129", "[192.0.2.1:80", " 192.0.2.1"):
        line = complaint(USAGE, "--once", target)
        assert '"%s"' % target in line and "ADDR:PORT" in line, line
    line = complaint(USAGE, "--once", "192.0.2.1:80", "nonsense")
    assert '"nonsense"' in line, line


def test_unreadable_proc():
    missing = os.path.join(h.directory(), "nowhere")
    line = complaint(FAILED, "--once", "--proc-root", missing)
    assert missing + "/sys/net/ipv4/ip_local_port_range: No such file" in line, line
    for name in ("ip_local_port_range", "ip_local_reserved_ports"):
        for content, reason in ((None, "No such file"), ([], "Is a directory")):
            line = complaint(FAILED, "--once", "--proc-root", proc_root(**{name: content}))
            assert name + ": " + reason in line, line


def test_malformed_proc():
    for name, texts in (
            ("ip_local_port_range", ("", "\n", "40000\n", "40000 39999\n", "0 10\n", "1 65536\n",
                                     "40000 40099 1\n", "a b\n", "40000-40099\n", "-1 5\n")),
            ("ip_local_reserved_ports", ("x\n", "1,,2\n", "9-5\n", "65536\n", "1-\n", "1;2\n"))):
        for text in texts:
            line = complaint(FAILED, "--once", "--proc-root", proc_root(**{name: text}))
            assert name + ": " in line, (text, line)
    status, out, _ = h.srcportd("--once", "--proc-root", proc_root())
    assert status == OK and "ports 40000-40099" in out, out
    # What a poll can do without, or a value of a newer kernel.
    for text in ("x\n", "3\n", "\n"):
        status, out, err = h.srcportd("--once", "--proc-root", proc_root(tcp_tw_reuse=text))
        assert status == OK and not err, (status, err)
        assert re.search(r"tw_reuse +- +not available here", out), out


def test_record_and_replay_files():
    absent = os.path.join(h.directory(), "absent")
    assert absent + ": No such file" in complaint(FAILED, "--once", "--replay", absent)
    garbage = os.path.join(h.directory(), "garbage")
    with open(garbage, "wb") as file:
        file.write(b"\x7fELF" + bytes(range(256)) * 9)
    assert garbage in complaint(FAILED, "--once", "--replay", garbage)
    below = os.path.join(absent, "file")
    assert below + ": No such file" in complaint(FAILED, "--once", "--record", below)

    good = os.path.join(h.directory(), "good")
    assert h.srcportd("--once", "--record", good)[0] == OK
    size = os.path.getsize(good)
    for keep in (0, 1, size // 2, size - 1):
        with open(good, "rb") as file, open(garbage, "wb") as cut:
            cut.write(file.read(keep))
        assert garbage in complaint(FAILED, "--once", "--replay", garbage)


def test_full_disk():
    """What could not be written is not a success."""
    reason = ": standard output: No space left on device\n"
    for arguments, status, said in (
            (["--help"], FAILED, "srcportd" + reason),
            (["--version"], FAILED, "srcportd" + reason),
            (["--check-config"], FAILED, "srcportd" + reason),
            (["--dump-config"], FAILED, "srcportd" + reason),
            (["--once"], FAILED, "srcportd" + reason),
            (["--once", "--format", "json"], FAILED, "srcportd" + reason),
            (["--once", "--format", "nagios"], NAGIOS_UNKNOWN, "SRCPORT UNKNOWN" + reason)):
        with open("/dev/full", "w") as full:
            done = subprocess.run([h.PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE,
                                  universal_newlines=True, check=False)
        assert (done.returncode, done.stderr) == (status, said), done
    assert "/dev/full" in complaint(FAILED, "--once", "--record", "/dev/full")


def test_nagios_says_unknown():
    """A plugin's scheduler reads standard output and wants 3 for whatever keeps it from knowing."""
    missing = os.path.join(h.directory(), "nowhere")
    status, out, _ = h.srcportd("--once", "--format", "nagios", "--proc-root", missing)
    assert status == NAGIOS_UNKNOWN, status
    assert out.count("\n") == 1 and "UNKNOWN" in out, out


def test_help_and_version():
    status, out, err = h.srcportd("--help")
    assert (status, err) == (OK, "") and out.startswith("Usage: srcportd"), (status, out, err)
    assert h.srcportd("-h")[1] == out
    for option in ("--once", "--format", "--replay", "--agentx-socket", "--proc-root"):
        assert option in out, option
    with open(os.path.join(h.ROOT, "NEWS")) as file:
        version = file.readline().split()[1]
    assert h.srcportd("--version") == (OK, "srcportd %s\n" % version, "")
    assert h.srcportd("-V")[1] == "srcportd %s\n" % version


def test_once_as_any_user():
    """No privilege: a copy that nobody may run, run as nobody."""
    with open("/proc/self/uid_map") as file:
        if int(file.read().split()[2]) < 65535:
            raise h.Skip("only one user in this namespace")
    program = os.path.join(h.directory(), "copy")
    shutil.copy(h.PROGRAM, program)
    os.chmod(program, 0o755)
    os.chmod(h.directory(), stat.S_IRWXU | stat.S_IXOTH)
    h.port_range(40000, 40099)
    with h.Listener("127.0.0.1", 9000):
        keep = h.connect_many(7, "127.0.0.1", 9000)
        done = subprocess.run([program, "--once", "--format", "json", "127.0.0.1:9000"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, user=65534,
                                group=65534, extra_groups=[], check=False)
        assert (done.returncode, done.stderr) == (OK, b""), done
        pools = json.loads(done.stdout)["pools"]
        assert [(p["used"], p["remaining"]) for p in pools] == [(7, 93)], pools
        h.close_all(keep)


def rows():
    """Pools as (index, used, remaining), as they are served."""
    return [(index, row["srcPortPoolUsed"], row["srcPortPoolRemaining"])
            for index, row in h.table("srcPortPoolTable").items()]


def test_proc_goes_bad_under_the_daemon():
    """The last good rows stay, the error is told once and counted, and it comes back by itself."""
    root = proc_root()
    path = os.path.join(root, "sys/net/ipv4/ip_local_port_range")
    h.port_range(40000, 40099)
    with h.Listener("127.0.0.1", 9000), h.Snmpd() as snmpd:
        keep = h.connect_many(7, "127.0.0.1", 9000)
        with h.Srcportd(snmpd, "--proc-root", root) as daemon:
            daemon.wait_polls(1)
            good = rows()
            assert [row[1:] for row in good] == [(7, 93)], good
            with open(path, "w") as file:
                file.write("40000 x\n")
            h.wait_for(lambda: h.value("srcPortPollErrors.0") >= 3, 10, "three failed polls")
            keep += h.connect_many(5, "127.0.0.1", 9000)
            assert rows() == good
            assert path in h.value("srcPortPollLastError.0").decode()
            h.wait_for(lambda: h.value("srcPortSystemSeverity.0") == 4, 25, "doubt")
            message = h.value("srcPortSystemMessage.0").decode()
            assert re.match(r"no poll has succeeded for \d+ s, .*: " + path, message), message
            assert h.value("srcPortRangeHigh.0") == 40099
            lines = [line for line in daemon.log().splitlines() if path in line]
            # It begins; and it has gone on for so long that the severity is unknown.
            assert len(lines) == 2 and "no poll has succeeded for" in lines[1], daemon.log()

            with open(path, "w") as file:
                file.write("40000 40049\n")
            h.wait_for(lambda: h.value("srcPortRangeHigh.0") == 40049, 10, "the new range")
            held = sum(tcp.getsockname()[1] <= 40049 for tcp in keep)
            assert [row[1:] for row in rows()] == [(held, 50 - held)], rows()
            assert h.value("srcPortPollLastError.0") == b""
            assert h.value("srcPortSystemSeverity.0") in (1, 2)
            assert daemon.stop() == OK
        h.close_all(keep)


def test_bad_proc_from_the_start():
    """The daemon waits for the file to become good; until then the severity is unknown(4)."""
    root = proc_root(ip_local_port_range=None)
    with h.Snmpd() as snmpd, h.Srcportd(snmpd, "--proc-root", root) as daemon:
        h.wait_for(lambda: h.value("srcPortPollErrors.0") >= 2, 10, "two failed polls")
        assert h.value("srcPortSystemSeverity.0") == 4
        assert h.value("srcPortPollPolls.0") == 0
        assert h.get("srcPortRangeLow.0")[0].type.startswith("noSuch")
        with open(os.path.join(root, "sys/net/ipv4/ip_local_port_range"), "w") as file:
            file.write("40000 40099\n")
        h.wait_for(lambda: h.value("srcPortRangeLow.0") == 40000, 10, "the range")
        assert h.value("srcPortSystemSeverity.0") == 1
        assert daemon.stop() == OK


def test_no_agentx_socket():
    """Said once, at the start; the daemon polls on, and serves when snmpd has come."""
    snmpd = h.Snmpd(start=False)
    daemon = h.Srcportd(snmpd, wait=False)
    daemon.wait_log("no AgentX master agent at " + snmpd.socket)
    with snmpd.start_and_wait():
        daemon.wait_served(5)
        lines = [line for line in daemon.log().splitlines() if "no AgentX master agent" in line]
        assert len(lines) == 1, daemon.log()
        assert h.value("srcPortPollPolls.0") >= 1
    assert daemon.stop() == OK


def test_signals():
    """SIGTERM and SIGINT end the daemon with status 0, also when nobody answers."""
    for name in ("SIGTERM", "SIGINT"):
        daemon = h.Srcportd(None, "--agentx-socket", os.path.join(h.directory(), "nowhere"))
        daemon.wait_log("srcportd [0-9.]+ polls every")
        daemon.process.send_signal(getattr(signal, name))
        status = daemon.wait(5)
        assert status == OK, "%s: %d" % (name, status)


if __name__ == "__main__":
    h.main()
