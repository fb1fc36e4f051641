/* SPDX-License-Identifier: ISC */
#include "kernel/feature.h"

#include <stdio.h>
#include <string.h>

struct version {
	unsigned major, minor, stable; /* stable: 0 = none, or not told */
};

/* Stable versions that have 0d9e5df4a257 for certain: each a little later than the first. */
static const struct version with_fin_wait2[] = {
    {4, 19, 324}, {5, 4, 286}, {5, 10, 230}, {5, 15, 170}, {6, 1, 115}, {6, 6, 60},
};

/* Distributions that number their own versions have a 0 in the third place; Debian tells the
 * stable version behind its name. */
static struct version
version_of(const char *release, const char *text)
{
	struct version v = {0, 0, 0}, told = {0, 0, 0};
	sscanf(release, "%5u.%5u.%5u", &v.major, &v.minor, &v.stable);
	const char *debian = strstr(text, " Debian ");
	if (v.stable == 0 && debian != NULL &&
	    sscanf(debian, " Debian %5u.%5u.%5u", &told.major, &told.minor, &told.stable) == 3 &&
	    told.major == v.major && told.minor == v.minor)
		return told;
	return v;
}

static bool
is_from(struct version v, unsigned major, unsigned minor)
{
	return v.major > major || (v.major == major && v.minor >= minor);
}

struct kernel_habits
feature_habits(const char *release, const char *text)
{
	struct version v = version_of(release, text);
	struct kernel_habits habits = {.letting_go = KEEPS,
				       .fin_wait2_kept = is_from(v, 6, 12),
				       .nat_evicts = is_from(v, 6, 5)};
	if (is_from(v, 6, 18) || (is_from(v, 6, 17) && v.stable >= 8))
		habits.letting_go = LETS_GO;
	else if (v.major == 0 || (is_from(v, 6, 17) && v.stable == 0))
		habits.letting_go = MAY_LET_GO;
	for (size_t i = 0; i < sizeof(with_fin_wait2) / sizeof(with_fin_wait2[0]); i++) {
		const struct version *with = &with_fin_wait2[i];
		habits.fin_wait2_kept |=
		    v.major == with->major && v.minor == with->minor && v.stable >= with->stable;
	}
	return habits;
}
