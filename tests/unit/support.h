/* SPDX-License-Identifier: ISC */
/*
 * support: what the unit tests share: sockets, settings, hosts and netlink datagrams in a line
 * each.
 *
 * Included first; it brings in cmocka and what cmocka needs.
 */
#ifndef SRCPORTD_TEST_SUPPORT_H
#define SRCPORTD_TEST_SUPPORT_H

#include "host.h"
#include "kernel/procfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Parsed text; the test fails if it is malformed. Target: judged by levels_default. */
struct addr address(const char *text);
struct target target_of(const char *text);
struct portset ports_of(const char *list);

/* A range and reserved ports, with tcp_tw_reuse 2, timestamps on and a delay of 1000 ms. */
struct settings settings_of(uint16_t low, uint16_t high, const char *reserved);

/* A socket as diag_decode() would give it; no attributes; the cookie follows from the ports. */
struct diag_socket socket_of(enum tcp_state state, const char *local, uint16_t local_port,
			     const char *peer, uint16_t peer_port);
struct diag_socket listener(const char *local, uint16_t port);
struct diag_socket bound_idle(const char *local, uint16_t port);
/* Mini sockets that have lived for that long, and a request sock. */
struct diag_socket time_wait(const char *local, uint16_t local_port, const char *peer,
			     uint16_t peer_port, uint32_t age_ms);
struct diag_socket fin_wait2_mini(const char *local, uint16_t local_port, const char *peer,
				  uint16_t peer_port, uint32_t age_ms);
struct diag_socket request_sock(const char *local, uint16_t local_port, const char *peer,
				uint16_t peer_port);
/* Same socket, bound to a device / with INET_DIAG_SOCKOPT / INET_DIAG_CGROUP_ID /
 * INET_DIAG_SKV6ONLY. */
struct diag_socket on_device(struct diag_socket s, uint32_t interface);
struct diag_socket with_no_port(struct diag_socket s, bool on);
struct diag_socket with_cgroup(struct diag_socket s);
struct diag_socket with_v6only(struct diag_socket s);

/* One netlink datagram. */
#define TEST_SEQ    7
#define TEST_PORTID 4711U
struct datagram {
	size_t length;
	_Alignas(8) uint8_t octet[16384];
};

/* Each adds a message to it. A socket is encoded with its attributes. */
void datagram_message(struct datagram *d, uint16_t type, const void *payload, size_t length);
void datagram_socket(struct datagram *d, const struct diag_socket *s);
void datagram_done(struct datagram *d);
/* An end that says the dump failed, and a refusal of the request. */
void datagram_failed(struct datagram *d, int error);
void datagram_error(struct datagram *d, int error);
/* Sockets of many kinds, with attributes: of the first dump, or of the others; and the end. */
void datagram_fill(struct datagram *d, bool holders);

/* Writes a whole recording, of a host in the range 40000-40099 with ten ports reserved and sockets
 * of many kinds: of 10.0.0.2:80 port 40001 established, 40003 in CLOSE_WAIT and explicit, 40007 an
 * orphan in FIN_WAIT2. */
void write_recording(FILE *file);

/* Replays a recording into a fresh census, which the caller frees also on error, and its files into
 * source. NULL on success; else one line in error. */
const char *replay_whole(const char *path, struct procfile_source *source, struct census *census,
			 char *error, size_t room);

/* A directory of the test's own with a "proc" of files in it; removed with everything in it. */
struct directory {
	char path[64];
};
void directory_make(struct directory *d);
/* Writes DIR/name and the directories above it; fails the test if it cannot. */
void directory_write(const struct directory *d, const char *name, const void *data, size_t length);
void directory_text(const struct directory *d, const char *name, const char *text);
/* A second name of a file. */
void directory_link(const struct directory *d, const char *from, const char *to);
void directory_remove(struct directory *d);

/* From now on the n-th allocation (1 = the next) and all after it fail; 0 = none does. Returns
 * whether one has failed since the last call. */
bool allocations_fail_from(unsigned n);

/* Octets that are allocated now; 0 where the C library does not tell. */
size_t octets_allocated(void);

/* Fails the test unless least <= value <= most; cmocka has had this under changing names. */
#define assert_between(value, least, most)                                                         \
	check_between((uintmax_t)(value), (uintmax_t)(least), (uintmax_t)(most), __FILE__, __LINE__)
void check_between(uintmax_t value, uintmax_t least, uintmax_t most, const char *file, int line);
#undef assert_in_range
#pragma GCC poison assert_in_range

#endif
