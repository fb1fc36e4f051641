/* SPDX-License-Identifier: ISC */
/*
 * one_host: the host under examination, for tests that have one at a time.
 *
 * One name for all of them, so that a test reads as the situation it is about.
 */
#ifndef SRCPORTD_TEST_ONE_HOST_H
#define SRCPORTD_TEST_ONE_HOST_H

#include "support.h"

extern struct host host;

/* The host as it is with these settings, without a socket; the one before it is ended. */
void host_with(const struct settings *settings);
void host_with_range(uint16_t low, uint16_t high, const char *reserved);

/* A connection that connect() itself chose the port of. */
void connect_from(const char *local, uint16_t local_port, const char *peer, uint16_t port);

/* Setup and teardown of a test: a host with the range 40000-40099; and its end. */
int host_setup(void **state);
int host_teardown(void **state);

#endif
