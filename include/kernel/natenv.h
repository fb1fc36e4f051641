/* SPDX-License-Identifier: ISC */
/*
 * natenv: address translation around this host, as far as files show it: bridges of containers and
 * virtual machines, NAT tables, a cloud platform. Behind a NAT the real limit may be lower than the
 * kernel's, and no socket shows it. No network query is made.
 */
#ifndef SRCPORTD_NATENV_H
#define SRCPORTD_NATENV_H

#include "base/addr.h"
#include "kernel/procfile.h"

/* The bits are SrcPortNatEnvironment of the MIB. */
enum nat_bit {
	NAT_DOCKER = 0,       /* a bridge of Docker: docker0, docker_gwbridge, br-<12 hex digits> */
	NAT_CNI = 1,          /* of Kubernetes, CNI or Podman: cni0, cni-podman*, podman*, cbr0 */
	NAT_LIBVIRT = 2,      /* of libvirt: virbr* */
	NAT_LXC = 3,          /* of LXC, LXD or Incus: lxcbr*, lxdbr*, incusbr* */
	NAT_TABLE = 4,        /* the iptables table "nat" is in use in this namespace */
	NAT_MASQUERADE = 5,   /* a masquerade rule exists somewhere on this host */
	NAT_RULES_HIDDEN = 6, /* there may be NAT rules that srcportd cannot read */
	NAT_PLATFORM_HIDDEN = 7, /* no DMI strings: the platform is not known */
	NAT_GCP = 8,
	NAT_AWS = 9,
	NAT_AZURE = 10,
	NAT_ORACLE = 11,
	NAT_ALIBABA = 12,
	NAT_OPENSTACK = 13,
	NAT_DIGITALOCEAN = 14,
	NAT_HETZNER = 15,
	NAT_HUAWEI = 16,
	NAT_TENCENT = 17,
	NAT_LINODE = 18,
	NAT_VULTR = 19,
	NAT_SCALEWAY = 20,
	NAT_UPCLOUD = 21,
	NAT_EXOSCALE = 22,
	NAT_BITS
};

/* Looks at the interfaces, modules and DMI strings below sys, and at the NAT tables below proc; a
 * bit mask of 1 << enum nat_bit. Costs a few files for each interface: now and then, not at each
 * poll. */
uint32_t natenv_read(const struct procfile_source *proc, const struct procfile_source *sys);

struct nat_words {
	const char *name;    /* as in the MIB: "docker", "gcp" */
	const char *words;   /* "Docker bridge", "Google Cloud" */
	const char *meaning; /* what it means and where to look */
	uint32_t ports; /* connections to one destination that its NAT allows by default; 0 = not
			   known */
};
const struct nat_words *natenv_words(enum nat_bit bit);

/* The bit of the platform, or NAT_BITS if none is known. */
enum nat_bit natenv_platform(uint32_t mask);

/* The platform whose NAT may stand between this host and the peer: connections of IPv4 to an
 * address beyond the private ones. NULL if there is none, or peer is NULL. */
const struct nat_words *natenv_toward(uint32_t mask, const struct addr *peer);

/* What was found, and what it means for the limit, in one line of at most NATENV_TEXT_MAX - 1
 * octets: "none found" if nothing was. Returns buf. */
#define NATENV_TEXT_MAX 256
const char *natenv_text(uint32_t mask, char buf[static NATENV_TEXT_MAX]);

#endif
