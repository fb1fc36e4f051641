/* SPDX-License-Identifier: ISC */
#include "kernel/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Two words of 32 each. */
struct sets {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static bool
read_sets(struct sets *s)
{
	*s = (struct sets){.header = {.version = _LINUX_CAPABILITY_VERSION_3}};
	return syscall(SYS_capget, &s->header, s->data) == 0;
}

bool
capabilities_has(uint64_t mask)
{
	struct sets s;
	if (!read_sets(&s))
		return false;
	uint64_t effective = s.data[0].effective | (uint64_t)s.data[1].effective << 32;
	return (effective & mask) == mask;
}

bool
capabilities_limit(uint64_t mask)
{
	struct sets s;
	if (!read_sets(&s))
		return false;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t kept = (uint32_t)(mask >> 32 * i);
		s.data[i].effective &= kept;
		s.data[i].permitted &= kept;
		/* What is neither permitted nor inheritable is not ambient any more. */
		s.data[i].inheritable &= kept;
	}
	return syscall(SYS_capset, &s.header, s.data) == 0;
}
