/* SPDX-License-Identifier: ISC */
#include "advice/advice_host.h"

const char *
advice_limit(const struct limits *limits, enum limit_rule rule, char buf[static ADVICE_MAX])
{
	static const struct {
		const char *what, *remedy;
	} words[LIMIT_RULES] = {
	    [RULE_CONNTRACK] =
		{"connection tracking",
		 "new connections will hang: raise net.netfilter.nf_conntrack_max, or "
		 "shorten net.netfilter.nf_conntrack_tcp_timeout_established"},
	    [RULE_FILES] = {"open files of the host",
			    "then socket() fails with ENFILE: raise fs.file-max, or find who keeps "
			    "them open"},
	};
	int percent = hostlimits_percent(limits, rule);
	char used[NUMBER_TEXT_MAX], max[NUMBER_TEXT_MAX];
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	buf[0] = '\0';
	if (percent < 0) {
		sentence_put(&s, "%s: not available here", words[rule].what);
		return buf;
	}
	sentence_put(&s, "%s: %d %% full, %s of %s", words[rule].what, percent,
		     number_text((uint64_t)limits->value[hostlimits_rule_used(rule)], used),
		     number_text((uint64_t)limits->value[hostlimits_rule_max(rule)], max));
	if (percent >= (int)limit_band_default.clear.warning_percent)
		sentence_put(&s, "; %s", words[rule].remedy);
	return buf;
}

const char *
advice_local(const struct range_tally *range, const char *reserve, uint32_t remaining,
	     enum severity severity, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	char left[NUMBER_TEXT_MAX];
	sentence_put(&s, "bind() to this address with port 0 can get %s more port%s",
		     number_text(remaining, left), number_s(remaining));
	if (severity == SEVERITY_NORMAL)
		return buf;
	sentence_choice(&s,
			"let programs set IP_BIND_ADDRESS_NO_PORT before they bind and connect");
	remedy_put_range(&s, range, reserve);
	return buf;
}

const char *
advice_free(const struct range_tally *range, const char *reserve, uint32_t free,
	    enum severity severity, char buf[static ADVICE_MAX])
{
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	char left[NUMBER_TEXT_MAX], size[NUMBER_TEXT_MAX];
	sentence_put(&s, "no socket holds %s of %s ports", number_text(free, left),
		     number_text(range->free + range->in_use, size));
	if (severity == SEVERITY_NORMAL)
		return buf;
	sentence_put(&s, ": that is all that bind() with port 0 to any address can get");
	remedy_put_range(&s, range, reserve);
	return buf;
}

const char *
advice_inbound(const struct scene *scene, char buf[static ADVICE_MAX])
{
	const struct totals *totals = &scene->findings->tally->totals;
	const struct leaked *leaked = &totals->leaked;
	const struct inbound_leak *worst = &totals->worst_leak;
	char close_wait[NUMBER_TEXT_MAX], fin_wait2[NUMBER_TEXT_MAX], all[NUMBER_TEXT_MAX];
	struct sentence s = sentence_in(buf, ADVICE_MAX);
	if (worst->port == 0 && leaked->close_wait + leaked->fin_wait2 == 0) {
		sentence_put(&s, "of %s accepted connection%s none is over and kept open",
			     number_text(totals->inbound, all), number_s(totals->inbound));
		return buf;
	}
	sentence_put(
	    &s,
	    "of %s accepted connection%s %s in CLOSE_WAIT and %s in FIN_WAIT2 are kept open "
	    "by a program here",
	    number_text(totals->inbound, all), number_s(totals->inbound),
	    number_text(leaked->close_wait, close_wait), number_text(leaked->fin_wait2, fin_wait2));
	if (worst->port == 0)
		return buf;
	const struct owner_question question = {.server = true, .port = worst->port};
	char holder[OWNER_TEXT_MAX];
	if (*owner_holder(scene->owners, &question, holder) != '\0' &&
	    sentence_put(&s, ", most on port %u by %s, which does not close them: restart it",
			 worst->port, holder))
		return buf;
	sentence_put(&s,
		     ", most on port %u: it does not close them; srcportd --once --port %u "
		     "names it; restart it",
		     worst->port, worst->port);
	return buf;
}
