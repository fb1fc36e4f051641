# SPDX-License-Identifier: ISC
#
# awk -v root=1.3.6.1.4.1.N.M -f mibs/root.awk SRCPORT-MIB.txt - the module with another OID.
#
# Each arc below enterprises gets a line and, but for the last one, a name: parsers that resolve
# one arc at a time read nothing else. Exits 1 where the module has no such lines to put them into.

BEGIN {
	arcs = split(root, arc, ".")
	parent = "enterprises"
	for (i = 7; i < arcs; i++) {
		line = sprintf("%-20s OBJECT IDENTIFIER ::= { %s %d }", "srcPortRoot" (i - 6), parent, arc[i])
		parents = parents line "\n"
		parent = "srcPortRoot" (i - 6)
	}
}

/^netSnmp[A-Za-z]* +OBJECT IDENTIFIER ::=/ {
	printf "%s", parents
	parents = ""
	replaced++
	next
}

/^ +::= \{ netSnmpPlaypen 7777 \}$/ {
	sub(/\{.*\}/, "{ " parent " " arc[arcs] " }")
	moved++
}

# What is said of the names that are no longer there.
/^-- Where the module hangs/ { comment = 1 }
comment && !/^--/ { comment = 0 }
comment { next }

{ print }

END { exit !(replaced == 3 && moved == 1) }
