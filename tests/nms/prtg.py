# SPDX-License-Identifier: ISC
"""prtg: conf/prtg/, a value lookup for each enumeration that a sensor can show."""
import text

STATES = {"normal": "Ok", "warning": "Warning", "critical": "Error", "unknown": "Warning"}


def _lookup(name, enum, states):
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             text.header("Value lookup for PRTG.", "").replace("\n ", "\n").strip().join(
                 ("<!--\n", "\n-->")),
             '<ValueLookup id="srcportd.%s" desiredValue="1" undefinedState="Warning"' % name,
             '    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
             '    xsi:noNamespaceSchemaLocation="PaeValueLookup.xsd">', "  <Lookups>"]
    lines += ['    <SingleInt state="%s" value="%d">%s</SingleInt>' % (
        states.get(label, "None"), number, label) for number, label in sorted(enum.items())]
    return "\n".join(lines + ["  </Lookups>", "</ValueLookup>", ""])


def files(mib):
    """{path below conf/: text}."""
    severity = mib.object("srcPortPoolSeverity").enum
    cause = mib.object("srcPortPoolCause").enum
    return {"prtg/srcportd.severity.ovl": _lookup("severity", severity, STATES),
            "prtg/srcportd.cause.ovl": _lookup("cause", cause, {"none": "Ok"})}
