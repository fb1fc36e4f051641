/* SPDX-License-Identifier: ISC */
/*
 * config_tokens: every token of srcportd.conf in one table, from which the parser, --dump-config
 * and the list in srcportd.conf(5) come.
 */
#ifndef SRCPORTD_CONFIG_TOKENS_H
#define SRCPORTD_CONFIG_TOKENS_H

#include "config/config.h"
#include "config/config_level.h"
#include "config/config_words.h"

struct config_token {
	const char *name;
	const char *form; /* what follows it, as in the manual */
	/* Takes the rest of the line into config; false with a fault. NULL: `target`, which is read
	 * after everything else because it inherits levels. */
	bool (*set)(const struct config_token *token, struct config *config,
		    struct config_words *words, struct config_fault *fault);
	/* Writes what set() reads, for a token that is not a target; of one that may stand there
	 * more than once, each line whole. */
	void (*dump)(const struct config_token *token, const struct config *config, FILE *out);
	size_t offset;     /* of its member in struct config */
	uint32_t min, max; /* of a number */
	const struct config_level_form *form_of_level;
};

#define CONFIG_TOKENS_MAX 64

extern const struct config_token config_tokens[];
extern const unsigned config_token_count;

/* Each line of it adds to those before. */
bool config_token_repeats(const struct config_token *token);

/* The token of that name, in any case; NULL if there is none. */
const struct config_token *config_token_find(const char *name);

#endif
