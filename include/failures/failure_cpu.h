/* SPDX-License-Identifier: ISC */
/*
 * failure_cpu: the counter of one processor: perf_event_open(2) on the tracepoint, with a filter
 * that lets through nothing but a connect() that found no port, and a ring of samples.
 */
#ifndef SRCPORTD_FAILURE_CPU_H
#define SRCPORTD_FAILURE_CPU_H

#include "failures/failure_format.h"
#include "failures/failure_ring.h"

struct failure_cpu {
	int cpu;
	int fd;    /* poll(2): readable when the ring has a sample */
	void *map; /* NULL = counts only */
	size_t map_size;
	bool cgroups;       /* samples have that of their process (Linux 5.7) */
	bool tells_lost;    /* read(2) gives the number of lost samples too (Linux 6.0) */
	uint64_t lost;      /* of the ring's own records otherwise */
	uint64_t discarded; /* a ring with impossible content was emptied so often */
};

/* Starts counting on that processor. samples: with a ring; its times are of CLOCK_MONOTONIC.
 * Returns 0, or an errno: ENODEV (no such processor), EACCES and EPERM (CAP_PERFMON, for the ring
 * also perf_event_mlock_kb), EINVAL (the filter: a kernel with another tracepoint), EMFILE, ... */
int failure_cpu_open(struct failure_cpu *cpu, int number, const struct failure_format *format,
		     bool samples);

/* Stops counting; what was counted is lost. */
void failure_cpu_close(struct failure_cpu *cpu);

/* Failures counted so far, which is exact, and how many of them left no sample. False if the kernel
 * gives no answer. */
bool failure_cpu_read(const struct failure_cpu *cpu, uint64_t *count, uint64_t *lost);

/* Takes the next sample out of the ring. False if there is none. */
bool failure_cpu_next(struct failure_cpu *cpu, const struct failure_format *format,
		      struct failure_sample *sample);

#endif
