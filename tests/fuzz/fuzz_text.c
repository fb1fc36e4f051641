/* SPDX-License-Identifier: ISC */
/* Text that others wrote: keys of alarms in a state file, a tracepoint's format, paths of cgroups.
 */
#include "fuzz.h"

#include "base/clean.h"
#include "failures/failure_format.h"
#include "owners/cgroup.h"
#include "verdict/alarm_key.h"

static void
try_key(const char *text)
{
	struct alarm_subject subject, again;
	char key[ALARM_KEY_MAX];
	if (!alarm_key_parse(text, &subject))
		return;
	alarm_key(&subject, key);
	CLAIM(strlen(key) < sizeof(key));
	CLAIM(alarm_key_parse(key, &again));
	CLAIM(alarm_subject_equal(&subject, &again));
	CLAIM(alarm_subject_hash(&subject) == alarm_subject_hash(&again));
}

/* What is clean stays as it is; what is made clean is, in any room. */
static void
try_clean(const char *text, size_t size)
{
	char once[96], twice[96];
	for (size_t room = 1; room <= sizeof(once); room = room * 3 + 1) {
		size_t length = clean_text(text, size, once, room);
		CLAIM(length < room && strlen(once) == length);
		CLAIM(clean_text(once, length, twice, sizeof(twice)) == length);
		CLAIM(strcmp(once, twice) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), words[CGROUP_WORDS_MAX];
	struct failure_format format = {.id = 77};
	try_key(text);
	try_clean(text, size);
	if (failure_format_parse(text, size, &format) != NULL)
		CLAIM(format.id == 77);
	cgroup_words(text, words);
	CLAIM(memchr(words, '\0', sizeof(words)) != NULL && strchr(words, '\n') == NULL);
	try_clean(words, strlen(words));
	free(text);
	return 0;
}
