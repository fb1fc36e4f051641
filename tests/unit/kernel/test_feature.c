/* SPDX-License-Identifier: ISC */
#include "kernel/feature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
which_kernels_let_go_of_ports(void **state)
{
	static const struct {
		const char *release;
		enum letting_go letting_go;
	} row[] = {
	    {"6.18.0", LETS_GO},
	    {"6.18.35-cloud-amd64", LETS_GO},
	    {"7.0.0-rc1", LETS_GO},
	    {"10.1", LETS_GO},
	    {"6.17.8", LETS_GO},
	    {"6.17.13+deb14-amd64", LETS_GO},
	    {"6.17.7", KEEPS},
	    /* A distribution's own number: not which stable version it has. */
	    {"6.17.0-14-generic", MAY_LET_GO},
	    {"6.17", MAY_LET_GO},
	    {"6.16.12+deb14-amd64", KEEPS},
	    {"6.8.0-90-generic", KEEPS},
	    {"5.14.0-570.el9.x86_64", KEEPS},
	    {"4.18.0-553.el8_10.x86_64", KEEPS},
	    {"", KEEPS},
	    {"unknown", KEEPS},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (feature_letting_go(row[i].release) != row[i].letting_go)
			fail_msg("%s", row[i].release);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(which_kernels_let_go_of_ports)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
