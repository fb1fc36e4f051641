/* SPDX-License-Identifier: ISC */
/* srcportd.conf: what is taken can be written and read back. */
#include "fuzz.h"

#include "config/config_parse.h"

static void
count(void *arg, const char *line)
{
	unsigned *told = arg;
	CLAIM(strchr(line, '\n') == NULL && line[0] != '\0');
	(*told)++;
}

/* What config_dump() writes; to be freed. */
static char *
dump(const struct config *config, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	CLAIM(out != NULL);
	config_dump(config, out);
	fclose(out);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config, again;
	unsigned told = 0;
	config_init(&config);
	unsigned errors = config_read(&config, fuzz_file(data, size), false, count, &told);
	/* Equal errors are told once, with their number. */
	CLAIM(told <= errors && (told == 0) == (errors == 0));
	if (errors == 0) {
		size_t length = 0, length_again = 0;
		char *text = dump(&config, &length);
		config_init(&again);
		CLAIM(config_read(&again, fuzz_file((const uint8_t *)text, length), false, count,
				  &told) == 0);
		char *text_again = dump(&again, &length_again);
		CLAIM(strcmp(text, text_again) == 0);
		CLAIM(config_keep_start(&config, &again) == NULL);
		free(text);
		free(text_again);
		config_free(&again);
	}
	config_free(&config);
	return 0;
}
