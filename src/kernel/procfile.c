/* SPDX-License-Identifier: ISC */
#include "kernel/procfile.h"

#include "kernel/recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is asked for first. For a sysctl the kernel makes a buffer as large as the reader's, and
 * clears it (proc_sys_call_handler()): for the few octets that most files have, 512 KiB cost twenty
 * times what the answer does. */
#define FIRST_READ 1024

static ssize_t
read_some(int fd, char *buf, size_t room)
{
	ssize_t got;
	do
		got = read(fd, buf, room);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Reads until the end, or until more than room - 1 octets are there. A sysctl answers once only: a
 * list that is longer than the first read is read again, as a whole. */
static long
read_whole(int fd, char *buf, size_t room)
{
	size_t length = 0, most = room - 1;
	ssize_t got = read_some(fd, buf, most < FIRST_READ ? most : FIRST_READ);
	if (got == FIRST_READ && most > FIRST_READ) {
		if (lseek(fd, 0, SEEK_SET) != 0)
			return -1;
		got = read_some(fd, buf, most);
	}
	while (got > 0) {
		char more;
		length += (size_t)got;
		if (length < most) {
			size_t left = most - length;
			got = read_some(fd, buf + length, left < FIRST_READ ? left : FIRST_READ);
			continue;
		}
		got = read_some(fd, &more, 1);
		if (got > 0) {
			errno = EFBIG;
			return -1;
		}
	}
	buf[length] = '\0';
	return got < 0 ? -1 : (long)length;
}

static long
read_copy(const struct procfile_source *source, const char *name, char *buf, size_t room)
{
	for (const struct procfile_copy *c = source->copies; c != NULL; c = c->next) {
		if (strcmp(c->name, name) != 0)
			continue;
		if (c->text == NULL)
			break;
		if (c->length >= room) {
			errno = EFBIG;
			return -1;
		}
		memcpy(buf, c->text, c->length);
		buf[c->length] = '\0';
		return (long)c->length;
	}
	errno = ENOENT;
	return -1;
}

/* A file: its path, from a directory that is open or from AT_FDCWD. */
struct place {
	int at;
	char path[PATH_MAX];
};

/* The rest of a name that begins with the directory, or NULL. */
static const char *
below(const char *name, const char *directory)
{
	size_t length = strlen(directory);
	return strncmp(name, directory, length) == 0 ? name + length : NULL;
}

/* A file below net/ of another namespace. One that was opened there is opened again, and stays that
 * of its namespace (get_proc_net()). */
static int
find_net(const struct procfile_source *source, const char *name, char path[static PATH_MAX])
{
	const struct procfile_inside *inside = source->inside;
	if (inside->process != 0)
		return snprintf(path, PATH_MAX, "%s/%u/%s", source->root, inside->process, name);
	bool v4 = strcmp(name, "net/sockstat") == 0, v6 = strcmp(name, "net/sockstat6") == 0;
	int fd = v4 ? inside->sockstat[0] : v6 ? inside->sockstat[1] : -1;
	return fd < 0 ? -1 : snprintf(path, PATH_MAX, "%s/self/fd/%d", source->root, fd);
}

static bool
find(const struct procfile_source *source, const char *name, struct place *out)
{
	const struct procfile_inside *inside = source->inside;
	const char *ipv4 = inside != NULL ? below(name, "sys/net/ipv4/") : NULL;
	const char *netfilter = inside != NULL ? below(name, "sys/net/netfilter/") : NULL;
	int length;
	out->at = ipv4 != NULL ? inside->ipv4 : netfilter != NULL ? inside->netfilter : AT_FDCWD;
	errno = ENOENT;
	if (out->at == -1)
		return false;
	if (ipv4 != NULL || netfilter != NULL)
		length = snprintf(out->path, PATH_MAX, "%s", ipv4 != NULL ? ipv4 : netfilter);
	else if (inside != NULL && below(name, "net/") != NULL)
		length = find_net(source, name, out->path);
	else
		length = snprintf(out->path, PATH_MAX, "%s/%s", source->root, name);
	if (length < 0)
		return false;
	errno = ENAMETOOLONG;
	return length < PATH_MAX;
}

/* Adds an answer to the recording, if there is one; errno stays. */
static void
keep(const struct procfile_source *source, const char *name, const char *buf, long length)
{
	int error = errno;
	if (source->record != NULL && length >= 0)
		recording_file(source->record, name, buf, (size_t)length);
	else if (source->record != NULL)
		recording_absent(source->record, name);
	errno = error;
}

FILE *
procfile_stream(const struct procfile_source *source, const char *name)
{
	struct place place;
	errno = ENOENT;
	if (source->replay || !find(source, name, &place))
		return NULL;
	int fd = openat(place.at, place.path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (file == NULL && fd >= 0)
		close(fd);
	return file;
}

static long
read_anew(struct kept *kept, const struct place *place, char *buf, size_t room)
{
	int fd = openat(place->at, place->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	long length = read_whole(fd, buf, room);
	int error = errno;
	if (kept == NULL || length < 0 || !kept_take(kept, place->path, fd))
		close(fd);
	errno = error;
	return length;
}

static long
read_file(struct kept *kept, const struct place *place, char *buf, size_t room)
{
	int fd = kept != NULL ? kept_fd(kept, place->path) : -1;
	if (fd < 0)
		return read_anew(kept, place, buf, room);
	long length = read_whole(fd, buf, room);
	if (length >= 0)
		return length;
	/* The file that has its name now, if any, is another. */
	kept_drop(kept, fd);
	return read_anew(kept, place, buf, room);
}

/* The names below a directory that is open, one a line. */
static long
list_names(DIR *dir, char *buf, size_t room)
{
	size_t length = 0;
	const struct dirent *entry;
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		size_t name = strlen(entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		bool odd = false;
		for (size_t i = 0; i < name; i++)
			odd |= (unsigned char)entry->d_name[i] <= ' ' || entry->d_name[i] == 0x7f;
		if (odd)
			continue;
		if (length + name + 2 > room) {
			errno = EFBIG;
			return -1;
		}
		memcpy(buf + length, entry->d_name, name);
		length += name;
		buf[length++] = '\n';
	}
	buf[length] = '\0';
	return errno == 0 ? (long)length : -1;
}

static long
read_directory(struct kept *kept, const struct place *place, char *buf, size_t room)
{
	(void)kept;
	int fd = openat(place->at, place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL && fd >= 0)
		close(fd);
	if (dir == NULL)
		return -1;
	long length = list_names(dir, buf, room);
	int error = errno;
	closedir(dir);
	errno = error;
	return length;
}

/* From the replay; or as `ask` reads it, and then into the recording. */
static long
answer(const struct procfile_source *source, const char *name,
       long (*ask)(struct kept *kept, const struct place *place, char *buf, size_t room), char *buf,
       size_t room)
{
	struct place place;
	if (source->replay)
		return read_copy(source, name, buf, room);
	if (!find(source, name, &place))
		return -1;
	long length = ask(source->kept, &place, buf, room);
	keep(source, name, buf, length);
	return length;
}

long
procfile_read(const struct procfile_source *source, const char *name, char *buf, size_t room)
{
	return answer(source, name, read_file, buf, room);
}

long
procfile_list(const struct procfile_source *source, const char *name, char *buf, size_t room)
{
	return answer(source, name, read_directory, buf, room);
}

/* "<root>/<name>: <reason>" */
static const char *
complain(const struct procfile_source *source, const char *name, const char *reason, char *error,
	 size_t room)
{
	const char *root = source->replay ? "recording" : source->root;
	if (error != NULL && room > 0)
		snprintf(error, room, "%s/%s: %s", root, name, reason);
	return error;
}

/* A sysctl that a poll can do without. */
static int32_t
read_optional(const struct procfile_source *source, const char *name, uint64_t max)
{
	char text[64];
	uint64_t value;
	long length = procfile_read(source, name, text, sizeof(text));
	if (length < 0)
		return errno == ENOENT ? SETTING_ABSENT : SETTING_UNKNOWN;
	if (settings_parse_number(text, (size_t)length, 0, max, &value) != NULL)
		return SETTING_UNKNOWN;
	return (int32_t)value;
}

const char *
procfile_settings(const struct procfile_source *source, struct settings *out, char *error,
		  size_t room)
{
	static const char range[] = "sys/net/ipv4/ip_local_port_range";
	static const char reserved[] = "sys/net/ipv4/ip_local_reserved_ports";
	struct settings s = {.fin_wait2_kept = false};
	/* 32,768 single ports of five digits with commas are the longest list there can be. */
	static const size_t list_room = (size_t)65536 * 6;
	char text[128];
	long length = procfile_read(source, range, text, sizeof(text));
	if (length < 0)
		return complain(source, range, strerror(errno), error, room);
	const char *expected = settings_parse_range(text, (size_t)length, &s.range);
	if (expected != NULL)
		return complain(source, range, expected, error, room);

	char *list = malloc(list_room);
	if (list == NULL)
		return complain(source, reserved, strerror(errno), error, room);
	length = procfile_read(source, reserved, list, list_room);
	if (length < 0)
		expected = strerror(errno);
	else
		expected = settings_parse_ports(list, (size_t)length, &s.reserved);
	free(list);
	if (expected != NULL)
		return complain(source, reserved, expected, error, room);

	s.tw_reuse = read_optional(source, "sys/net/ipv4/tcp_tw_reuse", 2);
	s.timestamps = read_optional(source, "sys/net/ipv4/tcp_timestamps", INT32_MAX);
	s.tw_reuse_delay_ms = read_optional(source, "sys/net/ipv4/tcp_tw_reuse_delay", 60000);
	s.unprivileged_start =
	    read_optional(source, "sys/net/ipv4/ip_unprivileged_port_start", 65536);
	*out = s;
	return NULL;
}

bool
procfile_add_copy(struct procfile_source *source, const char *name, const char *text, size_t length)
{
	struct procfile_copy *copy = calloc(1, sizeof(*copy));
	if (copy == NULL)
		return false;
	copy->name = strdup(name);
	copy->text = text != NULL ? malloc(length + 1) : NULL;
	if (copy->name == NULL || (text != NULL && copy->text == NULL)) {
		free(copy->name);
		free(copy->text);
		free(copy);
		errno = ENOMEM;
		return false;
	}
	if (text != NULL)
		memcpy(copy->text, text, length);
	copy->length = length;
	copy->next = source->copies;
	source->copies = copy;
	return true;
}

void
procfile_free_copies(struct procfile_source *source)
{
	while (source->copies != NULL) {
		struct procfile_copy *copy = source->copies;
		source->copies = copy->next;
		free(copy->name);
		free(copy->text);
		free(copy);
	}
}
