/* SPDX-License-Identifier: ISC */
/* What a visitor finds in namespaces is tested in tests/integration/test_namespaces.py. */
#include "kernel/visitor.h"
#include "support.h"

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

/* The only child of a process; there is one, or comes to be. */
static pid_t
child_of(pid_t process)
{
	char path[64];
	int child = 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", process, process);
	for (unsigned i = 0; i < 500 && child == 0; i++) {
		FILE *file = fopen(path, "r");
		if (file == NULL)
			skip(); /* a kernel without CONFIG_PROC_CHILDREN */
		if (fscanf(file, "%d", &child) != 1)
			usleep(10000);
		fclose(file);
	}
	assert_int_not_equal(child, 0);
	return child;
}

/* As one does that waits for a file, and would for ever. */
static void
one_that_is_stuck_keeps_nobody_waiting(void **state)
{
	(void)state;
	alarm(20);
	for (unsigned lasting = 0; lasting <= 1; lasting++) {
		struct visitor *visitor = visitor_start("/proc", lasting);
		assert_non_null(visitor);
		pid_t stuck = child_of(getpid());
		if (lasting)
			stuck = child_of(stuck);
		assert_int_equal(kill(stuck, SIGSTOP), 0);
		visitor_end(visitor);
	}
	alarm(0);
}

/* It says nothing of the namespace. */
static void
one_that_was_killed_has_a_successor_that_answers(void **state)
{
	(void)state;
	alarm(20);
	const struct neighbour self = {.process = (uint32_t)getpid()};
	char why[VISITOR_WHY_MAX] = "";
	struct visit visit;
	struct visitor *visitor = visitor_start("/proc", true);
	assert_non_null(visitor);
	pid_t killed = child_of(child_of(getpid()));
	assert_int_equal(kill(killed, SIGKILL), 0);
	while (kill(killed, 0) == 0)
		usleep(1000);
	if (visitor_go(visitor, &self, &visit, why))
		visit_close(&visit);
	assert_null(strstr(why, "process that enters it"));
	assert_true(visitor_is_there(visitor));
	assert_int_equal(visitor_restarts(visitor), 1);
	visitor_end(visitor);
	alarm(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_that_is_stuck_keeps_nobody_waiting),
	    cmocka_unit_test(one_that_was_killed_has_a_successor_that_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
