/* SPDX-License-Identifier: ISC */
#include "kernel/udp_ports.h"

#include "base/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The number behind the last colon of a word, or -1. */
static long
port_of(const char *word, size_t length)
{
	long port = 0;
	if (word == NULL || length < 5 || word[length - 5] != ':')
		return -1;
	for (size_t i = length - 4; i < length; i++) {
		int c = (unsigned char)word[i];
		if (!isxdigit(c))
			return -1;
		port = port * 16 + (isdigit(c) ? c - '0' : toupper(c) - 'A' + 10);
	}
	return port;
}

void
udp_ports_parse(const char *text, struct portset *out)
{
	for (const char *line = text; line != NULL && *line != '\0'; line = words_line(line)) {
		size_t length, peer_length;
		const char *local = words_field(line, 1, &length),
			   *peer = words_field(line, 2, &peer_length);
		long port = port_of(local, length);
		if (port > 0 && port_of(peer, peer_length) == 0)
			portset_add(out, (uint16_t)port);
	}
}

bool
udp_ports_read(const struct procfile_source *source, struct portset *out)
{
	static const char *const names[] = {"net/udp", "net/udp6"};
	char *text = malloc(UDP_PORTS_ROOM);
	bool good = text != NULL;
	portset_clear(out);
	for (size_t i = 0; text != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (procfile_read(source, names[i], text, UDP_PORTS_ROOM) >= 0)
			udp_ports_parse(text, out);
		else
			good = false;
	}
	free(text);
	return good;
}
