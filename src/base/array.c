/* SPDX-License-Identifier: ISC */
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 16

void *
array_new(size_t count, size_t size)
{
	return calloc(count == 0 ? 1 : count, size);
}

void *
array_grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	if (count < *room)
		return array;
	uint32_t more = *room == 0 ? FIRST_ROOM : *room * 2;
	/* Twice the room may be more than its counter holds. */
	if (more < *room || more > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	void *bigger = realloc(array, more * size);
	if (bigger != NULL)
		*room = more;
	return bigger;
}
