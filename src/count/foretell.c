/* SPDX-License-Identifier: ISC */
#include "count/foretell.h"

#include <stdlib.h>

#define PAIRS_MAX (FORETELL_SAMPLES * (FORETELL_SAMPLES - 1) / 2)

/* Share of the connections that are others after one poll: more is not told apart, as values of
 * polls have nothing to do with each other then. */
#define SHARE_MAX 0.9

/* exp() and log() as quotients, good to a few percent: the C library's mathematics is a library of
 * its own. */
double
foretell_variance(double mean, double churn, double polls)
{
	double least = mean > 1 ? mean : 1;
	double varies = churn / 2 > least ? churn / 2 : least;
	double share = churn / (2 * varies);
	if (share > SHARE_MAX)
		share = SHARE_MAX;
	/* 1 / T = -log(1 - share) */
	double deaths = share * (6 - share) / (6 - 4 * share);
	/* Lifetimes in a quarter. With f(a) = 2 (a - 1 + exp(-a)) / a^2 the variance of a quarter's
	 * mean, and exp(-2a) ((1 - exp(-a)) / a)^2 the covariance of the first and the last. */
	double a = polls * deaths / 4;
	return 2 * varies * (8 * a / 3) / (1 + 1.59 * a + 4 * a * a / 3);
}

/* Mann-Kendall: how many more pairs rise than fall. It is significant beyond three standard
 * deviations of what chance would give, n (n - 1) (2n + 5) / 18. */
static bool
rises(const uint16_t *value, unsigned n)
{
	int balance = 0;
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = i + 1; j < n; j++)
			balance += (value[j] > value[i]) - (value[j] < value[i]);
	int over = balance - 1;
	return over > 0 && over * over * 18 >= 9 * (int)(n * (n - 1) * (2 * n + 5));
}

static double
mean(const uint16_t *value, unsigned n)
{
	double total = 0;
	for (unsigned i = 0; i < n; i++)
		total += value[i];
	return total / n;
}

static int
compare_slopes(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

/* The median slope of all pairs from the value `first` on, per millisecond; 0 if there is none. */
static double
median_slope(const struct series *s, unsigned first)
{
	double slope[PAIRS_MAX];
	unsigned pairs = 0;
	for (unsigned i = first; i < s->count; i++)
		for (unsigned j = i + 1; j < s->count; j++)
			if (s->ms[j] > s->ms[i])
				slope[pairs++] = ((double)s->value[j] - s->value[i]) /
						 (double)(s->ms[j] - s->ms[i]);
	if (pairs == 0)
		return 0;
	qsort(slope, pairs, sizeof(slope[0]), compare_slopes);
	return (slope[(pairs - 1) / 2] + slope[pairs / 2]) / 2;
}

/* By what chance gives once in ten weeks of polls two seconds apart: the longer a series, the fewer
 * of them there are in a week. In squares of standard deviations. */
static double
chance(unsigned level)
{
	static const double squares[FORETELL_LEVELS] = {5.5 * 5.5, 5.0 * 5.0, 4.5 * 4.5, 4.0 * 4.0,
							3.5 * 3.5, 3.0 * 3.0, 2.6 * 2.6};
	return squares[level];
}

double
foretell_rate(const struct series *s, double churn, uint32_t remaining)
{
	unsigned quarter = s->count / 4;
	if (quarter == 0 || s->value[s->count - 1] <= s->value[0])
		return 0;
	const uint16_t *end = s->value + s->count;
	double newest = mean(end - quarter, quarter), grown = newest - mean(s->value, quarter);
	if (grown <= 0 || grown * FORETELL_REACH < remaining ||
	    newest <= mean(end - 2 * (size_t)quarter, quarter))
		return 0;
	double polls = (double)s->count * (double)(UINT32_C(1) << 2 * s->level);
	double variance = foretell_variance(mean(s->value, s->count), churn, polls);
	if (grown * grown <= chance(s->level) * variance || !rises(s->value, s->count))
		return 0;
	/* Where nearly all of it came in the newest half, it began there. */
	bool lately = 8 * (newest - mean(end - 3 * (size_t)quarter, quarter)) > 7 * grown;
	double slope = median_slope(s, lately ? s->count / 2 : 0);
	return slope > 0 ? slope : 0;
}
