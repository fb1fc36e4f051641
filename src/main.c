/* SPDX-License-Identifier: ISC */
#include "once.h"

#include <string.h>

int
main(int argc, char **argv)
{
	struct options options;
	struct config config;
	char error[512];
	if (options_parse(argc, argv, &options, error, sizeof(error)) != NULL) {
		fprintf(stderr, "srcportd: %s\n", error);
		return EXIT_USAGE;
	}
	config_init(&config);
	if (options.mode == RUN_HELP) {
		options_help(stdout);
		return EXIT_OK;
	}
	return once_run(&options, &config);
}
