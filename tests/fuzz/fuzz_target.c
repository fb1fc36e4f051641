/* SPDX-License-Identifier: ISC */
/* TARGET arguments. */
#include "fuzz.h"

#include "count/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), written[TARGET_SPEC_MAX];
	struct target target = {.bits = 0}, again = {.bits = 0};
	if (target_parse(text, &target) == NULL) {
		CLAIM(target.bits <= (addr_is_v4(&target.net) ? 32 : 128));
		CLAIM(target_matches(&target, &target.net, target.port));
		target_text(&target, written);
		CLAIM(strlen(written) < sizeof(written));
		CLAIM(target_parse(written, &again) == NULL);
		CLAIM(addr_equal(&target.net, &again.net) && target.bits == again.bits &&
		      target.port == again.port);
	} else {
		CLAIM(target.bits == 0 && target.port == 0);
	}
	free(text);
	return 0;
}
