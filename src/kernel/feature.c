/* SPDX-License-Identifier: ISC */
#include "kernel/feature.h"

#include <stdio.h>

enum letting_go
feature_letting_go(const char *release)
{
	unsigned major = 0, minor = 0, stable = 0;
	sscanf(release, "%5u.%5u.%5u", &major, &minor, &stable);
	if (major > 6 || (major == 6 && (minor > 17 || (minor == 17 && stable >= 8))))
		return LETS_GO;
	/* Distributions that number their own versions have a 0 there: "6.17.0-14-generic". */
	return major == 6 && minor == 17 && stable == 0 ? MAY_LET_GO : KEEPS;
}
