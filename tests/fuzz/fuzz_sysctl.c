/* SPDX-License-Identifier: ISC */
/* The text of sysctls. */
#include "fuzz.h"

#include "kernel/settings.h"

/* The list as the kernel would print it. */
static char *
print_ports(const struct portset *set)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	CLAIM(out != NULL);
	for (int port = portset_next(set, 0); port >= 0;
	     port = portset_next(set, (uint32_t)port + 1))
		fprintf(out, "%s%d", ftell(out) > 0 ? "," : "", port);
	fclose(out);
	return text;
}

static void
try_ports(const char *text, size_t size)
{
	static struct portset set, again;
	if (settings_parse_ports(text, size, &set) != NULL)
		return;
	char *printed = print_ports(&set);
	CLAIM(settings_parse_ports(printed, strlen(printed), &again) == NULL);
	CLAIM(memcmp(&set, &again, sizeof(set)) == 0);
	free(printed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Without a NUL behind it: the parsers know the length. */
	char *text = malloc(size + (size == 0));
	CLAIM(text != NULL);
	memcpy(text, data, size);
	struct port_range range = {0, 0};
	uint64_t number = UINT64_MAX;
	if (settings_parse_range(text, size, &range) == NULL)
		CLAIM(range.low >= 1 && range.low <= range.high);
	else
		CLAIM(range.low == 0 && range.high == 0);
	if (settings_parse_number(text, size, 10, 60000, &number) == NULL)
		CLAIM(number >= 10 && number <= 60000);
	else
		CLAIM(number == UINT64_MAX);
	try_ports(text, size);
	free(text);
	return 0;
}
