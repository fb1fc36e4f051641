// SPDX-License-Identifier: ISC
// node walk.js DIR PORT VERSION ROOT - walks with the npm package net-snmp below DIR, an SNMP stack
// that shares nothing with Net-SNMP, and prints a line of JSON for each varbind.
"use strict";
const [dir, port, version, root] = process.argv.slice(2);
const snmp = require(dir + "/node_modules/net-snmp");
const options = { port: Number(port), retries: 1, timeout: 5000 };
const user = {
	name: "tester",
	level: snmp.SecurityLevel.authPriv,
	authProtocol: snmp.AuthProtocols.sha,
	authKey: "authpass123",
	privProtocol: snmp.PrivProtocols.aes,
	privKey: "privpass123",
};
const session = version === "3" ? snmp.createV3Session("127.0.0.1", user, options) :
	snmp.createSession("127.0.0.1", "public",
		{ ...options, version: version === "1" ? snmp.Version1 : snmp.Version2c });

function show(varbinds) {
	for (const varbind of varbinds) {
		if (snmp.isVarbindError(varbind))
			throw new Error(snmp.varbindError(varbind));
		const value = Buffer.isBuffer(varbind.value) ?
			{ octets: varbind.value.toString("latin1") } : varbind.value;
		console.log(JSON.stringify([varbind.oid, snmp.ObjectType[varbind.type], value]));
	}
}

session.subtree(root, 20, show, (error) => {
	session.close();
	if (error) {
		console.error(String(error));
		process.exitCode = 1;
	}
});
