/* SPDX-License-Identifier: ISC */
/*
 * local_addresses: the addresses of the network namespace that a process is in, read from outside
 * and without entering it: fib_trie (fib_trie_seq_show()) and if_inet6 (if6_seq_show()) of its net/
 * in /proc.
 */
#ifndef SRCPORTD_LOCAL_ADDRESSES_H
#define SRCPORTD_LOCAL_ADDRESSES_H

#include "base/addr.h"
#include "kernel/procfile.h"

/* What is longer is read so far only: a router of the Internet has a million lines. */
#define LOCAL_ADDRESSES_LINES 20000

/* One address, without a zone; it may come more than once. */
typedef void local_addresses_take(void *arg, const struct addr *address);

/* Hands over each. What cannot be read has none. */
void local_addresses_read(const struct procfile_source *source, uint32_t process,
			  local_addresses_take *take, void *arg);

/* The same of an open file in the form of fib_trie, or of if_inet6. */
void local_addresses_of_trie(FILE *file, local_addresses_take *take, void *arg);
void local_addresses_of_inet6(FILE *file, local_addresses_take *take, void *arg);

#endif
