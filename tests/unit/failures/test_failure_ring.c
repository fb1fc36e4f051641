/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "failures/failure_ring.h"

#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sys/socket.h>

static const struct failure_format format = {.id = 1,
					     .length = 72,
					     .dport = 26,
					     .family = 28,
					     .saddr = 32,
					     .daddr = 36,
					     .saddr_v6 = 40,
					     .daddr_v6 = 56};

#define RING_SIZE 1024

/* A ring that the test writes as the kernel does. */
struct writer {
	uint8_t data[RING_SIZE];
	struct failure_ring ring;
};

static void
begin(struct writer *w, uint64_t position)
{
	memset(w->data, 0xaa, sizeof(w->data));
	w->ring = (struct failure_ring){w->data, RING_SIZE, position, position, false};
}

static void
put(struct writer *w, const void *octets, size_t length)
{
	for (size_t i = 0; i < length; i++)
		w->data[(w->ring.head + i) % RING_SIZE] = ((const uint8_t *)octets)[i];
	w->ring.head += length;
}

static void
put_header(struct writer *w, uint32_t type, size_t body)
{
	struct perf_event_header header = {.type = type, .size = (uint16_t)(sizeof(header) + body)};
	put(w, &header, sizeof(header));
}

/* 8 octets of header, 96 of body. */
static void
put_sample(struct writer *w, uint32_t pid, uint64_t time, int family, const char *local,
	   const char *peer, uint16_t port)
{
	uint8_t body[96] = {0};
	struct addr from = address(local), to = address(peer);
	uint32_t ids[2] = {pid, pid + 1}, raw_length = 76;
	uint16_t number = (uint16_t)family;
	uint8_t *raw = body + 20;
	memcpy(body, ids, 8);
	memcpy(body + 8, &time, 8);
	memcpy(body + 16, &raw_length, 4);
	memcpy(raw + 26, &port, 2);
	memcpy(raw + 28, &number, 2);
	if (addr_is_v4(&to)) {
		memcpy(raw + 32, from.octet + 12, 4);
		memcpy(raw + 36, to.octet + 12, 4);
	}
	memcpy(raw + 40, from.octet, 16);
	memcpy(raw + 56, to.octet, 16);
	put_header(w, PERF_RECORD_SAMPLE, sizeof(body));
	put(w, body, sizeof(body));
}

/* The same, with the number of a cgroup behind it. */
static void
put_sample_of(struct writer *w, uint32_t pid, uint64_t cgroup)
{
	uint8_t body[104] = {0};
	uint32_t raw_length = 76;
	memcpy(body, &pid, 4);
	memcpy(body + 16, &raw_length, 4);
	memcpy(body + 96, &cgroup, 8);
	put_header(w, PERF_RECORD_SAMPLE, sizeof(body));
	put(w, body, sizeof(body));
}

static void
put_lost(struct writer *w, uint64_t count)
{
	uint64_t body[2] = {5, count};
	put_header(w, PERF_RECORD_LOST, sizeof(body));
	put(w, body, sizeof(body));
}

static void
assert_sample(struct writer *w, uint32_t pid, uint64_t time, const char *local, const char *peer,
	      uint16_t port)
{
	struct failure_sample s;
	uint64_t lost = 99;
	struct addr from = address(local), to = address(peer);
	assert_int_equal(failure_ring_next(&w->ring, &format, &s, &lost), FAILURE_RING_SAMPLE);
	assert_int_equal(lost, 99);
	assert_int_equal(s.pid, pid);
	assert_int_equal(s.time_ns, time);
	assert_int_equal(s.port, port);
	assert_true(addr_equal(&s.local, &from));
	assert_true(addr_equal(&s.peer, &to));
}

static void
assert_next(struct writer *w, enum failure_ring_result expected)
{
	struct failure_sample s;
	uint64_t lost;
	assert_int_equal(failure_ring_next(&w->ring, &format, &s, &lost), expected);
}

static void
test_families(void **state)
{
	struct writer w;
	(void)state;
	begin(&w, 0);
	put_sample(&w, 812, 123456789, AF_INET, "10.0.0.9", "10.1.2.3", 443);
	put_sample(&w, 0, 1, AF_INET6, "2001:db8::9", "2001:db8::1", 65535);
	put_sample(&w, UINT32_MAX, 2, AF_INET6, "10.0.0.9", "10.1.2.3", 1);
	assert_sample(&w, 812, 123456789, "10.0.0.9", "10.1.2.3", 443);
	assert_sample(&w, 0, 1, "2001:db8::9", "2001:db8::1", 65535);
	/* An IPv6 socket that speaks IPv4; a process that is not visible here. */
	assert_sample(&w, 0, 2, "10.0.0.9", "10.1.2.3", 1);
	assert_next(&w, FAILURE_RING_EMPTY);
	assert_int_equal(w.ring.tail, 3 * 104);
}

/* Wherever the ring's end cuts the record, and after 2^64 octets too. */
static void
test_wraparound(void **state)
{
	struct writer w;
	(void)state;
	for (unsigned at = 0; at < RING_SIZE; at += 8) {
		begin(&w, UINT64_MAX - RING_SIZE + 1 + at);
		put_sample(&w, 7, at, AF_INET, "127.0.0.1", "127.0.0.2", 9000);
		put_lost(&w, 3);
		assert_sample(&w, 7, at, "127.0.0.1", "127.0.0.2", 9000);
		assert_next(&w, FAILURE_RING_LOST);
		assert_next(&w, FAILURE_RING_EMPTY);
	}
}

static void
test_lost(void **state)
{
	struct writer w;
	struct failure_sample s;
	uint64_t lost = 0;
	(void)state;
	begin(&w, 0);
	put_lost(&w, UINT64_C(5000000000));
	put_sample(&w, 7, 1, AF_INET, "127.0.0.1", "127.0.0.2", 9000);
	assert_int_equal(failure_ring_next(&w.ring, &format, &s, &lost), FAILURE_RING_LOST);
	assert_true(lost == UINT64_C(5000000000));
	assert_sample(&w, 7, 1, "127.0.0.1", "127.0.0.2", 9000);
}

static void
test_other_records_are_passed_over(void **state)
{
	struct writer w;
	(void)state;
	begin(&w, 0);
	put_header(&w, PERF_RECORD_THROTTLE, 24);
	put(&w, (uint8_t[24]){0}, 24);
	put_header(&w, 1234, 0);
	put_sample(&w, 7, 1, AF_INET, "127.0.0.1", "127.0.0.2", 9000);
	assert_sample(&w, 7, 1, "127.0.0.1", "127.0.0.2", 9000);
	put_header(&w, PERF_RECORD_UNTHROTTLE, 0);
	assert_next(&w, FAILURE_RING_EMPTY);
}

/* What cannot be is dropped whole, and the next content is read again. */
static void
test_broken(void **state)
{
	struct writer w;
	(void)state;
	for (unsigned which = 0; which < 7; which++) {
		uint8_t body[1100] = {0};
		begin(&w, 0);
		if (which == 0)
			put(&w, body, 4); /* half a header */
		else if (which == 1)
			put(&w, &(struct perf_event_header){.type = PERF_RECORD_SAMPLE}, 8);
		else if (which == 2)
			put_header(&w, PERF_RECORD_SAMPLE, 96); /* longer than what is there */
		else if (which == 3)
			w.ring.head += RING_SIZE + 8; /* more than fits */
		else if (which == 4) {
			put_header(&w, PERF_RECORD_SAMPLE, 16); /* too short for its members */
			put(&w, body, 16);
		} else if (which == 5) {
			put_header(&w, PERF_RECORD_SAMPLE, 96); /* a raw part of 0 octets */
			put(&w, body, 96);
		} else {
			put_header(&w, PERF_RECORD_LOST, 8);
			put(&w, body, 8);
		}
		assert_next(&w, FAILURE_RING_BROKEN);
		assert_true(w.ring.tail == w.ring.head);
		put_sample(&w, 7, 1, AF_INET, "127.0.0.1", "127.0.0.2", 9000);
		assert_sample(&w, 7, 1, "127.0.0.1", "127.0.0.2", 9000);
	}
}

/* A raw part that claims more than the record holds. */
static void
test_raw_part_beyond_its_record(void **state)
{
	struct writer w;
	(void)state;
	begin(&w, 0);
	put_sample(&w, 7, 1, AF_INET, "127.0.0.1", "127.0.0.2", 9000);
	w.data[8 + 16] = 77;
	assert_next(&w, FAILURE_RING_BROKEN);
	begin(&w, 0);
	put_sample(&w, 7, 1, AF_INET, "127.0.0.1", "127.0.0.2", 9000);
	w.data[8 + 16] = 71; /* less than the format needs */
	assert_next(&w, FAILURE_RING_BROKEN);
}

static void
test_cgroups(void **state)
{
	struct failure_sample s = {.cgroup = 5};
	struct writer w;
	uint64_t lost;
	(void)state;
	begin(&w, 1000);
	w.ring.cgroups = true;
	put_sample_of(&w, 7, UINT64_C(0x1234567890));
	assert_int_equal(failure_ring_next(&w.ring, &format, &s, &lost), FAILURE_RING_SAMPLE);
	assert_int_equal(s.pid, 7);
	assert_true(s.cgroup == UINT64_C(0x1234567890));
	/* A kernel that has none of them; and one that should have. */
	w.ring.cgroups = false;
	put_sample(&w, 8, 1, AF_INET, "10.0.0.9", "10.1.2.3", 1);
	assert_int_equal(failure_ring_next(&w.ring, &format, &s, &lost), FAILURE_RING_SAMPLE);
	assert_int_equal(s.cgroup, 0);
	w.ring.cgroups = true;
	put_sample(&w, 8, 1, AF_INET, "10.0.0.9", "10.1.2.3", 1);
	assert_next(&w, FAILURE_RING_BROKEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_families),
	    cmocka_unit_test(test_wraparound),
	    cmocka_unit_test(test_cgroups),
	    cmocka_unit_test(test_lost),
	    cmocka_unit_test(test_other_records_are_passed_over),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_raw_part_beyond_its_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
