// SPDX-License-Identifier: ISC
// node compile.js DIR MODULES - reads SRCPORT-MIB below the directory MODULES with the npm package
// net-snmp below DIR, and prints a line "NAME OID" for each of its names that has one.
"use strict";
const [dir, modules] = process.argv.slice(2);
const snmp = require(dir + "/node_modules/net-snmp");
const store = snmp.createModuleStore();
for (const name of ["INET-ADDRESS-MIB", "SNMP-FRAMEWORK-MIB", "SRCPORT-MIB"])
	store.loadFromFile(modules + "/" + name);
for (const [name, object] of Object.entries(store.getModule("SRCPORT-MIB")))
	if (object.OID)
		console.log(name, object.OID);
