/* SPDX-License-Identifier: ISC */
/*
 * shim: an LD_PRELOAD library that makes calls of the program under test fail, one site at a time.
 *
 * A site is a place in the program itself (not in a library) that calls one of the functions below,
 * known by its return address less the address at which the program was loaded.
 *
 * FAULT_SITES   file: each site that is reached is added as "FUNCTION OFFSET" once
 * FAULT_AT      hexadecimal offset of the site that fails
 * FAULT_TIMES   how often it fails: a number, or "always" (1)
 * FAULT_AFTER   how many calls there pass before (0)
 * FAULT_ERRNO   errno of a failure (ENOMEM for memory, else EMFILE)
 * FAULT_HIT     file that exists as soon as something has failed
 * FAULT_CONNECTS  file: a line with the path for each connect(2) to a unix socket, also of libraries
 * FAULT_BINDS   file: a line "ADDRESS PORT" for each bind(2) of an AF_INET socket that succeeds
 * FAULT_CLOCK   file with the seconds by which the wall clock is set off; read at each look at it
 * FAULT_DELAY   microseconds that each datagram of netlink takes
 * FAULT_NETLINK "MODE": what is done to datagrams of netlink while the file FAULT_GATE exists:
 *               truncate, garbage, busy, refuse, interrupt, silence, short; or to requests, which
 *               never arrive: mute to all of them, mute-owners to those about owners; or costly: an
 *               answer takes 100 ms of CPU, and is lost; or hang: who reads one waits until the
 *               file is gone
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#define SITES_MAX 2048

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static uintptr_t base, end;
static const char *sites_path, *hit_path, *clock_path, *connects_path, *binds_path, *gate_path, *netlink_mode;
static uintptr_t fault_at;
static long fault_times, fault_after, fault_errno, delay_us;
static atomic_long calls;
static _Atomic uintptr_t known[SITES_MAX];

/* The arguments of a system call, however many it has, behind `last`. */
#define TAKE_SIX(a, last)                                                                          \
	do {                                                                                       \
		va_list arguments;                                                                 \
		va_start(arguments, last);                                                         \
		for (size_t i = 0; i < 6; i++)                                                     \
			(a)[i] = va_arg(arguments, long);                                          \
		va_end(arguments);                                                                 \
	} while (0)

/* The real syscall(2). */
static long
kernel(long number, ...)
{
	static __typeof__(&syscall) real;
	long a[6];
	TAKE_SIX(a, number);
	if (real == NULL)
		real = (__typeof__(&syscall))dlsym(RTLD_NEXT, "syscall");
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int
find_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			end = base + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
	return 1; /* the program comes first */
}

static long
number(const char *name, int radix, long otherwise)
{
	const char *text = getenv(name);
	return text != NULL ? strtol(text, NULL, radix) : otherwise;
}

__attribute__((constructor)) static void
start(void)
{
	const char *times = getenv("FAULT_TIMES");
	sites_path = getenv("FAULT_SITES");
	hit_path = getenv("FAULT_HIT");
	clock_path = getenv("FAULT_CLOCK");
	connects_path = getenv("FAULT_CONNECTS");
	binds_path = getenv("FAULT_BINDS");
	gate_path = getenv("FAULT_GATE");
	netlink_mode = getenv("FAULT_NETLINK");
	fault_at = (uintptr_t)number("FAULT_AT", 16, 0);
	fault_times = times != NULL && strcmp(times, "always") == 0 ? -1 : number("FAULT_TIMES", 10, 1);
	fault_after = number("FAULT_AFTER", 10, 0);
	fault_errno = number("FAULT_ERRNO", 10, 0);
	delay_us = number("FAULT_DELAY", 10, 0);
	dl_iterate_phdr(find_program, NULL);
}

/* Bare system calls: nothing here may come back into the shim. */
static void
append(const char *path, const char *text, size_t length)
{
	long fd = kernel(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	                  0644);
	if (fd < 0)
		return;
	(void)!kernel(SYS_write, (int)fd, text, length);
	kernel(SYS_close, (int)fd);
}

static void
record_site(const char *function, uintptr_t offset)
{
	size_t at = offset % SITES_MAX;
	for (size_t i = 0; i < SITES_MAX; i++, at = (at + 1) % SITES_MAX) {
		uintptr_t none = 0;
		if (atomic_load(&known[at]) == offset)
			return;
		if (atomic_compare_exchange_strong(&known[at], &none, offset))
			break;
	}
	char line[64];
	int length = snprintf(line, sizeof(line), "%s %lx\n", function, (unsigned long)offset);
	append(sites_path, line, (size_t)length);
}

/* True if this call is to fail; sets errno then. */
static bool
strike(const char *function, const void *caller, int error)
{
	uintptr_t address = (uintptr_t)caller;
	if (address < base || address >= end)
		return false;
	if (sites_path != NULL)
		record_site(function, address - base);
	if (fault_at == 0 || address - base != fault_at)
		return false;
	long call = atomic_fetch_add(&calls, 1);
	if (call < fault_after || (fault_times >= 0 && call >= fault_after + fault_times))
		return false;
	if (hit_path != NULL)
		append(hit_path, function, strlen(function));
	errno = fault_errno != 0 ? (int)fault_errno : error;
	return true;
}

#define STRIKES(error) strike(__func__, __builtin_return_address(0), error)
#define REAL(name)     ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(type, name, parameters, arguments, failure, error) \
	type name parameters                                    \
	{                                                       \
		if (STRIKES(error))                             \
			return failure;                         \
		return REAL(name) arguments;                    \
	}

/* Memory. */

void *
malloc(size_t size)
{
	return STRIKES(ENOMEM) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return STRIKES(ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return STRIKES(ENOMEM) ? NULL : __libc_realloc(old, size);
}

WRAP(char *, strdup, (const char *text), (text), NULL, ENOMEM)
WRAP(int, setenv, (const char *n, const char *v, int o), (n, v, o), -1, ENOMEM)
WRAP(ssize_t, getdelim, (char **line, size_t *n, int d, FILE *file), (line, n, d, file), -1, ENOMEM)
WRAP(int, scandir,
     (const char *d, struct dirent ***l, int (*f)(const struct dirent *),
      int (*c)(const struct dirent **, const struct dirent **)),
     (d, l, f, c), -1, ENOMEM)
WRAP(void *, mmap, (void *a, size_t n, int p, int f, int fd, off_t o), (a, n, p, f, fd, o),
     MAP_FAILED, ENOMEM)

/* Descriptors, threads and processes. */

int
open(const char *path, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return STRIKES(EMFILE) ? -1 : (int)kernel(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
openat(int directory, const char *path, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return STRIKES(EMFILE) ? -1 : (int)kernel(SYS_openat, directory, path, flags, mode);
}

WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAP(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
WRAP(DIR *, fdopendir, (int fd), (fd), NULL, ENOMEM)
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
WRAP(int, pipe2, (int ends[2], int flags), (ends, flags), -1, EMFILE)
WRAP(int, eventfd, (unsigned value, int flags), (value, flags), -1, EMFILE)
WRAP(int, timerfd_create, (clockid_t clock, int flags), (clock, flags), -1, EMFILE)
WRAP(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), -1, EMFILE)
WRAP(int, epoll_create1, (int flags), (flags), -1, EMFILE)
WRAP(int, epoll_ctl, (int e, int op, int fd, struct epoll_event *v), (e, op, fd, v), -1, ENOSPC)
WRAP(FILE *, open_memstream, (char **text, size_t *length), (text, length), NULL, ENOMEM)
WRAP(pid_t, setsid, (void), (), -1, EPERM)
WRAP(pid_t, fork, (void), (), -1, EAGAIN)

int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg)
{
	if (STRIKES(EAGAIN))
		return errno;
	return REAL(pthread_create)(thread, attributes, run, arg);
}

/* Everything else that may go wrong, and is looked at. */

WRAP(int, setsockopt, (int s, int l, int n, const void *v, socklen_t z), (s, l, n, v, z), -1, ENOMEM)
WRAP(int, getsockname, (int s, struct sockaddr *a, socklen_t *z), (s, a, z), -1, ENOBUFS)
WRAP(int, timerfd_settime,
     (int fd, int f, const struct itimerspec *v, struct itimerspec *o), (fd, f, v, o), -1, EINVAL)
WRAP(int, flock, (int fd, int operation), (fd, operation), -1, ENOLCK)
WRAP(int, ftruncate, (int fd, off_t length), (fd, length), -1, EIO)
WRAP(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o), -1, ENOSPC)
WRAP(ssize_t, send, (int s, const void *b, size_t n, int f), (s, b, n, f), -1, ENOBUFS)
WRAP(size_t, fwrite, (const void *b, size_t z, size_t n, FILE *f), (b, z, n, f), 0, ENOSPC)
WRAP(int, rename, (const char *from, const char *to), (from, to), -1, EIO)
WRAP(int, fsync, (int fd), (fd), -1, EIO)

static void
note_bind(int fd)
{
	char line[64];
	struct sockaddr_in sin = {.sin_port = 0};
	kernel(SYS_getsockname, fd, &sin, &(socklen_t){sizeof(sin)});
	int length = snprintf(line, sizeof(line), "%s %u\n", inet_ntoa(sin.sin_addr), ntohs(sin.sin_port));
	append(binds_path, line, (size_t)length);
}

int
bind(int fd, const struct sockaddr *to, socklen_t length)
{
	int result = STRIKES(EADDRINUSE) ? -1 : (int)kernel(SYS_bind, fd, to, length);
	if (result == 0 && binds_path != NULL && to->sa_family == AF_INET)
		note_bind(fd);
	return result;
}

static void
note_connect(const struct sockaddr_un *to)
{
	char line[sizeof(to->sun_path) + 2];
	int length = snprintf(line, sizeof(line), "%.*s\n", (int)sizeof(to->sun_path), to->sun_path);
	append(connects_path, line, (size_t)length);
}

int
connect(int fd, const struct sockaddr *to, socklen_t length)
{
	if (connects_path != NULL && to->sa_family == AF_UNIX)
		note_connect((const struct sockaddr_un *)(const void *)to);
	if (STRIKES(ENOBUFS))
		return -1;
	return (int)kernel(SYS_connect, fd, to, length);
}

/* Of files only: the kernel never fails a read of a signalfd or a timerfd that is readable. */
ssize_t
read(int fd, void *buffer, size_t length)
{
	struct stat st;
	if (kernel(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode) && STRIKES(EIO))
		return -1;
	return kernel(SYS_read, fd, buffer, length);
}

ssize_t
write(int fd, const void *buffer, size_t length)
{
	return STRIKES(ENOSPC) ? -1 : kernel(SYS_write, fd, buffer, length);
}

/* perf_event_open(2), which has no function of its own, and the ioctl(2) on it. */

long
syscall(long call, ...)
{
	long a[6];
	TAKE_SIX(a, call);
	return STRIKES(EMFILE) ? -1 : kernel(call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* As each C library declares it. */
#ifdef __GLIBC__
#define REQUEST unsigned long
#else
#define REQUEST int
#endif
int
ioctl(int fd, REQUEST request, ...)
{
	va_list arguments;
	va_start(arguments, request);
	long value = va_arg(arguments, long);
	va_end(arguments);
	return STRIKES(ENOMEM) ? -1 : (int)kernel(SYS_ioctl, fd, request, value);
}

/* Net-SNMP, as far as it allocates. */

WRAP(netsnmp_pdu *, snmp_pdu_create, (int type), (type), NULL, ENOMEM)
WRAP(netsnmp_variable_list *, snmp_varlist_add_variable,
     (netsnmp_variable_list * *list, const oid *name, size_t length, u_char type, const void *value,
      size_t octets),
     (list, name, length, type, value, octets), NULL, ENOMEM)
WRAP(int, snmp_set_var_typed_value,
     (netsnmp_variable_list * variable, u_char type, const void *value, size_t octets),
     (variable, type, value, octets), 1, ENOMEM)
WRAP(int, snmp_set_var_objid, (netsnmp_variable_list * variable, const oid *name, size_t length),
     (variable, name, length), 1, ENOMEM)
WRAP(int, snmp_async_send,
     (netsnmp_session * session, netsnmp_pdu *pdu, netsnmp_callback callback, void *arg),
     (session, pdu, callback, arg), 0, ENOMEM)

/* Netlink. */

WRAP(struct mnl_socket *, mnl_socket_open2, (int bus, int flags), (bus, flags), NULL, EMFILE)
WRAP(int, mnl_socket_bind, (struct mnl_socket *s, unsigned g, pid_t p), (s, g, p), -1, ENOBUFS)

static bool
gate_is_open(void)
{
	return netlink_mode != NULL && gate_path != NULL && access(gate_path, F_OK) == 0;
}

/* Of the requests, those about owners are the longest: they say which pools' they are. */
static bool
is_mute(size_t octets)
{
	return gate_is_open() && (strcmp(netlink_mode, "mute") == 0 ||
	                          (strcmp(netlink_mode, "mute-owners") == 0 && octets > 110));
}

ssize_t
mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t octets)
{
	if (STRIKES(ENOBUFS))
		return -1;
	return is_mute(octets) ? (ssize_t)octets : REAL(mnl_socket_sendto)(socket, request, octets);
}

static void
burn(int64_t us)
{
	struct timespec now;
	kernel(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &now);
	int64_t end_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + us;
	do
		kernel(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &now);
	while ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 < end_us);
}

static ssize_t
refusal(void *buffer, ssize_t got, int error)
{
	struct nlmsghdr request = *(struct nlmsghdr *)buffer;
	struct nlmsghdr *answer = mnl_nlmsg_put_header(buffer);
	answer->nlmsg_type = NLMSG_ERROR;
	answer->nlmsg_seq = request.nlmsg_seq;
	answer->nlmsg_pid = request.nlmsg_pid;
	struct nlmsgerr *told = mnl_nlmsg_put_extra_header(answer, sizeof(*told));
	*told = (struct nlmsgerr){.error = -error, .msg = request};
	return got < (ssize_t)answer->nlmsg_len ? got : (ssize_t)answer->nlmsg_len;
}

static ssize_t
tamper(char *buffer, ssize_t got)
{
	const char *mode = netlink_mode;
	if (strcmp(mode, "truncate") == 0)
		errno = ENOSPC;
	else if (strcmp(mode, "interrupt") == 0)
		((struct nlmsghdr *)(void *)buffer)->nlmsg_flags |= NLM_F_DUMP_INTR;
	else if (strcmp(mode, "garbage") == 0)
		memset(buffer + sizeof(struct nlmsghdr), 0xff, (size_t)got - sizeof(struct nlmsghdr));
	else if (strcmp(mode, "short") == 0)
		return got / 2;
	else if (strcmp(mode, "busy") == 0)
		return refusal(buffer, got, EBUSY);
	else if (strcmp(mode, "refuse") == 0)
		return refusal(buffer, got, EPERM);
	else if (strcmp(mode, "costly") == 0) {
		burn(100000);
		return refusal(buffer, got, ENOBUFS);
	}
	return strcmp(mode, "truncate") == 0 ? -1 : got;
}

ssize_t
mnl_socket_recvfrom(const struct mnl_socket *socket, void *buffer, size_t length)
{
	if (STRIKES(ENOBUFS))
		return -1;
	if (delay_us > 0)
		poll(NULL, 0, (int)(delay_us / 1000));
	bool open_gate = gate_is_open();
	while (open_gate && strcmp(netlink_mode, "hang") == 0) {
		kernel(SYS_poll, NULL, 0, 20);
		open_gate = gate_is_open();
	}
	ssize_t got = REAL(mnl_socket_recvfrom)(socket, buffer, length);
	if (!open_gate || got <= 0)
		return got;
	if (strcmp(netlink_mode, "silence") == 0) {
		errno = EAGAIN; /* as after the socket's time-out */
		return -1;
	}
	return tamper(buffer, got);
}

/* The wall clock. */

static time_t
offset_s(void)
{
	char text[32] = "";
	long fd = clock_path != NULL ? kernel(SYS_openat, AT_FDCWD, clock_path, O_RDONLY) : -1;
	if (fd < 0)
		return 0;
	(void)!kernel(SYS_read, (int)fd, text, sizeof(text) - 1);
	kernel(SYS_close, (int)fd);
	return (time_t)strtol(text, NULL, 10);
}

int
clock_gettime(clockid_t clock, struct timespec *out)
{
	int result = (int)kernel(SYS_clock_gettime, clock, out);
	if (result == 0 && clock == CLOCK_REALTIME)
		out->tv_sec += offset_s();
	return result;
}

time_t
time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}
