/* SPDX-License-Identifier: ISC */
#include "report/report.h"

#include "advice/advice_host.h"
#include "kernel/natenv.h"

#include <inttypes.h>

/* systemd lifts fs.file-max to the largest number there is. */
#define AS_GOOD_AS_NONE 1000000000000

static void
put_limits(const struct limits *limits, FILE *out)
{
	fputs("LIMITS\n", out);
	for (enum limit i = 0; i < LIMITS; i++) {
		const struct limit_words *words = hostlimits_words(i);
		if (limits->value[i] == LIMIT_ABSENT)
			fprintf(out, "  %-12s        -   not available here\n", words->label);
		else if (limits->value[i] >= AS_GOOD_AS_NONE)
			fprintf(out, "  %-12s no limit   %s\n", words->label, words->meaning);
		else
			fprintf(out, "  %-12s %8" PRId64 "   %s\n", words->label, limits->value[i],
				words->meaning);
	}
}

static void
put_nat(uint32_t nat, FILE *out)
{
	fputs(nat == 0 ? "NAT  none found\n" : "NAT\n", out);
	for (enum nat_bit bit = 0; bit < NAT_BITS; bit++)
		if (nat >> bit & 1)
			fprintf(out, "  %-22s %s\n", natenv_words(bit)->words,
				natenv_words(bit)->meaning);
	fputc('\n', out);
}

/* Only where somebody needs them. */
static void
put_low(const struct findings *f, FILE *out)
{
	const struct low_ports *low = &f->tally->low;
	if (!low_ports_used(low))
		return;
	fputs(
	    "LOW PORTS  of 512-1023, what bindresvport() can still get (NFS, rsh and their kin)\n",
	    out);
	fprintf(out, "  %-24s %8u remaining\n", "any IPv4 address", low_ports_left_any(low));
	for (unsigned i = 0; i < low->count; i++) {
		char text[ADDR_TEXT_MAX];
		unsigned left = low_ports_left(low, i);
		enum severity severity = low_ports_severity(left, f->low_warning);
		fprintf(out, "  %-24s %8u remaining %8u held%s%s\n",
			addr_text(&low->of[i].address, text), left, LOW_CAPACITY - left,
			severity > SEVERITY_NORMAL ? "  " : "",
			severity > SEVERITY_NORMAL ? report_verdict(severity) : "");
	}
	if (low_ports_omitted(low) > 0)
		fprintf(out, "  and at least %u more\n", low_ports_omitted(low));
	fputc('\n', out);
}

void
report_host(const struct findings *f, FILE *out)
{
	char why[ADVICE_MAX];
	put_low(f, out);
	put_limits(&f->host.limits, out);
	for (enum limit_rule rule = 0; rule < LIMIT_RULES; rule++)
		if (f->limits.of_rule[rule] > SEVERITY_NORMAL)
			fprintf(out, "  %-12s %s\n", report_verdict(f->limits.of_rule[rule]),
				advice_limit(&f->host.limits, rule, why));
	fputc('\n', out);
	put_nat(f->host.nat, out);
}
