/* SPDX-License-Identifier: ISC */
/*
 * clock: the clock that intervals are measured with; setting the wall clock does not move it.
 */
#ifndef SRCPORTD_CLOCK_H
#define SRCPORTD_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC in microseconds. */
static inline uint64_t
clock_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Milliseconds from now until a moment of that clock, for poll(2); 0 if it has passed. */
static inline int
clock_until(uint64_t end_ms)
{
	uint64_t now_ms = clock_us() / 1000;
	return now_ms < end_ms ? (int)(end_ms - now_ms) : 0;
}

/* CPU time of the calling thread in microseconds. */
static inline uint64_t
clock_cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

#endif
