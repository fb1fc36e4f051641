/* SPDX-License-Identifier: ISC */
#include "kernel/local_addresses.h"

#include <inttypes.h>
#include <string.h>

/* What is read of a line; the rest is passed over. */
#define LINE_MAX_OCTETS 128

/* The next line without its end; false at the end of the file. */
static bool
next_line(FILE *file, char line[static LINE_MAX_OCTETS])
{
	if (fgets(line, LINE_MAX_OCTETS, file) == NULL)
		return false;
	size_t length = strcspn(line, "\n");
	int c = line[length] == '\n' ? '\n' : getc(file);
	while (c != '\n' && c != EOF)
		c = getc(file);
	line[length] = '\0';
	return true;
}

/* A leaf is "|-- 10.7.0.2", with a line for each length of prefix beneath it: "/32 host LOCAL" is
 * an address of the namespace itself. */
void
local_addresses_of_trie(FILE *file, local_addresses_take *take, void *arg)
{
	static const char leaf[] = "|-- ", local[] = "/32 host LOCAL";
	char line[LINE_MAX_OCTETS];
	struct addr address;
	bool known = false;
	for (unsigned i = 0; i < LOCAL_ADDRESSES_LINES && next_line(file, line); i++) {
		const char *text = line + strspn(line, " ");
		if (strncmp(text, leaf, strlen(leaf)) == 0)
			known = addr_parse(text + strlen(leaf), &address) && addr_is_v4(&address);
		else if (known && strcmp(text, local) == 0)
			take(arg, &address);
	}
}

/* 32 digits begin a line. False if they do not. */
static bool
read_digits(const char *line, uint8_t octets[static 16])
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned octet;
		if (strspn(line + (size_t)2 * i, "0123456789abcdef") < 2 ||
		    sscanf(line + (size_t)2 * i, "%2x", &octet) != 1)
			return false;
		octets[i] = (uint8_t)octet;
	}
	return line[32] == ' ';
}

void
local_addresses_of_inet6(FILE *file, local_addresses_take *take, void *arg)
{
	char line[LINE_MAX_OCTETS];
	uint8_t octets[16];
	for (unsigned i = 0; i < LOCAL_ADDRESSES_LINES && next_line(file, line); i++) {
		if (!read_digits(line, octets))
			continue;
		const struct addr address = addr_from_v6(octets);
		take(arg, &address);
	}
}

void
local_addresses_read(const struct procfile_source *source, uint32_t process,
		     local_addresses_take *take, void *arg)
{
	static const struct {
		const char *name;
		void (*read)(FILE *file, local_addresses_take *take, void *arg);
	} files[] = {{"fib_trie", local_addresses_of_trie}, {"if_inet6", local_addresses_of_inet6}};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char name[48];
		snprintf(name, sizeof(name), "%" PRIu32 "/net/%s", process, files[i].name);
		FILE *file = procfile_stream(source, name);
		if (file == NULL)
			continue;
		files[i].read(file, take, arg);
		fclose(file);
	}
}
