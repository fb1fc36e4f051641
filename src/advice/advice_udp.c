/* SPDX-License-Identifier: ISC */
#include "advice/advice_udp.h"

#include "base/sentence.h"

#include <inttypes.h>

/* Who calls; and how its calls fail where nothing is left. */
static void
put_caller(struct sentence *s, uint32_t position, const struct udp_row *row)
{
	char address[ADDR_TEXT_MAX];
	if (position >= UDP_WILDCARDS)
		sentence_put(s, "UDP sockets bound to %s", addr_text(&row->address, address));
	else
		sentence_put(s, "UDP sockets of %s without a local address",
			     addr_is_v4(&row->address) ? "IPv4" : "IPv6");
}

/* What helps: of TCP's remedies only those that are about the range, for no peer plays a part, and
 * a port is free as soon as its socket is closed. */
static void
put_remedies(struct sentence *s, const struct tally *tally)
{
	if (tally->range.wider.gain > 0)
		sentence_choice(s, "widen net.ipv4.ip_local_port_range");
	if (tally->udp.size > tally->udp.rows[0].capacity)
		sentence_choice(s, "shorten net.ipv4.ip_local_reserved_ports");
	sentence_choice(s, "use one socket for many peers (sendto() without connect())");
}

const char *
advice_udp(const struct findings *findings, uint32_t position, char out[static ADVICE_MAX])
{
	const struct tally *tally = findings->tally;
	const struct udp_row *row = &tally->udp.rows[position];
	struct sentence s = sentence_in(out, ADVICE_MAX);
	char left[NUMBER_TEXT_MAX], of[NUMBER_TEXT_MAX];
	if (row->remaining == 0)
		sentence_put(&s, "no port is left for ");
	else
		sentence_put(&s, "%s of %s port%s left for ", number_text(row->remaining, left),
			     number_text(row->capacity, of), row->capacity == 1 ? " is" : "s are");
	put_caller(&s, position, row);
	if (row->remaining == 0)
		sentence_put(&s, position < UDP_WILDCARDS
				     ? ": connect() and sendto() fail with EAGAIN"
				     : ": bind() fails with EADDRINUSE");
	else if (row->uncertain > 0)
		sentence_put(&s,
			     ", or up to %s fewer: the kernel does not show which connected "
			     "IPv6 sockets are IPv6 only",
			     number_text(row->uncertain, left));
	if (findings->udp[position].severity != SEVERITY_NORMAL)
		put_remedies(&s, tally);
	return out;
}
