/* SPDX-License-Identifier: ISC */
/*
 * foretell: whether a number grows, beyond what chance makes of it, and when it will have taken
 * all that is left. Pure.
 *
 * The number of connections of a steady load goes up and down, and those who last stay in the
 * count of many polls: what looks like growth for a while is that. In a birth-death process with
 * as many births as deaths, whose connections last T polls on average (M/M/inf), the number has the
 * variance of its mean, and the correlation exp(-t/T) over t polls; T follows from how much the
 * number changes from one poll to the next. Growth is what that does not explain.
 */
#ifndef SRCPORTD_FORETELL_H
#define SRCPORTD_FORETELL_H

#include <stdbool.h>
#include <stdint.h>

/* Values of one series. */
#define FORETELL_SAMPLES 16

/* Series of longer and longer spans: each value is one poll, the mean of 4, of 16, ... of 4,096. */
#define FORETELL_LEVELS 7

/* How often as much as the growth seen in a series may be left to foretell from it. */
#define FORETELL_REACH 12

/* Oldest first, at rising moments of any clock. */
struct series {
	unsigned count; /* at most FORETELL_SAMPLES */
	unsigned level; /* each value is the mean of 4 ^ level polls */
	uint64_t ms[FORETELL_SAMPLES];
	uint16_t value[FORETELL_SAMPLES];
};

/* The variance of the difference between the means of the newest and of the oldest quarter of
 * `polls` polls, where a steady load of `mean` changes by `churn` from poll to poll, mean square. A
 * load that comes and goes in bursts (churn above twice the mean) is taken to vary by that. */
double foretell_variance(double mean, double churn, double polls);

/* How much the series grows in a millisecond, if it does and `remaining` are in its reach; else 0.
 * It grows if its newest quarter is above its oldest by more than chance gives once a week, nearly
 * all pairs of its values rise (Mann-Kendall, three standard deviations, which seven values at the
 * least can reach and one step cannot), and it still did in the newest half. The rate is the median
 * of the slopes of all pairs (Theil-Sen): neither jitter nor a spike moves it. */
double foretell_rate(const struct series *series, double churn, uint32_t remaining);

#endif
