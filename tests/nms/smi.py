# SPDX-License-Identifier: ISC
"""smi: SRCPORT-MIB as the strictest readers take it: one arc at a time, nothing that is not imported
or defined, nothing guessed. Shares no code with libsmi, Net-SNMP or any other reader."""
import collections
import re

# What a module uses without an import: ASN.1's own, and RFC 2578, 3.6.
OWN = {"INTEGER", "OCTET", "STRING", "OBJECT", "IDENTIFIER", "BITS", "SEQUENCE", "OF", "SIZE"}
# Net-SNMP, and managers that keep names in columns, cut what is longer (RFC 2578, 3.1, says 64).
NAME_MAX = 32

TOKEN = re.compile(r'--.*?(?=\n|$)|"[^"]*"|::=|\.\.|[{}()|;,]|-?[A-Za-z0-9-]+', re.S)
Definition = collections.namedtuple("Definition", "name macro clauses value")
Definition.__doc__ = """macro: OBJECT-TYPE and the like, or "OBJECT IDENTIFIER"; clauses: {keyword:
tokens}; value: (parent, number)."""

KEYWORDS = {"SYNTAX", "UNITS", "MAX-ACCESS", "STATUS", "DESCRIPTION", "REFERENCE", "INDEX", "OBJECTS",
            "NOTIFICATIONS", "LAST-UPDATED", "ORGANIZATION", "CONTACT-INFO", "REVISION", "MODULE",
            "MANDATORY-GROUPS", "GROUP", "OBJECT", "DISPLAY-HINT", "AUGMENTS", "DEFVAL"}
MACROS = ("MODULE-IDENTITY", "OBJECT-TYPE", "NOTIFICATION-TYPE", "OBJECT-GROUP",
          "NOTIFICATION-GROUP", "MODULE-COMPLIANCE")


class Refused(Exception):
    """What a strict reader says no to."""


def tokens_of(text):
    return [token for token in TOKEN.findall(text) if not token.startswith("--")]


def imports_of(tokens):
    """({symbol: module}, position behind them)."""
    if "IMPORTS" not in tokens:
        return {}, tokens.index("BEGIN") + 1
    at, waiting, found = tokens.index("IMPORTS") + 1, [], {}
    while tokens[at] != ";":
        if tokens[at] == "FROM":
            found.update(dict.fromkeys(waiting, tokens[at + 1]))
            waiting, at = [], at + 1
        elif tokens[at] != ",":
            waiting.append(tokens[at])
        at += 1
    return found, at + 1


class Module:
    def __init__(self, text):
        """Refused if it is not of the form that strict readers take."""
        tokens = tokens_of(text)
        self.name = tokens[0]
        self.imports, at = imports_of(tokens)
        self.definitions, self.types, self.sequences = {}, {}, {}
        while tokens[at] != "END":
            at = self._take(tokens, at)

    def _take(self, tokens, at):
        name, what = tokens[at], tokens[at + 1]
        if what == "::=":
            return self._take_type(tokens, at)
        if what == "OBJECT" and tokens[at + 2] == "IDENTIFIER":
            what, end = "OBJECT IDENTIFIER", at + 3
        elif what in MACROS:
            end = at + 2
            while tokens[end] != "::=":
                end += 1
        else:
            raise Refused("%s: neither a type nor an object: %s" % (name, what))
        close = tokens.index("}", end)
        value = tokens[end + 2:close]
        if tokens[end] != "::=" or tokens[end + 1] != "{":
            raise Refused("%s: no value" % name)
        if len(value) != 2 or not value[1].isdigit() or not value[0][0].isalpha():
            raise Refused("%s: a value of one parent and one number is read, not { %s }" % (
                name, " ".join(value)))
        if name in self.definitions or name in self.imports:
            raise Refused("%s: defined twice" % name)
        self.definitions[name] = Definition(name, what, self._clauses(tokens[at + 2:end]),
                                            (value[0], int(value[1])))
        return close + 1

    def _take_type(self, tokens, at):
        name, end = tokens[at], at + 2
        if tokens[end] == "SEQUENCE":
            close = tokens.index("}", end)
            self.sequences[name] = [token for token in tokens[end + 2:close] if token != ","]
            return close + 1
        if tokens[end] != "TEXTUAL-CONVENTION":
            raise Refused("%s: not a textual convention" % name)
        while tokens[end] != "SYNTAX":
            end += 1
        stop = end + 2
        if tokens[stop] in ("(", "{"):
            stop = tokens.index({"(": ")", "{": "}"}[tokens[stop]], stop) + 1
        self.types[name] = tokens[end + 1:stop]
        return stop

    @staticmethod
    def _clauses(tokens):
        """{keyword: tokens behind it}; of a keyword that comes more than once the first."""
        found, key = {}, None
        for at, token in enumerate(tokens):
            if token in KEYWORDS and not (token == "OBJECT" and tokens[at + 1] == "IDENTIFIER"):
                key = token if token not in found else None
                found.setdefault(token, [])
            elif key:
                found[key].append(token)
        return found

    def oid(self, name, roots):
        """A tuple; roots: {imported name: tuple}."""
        path, seen = [], set()
        while name not in self.imports:
            if name not in self.definitions:
                raise Refused("%s: no such parent" % name)
            if name in seen:
                raise Refused("%s: a circle" % name)
            seen.add(name)
            name, number = self.definitions[name].value
            path.insert(0, number)
        if name not in roots:
            raise Refused("%s: %s does not define it" % (name, self.imports[name]))
        return roots[name] + tuple(path)

    def oids(self, roots):
        return {name: self.oid(name, roots) for name in self.definitions}

    def text(self, name, clause="DESCRIPTION"):
        return " ".join(" ".join(self.definitions[name].clauses.get(clause, [])).strip('"').split())

    def syntax(self, name):
        return self.definitions[name].clauses.get("SYNTAX", [""])

    def objects(self):
        """Those with an access, by name."""
        return [d for d in self.definitions.values() if d.macro == "OBJECT-TYPE"]

    def with_macro(self, macro):
        return [d.name for d in self.definitions.values() if d.macro == macro]

    def readable(self):
        return [d.name for d in self.objects() if d.clauses["MAX-ACCESS"] == ["read-only"]]


def used_types(module):
    """Every type that a SYNTAX or a SEQUENCE names."""
    found = set()
    for tokens in [d.clauses.get("SYNTAX", []) for d in module.definitions.values()] + list(
            module.types.values()):
        found.update(token for token in tokens[:3] if re.fullmatch(r"[A-Z][A-Za-z0-9-]*", token))
    for tokens in module.sequences.values():
        found.update(tokens[1::2])
    return found


def check_symbols(module, exports):
    """Everything that is used is defined or imported, everything that is imported is used, and is
    there: exports is {module: its text}."""
    macros = {d.macro for d in module.definitions.values()} - {"OBJECT IDENTIFIER"}
    used = used_types(module) | macros | ({"TEXTUAL-CONVENTION"} if module.types else set())
    used |= {d.value[0] for d in module.definitions.values()}
    known = set(module.types) | set(module.sequences) | set(module.definitions) | OWN
    for symbol in sorted(used - known - set(module.imports)):
        raise Refused("%s: neither defined nor imported" % symbol)
    for symbol, source in sorted(module.imports.items()):
        if symbol not in used:
            raise Refused("%s: imported for nothing" % symbol)
        if not re.search(r"^\s*%s\b" % re.escape(symbol), exports[source], re.M):
            raise Refused("%s: %s has none" % (symbol, source))


def check_names(module):
    for name in list(module.definitions) + list(module.types):
        if len(name) > NAME_MAX:
            raise Refused("%s: %d characters" % (name, len(name)))
    lower = collections.Counter(name.lower() for name in list(module.definitions) + list(
        module.types))
    for name, count in lower.items():
        if count > 1:
            raise Refused("%s: two names that differ in case only" % name)


def check_rows(module):
    """A SEQUENCE has the columns of its entry in their order and no others, an address in an INDEX
    comes behind its type."""
    for sequence, members in module.sequences.items():
        entry = sequence[0].lower() + sequence[1:]
        columns = sorted((d.value[1], d.name, d.clauses["SYNTAX"][0]) for d in module.objects()
                         if d.value[0] == entry)
        if [part for _, name, kind in columns for part in (name, kind)] != members:
            raise Refused("%s: other columns than %s" % (sequence, entry))
        index = [t for t in module.definitions[entry].clauses["INDEX"] if t not in "{},"]
        for before, name in zip([""] + index, index):
            if module.syntax(name)[0] == "InetAddress" and (
                    not before or module.syntax(before) != ["InetAddressType"]):
                raise Refused("%s: %s has no type before it" % (entry, name))


def check_groups(module):
    """Every readable object is in one group, and every notification; and every group is asked for
    or optional."""
    members = collections.Counter()
    for definition in module.definitions.values():
        for clause in ("OBJECTS", "NOTIFICATIONS"):
            if definition.macro.endswith("GROUP"):
                members.update(t for t in definition.clauses.get(clause, []) if t not in "{},")
    wanted = set(module.readable()) | set(module.with_macro("NOTIFICATION-TYPE"))
    for name in sorted(wanted ^ set(members)):
        raise Refused("%s: in no group, or not there" % name)
    for name, count in members.items():
        if count > 1:
            raise Refused("%s: in %d groups" % (name, count))


def check_counters(module):
    """Each Counter32 names the object that says when it began anew."""
    for name in module.readable():
        if module.syntax(name) != ["Counter32"]:
            continue
        found = re.findall(r"srcPort\w*DiscontinuityTime", module.text(name))
        if not found or any(module.syntax(one) != ["TimeStamp"] for one in found):
            raise Refused("%s: no discontinuity object" % name)


def check_availability(module):
    """One way to say that something is not there: each optional group has Available and Reason, and
    no number stands for a missing one."""
    for name in module.readable():
        text = module.text(name)
        if name.endswith("Available"):
            reason = name[:-len("Available")] + "Reason"
            if module.syntax(name) != ["TruthValue"] or reason not in module.definitions:
                raise Refused("%s: not a TruthValue with a Reason beside it" % name)
        if re.search(r"-\d", " ".join(module.syntax(name))) or re.search(
                r"(-1|4294967295)[^.,]* not (available|known)", text):
            raise Refused("%s: a number that stands for none" % name)


def check_texts(module):
    """A DESCRIPTION is a help text elsewhere, where nothing stands before it."""
    for definition in module.objects():
        text = module.text(definition.name)
        if not text or re.match(r"(The same|Of (them|these|those)|As |See |It )\b", text):
            raise Refused("%s: a text that does not stand alone: %s" % (definition.name, text))


CHECKS = (check_names, check_rows, check_groups, check_counters, check_availability, check_texts)
