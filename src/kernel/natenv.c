/* SPDX-License-Identifier: ISC */
#include "kernel/natenv.h"

#include "base/sentence.h"
#include "base/words.h"
#include "kernel/recording.h"

#include <stdlib.h>
#include <string.h>

/* 10,000 interfaces with the longest name. */
#define NAMES_ROOM ((size_t)16 * 10000)

#define BIT(bit) (UINT32_C(1) << (bit))

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A bridge is known by how its maker names it. */
static const struct {
	const char *prefix;
	enum nat_bit bit;
} bridges[] = {
    {"docker0", NAT_DOCKER}, {"docker_gwbridge", NAT_DOCKER},
    {"cni0", NAT_CNI},       {"cni-", NAT_CNI},
    {"podman", NAT_CNI},     {"cbr0", NAT_CNI},
    {"virbr", NAT_LIBVIRT},  {"lxcbr", NAT_LXC},
    {"lxdbr", NAT_LXC},      {"incusbr", NAT_LXC},
};

/* Docker names the bridge of a network of the user's br- and 12 hexadecimal digits of its id; other
 * bridges that begin with br- are ordinary ones. */
static bool
is_docker_network(const char *name)
{
	return starts_with(name, "br-") && strlen(name) == 15 &&
	       strspn(name + 3, "0123456789abcdef") == 12;
}

static uint32_t
bit_of_bridge(const char *name)
{
	if (is_docker_network(name))
		return BIT(NAT_DOCKER);
	for (size_t i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++)
		if (starts_with(name, bridges[i].prefix))
			return BIT(bridges[i].bit);
	return 0;
}

/* Only a bridge has that file: an interface may have any name. */
static bool
is_bridge(const struct procfile_source *sys, const char *name)
{
	char path[RECORDING_NAME_MAX], text[64];
	int length = snprintf(path, sizeof(path), "class/net/%s/bridge/bridge_id", name);
	return length < (int)sizeof(path) && procfile_read(sys, path, text, sizeof(text)) >= 0;
}

static uint32_t
read_bridges(const struct procfile_source *sys)
{
	uint32_t mask = 0;
	char *names = malloc(NAMES_ROOM), *save = NULL;
	if (names != NULL && procfile_list(sys, "class/net", names, NAMES_ROOM) >= 0) {
		for (char *name = strtok_r(names, "\n", &save); name != NULL;
		     name = strtok_r(NULL, "\n", &save)) {
			uint32_t bit = bit_of_bridge(name);
			if (bit != 0 && !(mask & bit) && is_bridge(sys, name))
				mask |= bit;
		}
	}
	free(names);
	return mask;
}

static bool
has_line(const char *text, const char *wanted)
{
	size_t length = strlen(wanted);
	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');
		size_t have = end != NULL ? (size_t)(end - line) : strlen(line);
		if (have == length && memcmp(line, wanted, length) == 0)
			return true;
		line = end != NULL ? end + 1 : NULL;
	}
	return false;
}

/* True if anything uses a kernel module; not if it is not loaded or built in. */
static bool
module_used(const struct procfile_source *sys, const char *module)
{
	char path[RECORDING_NAME_MAX], text[32];
	snprintf(path, sizeof(path), "module/%s/refcnt", module);
	return procfile_read(sys, path, text, sizeof(text)) > 0 &&
	       words_number(text, strcspn(text, "\n"), 10) > 0;
}

/* iptables shows the names of its tables to root; the rules of nf_tables only netlink shows, to
 * CAP_NET_ADMIN. That a rule masquerades can be read from the use count of the module that does it.
 */
static uint32_t
read_rules(const struct procfile_source *proc, const struct procfile_source *sys)
{
	static const char *const tables[] = {"net/ip_tables_names", "net/ip6_tables_names"};
	static const char *const modules[] = {"nft_masq", "xt_MASQUERADE", "ipt_MASQUERADE"};
	uint32_t mask = 0;
	char text[512];
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		long length = procfile_read(proc, tables[i], text, sizeof(text));
		if (length >= 0 && has_line(text, "nat"))
			mask |= BIT(NAT_TABLE);
		else if (length < 0 && i == 0)
			mask |= BIT(NAT_RULES_HIDDEN);
	}
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (module_used(sys, modules[i]))
			mask |= BIT(NAT_MASQUERADE);
	if (module_used(sys, "nf_tables"))
		mask |= BIT(NAT_RULES_HIDDEN);
	return mask;
}

enum match { IS, BEGINS, HAS };

/* What the makers of platforms write into the DMI strings of their virtual machines; the first that
 * fits is it. */
/* clang-format off */
static const struct {
	const char *file;
	const char *text;
	enum match match;
	enum nat_bit bit;
} platforms[] = {
    {"product_name", "Google Compute Engine", BEGINS, NAT_GCP},
    {"product_name", "Google", IS, NAT_GCP},
    {"sys_vendor", "Amazon EC2", IS, NAT_AWS},
    {"board_vendor", "Amazon EC2", IS, NAT_AWS},
    {"chassis_asset_tag", "Amazon EC2", IS, NAT_AWS},
    {"bios_version", "amazon", HAS, NAT_AWS}, /* on Xen */
    {"chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", IS, NAT_AZURE},
    {"chassis_asset_tag", "OracleCloud.com", IS, NAT_ORACLE},
    {"sys_vendor", "Alibaba Cloud", BEGINS, NAT_ALIBABA},
    {"product_name", "Alibaba Cloud", BEGINS, NAT_ALIBABA},
    {"sys_vendor", "DigitalOcean", IS, NAT_DIGITALOCEAN},
    {"sys_vendor", "Hetzner", IS, NAT_HETZNER},
    {"chassis_asset_tag", "HUAWEICLOUD", IS, NAT_HUAWEI},
    {"sys_vendor", "Tencent Cloud", IS, NAT_TENCENT},
    {"sys_vendor", "Linode", IS, NAT_LINODE},
    {"sys_vendor", "Akamai", IS, NAT_LINODE},
    {"sys_vendor", "Vultr", IS, NAT_VULTR},
    {"sys_vendor", "Scaleway", IS, NAT_SCALEWAY},
    {"sys_vendor", "UpCloud", IS, NAT_UPCLOUD},
    {"product_name", "Exoscale", BEGINS, NAT_EXOSCALE},
    /* Many are built on it: the last to be asked. */
    {"product_name", "OpenStack", BEGINS, NAT_OPENSTACK},
    {"sys_vendor", "OpenStack", BEGINS, NAT_OPENSTACK},
    {"chassis_asset_tag", "OpenStack", BEGINS, NAT_OPENSTACK},
    {"chassis_asset_tag", "OpenTelekomCloud", IS, NAT_OPENSTACK},
    {"chassis_asset_tag", "SAP CCloud VM", IS, NAT_OPENSTACK},
};
/* clang-format on */

static bool
matches(enum match match, const char *text, const char *wanted)
{
	switch (match) {
	case IS: return strcmp(text, wanted) == 0;
	case BEGINS: return starts_with(text, wanted);
	case HAS: break;
	}
	return strstr(text, wanted) != NULL;
}

/* One DMI string without its newline; empty if there is none. */
static bool
read_dmi(const struct procfile_source *sys, const char *file, char *text, size_t room)
{
	char path[RECORDING_NAME_MAX];
	snprintf(path, sizeof(path), "class/dmi/id/%s", file);
	long length = procfile_read(sys, path, text, room);
	text[length >= 0 ? strcspn(text, "\n") : 0] = '\0';
	return length >= 0;
}

static uint32_t
read_platform(const struct procfile_source *sys)
{
	static const char *const files[] = {"product_name", "sys_vendor", "board_vendor",
					    "chassis_asset_tag", "bios_version"};
	enum { FILES = sizeof(files) / sizeof(files[0]) };
	char text[FILES][128];
	bool any = false;
	for (size_t f = 0; f < FILES; f++)
		any |= read_dmi(sys, files[f], text[f], sizeof(text[f]));
	if (!any)
		return BIT(NAT_PLATFORM_HIDDEN);
	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++)
		for (size_t f = 0; f < FILES; f++)
			if (strcmp(platforms[i].file, files[f]) == 0 &&
			    matches(platforms[i].match, text[f], platforms[i].text))
				return BIT(platforms[i].bit);
	return 0;
}

uint32_t
natenv_read(const struct procfile_source *proc, const struct procfile_source *sys)
{
	return read_bridges(sys) | read_rules(proc, sys) | read_platform(sys);
}

#define BEHIND_BRIDGE                                                                              \
	"what runs behind it shares the ports of this host: watch conntrack insert failures"
#define BEHIND_CLOUD "behind a NAT of the platform the limit may be lower: see its metrics"

/* clang-format off */
static const struct nat_words words[NAT_BITS] = {
    [NAT_DOCKER] = {"docker", "Docker bridge", BEHIND_BRIDGE, 0},
    [NAT_CNI] = {"cni", "CNI or Podman bridge", BEHIND_BRIDGE, 0},
    [NAT_LIBVIRT] = {"libvirt", "libvirt bridge", BEHIND_BRIDGE, 0},
    [NAT_LXC] = {"lxc", "LXC or LXD bridge", BEHIND_BRIDGE, 0},
    [NAT_TABLE] = {"natTable", "iptables NAT table",
                   "connections may be translated here: watch conntrack insert failures", 0},
    [NAT_MASQUERADE] = {"masquerade", "masquerade rules",
                        "connections may be translated here: watch conntrack insert failures", 0},
    [NAT_RULES_HIDDEN] = {"rulesHidden", "NAT rules not readable",
                          "nf_tables shows its rules to root only: nft list ruleset", 0},
    [NAT_PLATFORM_HIDDEN] = {"platformHidden", "platform not known",
                             "no DMI strings here: ask who runs the network", 0},
    [NAT_GCP] = {"gcp", "Google Cloud",
                 "Cloud NAT gives a VM 64 ports by default: see its metric "
                 "nat/dropped_sent_packets_count, OUT_OF_RESOURCES", 64},
    [NAT_AWS] = {"aws", "AWS",
                 "a NAT gateway carries 55,000 connections a destination: see ErrorPortAllocation "
                 "in CloudWatch", 55000},
    [NAT_AZURE] = {"azure", "Azure",
                   "a load balancer's SNAT gives a VM 1,024 ports or fewer by default: see its "
                   "metric SNAT Connection Count, Failed", 1024},
    [NAT_ORACLE] = {"oracle", "Oracle Cloud", BEHIND_CLOUD, 0},
    [NAT_ALIBABA] = {"alibaba", "Alibaba Cloud", BEHIND_CLOUD, 0},
    [NAT_OPENSTACK] = {"openStack", "OpenStack",
                       "behind a router's SNAT all its machines share the ports of one address", 0},
    [NAT_DIGITALOCEAN] = {"digitalOcean", "DigitalOcean", BEHIND_CLOUD, 0},
    [NAT_HETZNER] = {"hetzner", "Hetzner Cloud", BEHIND_CLOUD, 0},
    [NAT_HUAWEI] = {"huawei", "Huawei Cloud", BEHIND_CLOUD, 0},
    [NAT_TENCENT] = {"tencent", "Tencent Cloud", BEHIND_CLOUD, 0},
    [NAT_LINODE] = {"linode", "Akamai (Linode)", BEHIND_CLOUD, 0},
    [NAT_VULTR] = {"vultr", "Vultr", BEHIND_CLOUD, 0},
    [NAT_SCALEWAY] = {"scaleway", "Scaleway", BEHIND_CLOUD, 0},
    [NAT_UPCLOUD] = {"upCloud", "UpCloud", BEHIND_CLOUD, 0},
    [NAT_EXOSCALE] = {"exoscale", "Exoscale", BEHIND_CLOUD, 0},
};
/* clang-format on */

const struct nat_words *
natenv_words(enum nat_bit bit)
{
	return &words[bit];
}

enum nat_bit
natenv_platform(uint32_t mask)
{
	for (enum nat_bit bit = NAT_GCP; bit < NAT_BITS; bit++)
		if (mask & BIT(bit))
			return bit;
	return NAT_BITS;
}

/* Only IPv4 goes through the NAT of a platform, and only to addresses that are routed beyond it. */
static bool
is_public_v4(const struct addr *a)
{
	static const struct {
		uint32_t net;
		unsigned bits;
	} inner[] = {
	    {0x0a000000, 8},  /* 10 */
	    {0x7f000000, 8},  /* 127 */
	    {0xa9fe0000, 16}, /* 169.254 */
	    {0xac100000, 12}, /* 172.16 */
	    {0xc0a80000, 16}, /* 192.168 */
	    {0x64400000, 10}, /* 100.64 */
	    {0xe0000000, 3},  /* multicast and reserved */
	};
	if (a == NULL || !addr_is_v4(a))
		return false;
	uint32_t v4 = (uint32_t)a->octet[12] << 24 | (uint32_t)a->octet[13] << 16 |
		      (uint32_t)a->octet[14] << 8 | a->octet[15];
	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if (((v4 ^ inner[i].net) >> (32 - inner[i].bits)) == 0)
			return false;
	return true;
}

const struct nat_words *
natenv_toward(uint32_t mask, const struct addr *peer)
{
	enum nat_bit platform = natenv_platform(mask);
	return platform != NAT_BITS && is_public_v4(peer) ? &words[platform] : NULL;
}

const char *
natenv_text(uint32_t mask, char buf[static NATENV_TEXT_MAX])
{
	struct sentence s = sentence_in(buf, NATENV_TEXT_MAX);
	for (enum nat_bit bit = 0; bit < NAT_GCP; bit++)
		if (mask & BIT(bit))
			sentence_put(&s, "%s%s", s.at != 0 ? ", " : "", words[bit].words);
	enum nat_bit platform = natenv_platform(mask);
	if (platform != NAT_BITS)
		sentence_put(&s, "%s%s: %s", s.at != 0 ? "; " : "", words[platform].words,
			     words[platform].meaning);
	if (s.at == 0)
		sentence_put(&s, "none found");
	return buf;
}
