/* SPDX-License-Identifier: ISC */
/* Names and texts that processes and cgroups of others have a say in. */
#include "fuzz.h"

#include "base/clean.h"
#include "kernel/process.h"
#include "owners/cgroup.h"
#include "owners/owner_list.h"

/* Clean text stays as it is when it is cleaned again, and has no control character. */
static void
claim_clean(const char *text)
{
	char again[1024];
	for (const char *c = text; *c != '\0'; c++)
		CLAIM((unsigned char)*c >= ' ' && *c != 0x7f);
	CLAIM(clean_text(text, strlen(text), again, sizeof(again)) == strlen(text));
	CLAIM(strcmp(text, again) == 0);
}

static void
try_owner(const char *process, const char *unit)
{
	struct owner owner = {.kind = OWNER_PROCESS, .pid = UINT32_MAX, .connections = 1};
	struct owner_list list = {
	    .pools = {{.count = 1}}, .pool_count = 1, .owners = &owner, .owner_count = 1};
	const struct owner_question any = {0};
	char text[OWNER_TEXT_MAX];
	clean_text(process, strlen(process), owner.process, sizeof(owner.process));
	clean_text(unit, strlen(unit), owner.unit, sizeof(owner.unit));
	CLAIM(owner_holder(&list, &any, text)[0] != '\0');
	CLAIM(strlen(text) < OWNER_TEXT_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	char out[512], words[CGROUP_WORDS_MAX];
	struct file_limits limits;
	for (size_t room = 1; room < sizeof(out); room += 1 + room / 4) {
		CLAIM(clean_text((const char *)data, size, out, room) < room);
		claim_clean(out);
	}
	cgroup_words(text, words);
	claim_clean(words);
	try_owner(text, words);
	if (process_parse_limits(text, &limits))
		CLAIM(strstr(text, "Max open files ") != NULL);
	free(text);
	return 0;
}
