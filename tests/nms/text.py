# SPDX-License-Identifier: ISC
"""text: YAML of plain values, and what else the generators share."""
import hashlib
import json
import re

PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
RESERVED = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def _scalar(value):
    if isinstance(value, str) and not (PLAIN.fullmatch(value) and value.lower() not in RESERVED):
        return json.dumps(value, ensure_ascii=False)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def yaml(value, indent=0):
    """Block-style YAML of dicts, lists, strings and numbers, keys in their order."""
    pad = " " * indent
    lines = []
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)) and item:
                lines.append("%s%s:\n%s" % (pad, _scalar(key), yaml(item, indent + 2)))
            else:
                lines.append("%s%s: %s\n" % (pad, _scalar(key), _empty(item)))
        return "".join(lines)
    for item in value:
        if isinstance(item, (dict, list)) and item:
            lines.append("%s- %s" % (pad, yaml(item, indent + 2)[indent + 2:]))
        else:
            lines.append("%s- %s\n" % (pad, _empty(item)))
    return "".join(lines)


def _empty(item):
    return "{}" if item == {} else "[]" if item == [] else _scalar(item)


def uuid(*parts):
    """32 hexadecimal digits in the form of a version 4 UUID, always the same for the same parts."""
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]
    return digest[:12] + "4" + digest[13:16] + "89ab"[int(digest[16], 16) % 4] + digest[17:]


def header(what, mark="#"):
    """First lines of a generated file."""
    return ("%s SPDX-License-Identifier: ISC\n%s %s\n"
            "%s Made from SRCPORT-MIB by `make conf`: change the generator in tests/nms/, not this.\n"
            % (mark, mark, what, mark))


ACRONYMS = {"Udp": "UDP", "Nat": "NAT", "Ipv4": "IPv4", "Ipv6": "IPv6", "Ppm": "ppm"}


def words(name):
    """srcPortPoolHighWater as "Pool high water", srcPortUdpIpv4Used as "UDP IPv4 used"."""
    parts = re.findall(r"[A-Z][a-z0-9]*|[A-Z]+(?![a-z])", name[len("srcPort"):])
    return " ".join([ACRONYMS.get(parts[0], parts[0])] +
                    [ACRONYMS.get(part, part.lower()) for part in parts[1:]])
