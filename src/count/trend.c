/* SPDX-License-Identifier: ISC */
#include "count/trend.h"

#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX (TREND_SAMPLES * (TREND_SAMPLES - 1) / 2)

enum kind { KIND_POOL, KIND_PEER, KIND_TARGET };

/* No padding: compared and hashed as words. */
struct key {
	struct addr local, peer;
	uint32_t rest; /* kind, prefix length, port */
};
#define KEY_WORDS (sizeof(struct key) / sizeof(uint32_t))

/* One pool, peer or target. The rings are indexed by the number of the poll or block, so that all
 * tracks share the clock of the trend. */
struct track {
	struct key key;
	uint32_t since;     /* number of the first poll */
	uint32_t block_sum; /* of the values of the block under way */
	uint16_t high_water;
	uint16_t recent[TREND_SAMPLES]; /* each poll */
	uint16_t blocks[TREND_SAMPLES]; /* each TREND_BLOCK polls, their mean */
};

struct trend {
	uint32_t poll; /* number of the current poll */
	uint64_t recent_ms[TREND_SAMPLES];
	uint64_t block_ms[TREND_SAMPLES];
	struct track *tracks;
	uint32_t count;
	struct lookup lookup;
};

static struct outlook
first_outlook(const struct usage *usage)
{
	return (struct outlook){usage->capacity - usage->tightest, TIME_LEFT_NONE};
}

struct outlooks *
outlooks_new(const struct tally *tally)
{
	size_t rows = (size_t)tally->pool_count + tally->peer_count + tally->target_count;
	struct outlooks *o = calloc(1, sizeof(*o));
	struct outlook *store = array_new(rows, sizeof(*store));
	if (o == NULL || store == NULL) {
		free(store);
		free(o);
		return NULL;
	}
	o->pools = store;
	o->peers = o->pools + tally->pool_count;
	o->targets = o->peers + tally->peer_count;
	for (uint32_t i = 0; i < tally->pool_count; i++)
		o->pools[i] = first_outlook(&tally->pools[i].usage);
	for (uint32_t i = 0; i < tally->peer_count; i++)
		o->peers[i] = first_outlook(&tally->peers[i].usage);
	for (uint32_t i = 0; i < tally->target_count; i++)
		o->targets[i] = first_outlook(&tally->targets[i].usage);
	return o;
}

void
outlooks_free(struct outlooks *o)
{
	if (o == NULL)
		return;
	free(o->pools);
	free(o);
}

struct trend *
trend_new(void)
{
	return calloc(1, sizeof(struct trend));
}

void
trend_free(struct trend *trend)
{
	if (trend == NULL)
		return;
	free(trend->tracks);
	lookup_free(&trend->lookup);
	free(trend);
}

uint32_t
trend_count(const struct trend *trend)
{
	return trend->count;
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

static uint32_t
sum(const uint16_t *value, size_t n)
{
	uint32_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += value[i];
	return total;
}

static int
compare_slopes(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

/* The median slope of all pairs, per millisecond; 0 if there is none. */
static double
median_slope(const uint64_t *ms, const uint16_t *value, unsigned n)
{
	double slope[PAIRS_MAX];
	unsigned pairs = 0;
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = i + 1; j < n; j++)
			if (ms[j] > ms[i])
				slope[pairs++] =
				    ((double)value[j] - value[i]) / (double)(ms[j] - ms[i]);
	if (pairs == 0)
		return 0;
	qsort(slope, pairs, sizeof(slope[0]), compare_slopes);
	return (slope[(pairs - 1) / 2] + slope[pairs / 2]) / 2;
}

uint32_t
trend_time_left(const uint64_t *ms, const uint16_t *value, unsigned count, uint32_t remaining)
{
	size_t quarter = count / 4;
	if (remaining == 0)
		return 0;
	if (count > TREND_SAMPLES || quarter == 0 || value[count - 1] <= value[0])
		return TIME_LEFT_NONE;
	if (sum(value + count - quarter, quarter) <= sum(value + count - 2 * quarter, quarter) ||
	    !rises(value, count))
		return TIME_LEFT_NONE;
	double slope = median_slope(ms, value, count);
	if (slope <= 0)
		return TIME_LEFT_NONE;
	double seconds = remaining / slope / 1000;
	/* Whole seconds stay whole, to however many bits this machine divides. */
	return seconds <= TREND_HORIZON_S ? (uint32_t)(seconds + 1e-6) : TIME_LEFT_NONE;
}

/* The last `count` entries of a ring whose newest is at `newest`, oldest first. */
static uint32_t
ring_time_left(const uint64_t *ring_ms, const uint16_t *ring, uint32_t newest, uint32_t count,
	       uint32_t remaining)
{
	uint64_t ms[TREND_SAMPLES];
	uint16_t value[TREND_SAMPLES];
	if (count > TREND_SAMPLES)
		count = TREND_SAMPLES;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = (newest - count + 1 + i) % TREND_SAMPLES;
		ms[i] = ring_ms[at];
		value[i] = ring[at];
	}
	return trend_time_left(ms, value, count, remaining);
}

/* Enters the value of this poll. A block counts only if the track was there from its start. */
static void
track_value(const struct trend *trend, struct track *track, uint16_t value)
{
	uint32_t in_block = trend->poll % TREND_BLOCK;
	track->recent[trend->poll % TREND_SAMPLES] = value;
	track->block_sum = in_block == 0 ? value : track->block_sum + value;
	if (in_block == TREND_BLOCK - 1)
		track->blocks[trend->poll / TREND_BLOCK % TREND_SAMPLES] =
		    (uint16_t)(track->block_sum / TREND_BLOCK);
	if (value > track->high_water)
		track->high_water = value;
}

/* Fast growth shows in the last polls; a slow leak under much jitter only in the means of blocks.
 */
static uint32_t
track_time_left(const struct trend *trend, const struct track *track, uint32_t remaining)
{
	uint32_t left = ring_time_left(trend->recent_ms, track->recent, trend->poll,
				       trend->poll - track->since + 1, remaining);
	uint32_t ended = (trend->poll + 1) / TREND_BLOCK; /* blocks, from the first poll on */
	uint32_t first = (track->since + TREND_BLOCK - 1) / TREND_BLOCK;
	if (left != TIME_LEFT_NONE || ended <= first)
		return left;
	return ring_time_left(trend->block_ms, track->blocks, ended - 1, ended - first, remaining);
}

static const struct track *
find(const struct trend *trend, const struct key *key, uint32_t hash)
{
	uint32_t cursor = hash, at;
	while ((at = lookup_next(&trend->lookup, hash, &cursor)) != LOOKUP_NONE)
		if (memcmp(&trend->tracks[at].key, key, sizeof(*key)) == 0)
			return &trend->tracks[at];
	return NULL;
}

/* By how much a row has grown since the last poll, in whole percent of its capacity. */
static unsigned
growth(const struct trend *trend, const struct track *known, const struct usage *usage)
{
	uint32_t used = usage->capacity - usage->tightest;
	uint32_t before = known != NULL ? known->recent[(trend->poll - 1) % TREND_SAMPLES] : 0;
	return used > before ? (unsigned)((uint64_t)(used - before) * 100 / usage->capacity) : 0;
}

/* One row of the tally: its track goes from the last poll's tracks into those of this one. */
static bool
follow(const struct trend *last, struct trend *now, const struct key *key,
       const struct usage *usage, struct outlook *outlook, unsigned *most_growth)
{
	if (now->count == TREND_MAX)
		return true;
	uint32_t word[KEY_WORDS];
	memcpy(word, key, sizeof(word));
	uint32_t hash = lookup_hash(word, KEY_WORDS);
	if (!lookup_enter(&now->lookup, hash, now->count))
		return false;
	struct track *track = &now->tracks[now->count++];
	const struct track *known = find(last, key, hash);
	unsigned grown = growth(now, known, usage);
	if (grown > *most_growth)
		*most_growth = grown;
	if (known != NULL)
		*track = *known;
	else
		*track = (struct track){.key = *key, .since = now->poll};
	track_value(now, track, (uint16_t)(usage->capacity - usage->tightest));
	outlook->high_water = track->high_water;
	outlook->time_left_s = track_time_left(now, track, usage->tightest);
	return true;
}

static bool
follow_all(const struct trend *last, struct trend *now, const struct tally *tally,
	   struct outlooks *out)
{
	for (uint32_t i = 0; i < tally->target_count; i++) {
		const struct target *t = tally->targets[i].target;
		struct key key = {.peer = t->net,
				  .rest = (uint32_t)KIND_TARGET << 24 | (uint32_t)t->bits << 16 |
					  t->port};
		if (!follow(last, now, &key, &tally->targets[i].usage, &out->targets[i],
			    &out->growth))
			return false;
	}
	for (uint32_t i = 0; i < tally->peer_count; i++) {
		struct key key = {.peer = tally->peers[i].peer, .rest = (uint32_t)KIND_PEER << 24};
		if (!follow(last, now, &key, &tally->peers[i].usage, &out->peers[i], &out->growth))
			return false;
	}
	for (uint32_t i = 0; i < tally->pool_count; i++) {
		const struct pool_tally *p = &tally->pools[i];
		struct key key = {.local = p->local,
				  .peer = p->peer,
				  .rest = (uint32_t)KIND_POOL << 24 | p->port};
		if (!follow(last, now, &key, &tally->pools[i].usage, &out->pools[i], &out->growth))
			return false;
	}
	return true;
}

bool
trend_take(struct trend *trend, const struct tally *tally, uint64_t now_ms,
	   struct outlooks *outlooks)
{
	uint64_t all = (uint64_t)tally->target_count + tally->peer_count + tally->pool_count;
	size_t rows = (size_t)(all < TREND_MAX ? all + 1 : TREND_MAX);
	struct trend now = *trend;
	now.tracks = calloc(rows, sizeof(*now.tracks));
	now.count = 0;
	now.lookup = (struct lookup){0};
	now.recent_ms[now.poll % TREND_SAMPLES] = now_ms;
	if (now.poll % TREND_BLOCK == TREND_BLOCK - 1)
		now.block_ms[now.poll / TREND_BLOCK % TREND_SAMPLES] = now_ms;
	bool good = now.tracks != NULL && follow_all(trend, &now, tally, outlooks);
	struct trend *old = good ? trend : &now;
	free(old->tracks);
	lookup_free(&old->lookup);
	if (!good) {
		errno = ENOMEM;
		return false;
	}
	now.poll++;
	*trend = now;
	return true;
}
