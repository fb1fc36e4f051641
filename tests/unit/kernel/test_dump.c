/* SPDX-License-Identifier: ISC */
#include "count/census_take.h"
#include "kernel/diag.h"
#include "support.h"

#include <errno.h>

/* A census and a datagram on their way into it. */
struct setting {
	struct census census;
	struct datagram d;
	int error;
};

static struct setting *
begin(void)
{
	struct setting *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	struct settings settings = settings_of(40000, 40099, "");
	census_init(&t->census, &settings, NULL);
	return t;
}

static void
end(struct setting *t)
{
	census_free(&t->census);
	free(t);
}

static void
add_socket(struct setting *t, uint16_t port)
{
	struct diag_socket s = socket_of(STATE_ESTABLISHED, "10.0.0.1", port, "10.0.0.2", 80);
	datagram_socket(&t->d, &s);
}

static struct nlmsghdr *
first(struct setting *t)
{
	return (struct nlmsghdr *)(void *)t->d.octet;
}

static enum dump_result
check(struct setting *t, const void *data, size_t length)
{
	struct diag_taker taker = {.take = census_take, .arg = &t->census, .dump = DIAG_SOCKETS};
	return dump_check(data, length, TEST_SEQ, TEST_PORTID, diag_take_message, &taker,
			  &t->error);
}

/* Hands over a copy of exactly that size, so that ASan sees a read behind it. */
static enum dump_result
take_length(struct setting *t, size_t length)
{
	void *copy = malloc(length > 0 ? length : 1);
	assert_non_null(copy);
	memcpy(copy, t->d.octet, length);
	t->error = 0;
	enum dump_result result = check(t, copy, length);
	free(copy);
	return result;
}

static enum dump_result
take(struct setting *t)
{
	return take_length(t, t->d.length);
}

static void
sockets_then_done(void **state)
{
	struct setting *t = begin();
	(void)state;
	add_socket(t, 40000);
	add_socket(t, 40001);
	assert_int_equal(take(t), DUMP_MORE);
	assert_int_equal(t->census.sockets, 2);
	t->d.length = 0;
	add_socket(t, 40002);
	datagram_done(&t->d);
	assert_int_equal(take(t), DUMP_DONE);
	assert_int_equal(t->census.sockets, 3);
	assert_int_equal(t->census.pool_count, 1);
	assert_int_equal(t->census.pools[0].held.count, 3);
	end(t);
}

/* Attributes are read up to where a message is padded to. */
static void
padding_is_part_of_a_message(void **state)
{
	struct setting *t = begin();
	(void)state;
	datagram_message(&t->d, NLMSG_NOOP, "x", 1);
	assert_int_equal(take(t), DUMP_MORE);
	assert_int_equal(take_length(t, t->d.length - 3), DUMP_BROKEN);
	end(t);
}

static void
noop_is_passed_over(void **state)
{
	struct setting *t = begin();
	(void)state;
	datagram_message(&t->d, NLMSG_NOOP, "", 0);
	datagram_done(&t->d);
	assert_int_equal(take(t), DUMP_DONE);
	end(t);
}

static void
foreign_numbers_are_refused(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 4; which++) {
		struct setting *t = begin();
		add_socket(t, 40000);
		size_t second = which < 2 ? 0 : t->d.length;
		datagram_done(&t->d);
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)(t->d.octet + second);
		if (which % 2 == 0)
			m->nlmsg_seq = TEST_SEQ + 1;
		else
			m->nlmsg_pid = TEST_PORTID + 1;
		assert_int_equal(take(t), DUMP_BROKEN);
		assert_int_equal(t->error, EBADMSG);
		end(t);
	}
}

static void
error_messages(void **state)
{
	static const struct {
		int error;
		enum dump_result result;
	} cases[] = {{EBUSY, DUMP_REFUSED}, {ENOENT, DUMP_REFUSED}, {0, DUMP_MORE}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct setting *t = begin();
		datagram_error(&t->d, cases[i].error);
		assert_int_equal(take(t), cases[i].result);
		if (cases[i].result == DUMP_REFUSED)
			assert_int_equal(t->error, cases[i].error);
		end(t);
	}
}

static void
done_with_an_error(void **state)
{
	struct setting *t = begin();
	(void)state;
	datagram_failed(&t->d, EINVAL);
	assert_int_equal(take(t), DUMP_REFUSED);
	assert_int_equal(t->error, EINVAL);
	assert_int_equal(t->census.sockets, 0);
	/* Behind a socket it is no refusal: who then asks in another way would count it twice. */
	t->d.length = 0;
	add_socket(t, 40000);
	datagram_failed(&t->d, EINVAL);
	assert_int_equal(take(t), DUMP_BROKEN);
	assert_int_equal(t->error, EINVAL);
	end(t);
}

/* An error code that no errno is: neither a crash nor a success. */
static void
absurd_error_codes(void **state)
{
	static const int32_t codes[] = {INT32_MIN, INT32_MIN + 1, INT32_MAX, 1};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		for (uint16_t type = NLMSG_ERROR; type <= NLMSG_DONE; type++) {
			struct setting *t = begin();
			datagram_message(&t->d, type, &codes[i], sizeof(codes[i]));
			enum dump_result result = take(t);
			assert_true(result == DUMP_REFUSED || result == DUMP_BROKEN);
			assert_true(t->error > 0);
			end(t);
		}
	}
}

static void
error_cut_short(void **state)
{
	struct setting *t = begin();
	(void)state;
	datagram_message(&t->d, NLMSG_ERROR, "\xff\xff", 2);
	assert_int_equal(take(t), DUMP_BROKEN);
	assert_int_equal(t->error, EBADMSG);
	end(t);
}

static void
interrupted_dump_is_named(void **state)
{
	struct setting *t = begin();
	(void)state;
	add_socket(t, 40000);
	first(t)->nlmsg_flags |= NLM_F_DUMP_INTR;
	assert_int_equal(take(t), DUMP_BROKEN);
	assert_int_equal(t->error, EINTR);
	end(t);

	t = begin();
	datagram_done(&t->d);
	first(t)->nlmsg_flags |= NLM_F_DUMP_INTR;
	assert_int_equal(take(t), DUMP_BROKEN);
	assert_int_equal(t->error, EINTR);
	end(t);
}

static void
cut_anywhere_is_refused(void **state)
{
	struct setting *t = begin();
	(void)state;
	add_socket(t, 40000);
	size_t one = t->d.length;
	add_socket(t, 40001);
	size_t two = t->d.length;
	datagram_done(&t->d);
	for (size_t length = 0; length < t->d.length; length++) {
		enum dump_result result = take_length(t, length);
		if (length == one || length == two)
			assert_int_equal(result, DUMP_MORE);
		else
			assert_int_equal(result, DUMP_BROKEN);
	}
	end(t);
}

static void
lengths_that_lie_are_refused(void **state)
{
	static const uint32_t lengths[] = {0,    1,          15,         16,         87,        89,
					   1000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct setting *t = begin();
		add_socket(t, 40000);
		first(t)->nlmsg_len = lengths[i];
		assert_int_equal(take(t), DUMP_BROKEN);
		assert_int_equal(t->error, EBADMSG);
		end(t);
	}
}

static void
nothing_may_follow_the_end(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct setting *t = begin();
		datagram_done(&t->d);
		if (which == 0)
			add_socket(t, 40000);
		else
			t->d.length += 4;
		assert_int_equal(take(t), DUMP_BROKEN);
		assert_int_equal(t->error, EBADMSG);
		end(t);
	}
}

static void
other_messages_are_refused(void **state)
{
	static const uint8_t zeros[72];
	struct setting *t = begin();
	(void)state;
	datagram_message(&t->d, NLMSG_OVERRUN, "", 0);
	assert_int_equal(take(t), DUMP_BROKEN);
	t->d.length = 0;
	datagram_message(&t->d, 20, zeros, sizeof(zeros));
	assert_int_equal(take(t), DUMP_BROKEN);
	t->d.length = 0;
	datagram_message(&t->d, 16, zeros, sizeof(zeros));
	assert_int_equal(take(t), DUMP_BROKEN);
	assert_int_equal(t->error, EBADMSG);
	end(t);
}

static void
out_of_memory_is_named(void **state)
{
	struct setting *t = begin();
	(void)state;
	add_socket(t, 40000);
	allocations_fail_from(1);
	t->error = 0;
	assert_int_equal(check(t, t->d.octet, t->d.length), DUMP_BROKEN);
	assert_true(allocations_fail_from(0));
	assert_int_equal(t->error, ENOMEM);
	end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sockets_then_done),
	    cmocka_unit_test(padding_is_part_of_a_message),
	    cmocka_unit_test(noop_is_passed_over),
	    cmocka_unit_test(foreign_numbers_are_refused),
	    cmocka_unit_test(error_messages),
	    cmocka_unit_test(done_with_an_error),
	    cmocka_unit_test(absurd_error_codes),
	    cmocka_unit_test(error_cut_short),
	    cmocka_unit_test(interrupted_dump_is_named),
	    cmocka_unit_test(cut_anywhere_is_refused),
	    cmocka_unit_test(lengths_that_lie_are_refused),
	    cmocka_unit_test(nothing_may_follow_the_end),
	    cmocka_unit_test(other_messages_are_refused),
	    cmocka_unit_test(out_of_memory_is_named),
	};
	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
