#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""srcportd.conf: what the program reads, what it says of errors, what the manual says of it."""
import os
import re

import harness as h

MANUAL = os.path.join(h.ROOT, "src/config/srcportd.conf.5")
EXAMPLE = os.path.join(h.ROOT, "conf", "srcportd.conf")


def manual():
    with open(MANUAL) as file:
        return file.read()


def write(text, name="srcportd.conf"):
    path = os.path.join(h.directory(), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def dump(*arguments):
    status, out, err = h.srcportd("--dump-config", *arguments)
    assert (status, err) == (0, ""), (status, err)
    return out


def check(text):
    return h.srcportd("--check-config", "--config", write(text))


def test_the_manual_has_every_token():
    documented = re.findall(r"^\.It Ic (\w+) ", manual(), re.M)
    # There is no such line without them.
    several = write("target a 10.1.2.3\nnamespaceAlias a b\nnamespace a critical 9\n")
    known = [line.split()[0] for line in dump("--config", several).splitlines()]
    assert sorted(documented) == sorted(known), set(documented) ^ set(known)


def test_the_manual_has_the_defaults():
    """`Default: X` under a token is a line that changes nothing."""
    plain = dump("--config", write(""))
    text = re.sub(r"\n\.(Pa|Ic) ", " ", manual())
    told = {}
    for entry in re.split(r"^\.It Ic ", text, flags=re.M)[1:]:
        default = re.search(r"Default: ([^\n]*?) ?\.?$", entry, re.M)
        if default:
            told[entry.split()[0]] = default.group(1)
    assert len(told) >= 20, told
    for words in ("notifications", "baseOID", "probe"):  # told in a sentence
        told.pop(words)
    for token, default in told.items():
        assert dump("--config", write("%s %s\n" % (token, default))) == plain, (token, default)


def test_the_examples_of_the_manual_are_good():
    lines = [line.replace(r"\(dq", '"') for line in re.findall(r"^\.Dl (.*)$", manual(), re.M)]
    tokens = {line.split()[0] for line in lines}
    assert tokens == set(re.findall(r"^\.It Ic (\w+) ", manual(), re.M)), tokens
    for line in lines:
        status, out, err = check(line + "\n")
        assert (status, out, err) == (0, "the configuration is good\n", ""), (line, err)
    whole = re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed", manual(), re.M | re.S).group(1)
    assert check(whole)[0] == 0


def test_the_example_file_says_the_defaults():
    with open(EXAMPLE) as file:
        text = file.read()
    plain = dump("--config", write(""))
    assert dump("--config", write(text)) == plain
    lines = re.findall(r"^#([a-z]\w+ .*)$", text, re.M)
    assert len(lines) >= 12
    settings = "".join(line + "\n" for line in lines
                       if not line.startswith(("target", "namespaceAlias", "namespace ")))
    assert dump("--config", write(settings)) == plain
    assert check("".join(line + "\n" for line in lines))[0] == 0


def test_every_error_and_exit_status_3():
    path = write("interval never\ncriticalPercent 90 clear 95\nbogus\n")
    write("target a nowhere\n", "srcportd.conf.d/10.conf")
    expected = [
        'srcportd: %s:1: interval: found "never", expected auto, or a number from 1 to 86400' % path,
        'srcportd: %s:2: criticalPercent: found "95", expected a percentage from 1 to 90 to clear '
        'what 90 raises' % path,
        'srcportd: %s:3: found "bogus", expected a token of srcportd.conf(5)' % path,
        'srcportd: %s.d/10.conf:1: target: found "nowhere", expected ADDR, ADDR:PORT, [V6]:PORT or '
        'ADDR/BITS' % path]
    for mode in (["--check-config"], ["--dump-config"], ["--once"], []):
        status, out, err = h.srcportd(*mode, "--config", path)
        assert (status, out) == (3, ""), (mode, status, out)
        assert err.splitlines() == expected, err


def test_what_editors_leave_is_named():
    """Not as the words that nobody wrote."""
    for octets, want in (
            (b"\xef\xbb\xbfinterval 5\n", "1: found a byte order mark, expected UTF-8 without one"),
            ("interval 5\n".encode("utf-16"), "1: found UTF-16, expected UTF-8"),
            ("interval 5\nprobe yes\n".encode("utf-16-be"), "1: found a NUL, expected a text file"),
            ("\ntarget \u201cdb\u201d 10.0.0.1\n".encode(),
             '2: found a typographic quote (U+201C), expected "'),
            ("interval\u00a05\n".encode(), "1: found a no-break space (U+00A0), expected a space")):
        path = write("")
        with open(path, "wb") as file:
            file.write(octets)
        status, out, err = h.srcportd("--check-config", "--config", path)
        assert (status, out) == (3, "") and want in err and err.count("\n") == 1, err
    assert check("interval 5 # \u201ccomments\u201d may\n")[0] == 0


def test_equal_errors_are_told_once_with_their_number():
    path = write("bogus\nbogus\nbogus\ninterval 0\nbogus\n")
    status, _, err = h.srcportd("--check-config", "--config", path)
    other = 'srcportd: %s:%d: found "bogus", expected a token of srcportd.conf(5)'
    assert status == 3 and err.splitlines() == [
        other % (path, 1) + " (and 2 more like it)",
        'srcportd: %s:4: interval: found "0", expected auto, or a number from 1 to 86400' % path,
        other % (path, 5)], err


def test_what_can_never_connect_is_said():
    for target, want in (("0.0.0.0", "this is the wildcard"), ("224.0.0.1:80", "this is multicast"),
                         ("10.0.0.5/8", "the first address of the net"),
                         ("fe80::1%eth9", "a device that this host has")):
        status, _, err = h.srcportd("--check-config", "--config", write("target a %s\n" % target))
        assert status == 3 and want in err, err


def test_a_missing_file_counts_when_it_was_asked_for():
    path = os.path.join(h.directory(), "missing.conf")
    status, _, err = h.srcportd("--check-config", "--config", path)
    assert (status, err) == (3, "srcportd: %s: cannot be read: No such file or directory\n" % path)
    assert h.srcportd("--check-config")[0] == 0


def test_a_plugin_says_what_is_wrong_on_its_one_line():
    path = write("interval 0\n")
    status, out, _ = h.srcportd("--once", "--format", "nagios", "--config", path)
    assert status == 3 and out.startswith("SRCPORT UNKNOWN: %s:1: interval: " % path), out


def test_the_command_line_overrides_the_file():
    path = write("interval 7\nagentXSocket /a\nbaseOID 1.3.6.1.4.1.5\n")
    out = dump("--config", path, "--interval", "3", "--agentx-socket", "/b", "--base-oid",
               "1.3.6.1.4.1.6")
    assert "interval 3 min 3 max 3\n" in out and "agentXSocket /b\n" in out, out
    assert "baseOID 1.3.6.1.4.1.6\n" in out, out
    status, _, err = h.srcportd("--base-oid", "1.3")
    assert status == 2 and err.startswith('srcportd: --base-oid: found "1.3", expected'), err


def test_once_judges_by_the_file():
    h.port_range(40000, 40099)
    path = write("target web 127.0.0.1 port 9000 critical 50%% warning 20%%\n"
                 "target rest 127.0.0.2 %s\n" % "critical off warning off")
    with h.Listener("127.0.0.1", 9000):
        for count, word, status in ((10, "OK", 0), (20, "WARNING", 1), (50, "CRITICAL", 2)):
            held = h.connect_many(count, "127.0.0.1", 9000)
            seen, out, _ = h.srcportd("--once", "--format", "nagios", "--config", path)
            assert seen == status and out.startswith("SRCPORT %s - web" % word), out
            h.reset_all(held)


def nagios(*arguments):
    status, out, _ = h.srcportd("--once", "--format", "nagios", *arguments)
    return status, out.partition(": ")[0]


def test_the_plugin_judges_all_that_would_be_an_alarm():
    h.port_range(40000, 40099)
    config = ["--config", write("target web 127.0.0.1 port 9000\nwarningRemaining off\n"
                                "warningPercent 50\ncloseWait 10\nhostWarningRemaining 30\n")]
    web, other, leaky = (h.Listener("127.0.0.1", port) for port in (9000, 9001, 9002))
    held = h.connect_many(10, "127.0.0.1", 9000)
    assert nagios(*config) == (0, "SRCPORT OK - web (TCP)")
    held += h.connect_many(55, "127.0.0.1", 9001)
    assert nagios(*config) == (1, "SRCPORT WARNING - 127.0.0.1 -> 127.0.0.1:9001")
    # Whoever asks for a target hears of that.
    assert nagios(*config, "127.0.0.1:9000") == (0, "SRCPORT OK - 127.0.0.1:9000 (TCP)")
    h.reset_all(held)
    held = h.close_wait(11, leaky)
    assert nagios(*config) == (1, "SRCPORT WARNING - 127.0.0.1 -> 127.0.0.1:9002")
    h.reset_all(held)
    held = [h.connect("127.0.0.1", 9000, source_port=40000 + i) for i in range(70)]
    assert nagios(*config) == (0, "SRCPORT OK - web (TCP)")
    held.append(h.connect("127.0.0.1", 9000, source_port=40070))
    assert nagios(*config) == (1, "SRCPORT WARNING - host")
    h.reset_all(held)
    for listener in (web, other, leaky):
        listener.close()


def test_reload_takes_a_good_file_and_keeps_off_a_bad_one():
    daemon = h.Srcportd(None, "--agentx-socket", os.path.join(h.directory(), "nowhere"),
                        interval=None, config="interval 86400\ntarget a 10.1.2.3\n")
    daemon.wait_log("polls every 86400")
    daemon.configure("interval 1\ntarget a 10.1.2.3\ntarget b 10.1.2.4\nbaseOID 1.3.6.1.4.1.5\n")
    daemon.reload()
    daemon.wait_log("reloaded: 2 targets")
    daemon.wait_log("baseOID has changed: that takes effect at the next start: restart srcportd")
    daemon.configure("interval 0\nbogus\n")
    daemon.reload()
    daemon.wait_log("not reloaded: the configuration before it stays in force")
    daemon.wait_log(r'srcportd.conf:2: interval: found "0"')
    daemon.wait_log(r'srcportd.conf:3: found "bogus"')
    assert daemon.running()
    daemon.stop()


if __name__ == "__main__":
    h.main()
