/* SPDX-License-Identifier: ISC */
#include "kernel/nat_rules.h"

#include "kernel/attributes.h"
#include "kernel/modules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* What one read may wait for. */
#define WAIT_S 5

/* What is not there is `without`. */
static uint32_t
number(const struct attributes *found, unsigned type, uint32_t without)
{
	uint32_t value;
	if (found->of[type] == NULL || mnl_attr_get_payload_len(found->of[type]) != sizeof(value))
		return without;
	memcpy(&value, mnl_attr_get_payload(found->of[type]), sizeof(value));
	return ntohl(value);
}

static bool
is_named(const struct nlattr *attr, const char *name)
{
	size_t size = strlen(name) + 1;
	return attr != NULL && mnl_attr_get_payload_len(attr) == size &&
	       memcmp(mnl_attr_get_payload(attr), name, size) == 0;
}

/* What the registers hold, by the word: only what was loaded as it stands in the rule. */
#define WORDS 16
struct reading {
	struct nat_rules *rules;
	uint8_t family;
	uint8_t protocol; /* to which the rule is confined so far; 0 = to none */
	uint32_t l4proto; /* the register that the expression before loaded it to; WORDS = none */
	uint16_t length[WORDS]; /* of what begins there; 0 = it is not known */
	uint8_t octet[WORDS * 4];
};

/* nft_dump_register(): four registers of 16 octets, or sixteen of 4 behind them. WORDS = none. */
static uint32_t
word_of(uint32_t reg)
{
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		return (reg - NFT_REG_1) * 4;
	return reg >= NFT_REG32_00 && reg < NFT_REG32_00 + WORDS ? reg - NFT_REG32_00 : WORDS;
}

static void
forget_all(struct reading *r)
{
	memset(r->length, 0, sizeof(r->length));
}

/* What lies in a value that begins before it begins nowhere any more. */
static void
load(struct reading *r, uint32_t word, const void *octets, uint16_t length)
{
	uint32_t words = (length + 3U) / 4;
	if (word == WORDS || length == 0 || word + words > WORDS) {
		forget_all(r);
		return;
	}
	for (uint32_t i = 0; i < WORDS; i++) {
		uint32_t end = i + (r->length[i] + 3U) / 4;
		if (i < word + words && end > word)
			r->length[i] = 0;
	}
	memcpy(r->octet + (size_t)word * 4, octets, length);
	r->length[word] = length;
}

/* An attribute names the register. False if its value is not known to be of that size. */
static bool
held(const struct reading *r, const struct attributes *found, unsigned type, void *out,
     uint16_t size)
{
	uint32_t word = word_of(number(found, type, 0));
	if (word == WORDS || r->length[word] != size)
		return false;
	memcpy(out, r->octet + (size_t)word * 4, size);
	return true;
}

static bool
is_equal(const struct nat_rule *a, const struct nat_rule *b)
{
	return a->family == b->family && a->protocol == b->protocol && a->clear == b->clear &&
	       a->named == b->named && a->ports.low == b->ports.low &&
	       a->ports.high == b->ports.high && a->addressed == b->addressed &&
	       addr_equal(&a->first, &b->first) && addr_equal(&a->last, &b->last);
}

static void
add(struct nat_rules *rules, const struct nat_rule *rule)
{
	for (uint32_t i = 0; i < rules->count; i++)
		if (is_equal(&rules->of[i], rule))
			return;
	if (rules->count == NAT_RULES_MAX)
		rules->omitted = true;
	else
		rules->of[rules->count++] = *rule;
}

static void
set_ports(struct nat_rule *rule, uint16_t min, uint16_t max)
{
	rule->named = true;
	rule->ports = (struct port_range){ntohs(min), ntohs(max)};
	rule->clear = rule->ports.low <= rule->ports.high;
}

static void
set_addresses(struct nat_rule *rule, const void *min, const void *max, bool v4)
{
	rule->addressed = true;
	rule->first = v4 ? addr_from_v4(min) : addr_from_v6(min);
	rule->last = v4 ? addr_from_v4(max) : addr_from_v6(max);
}

/* The attributes of the registers that hold the first and the last. */
static void
read_ports(const struct reading *r, const struct attributes *found, unsigned first, unsigned last,
	   struct nat_rule *rule)
{
	uint16_t min, max;
	rule->clear = found->of[first] == NULL;
	if (rule->clear || !held(r, found, first, &min, sizeof(min)))
		return;
	if (found->of[last] == NULL)
		max = min;
	else if (!held(r, found, last, &max, sizeof(max)))
		return;
	set_ports(rule, min, max);
}

static struct nat_rule
rule_of(const struct reading *r, uint8_t family)
{
	return (struct nat_rule){.family = family, .protocol = r->protocol};
}

static void
take_masq(struct reading *r, const struct attributes *found)
{
	struct nat_rule rule = rule_of(r, r->family);
	read_ports(r, found, NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX, &rule);
	add(r->rules, &rule);
}

static void
take_nat(struct reading *r, const struct attributes *found)
{
	uint8_t min[16], max[16];
	uint32_t family = number(found, NFTA_NAT_FAMILY, r->family);
	bool v4 = family == NFPROTO_IPV4;
	struct nat_rule rule = rule_of(r, v4 ? AF_INET : AF_INET6);
	uint16_t size = v4 ? 4 : 16;
	if (number(found, NFTA_NAT_TYPE, NFT_NAT_SNAT) != NFT_NAT_SNAT)
		return;
	read_ports(r, found, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX, &rule);
	bool whole = held(r, found, NFTA_NAT_REG_ADDR_MIN, min, size);
	if (found->of[NFTA_NAT_REG_ADDR_MAX] == NULL)
		memcpy(max, min, whole ? size : 0);
	else
		whole = whole && held(r, found, NFTA_NAT_REG_ADDR_MAX, max, size);
	if (whole)
		set_addresses(&rule, min, max, v4);
	add(r->rules, &rule);
}

/* Of iptables, as of its first revision for IPv4. */
static void
take_old_range(const struct nat_target *target, struct nat_rule *rule)
{
	struct nf_nat_ipv4_multi_range_compat range;
	if (target->size < sizeof(range))
		return;
	memcpy(&range, target->info, sizeof(range));
	const struct nf_nat_ipv4_range *only = &range.range[0];
	rule->clear = range.rangesize == 1;
	if ((only->flags & NF_NAT_RANGE_MAP_IPS) != 0)
		set_addresses(rule, &only->min_ip, &only->max_ip, true);
	if (rule->clear && (only->flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0)
		set_ports(rule, only->min.all, only->max.all);
}

/* struct nf_nat_range2 has this in front. */
static void
take_range(const struct nat_target *target, struct nat_rule *rule)
{
	struct nf_nat_range range;
	if (target->size < sizeof(range))
		return;
	memcpy(&range, target->info, sizeof(range));
	rule->clear = true;
	if ((range.flags & NF_NAT_RANGE_MAP_IPS) != 0)
		set_addresses(rule, &range.min_addr, &range.max_addr, rule->family == AF_INET);
	if ((range.flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0)
		set_ports(rule, range.min_proto.all, range.max_proto.all);
}

void
nat_rules_target(struct nat_rules *rules, const struct nat_target *target)
{
	struct nat_rule rule = {.family = target->family, .protocol = target->protocol};
	bool whole = strcmp(target->name, "NETMAP") != 0;
	if (whole && strcmp(target->name, "MASQUERADE") != 0 && strcmp(target->name, "SNAT") != 0)
		return;
	if (target->family == AF_INET && target->revision == 0)
		take_old_range(target, &rule);
	else
		take_range(target, &rule);
	/* It keeps a part of each address. */
	if (!whole)
		rule.addressed = false;
	add(rules, &rule);
}

static void
take_target(struct reading *r, const struct attributes *found)
{
	static const char *const names[] = {"MASQUERADE", "SNAT", "NETMAP"};
	const struct nlattr *info = found->of[NFTA_TARGET_INFO];
	struct nat_target target = {.revision = number(found, NFTA_TARGET_REV, 0),
				    .info = info == NULL ? NULL : mnl_attr_get_payload(info),
				    .size = info == NULL ? 0 : mnl_attr_get_payload_len(info),
				    .family = r->family,
				    .protocol = r->protocol};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		target.name = names[i];
		if (is_named(found->of[NFTA_TARGET_NAME], names[i]))
			nat_rules_target(r->rules, &target);
	}
}

static const struct nlattr *
value_of(const struct attributes *found, unsigned type)
{
	struct attributes data;
	attributes_within(found->of[type], &data);
	return data.of[NFTA_DATA_VALUE];
}

static void
take_immediate(struct reading *r, const struct attributes *found)
{
	const struct nlattr *value = value_of(found, NFTA_IMMEDIATE_DATA);
	uint32_t reg = number(found, NFTA_IMMEDIATE_DREG, 0);
	if (value != NULL)
		load(r, word_of(reg), mnl_attr_get_payload(value), mnl_attr_get_payload_len(value));
	else if (reg != NFT_REG_VERDICT)
		forget_all(r);
}

/* `l4proto` right before it: the rule is confined to a protocol. */
static void
take_comparison(struct reading *r, const struct attributes *found)
{
	const struct nlattr *value = value_of(found, NFTA_CMP_DATA);
	if (r->l4proto == WORDS || word_of(number(found, NFTA_CMP_SREG, 0)) != r->l4proto ||
	    number(found, NFTA_CMP_OP, NFT_CMP_NEQ) != NFT_CMP_EQ || value == NULL ||
	    mnl_attr_get_payload_len(value) != sizeof(r->protocol))
		return;
	memcpy(&r->protocol, mnl_attr_get_payload(value), sizeof(r->protocol));
}

static void
take_meta(struct reading *r, const struct attributes *found)
{
	forget_all(r);
	if (found->of[NFTA_META_DREG] != NULL &&
	    number(found, NFTA_META_KEY, NFT_META_LEN) == NFT_META_L4PROTO)
		r->l4proto = word_of(number(found, NFTA_META_DREG, 0));
}

static void
pass_over(struct reading *r, const struct attributes *found)
{
	(void)r;
	(void)found;
}

/* Any other may have loaded something. */
static const struct expression {
	const char *name;
	void (*take)(struct reading *r, const struct attributes *found);
} expressions[] = {{"immediate", take_immediate}, {"nat", take_nat},   {"masq", take_masq},
		   {"target", take_target},       {"meta", take_meta}, {"cmp", take_comparison},
		   {"counter", pass_over},        {"match", pass_over}};

static int
take_expression(const struct nlattr *attr, void *arg)
{
	struct reading *r = arg;
	struct attributes expression, found;
	uint32_t l4proto = r->l4proto;
	attributes_within(attr, &expression);
	attributes_within(expression.of[NFTA_EXPR_DATA], &found);
	for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
		if (!is_named(expression.of[NFTA_EXPR_NAME], expressions[i].name))
			continue;
		expressions[i].take(r, &found);
		if (r->l4proto == l4proto)
			r->l4proto = WORDS;
		return MNL_CB_OK;
	}
	forget_all(r);
	r->l4proto = WORDS;
	return MNL_CB_OK;
}

int
nat_rules_take(void *arg, const struct nlmsghdr *message)
{
	struct reading r = {.rules = arg, .l4proto = WORDS};
	struct attributes found;
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(message);
	if (message->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*head))
		return EBADMSG;
	if (head->nfgen_family == NFPROTO_IPV4)
		r.family = AF_INET;
	else if (head->nfgen_family == NFPROTO_IPV6)
		r.family = AF_INET6;
	else if (head->nfgen_family != NFPROTO_INET)
		return 0;
	attributes_of(message, sizeof(*head), &found);
	if (found.of[NFTA_RULE_EXPRESSIONS] != NULL)
		mnl_attr_parse_nested(found.of[NFTA_RULE_EXPRESSIONS], take_expression, &r);
	return 0;
}

struct nlmsghdr *
nat_rules_request(void *what, void *buf, enum dump_form form, uint32_t seq)
{
	(void)what;
	(void)form;
	struct nlmsghdr *message = mnl_nlmsg_put_header(buf);
	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = seq;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->nfgen_family = AF_UNSPEC;
	head->version = NFNETLINK_V0;
	return message;
}

int
nat_rules_read(const struct procfile_source *proc, struct nat_rules *out, FILE *record)
{
	struct dump_question question = {.forms = DUMP_IN(DUMP_ALL),
					 .request = nat_rules_request,
					 .take = nat_rules_take,
					 .arg = out,
					 .record = record,
					 .number = NAT_RULES_DUMP};
	int error = 0;
	memset(out, 0, sizeof(*out));
	/* Where translation is a module that is loaded, and nftables is not, it has no rules. */
	if (modules_lack(proc, "nf_nat", "nf_tables")) {
		out->known = true;
		return 0;
	}
	struct dump *dump = dump_open(NETLINK_NETFILTER, WAIT_S);
	if (dump == NULL)
		return errno;
	out->known = dump_whole(dump, &question) == DUMP_DONE;
	if (!out->known)
		dump_failure(dump, &error);
	/* nfnetlink_rcv_msg(): there is no such part of the kernel. */
	if (error == EINVAL) {
		out->known = true;
		error = 0;
	}
	dump_close(dump);
	return error;
}
