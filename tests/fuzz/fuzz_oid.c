/* SPDX-License-Identifier: ISC */
/* What a manager may ask for: an object identifier in base 128, as BER has it. */
#include "count/census_take.h"
#include "fuzz.h"

#include "snmp/mib_columns.h"

/* A snapshot with a few rows in every table. */
static struct snapshot *
make_snapshot(void)
{
	static const char *const peers[] = {"10.0.0.2", "10.0.0.200", "2001:db8::1", "fe80::1%2"};
	struct settings settings = {.range = {40000, 40099}};
	struct census census;
	census_init(&census, &settings, NULL);
	for (uint16_t i = 0; i < 12; i++) {
		struct diag_socket s = {.local_port = (uint16_t)(40000 + i),
					.peer_port = (uint16_t)(443 * (i % 3)),
					.state = STATE_ESTABLISHED};
		CLAIM(addr_parse(peers[i % 4], &s.peer) && addr_parse(peers[i % 4], &s.local));
		CLAIM(census_add(&census, DIAG_SOCKETS, &s));
	}
	struct tally *tally = tally_make(&census, NULL, 0);
	const struct poll_stats poll = {.polls = 1};
	const struct row_limits limits = {100, 100, 100, 100, 100};
	CLAIM(tally != NULL);
	const struct alarm_list none = {.alarms = NULL};
	struct config config;
	config_init(&config);
	struct findings *findings = fuzz_findings(tally, &config);
	const struct scene scene = {.findings = findings};
	struct snapshot *snapshot = snapshot_build(&scene, &none, &poll, &limits, NULL);
	CLAIM(snapshot != NULL);
	findings_free(findings);
	tally_free(tally);
	census_free(&census);
	return snapshot;
}

static size_t
decode(const uint8_t *data, size_t size, uint32_t *sub)
{
	size_t count = 0;
	uint32_t number = 0;
	for (size_t i = 0; i < size && count < MIBTREE_OID_MAX; i++) {
		number = number << 7 | (data[i] & 0x7f);
		if (data[i] & 0x80)
			continue;
		sub[count++] = number;
		number = 0;
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct snapshot *snapshot;
	if (snapshot == NULL)
		snapshot = make_snapshot();
	const struct mib_view view = {.snapshot = size % 5 == 0 ? NULL : snapshot, .now_ms = 1000};
	const struct mibtree *tree = &mib_columns_tree;
	uint32_t asked[MIBTREE_OID_MAX], found[MIBTREE_OID_MAX], at[MIBTREE_OID_MAX];
	size_t length = decode(data, size, asked), found_length = 0, at_length = 0;
	struct mib_value value, same;

	enum mib_result here = mibtree_get(tree, &view, asked, length, &value);
	enum mib_result next =
	    mibtree_next(tree, &view, asked, length, false, found, &found_length, &value);
	enum mib_result from =
	    mibtree_next(tree, &view, asked, length, true, at, &at_length, &same);
	CLAIM(here != MIB_END && (next == MIB_FOUND || next == MIB_END));
	if (here == MIB_FOUND)
		CLAIM(from == MIB_FOUND && mibtree_compare(at, at_length, asked, length) == 0);
	else
		CLAIM(from == next);
	if (next == MIB_FOUND) {
		CLAIM(mibtree_compare(asked, length, found, found_length) < 0);
		CLAIM(mibtree_get(tree, &view, found, found_length, &same) == MIB_FOUND);
		CLAIM(same.type == value.type && same.number == value.number);
	}
	return 0;
}
