#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Manual, --help and shell completion against the program's own table of options."""
import json
import os
import re
import shutil
import subprocess

import harness as h

PAGES = [os.path.join(h.ROOT, "src", name)
         for name in ("daemon/srcportd.8", "config/srcportd.conf.5", "snmp/srcport-mib.7")]
BASH = os.path.join(h.ROOT, "conf/completion/srcportd.bash")
ZSH = os.path.join(h.ROOT, "conf/completion/srcportd.zsh")


def options():
    """(name, short name, value, help) of each option, as the program gives them to a shell."""
    status, out, err = h.srcportd("--complete")
    assert status == 0 and not err, err
    rows = [line.split(":", 3) for line in out.splitlines()]
    assert len(rows) > 10, out
    return rows


def manual():
    with open(PAGES[0]) as file:
        return file.read()


def section(text, title):
    return re.search(r"^\.S[hs] %s\n(.*?)(?=^\.S[hs] |\Z)" % title, text, re.M | re.S).group(1)


def test_manual_has_every_option():
    """Each with its short form and the name of its value, and none that is not there."""
    items = re.findall(r"^\.It (?:Fl (\w) , )?Fl -(\S+)(?: (?:Ar|Cm) (.*))?$",
                       section(manual(), "Options"), re.M)
    documented = {"--" + name: ("-" + short if short else "", value.replace(" ", ""))
                  for short, name, value in items}
    assert documented == {name: (short, value) for name, short, value, _ in options()}


def test_help_fits_a_screen():
    status, out, err = h.srcportd("--help")
    lines = out.splitlines()
    assert status == 0 and not err
    assert len(lines) <= 24, len(lines)
    assert max(len(line) for line in lines) <= 80, max(lines, key=len)
    for name, short, value, text in options():
        wanted = re.escape("%s%s%s" % (short + ", " if short else "", name,
                                       " " + value if value else ""))
        assert re.search(r"^  %s +%s$" % (wanted, re.escape(text)), out, re.M), name


def test_every_option_is_taken():
    """What is listed is known: given alone, it is never an unknown option."""
    values = {"SECONDS": "1", "OID": "1.3.6.1.4.1.1.1", "": None}
    for name, short, value, _ in options():
        for form in filter(None, (name, short)):
            argument = values.get(value, value.split("|")[-1])
            arguments = [form] + ([argument] if argument else [])
            _, _, err = h.srcportd(*arguments, "--help")
            assert "unknown option" not in err, (form, err)


def test_manual_has_every_exit_status():
    with open(os.path.join(h.ROOT, "include/config/options.h")) as file:
        codes = re.findall(r"^\s+EXIT_\w+ = (\d)", file.read(), re.M)
    assert re.findall(r"^\.It (\d)$", section(manual(), "EXIT STATUS"), re.M) == codes


def keys(value):
    """Every name in a JSON value."""
    if isinstance(value, list):
        return set().union(*map(keys, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(keys, value.values()))


def test_manual_has_every_json_member():
    """Names of TCP states and of limits are those of the MIB and not repeated there."""
    with h.Listener("127.0.0.1", 9000):
        keep = h.connect_many(3, "127.0.0.1", 9000)
        report = json.loads(h.srcportd("--once", "--format", "json", "127.0.0.1")[1])
        h.close_all(keep)
    assert report["pools"] and report["peers"] and report["targets"] and report["locals"]
    report["limits"] = {"severity": ""}
    names = keys(report) - set(report["totals"]["states"])
    documented = set(re.findall(r"\w+", " ".join(
        re.findall(r"Cm (.*)", section(manual(), "JSON"), re.M))))
    assert names <= documented, names - documented
    assert set(report) <= set(re.findall(r"^\.It Cm (\w+)", section(manual(), "JSON"), re.M))


def test_manual_explains_every_object():
    """Each readable object of the MIB, each notification and each number of a cause, and none that
    is not there."""
    with open(PAGES[2]) as file:
        page = file.read()
    with open(h.MIB_FILE) as file:
        mib = file.read()
    readable = set(re.findall(r"^(srcPort\w+) OBJECT-TYPE\n(?:(?!::=).)*?MAX-ACCESS  read-only", mib,
                              re.M | re.S))
    chapter = re.search(r"^\.Sh OBJECTS\n(.*?)^\.Sh ", page, re.M | re.S).group(1)
    explained = set(re.findall(r"srcPort\w+", chapter))
    # What follows in the line says it: an item without a text is none.
    empty = re.findall(r"^\.It Va (\w+).*\n\.(?!Xr)", chapter, re.M)
    assert len(readable) > 250 and readable <= explained, readable - explained
    assert not empty, empty
    known = set(re.findall(r"^(srcPort\w+) ", mib, re.M))
    assert set(re.findall(r"\bsrcPort[A-Z]\w+", page)) <= known, "names that the MIB does not have"
    told = set(re.findall(r"^(srcPort\w+) NOTIFICATION-TYPE", mib, re.M))
    assert told <= set(re.findall(r"^\.It Va (\w+) No ", page, re.M))
    causes = re.search(r"^SrcPortCause ::=.*?SYNTAX(.*?)\}", mib, re.M | re.S).group(1)
    for name, number in re.findall(r"(\w+)\((\d+)\)", causes):
        assert re.search(r"^\.It %s\(%s\) Ta " % (name, number), page, re.M), name


def test_pages_are_clean():
    for page in PAGES:
        found = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               universal_newlines=True, check=False).stdout
        assert not found, found


def bash_completes(*words, first="srcportd"):
    """What bash offers for the last of the words, as readline would split them."""
    script = ('source "$1"; shift; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_srcportd; printf "%s\\n" "${COMPREPLY[@]}"')
    path = os.path.dirname(h.PROGRAM) + ":" + os.environ["PATH"]
    done = subprocess.run(["bash", "-c", script, "bash", BASH, first, *words],
                          env=dict(os.environ, PATH=path), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.split()


def test_bash_completion():
    names = [name for row in options() for name in row[:2] if name]
    assert bash_completes("-") == names
    assert bash_completes("--once", "--re") == ["--record", "--replay", "--resolve"]
    assert bash_completes("--format", "") == ["text", "json", "nagios"]
    assert bash_completes("--format", "=", "js") == ["json"]
    assert bash_completes("--format", "=") == ["text", "json", "nagios"]
    path = os.path.join(h.directory(), "some.conf")
    open(path, "w").close()
    assert bash_completes("--config", path[:-3]) == [path]
    assert bash_completes("--proc-root", "/pro") == ["/proc"]
    assert bash_completes("--interval", "") == []
    assert bash_completes("--once", "10.") == []
    # What stands first on the line is not run.
    ran = os.path.join(h.directory(), "ran")
    other = os.path.join(h.directory(), "srcportd")
    with open(other, "w") as file:
        file.write("#!/bin/sh\ntouch %s\n" % ran)
    os.chmod(other, 0o755)
    assert bash_completes("-", first=other) == names and not os.path.exists(ran)


def test_zsh_completion():
    """The function is defined, and makes one _arguments specification of each option."""
    if not shutil.which("zsh"):
        raise h.Skip("no zsh here")
    script = ('_call_program() { shift; eval "$@"; }; _arguments() { shift; print -rl -- "$@"; }; '
              'words=("$2"); source "$1"')
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", ZSH, h.PROGRAM],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=True)
    assert not done.stderr, done.stderr
    specs = done.stdout.splitlines()
    assert specs[-1] == "*:target: "
    assert "--format=[form of the report (text)]:--format:(text json nagios)" in specs
    assert "--proc-root=[read this directory in the place of /proc]:--proc-root:_files -/" in specs
    assert "-d[detach; messages go to syslog]" in specs
    assert len(specs) - 1 == sum(1 + bool(row[1]) for row in options())


if __name__ == "__main__":
    h.main()
