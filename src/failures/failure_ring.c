/* SPDX-License-Identifier: ISC */
#include "failures/failure_ring.h"

#include <linux/perf_event.h>
#include <string.h>
#include <sys/socket.h>

/* The longest record that is looked at; the tracepoint's has about a hundred octets. */
#define RECORD_MAX 1024

/* Copies octets that may go on at the start of the ring. */
static void
copy(const struct failure_ring *ring, uint64_t from, void *out, size_t length)
{
	size_t at = (size_t)(from & (ring->size - 1));
	size_t first = length < ring->size - at ? length : ring->size - at;
	memcpy(out, ring->data + at, first);
	memcpy((uint8_t *)out + first, ring->data, length - first);
}

/* An IPv4 socket, or an IPv6 socket that speaks IPv4, has its addresses in the short fields. */
static void
read_addresses(const uint8_t *raw, const struct failure_format *format,
	       struct failure_sample *sample)
{
	uint16_t family;
	memcpy(&family, raw + format->family, sizeof(family));
	sample->local = addr_from_v6(raw + format->saddr_v6);
	sample->peer = addr_from_v6(raw + format->daddr_v6);
	if (family == AF_INET || addr_is_v4(&sample->peer)) {
		sample->local = addr_from_v4(raw + format->saddr);
		sample->peer = addr_from_v4(raw + format->daddr);
	}
}

/* pid, tid, time, size of the raw part, raw part, cgroup: the order of perf_output_sample(). The
 * size is such that what follows is aligned. */
static bool
read_sample(const uint8_t *body, size_t length, const struct failure_format *format, bool cgroups,
	    struct failure_sample *sample)
{
	uint32_t raw_length;
	const size_t head = 2 * sizeof(uint32_t) + sizeof(uint64_t) + sizeof(raw_length);
	if (length < head)
		return false;
	memcpy(&sample->pid, body, sizeof(sample->pid));
	memcpy(&sample->time_ns, body + 8, sizeof(sample->time_ns));
	memcpy(&raw_length, body + 16, sizeof(raw_length));
	size_t behind = cgroups ? sizeof(sample->cgroup) : 0;
	if (raw_length > length - head || raw_length < format->length ||
	    behind > length - head - raw_length)
		return false;
	sample->cgroup = 0;
	memcpy(&sample->cgroup, body + head + raw_length, behind);
	const uint8_t *raw = body + head;
	memcpy(&sample->port, raw + format->dport, sizeof(sample->port));
	read_addresses(raw, format, sample);
	if (sample->pid == UINT32_MAX)
		sample->pid = 0;
	return true;
}

static enum failure_ring_result
broken(struct failure_ring *ring)
{
	ring->tail = ring->head;
	return FAILURE_RING_BROKEN;
}

enum failure_ring_result
failure_ring_next(struct failure_ring *ring, const struct failure_format *format,
		  struct failure_sample *sample, uint64_t *lost)
{
	while (ring->tail != ring->head) {
		struct perf_event_header header;
		uint8_t body[RECORD_MAX];
		uint64_t left = ring->head - ring->tail;
		if (left < sizeof(header) || left > ring->size)
			return broken(ring);
		copy(ring, ring->tail, &header, sizeof(header));
		if (header.size < sizeof(header) || header.size > left)
			return broken(ring);
		size_t length = header.size - sizeof(header);
		uint64_t from = ring->tail + sizeof(header);
		ring->tail += header.size;
		if (header.type != PERF_RECORD_SAMPLE && header.type != PERF_RECORD_LOST)
			continue;
		if (length > sizeof(body))
			return broken(ring);
		copy(ring, from, body, length);
		if (header.type == PERF_RECORD_SAMPLE)
			return read_sample(body, length, format, ring->cgroups, sample)
				   ? FAILURE_RING_SAMPLE
				   : broken(ring);
		/* id, lost */
		if (length < 2 * sizeof(uint64_t))
			return broken(ring);
		memcpy(lost, body + sizeof(uint64_t), sizeof(*lost));
		return FAILURE_RING_LOST;
	}
	return FAILURE_RING_EMPTY;
}
