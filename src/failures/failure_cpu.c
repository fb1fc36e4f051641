/* SPDX-License-Identifier: ISC */
#include "failures/failure_cpu.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Linux 6.0; not in older headers. */
#define FORMAT_LOST (UINT64_C(1) << 4)

/* A power of two: about 150 samples. */
#define RING_PAGES 4

/* __inet_hash_connect() found nothing: TCP_SYN_SENT to TCP_CLOSE before a port was chosen. Port 0
 * is what the probe of an ambiguous port connects to, which must not count. */
static const char filter[] =
    "oldstate == 2 && newstate == 7 && sport == 0 && dport != 0 && protocol == 6";

static int
open_event(const struct failure_cpu *cpu, const struct failure_format *format, bool samples)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_TRACEPOINT,
	    .size = sizeof(attr),
	    .config = format->id,
	    .read_format = cpu->tells_lost ? FORMAT_LOST : 0,
	    .disabled = 1,
	};
	if (samples) {
		attr.sample_period = 1;
		attr.sample_type =
		    FAILURE_RING_SAMPLE_TYPE | (cpu->cgroups ? FAILURE_RING_CGROUP : 0);
		attr.wakeup_events = 1;
		attr.use_clockid = 1;
		attr.clockid = CLOCK_MONOTONIC;
	}
	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu->cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int
give_up(struct failure_cpu *cpu)
{
	int error = errno;
	failure_cpu_close(cpu);
	return error;
}

int
failure_cpu_open(struct failure_cpu *cpu, int number, const struct failure_format *format,
		 bool samples)
{
	/* Either may be missing without the other: the second needs CONFIG_CGROUP_PERF. */
	for (unsigned without = 0; without < 4; without++) {
		*cpu = (struct failure_cpu){
		    .cpu = number, .tells_lost = (without & 1) == 0, .cgroups = (without & 2) == 0};
		cpu->fd = open_event(cpu, format, samples);
		if (cpu->fd >= 0 || errno != EINVAL)
			break;
	}
	if (cpu->fd < 0)
		return errno;
	if (samples) {
		cpu->map_size = (size_t)sysconf(_SC_PAGESIZE) * (1 + RING_PAGES);
		cpu->map =
		    mmap(NULL, cpu->map_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
		if (cpu->map == MAP_FAILED) {
			cpu->map = NULL;
			return give_up(cpu);
		}
	}
	if (ioctl(cpu->fd, PERF_EVENT_IOC_SET_FILTER, filter) != 0 ||
	    ioctl(cpu->fd, PERF_EVENT_IOC_ENABLE, 0) != 0)
		return give_up(cpu);
	return 0;
}

void
failure_cpu_close(struct failure_cpu *cpu)
{
	if (cpu->map != NULL)
		munmap(cpu->map, cpu->map_size);
	if (cpu->fd >= 0)
		close(cpu->fd);
	cpu->map = NULL;
	cpu->fd = -1;
}

bool
failure_cpu_read(const struct failure_cpu *cpu, uint64_t *count, uint64_t *lost)
{
	uint64_t value[2] = {0};
	size_t wanted = cpu->tells_lost ? sizeof(value) : sizeof(value[0]);
	if (read(cpu->fd, value, wanted) != (ssize_t)wanted)
		return false;
	*count = value[0];
	*lost = cpu->discarded + (cpu->map == NULL  ? value[0]
				  : cpu->tells_lost ? value[1]
						    : cpu->lost);
	return true;
}

bool
failure_cpu_next(struct failure_cpu *cpu, const struct failure_format *format,
		 struct failure_sample *sample)
{
	if (cpu->map == NULL)
		return false;
	struct perf_event_mmap_page *page = cpu->map;
	size_t page_size = cpu->map_size / (1 + RING_PAGES);
	struct failure_ring ring = {
	    .data = (const uint8_t *)cpu->map + page_size,
	    .size = cpu->map_size - page_size,
	    .head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE),
	    .tail = page->data_tail,
	    .cgroups = cpu->cgroups,
	};
	uint64_t lost = 0;
	enum failure_ring_result result;
	while ((result = failure_ring_next(&ring, format, sample, &lost)) == FAILURE_RING_LOST)
		cpu->lost += lost;
	if (result == FAILURE_RING_BROKEN)
		cpu->discarded++;
	__atomic_store_n(&page->data_tail, ring.tail, __ATOMIC_RELEASE);
	return result == FAILURE_RING_SAMPLE;
}
