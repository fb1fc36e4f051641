/* SPDX-License-Identifier: ISC */
/*
 * hygiene: what is unwise about the range, before anything fails, and the settings as they should
 * be. Pure.
 */
#ifndef SRCPORTD_HYGIENE_H
#define SRCPORTD_HYGIENE_H

#include "count/census.h"

/* The numbers are the bits of srcPortHygieneFindings of the MIB. */
enum hygiene_finding {
	HYGIENE_LISTENERS = 0,    /* listeners on ports that are not reserved */
	HYGIENE_NODE_PORTS = 1,   /* 30000-32767 on a node of Kubernetes */
	HYGIENE_SERVICES = 2,     /* well known services, without a listener now */
	HYGIENE_UDP_SERVICES = 3, /* UDP sockets on ports that bind() was given, not reserved */
	HYGIENE_EQUAL_PARITY = 4, /* both ends even or both odd, */
	HYGIENE_ODD_SIZE = 5,     /* which is the same */
	HYGIENE_LOW_PORTS = 6,    /* it begins below ip_unprivileged_port_start */
	HYGIENE_OUTSIDE = 7,      /* reserved ports that are not of the range */
	/* 8, overlapping entries, there are none of: proc_do_large_bitmap() merges them. */
	HYGIENE_FAR_BELOW = 9,     /* less than a quarter of the kernel's default */
	HYGIENE_OTHER_RANGES = 10, /* for who knows other network namespaces to say */
	HYGIENE_FINDINGS = 11
};

/* net.ipv4.ip_local_port_range of a kernel that nobody configured (inet_init_net()). */
#define HYGIENE_DEFAULT_LOW  32768
#define HYGIENE_DEFAULT_HIGH 60999

struct hygiene {
	uint32_t findings; /* mask of 1 << enum hygiene_finding */
	struct port_range range;
	/* The ports that the findings of these names are about. */
	struct portset listeners, services, udp, outside;
	/* The settings as they should be, all findings taken together; false and NULL where the
	 * present ones are, or where what is to be reserved would leave less than half of the
	 * range or is too long a list to be set. The list comes first, or a service could lose its
	 * port in between. */
	bool mend_range;
	struct port_range better;
	char *reserve; /* the whole of ip_local_reserved_ports; "" = none; owned */
};

/* Looks at what a complete census has seen. False with errno ENOMEM; *out is to be freed all the
 * same. */
bool hygiene_look(const struct census *census, struct hygiene *out);
void hygiene_free(struct hygiene *hygiene);

/* The name of a well known service that has this port, or NULL. */
const char *hygiene_service(uint16_t port);

/* "listeners", "nodePorts" ...: the names of the MIB; NULL for a number that is none. */
const char *hygiene_name(enum hygiene_finding finding);

#endif
