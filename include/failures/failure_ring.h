/* SPDX-License-Identifier: ISC */
/*
 * failure_ring: what perf_event_open(2) wrote into its ring of records, one at a time. Pure:
 * whoever owns the ring reads its head and writes its tail back.
 */
#ifndef SRCPORTD_FAILURE_RING_H
#define SRCPORTD_FAILURE_RING_H

#include "base/addr.h"
#include "failures/failure_format.h"

/* The sample_type that the ring must have been opened with: PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
 * PERF_SAMPLE_RAW; and PERF_SAMPLE_CGROUP beside it, if it has cgroups (Linux 5.7,
 * CONFIG_CGROUP_PERF). */
#define FAILURE_RING_SAMPLE_TYPE UINT64_C(0x406)
#define FAILURE_RING_CGROUP      (UINT64_C(1) << 21)

/* One connect() that found no port. */
struct failure_sample {
	struct addr local, peer; /* zone 0: the record has none */
	uint16_t port;
	uint32_t pid;     /* in our own PID namespace; 0 = not visible there */
	uint64_t cgroup;  /* the number of the process's; 0 = not known */
	uint64_t time_ns; /* of the clock that the ring was opened with */
};

struct failure_ring {
	const uint8_t *data; /* size octets, a power of two */
	size_t size;
	uint64_t head, tail; /* octets written and read since the beginning */
	bool cgroups;
};

enum failure_ring_result {
	FAILURE_RING_EMPTY,
	FAILURE_RING_SAMPLE, /* *sample is set */
	FAILURE_RING_LOST,   /* *lost records did not fit into the ring */
	FAILURE_RING_BROKEN  /* not a possible content; everything up to head is skipped */
};

/* Takes the next record and moves tail behind it; records of other kinds are passed over. */
enum failure_ring_result failure_ring_next(struct failure_ring *ring,
					   const struct failure_format *format,
					   struct failure_sample *sample, uint64_t *lost);

#endif
