/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "count/census_take.h"
#include "kernel/recording.h"
#include "kernel/replay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIME_WAIT_MS 60000
#define ATTR_HEADER  ((uint16_t)sizeof(struct nlattr))

struct addr
address(const char *text)
{
	struct addr a;
	assert_true(addr_parse(text, &a));
	return a;
}

struct target
target_of(const char *text)
{
	struct target target = {.levels = level_band_default};
	assert_null(target_parse(text, &target));
	return target;
}

struct portset
ports_of(const char *list)
{
	struct portset set;
	assert_null(settings_parse_ports(list, strlen(list), &set));
	return set;
}

struct settings
settings_of(uint16_t low, uint16_t high, const char *reserved)
{
	return (struct settings){.range = {low, high},
				 .unprivileged_start = SETTING_ABSENT,
				 .reserved = ports_of(reserved),
				 .tw_reuse = 2,
				 .timestamps = 1,
				 .tw_reuse_delay_ms = 1000};
}

struct diag_socket
socket_of(enum tcp_state state, const char *local, uint16_t local_port, const char *peer,
	  uint16_t peer_port)
{
	struct diag_socket s = {.local = address(local),
				.peer = address(peer),
				.local_port = local_port,
				.peer_port = peer_port,
				.state = (uint8_t)state,
				.inode = 1,
				.cookie = ((uint64_t)local_port << 16 | peer_port) + 1};
	s.interface = s.local.zone;
	s.family = addr_is_v4(&s.local) ? AF_INET : AF_INET6;
	return s;
}

struct diag_socket
listener(const char *local, uint16_t port)
{
	return socket_of(STATE_LISTEN, local, port, strchr(local, ':') ? "::" : "0.0.0.0", 0);
}

struct diag_socket
bound_idle(const char *local, uint16_t port)
{
	return socket_of(STATE_CLOSE, local, port, strchr(local, ':') ? "::" : "0.0.0.0", 0);
}

static struct diag_socket
mini(enum tcp_state state, const char *local, uint16_t local_port, const char *peer,
     uint16_t peer_port, uint32_t age_ms)
{
	struct diag_socket s = socket_of(state, local, local_port, peer, peer_port);
	s.mini = true;
	s.inode = 0;
	s.expires = TIME_WAIT_MS - age_ms;
	return s;
}

struct diag_socket
time_wait(const char *local, uint16_t local_port, const char *peer, uint16_t peer_port,
	  uint32_t age_ms)
{
	return mini(STATE_TIME_WAIT, local, local_port, peer, peer_port, age_ms);
}

struct diag_socket
fin_wait2_mini(const char *local, uint16_t local_port, const char *peer, uint16_t peer_port,
	       uint32_t age_ms)
{
	return mini(STATE_FIN_WAIT2, local, local_port, peer, peer_port, age_ms);
}

struct diag_socket
request_sock(const char *local, uint16_t local_port, const char *peer, uint16_t peer_port)
{
	struct diag_socket s = socket_of(STATE_SYN_RECV, local, local_port, peer, peer_port);
	s.request = true;
	s.inode = 0;
	return s;
}

struct diag_socket
on_device(struct diag_socket s, uint32_t interface)
{
	s.interface = s.local.zone = interface;
	s.peer.zone = addr_is_link_local(&s.peer) ? interface : 0;
	return s;
}

/* Attributes as the kernel lays them out, one of each kind for all tests. */
struct one_attribute {
	struct nlattr head;
	uint8_t payload[8];
};

static struct diag_socket
with_attribute(struct diag_socket s, const struct one_attribute *attribute)
{
	s.attrs = &attribute->head;
	s.attrs_length = (attribute->head.nla_len + 3U) & ~3U;
	return s;
}

struct diag_socket
with_no_port(struct diag_socket s, bool on)
{
	static struct one_attribute attribute[2];
	struct inet_diag_sockopt option = {.bind_address_no_port = on};
	attribute[on].head =
	    (struct nlattr){(uint16_t)(ATTR_HEADER + sizeof(option)), INET_DIAG_SOCKOPT};
	memcpy(attribute[on].payload, &option, sizeof(option));
	return with_attribute(s, &attribute[on]);
}

struct diag_socket
with_cgroup(struct diag_socket s)
{
	static const struct one_attribute attribute = {
	    {ATTR_HEADER + sizeof(uint64_t), INET_DIAG_CGROUP_ID}, {5, 2}};
	return with_attribute(s, &attribute);
}

struct diag_socket
with_v6only(struct diag_socket s)
{
	static const struct one_attribute attribute = {
	    .head = {.nla_len = ATTR_HEADER + 1, .nla_type = INET_DIAG_SKV6ONLY},
	    .payload = {1},
	};
	return with_attribute(s, &attribute);
}

void
datagram_message(struct datagram *d, uint16_t type, const void *payload, size_t length)
{
	struct nlmsghdr head = {.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
				.nlmsg_type = type,
				.nlmsg_flags = NLM_F_MULTI,
				.nlmsg_seq = TEST_SEQ,
				.nlmsg_pid = TEST_PORTID};
	assert_true(d->length + NLMSG_ALIGN(head.nlmsg_len) <= sizeof(d->octet));
	memset(d->octet + d->length, 0, NLMSG_ALIGN(head.nlmsg_len));
	memcpy(d->octet + d->length, &head, sizeof(head));
	memcpy(d->octet + d->length + NLMSG_HDRLEN, payload, length);
	d->length += NLMSG_ALIGN(head.nlmsg_len);
}

/* The address as a socket of that family has it. */
static void
put_address(__be32 *out, const struct addr *a, uint8_t family)
{
	memset(out, 0, 16);
	if (family == AF_INET)
		memcpy(out, a->octet + 12, 4);
	else
		memcpy(out, a->octet, 16);
}

void
datagram_socket(struct datagram *d, const struct diag_socket *s)
{
	struct {
		struct inet_diag_msg m;
		uint8_t attributes[256];
	} answer = {.m = {.idiag_family = s->family,
			  .idiag_state = s->state,
			  .idiag_timer = s->mini ? 3 : 0,
			  .idiag_expires = s->expires,
			  .idiag_uid = s->uid,
			  .idiag_inode = s->inode}};
	put_address(answer.m.id.idiag_src, &s->local, s->family);
	put_address(answer.m.id.idiag_dst, &s->peer, s->family);
	answer.m.id.idiag_sport = htons(s->local_port);
	answer.m.id.idiag_dport = htons(s->peer_port);
	answer.m.id.idiag_if = s->interface;
	answer.m.id.idiag_cookie[0] = (uint32_t)s->cookie;
	answer.m.id.idiag_cookie[1] = (uint32_t)(s->cookie >> 32);
	assert_true(s->attrs_length <= sizeof(answer.attributes));
	if (s->attrs_length > 0)
		memcpy(answer.attributes, s->attrs, s->attrs_length);
	datagram_message(d, SOCK_DIAG_BY_FAMILY, &answer, sizeof(answer.m) + s->attrs_length);
}

void
datagram_done(struct datagram *d)
{
	datagram_failed(d, 0);
}

void
datagram_failed(struct datagram *d, int error)
{
	int32_t code = -error;
	datagram_message(d, NLMSG_DONE, &code, sizeof(code));
}

void
datagram_error(struct datagram *d, int error)
{
	struct nlmsgerr payload = {.error = -error};
	datagram_message(d, NLMSG_ERROR, &payload, sizeof(payload));
}

void
datagram_fill(struct datagram *d, bool holders)
{
	const struct diag_socket holder[] = {listener("0.0.0.0", 40010),
					     with_v6only(listener("::", 40011)),
					     bound_idle("::1", 40012)};
	const struct diag_socket open[] = {
	    with_no_port(socket_of(STATE_ESTABLISHED, "10.0.0.1", 40001, "10.0.0.2", 80), true),
	    with_no_port(socket_of(STATE_CLOSE_WAIT, "10.0.0.1", 40003, "10.0.0.2", 80), false),
	    on_device(socket_of(STATE_SYN_SENT, "fe80::1", 40002, "fe80::2", 443), 2),
	    time_wait("127.0.0.1", 40005, "127.0.0.1", 80, 30000),
	    fin_wait2_mini("10.0.0.1", 40007, "10.0.0.2", 80, 300),
	    request_sock("10.0.0.1", 40010, "10.0.0.9", 50000),
	};
	for (size_t i = 0; i < (holders ? COUNT_OF(holder) : COUNT_OF(open)); i++)
		datagram_socket(d, holders ? &holder[i] : &open[i]);
	datagram_done(d);
}

void
write_recording(FILE *file)
{
	static const char *const files[][2] = {
	    {"sys/net/ipv4/ip_local_port_range", "40000\t40099\n"},
	    {"sys/net/ipv4/ip_local_reserved_ports", "40090-40099\n"},
	    {"sys/net/ipv4/tcp_tw_reuse", "2\n"},
	    {"sys/net/ipv4/tcp_timestamps", "1\n"},
	    {"sys/net/ipv4/tcp_tw_reuse_delay", "1000\n"},
	};
	const struct diag_socket given =
	    socket_of(STATE_CLOSE_WAIT, "10.0.0.1", 40003, "10.0.0.2", 80);
	struct datagram dump[DIAG_DUMPS] = {0};
	datagram_fill(&dump[DIAG_HOLDERS], true);
	datagram_socket(&dump[DIAG_EXPLICIT], &given);
	datagram_done(&dump[DIAG_EXPLICIT]);
	datagram_fill(&dump[DIAG_SOCKETS], false);
	datagram_done(&dump[DIAG_LATE]);
	datagram_done(&dump[DIAG_STAMPS]);
	datagram_done(&dump[DIAG_UDP]);
	datagram_done(&dump[DIAG_UDP_GIVEN]);
	recording_begin(file);
	for (size_t i = 0; i < COUNT_OF(files); i++)
		recording_file(file, files[i][0], files[i][1], strlen(files[i][1]));
	for (unsigned i = 0; i < DIAG_DUMPS; i++)
		recording_dump(file, i, dump[i].octet, dump[i].length);
	recording_features(file, 7);
	assert_true(recording_end(file));
}

const char *
replay_whole(const char *path, struct procfile_source *source, struct census *census, char *error,
	     size_t room)
{
	struct settings settings;
	memset(census, 0, sizeof(*census));
	struct replay *replay = replay_open(path, source, &settings, error, room);
	if (replay == NULL)
		return error;
	census_init(census, &settings, NULL);
	const char *failed =
	    replay_read(replay, census_take, census, &census->features, error, room);
	replay_close(replay);
	return failed;
}

void
directory_make(struct directory *d)
{
	strcpy(d->path, "/tmp/srcportd-unit-XXXXXX");
	assert_non_null(mkdtemp(d->path));
}

void
directory_write(const struct directory *d, const char *name, const void *data, size_t length)
{
	char path[1024];
	assert_true(snprintf(path, sizeof(path), "%s/%s", d->path, name) < (int)sizeof(path));
	for (char *c = path + strlen(d->path) + 1; (c = strchr(c, '/')) != NULL; *c++ = '/') {
		*c = '\0';
		assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

void
directory_text(const struct directory *d, const char *name, const char *text)
{
	directory_write(d, name, text, strlen(text));
}

void
directory_link(const struct directory *d, const char *from, const char *to)
{
	char a[1024], b[1024];
	assert_true(snprintf(a, sizeof(a), "%s/%s", d->path, from) < (int)sizeof(a));
	assert_true(snprintf(b, sizeof(b), "%s/%s", d->path, to) < (int)sizeof(b));
	assert_int_equal(link(a, b), 0);
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

void
directory_remove(struct directory *d)
{
	assert_int_equal(nftw(d->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static unsigned calls_left; /* until allocations fail; 0 = they do not */
static bool failing, failed;

bool
allocations_fail_from(unsigned n)
{
	bool result = failed;
	calls_left = n;
	failing = failed = false;
	return result;
}

static bool
fails_now(void)
{
	if (calls_left > 0 && --calls_left == 0)
		failing = true;
	if (failing) {
		failed = true;
		errno = ENOMEM;
	}
	return failing;
}

/* The linker sends every call of malloc() and its kin from the program and the tests here. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

size_t
octets_allocated(void)
{
#ifndef __GLIBC__
	return 0;
#elif __GLIBC_PREREQ(2, 33)
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
#else
	struct mallinfo info = mallinfo(); /* of 32 bits: enough for differences */
	return (size_t)info.uordblks + (size_t)info.hblkhd;
#endif
}

void
check_between(uintmax_t value, uintmax_t least, uintmax_t most, const char *file, int line)
{
	if (value >= least && value <= most)
		return;
	print_error("%" PRIuMAX " is not within %" PRIuMAX "-%" PRIuMAX "\n", value, least, most);
	_fail(file, line);
}
