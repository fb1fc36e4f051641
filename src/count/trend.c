/* SPDX-License-Identifier: ISC */
#include "count/trend.h"

#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_POOL, KIND_PEER, KIND_TARGET };

/* No padding: compared and hashed as words. */
struct key {
	struct addr local, peer;
	uint32_t rest; /* kind, prefix length, port */
};
#define KEY_WORDS (sizeof(struct key) / sizeof(uint32_t))

/* A new value of a level above the first comes of as many of the level below. */
#define STEP 4

/* Polls that the mean square of the change from poll to poll is taken over, more or less. */
#define CHURN_POLLS 256

/* Percent and a bit: the classes of rows by how full they are. */
#define CLASSES 1025

/* One pool, peer or target. The rings are indexed by the number of the value, so that all tracks
 * share the clock of the trend. */
struct track {
	struct key key;
	uint32_t since; /* number of the first poll */
	float churn;    /* mean square of the change from poll to poll */
	uint16_t high_water;
	uint16_t value[FORETELL_LEVELS][FORETELL_SAMPLES];
	uint32_t sum[FORETELL_LEVELS]; /* of the values for the next one of that level */
	float rate[FORETELL_LEVELS];   /* growth in a millisecond; 0 = none */
};

struct trend {
	uint32_t poll; /* number of the current poll */
	uint64_t ms[FORETELL_LEVELS][FORETELL_SAMPLES];
	struct track *tracks;
	uint32_t count;
	bool all;       /* every row is followed, or else */
	unsigned floor; /* all that are fuller than this class, and some in it; 0 if every one is */
	struct lookup lookup;
};

/* A row of a tally. */
struct row {
	struct key key;
	const struct usage *usage;
	struct outlook *outlook;
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

/* Values of a level that have been completed with this poll and before. */
static uint32_t
completed(const struct trend *trend, unsigned level)
{
	return (uint32_t)(((uint64_t)trend->poll + 1) >> 2 * level);
}

/* True if this poll completes a value of that level. */
static bool
completes(const struct trend *trend, unsigned level)
{
	return (trend->poll + 1) % (UINT32_C(1) << 2 * level) == 0;
}

/* The values of a level that the track has seen from their first poll on. */
static struct series
series_of(const struct trend *trend, const struct track *track, unsigned level)
{
	struct series s = {.level = level};
	uint32_t end = completed(trend, level), polls = UINT32_C(1) << 2 * level;
	uint32_t first = (uint32_t)(((uint64_t)track->since + polls - 1) >> 2 * level);
	if (end <= first)
		return s;
	s.count = end - first < FORETELL_SAMPLES ? end - first : FORETELL_SAMPLES;
	for (uint32_t i = 0; i < s.count; i++) {
		uint32_t at = (end - s.count + i) % FORETELL_SAMPLES;
		s.ms[i] = trend->ms[level][at];
		s.value[i] = track->value[level][at];
	}
	return s;
}

/* Enters the value of this poll, and the means that it completes. */
static void
track_value(const struct trend *trend, struct track *track, uint16_t value, uint32_t remaining)
{
	uint32_t mean = value;
	for (unsigned level = 0; level < FORETELL_LEVELS && completes(trend, level); level++) {
		if (level > 0) {
			mean = (track->sum[level] + STEP / 2) / STEP;
			track->sum[level] = 0;
		}
		uint32_t at = (completed(trend, level) - 1) % FORETELL_SAMPLES;
		track->value[level][at] = (uint16_t)mean;
		if (level + 1 < FORETELL_LEVELS)
			track->sum[level + 1] += mean;
		struct series s = series_of(trend, track, level);
		track->rate[level] = (float)foretell_rate(&s, (double)track->churn, remaining);
	}
	if (value > track->high_water)
		track->high_water = value;
}

static void
track_churn(const struct trend *trend, struct track *track, uint32_t before, uint32_t now)
{
	float change = (float)now - (float)before;
	uint32_t seen = trend->poll - track->since;
	float weight = seen < CHURN_POLLS ? (float)seen : (float)CHURN_POLLS;
	track->churn += (change * change - track->churn) / weight;
}

/* The newest growth first: it is the fastest. */
static uint32_t
track_time_left(const struct track *track, uint32_t remaining)
{
	if (remaining == 0)
		return 0;
	for (unsigned level = 0; level < FORETELL_LEVELS; level++) {
		double rate = (double)track->rate[level];
		/* Whole seconds stay whole, to however many bits this machine divides. */
		double seconds = rate > 0 ? remaining / rate / 1000 + 1e-3 : 0;
		if (rate > 0)
			return seconds < TREND_HORIZON_S + 1 ? (uint32_t)seconds : TIME_LEFT_NONE;
	}
	return TIME_LEFT_NONE;
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

static uint32_t
used_of(const struct usage *usage)
{
	return usage->capacity - usage->tightest;
}

/* How full a row is, in 1,024 parts. */
static unsigned
class_of(const struct usage *usage)
{
	return usage->capacity == 0
		   ? 0
		   : (unsigned)((uint64_t)used_of(usage) * (CLASSES - 1) / usage->capacity);
}

/* By how much a row has grown since the last poll, in whole percent of its capacity. What was not
 * followed was nothing, or no fuller than all that were. */
static unsigned
growth(const struct trend *last, const struct track *known, const struct usage *usage)
{
	uint32_t used = used_of(usage);
	uint64_t before =
	    last->floor > 0 ? ((uint64_t)last->floor + 1) * usage->capacity / (CLASSES - 1) : 0;
	if (known != NULL)
		before = known->value[0][(last->poll - 1) % FORETELL_SAMPLES];
	return used > before ? (unsigned)((used - before) * 100 / usage->capacity) : 0;
}

/* One row of the tally: its track goes from the last poll's tracks into those of this one. */
static bool
follow(const struct trend *last, struct trend *now, const struct row *row,
       const struct track *known, uint32_t hash, unsigned *most_growth)
{
	uint32_t used = used_of(row->usage);
	if (!lookup_enter(&now->lookup, hash, now->count))
		return false;
	struct track *track = &now->tracks[now->count++];
	unsigned grown = growth(last, known, row->usage);
	if (grown > *most_growth)
		*most_growth = grown;
	if (known != NULL) {
		*track = *known;
		track_churn(now, track, known->value[0][(last->poll - 1) % FORETELL_SAMPLES], used);
	} else {
		*track = (struct track){.key = row->key, .since = now->poll};
	}
	track_value(now, track, (uint16_t)used, row->usage->tightest);
	row->outlook->high_water = track->high_water;
	row->outlook->time_left_s = track_time_left(track, row->usage->tightest);
	return true;
}

static struct row
row_at(const struct tally *tally, struct outlooks *out, uint32_t i)
{
	struct row row;
	if (i < tally->target_count) {
		const struct target *t = tally->targets[i].target;
		row = (struct row){.usage = &tally->targets[i].usage, .outlook = &out->targets[i]};
		row.key.peer = t->net;
		row.key.rest =
		    (uint32_t)KIND_TARGET << 24 | (uint32_t)t->bits << 16 | (uint32_t)t->port;
		return row;
	}
	i -= tally->target_count;
	if (i < tally->peer_count) {
		row = (struct row){.usage = &tally->peers[i].usage, .outlook = &out->peers[i]};
		row.key.peer = tally->peers[i].peer;
		row.key.rest = (uint32_t)KIND_PEER << 24;
		return row;
	}
	i -= tally->peer_count;
	row = (struct row){.usage = &tally->pools[i].usage, .outlook = &out->pools[i]};
	row.key.local = tally->pools[i].local;
	row.key.peer = tally->pools[i].peer;
	row.key.rest = (uint32_t)KIND_POOL << 24 | tally->pools[i].port;
	return row;
}

/* The class of which not all rows have room, with all fuller ones. Targets always have. */
static unsigned
find_floor(const struct tally *tally)
{
	uint32_t rows[CLASSES] = {0}, room = TREND_MAX - tally->target_count;
	for (uint32_t i = 0; i < tally->peer_count; i++)
		rows[class_of(&tally->peers[i].usage)]++;
	for (uint32_t i = 0; i < tally->pool_count; i++)
		rows[class_of(&tally->pools[i].usage)]++;
	unsigned floor = CLASSES - 1;
	while (rows[floor] <= room)
		room -= rows[floor--];
	return floor;
}

/* Who is followed first: targets and what is fuller than the floor; what is at the floor and known;
 * the rest of that, as far as there is room. */
enum turn { TURN_FULLER, TURN_KNOWN, TURN_REST };

static bool
follow_rows(const struct trend *last, struct trend *now, const struct tally *tally,
	    struct outlooks *out, enum turn turn)
{
	uint32_t all = tally->target_count + tally->peer_count + tally->pool_count;
	for (uint32_t i = 0; i < all && now->count < TREND_MAX; i++) {
		struct row row = row_at(tally, out, i);
		unsigned class = class_of(row.usage);
		bool fuller = i < tally->target_count || class > now->floor || now->all;
		if (fuller != (turn == TURN_FULLER) || (!fuller && class < now->floor))
			continue;
		uint32_t word[KEY_WORDS];
		memcpy(word, &row.key, sizeof(word));
		uint32_t hash = lookup_hash(word, KEY_WORDS);
		const struct track *known = find(last, &row.key, hash);
		if (!fuller && (known != NULL) != (turn == TURN_KNOWN))
			continue;
		if (!follow(last, now, &row, known, hash, &out->growth))
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
	now.all = all <= TREND_MAX;
	now.floor = now.all ? 0 : find_floor(tally);
	for (unsigned level = 0; level < FORETELL_LEVELS && completes(&now, level); level++)
		now.ms[level][(completed(&now, level) - 1) % FORETELL_SAMPLES] = now_ms;
	bool good = now.tracks != NULL && follow_rows(trend, &now, tally, outlooks, TURN_FULLER) &&
		    (now.all || (follow_rows(trend, &now, tally, outlooks, TURN_KNOWN) &&
				 follow_rows(trend, &now, tally, outlooks, TURN_REST)));
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
