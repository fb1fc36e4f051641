/* SPDX-License-Identifier: ISC */
/*
 * array: memory for arrays whose length is known only at run time. Pure; what is returned is the
 * caller's, to be freed with free().
 */
#ifndef SRCPORTD_ARRAY_H
#define SRCPORTD_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* `count` elements of `size` octets (not 0), all zero. For no elements it is a pointer too, which
 * may be passed to qsort() and memcpy(): NULL always means errno ENOMEM. */
void *array_new(size_t count, size_t size);

/* Makes room for one element more in an array (NULL at the start, with *room 0) of which `count`
 * elements of *room are in use. The room doubles when it is full, so that n additions cost n
 * copies; new room is not cleared. Returns the array, which may have moved, or NULL with errno
 * ENOMEM: array and *room are then as they were. */
void *array_grow(void *array, uint32_t count, uint32_t *room, size_t size);

#endif
