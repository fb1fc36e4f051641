/* SPDX-License-Identifier: ISC */
#include "kernel/feature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEBIAN(version) "#1 SMP PREEMPT_DYNAMIC Debian " version "-1 (2026-01-01)"

static void
habits_of_versions(void **state)
{
	static const struct {
		const char *release, *version;
		enum letting_go letting_go;
		bool fin_wait2_kept;
	} row[] = {
	    {"6.18.0", "", LETS_GO, true},
	    {"6.18.35-cloud-amd64", "", LETS_GO, true},
	    {"7.0.0-rc1", "", LETS_GO, true},
	    {"10.1", "", LETS_GO, true},
	    {"6.17.8", "", LETS_GO, true},
	    {"6.17.13+deb14-amd64", DEBIAN("6.17.13"), LETS_GO, true},
	    {"6.17.7", "", KEEPS, true},
	    /* A distribution's own number: not which stable version it has. */
	    {"6.17.0-14-generic", "#14-Ubuntu SMP", MAY_LET_GO, true},
	    {"6.17", "", MAY_LET_GO, true},
	    {"6.16.12+deb14-amd64", "", KEEPS, true},
	    {"6.12.57+deb13-amd64", "", KEEPS, true},
	    {"6.11.11", "", KEEPS, false},
	    {"6.8.0-90-generic", "#91-Ubuntu SMP", KEEPS, false},
	    {"6.6.60", "", KEEPS, true},
	    {"6.1.0-56-cloud-amd64", DEBIAN("6.1.192"), KEEPS, true},
	    {"6.1.0-26-amd64", DEBIAN("6.1.112"), KEEPS, false},
	    {"6.1.0-26-amd64", "", KEEPS, false},
	    {"6.1.0-26-amd64", DEBIAN("5.10.262"), KEEPS, false},
	    {"5.14.0-570.el9.x86_64", "#1 SMP", KEEPS, false},
	    {"5.10.0-46-cloud-amd64", DEBIAN("5.10.262"), KEEPS, true},
	    {"5.10.218", "", KEEPS, false},
	    {"4.18.0-553.el8_10.x86_64", "", KEEPS, false},
	    {"", "", MAY_LET_GO, false},
	    {"unknown", " Debian ", MAY_LET_GO, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct kernel_habits habits = feature_habits(row[i].release, row[i].version);
		if (habits.letting_go != row[i].letting_go ||
		    habits.fin_wait2_kept != row[i].fin_wait2_kept)
			fail_msg("%s %s", row[i].release, row[i].version);
	}
	assert_true(feature_habits("6.5.0", "").nat_evicts);
	assert_true(feature_habits("7.0.0-rc1", "").nat_evicts);
	assert_false(feature_habits("6.4.16", "").nat_evicts);
	assert_false(feature_habits("", "").nat_evicts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(habits_of_versions)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
