/* SPDX-License-Identifier: ISC */
/* What perf_event_open(2) writes into its ring, and the description of its records. The input is a
 * ring of 256 octets, or as many as there are, and then the text. */
#include "fuzz.h"

#include "failures/failure_log.h"

#define RING 256

static const struct failure_format usual = {.id = 1,
					    .length = 72,
					    .dport = 26,
					    .family = 28,
					    .saddr = 32,
					    .daddr = 36,
					    .saddr_v6 = 40,
					    .daddr_v6 = 56};

static void
try_ring(const uint8_t *octets, size_t size, const struct failure_format *format)
{
	static struct failure_log log;
	uint8_t *data = calloc(1, RING);
	CLAIM(data != NULL);
	memcpy(data, octets, size < RING ? size : RING);
	/* Wherever the ring begins and however full it is. */
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t head = UINT64_MAX - RING + 1 + i * 8;
		struct failure_ring ring = {data, RING, head, head - (head * 5 % (RING + 16)),
					    (i & 1) != 0};
		struct failure_sample sample;
		uint64_t lost;
		enum failure_ring_result result;
		unsigned records = 0;
		while ((result = failure_ring_next(&ring, format, &sample, &lost)) !=
		       FAILURE_RING_EMPTY) {
			const struct failure_process process = {FAILED_HERE, "fuzz", ""};
			CLAIM(++records <= (RING + 16) / 8);
			if (result == FAILURE_RING_SAMPLE)
				failure_log_add(&log, &sample, &process);
		}
		CLAIM(ring.tail == ring.head);
		CLAIM(log.pool_count <= FAILURE_LOG_POOLS);
	}
	free(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct failure_format format = usual;
	size_t ring = size < RING ? size : RING;
	char *text = malloc(size - ring + 1);
	CLAIM(text != NULL);
	memcpy(text, data + ring, size - ring);
	if (failure_format_parse(text, size - ring, &format) == NULL) {
		CLAIM(format.id != 0);
		CLAIM(format.saddr_v6 + 16 <= format.length &&
		      format.daddr_v6 + 16 <= format.length);
		CLAIM(format.dport + 2 <= format.length && format.daddr + 4 <= format.length);
	}
	free(text);
	try_ring(data, ring, &format);
	return 0;
}
