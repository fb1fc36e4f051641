/* SPDX-License-Identifier: ISC */
#include "advice/advice_udp.h"

#include "base/sentence.h"

#include <inttypes.h>
#include <stdio.h>

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

/* From here on a call looks at so many ports that it takes the caller a millisecond and more. */
static bool
is_slow(const struct udp_row *row)
{
	return row->capacity >= 10000 && row->remaining <= row->capacity / 500;
}

/* An address of this host whose sockets can get more than those without one of its family; or NULL.
 * Rows are in the order of what remains. With IP_FREEBIND there are sockets at any address. */
static const struct udp_row *
roomier(const struct findings *f, uint32_t position)
{
	const struct udp_tally *udp = &f->tally->udp;
	const struct udp_row *row = &udp->rows[position];
	for (uint32_t i = udp->count; position < UDP_WILDCARDS && i-- > UDP_WILDCARDS;) {
		const struct udp_row *other = &udp->rows[i];
		if (other->remaining <= row->remaining)
			break;
		if (addr_is_v4(&other->address) == addr_is_v4(&row->address) &&
		    sources_find(&f->host.sources, &other->address) != NULL)
			return other;
	}
	return NULL;
}

/* What helps: of TCP's remedies only those that are about the range, for no peer plays a part, and
 * a port is free as soon as its socket is closed. */
static void
put_remedies(struct sentence *s, const struct findings *f, uint32_t position)
{
	const struct tally *tally = f->tally;
	const struct udp_row *other = roomier(f, position);
	char address[ADDR_TEXT_MAX], left[NUMBER_TEXT_MAX], text[128];
	if (tally->range.wider.gain > 0)
		sentence_choice(s, "widen net.ipv4.ip_local_port_range");
	if (tally->udp.size > tally->udp.rows[0].capacity)
		sentence_choice(s, "shorten net.ipv4.ip_local_reserved_ports");
	sentence_choice(s, "use one socket for many peers (sendto() without connect())");
	if (other == NULL)
		return;
	snprintf(text, sizeof(text), "bind() to %s, which has %s left",
		 addr_text(&other->address, address), number_text(other->remaining, left));
	sentence_choice(s, text);
}

/* Sockets fill it, or may. At an address they would have to be told apart. */
static void
put_holder(struct sentence *s, const struct scene *scene, uint32_t position)
{
	const struct udp_row *row = &scene->findings->tally->udp.rows[position];
	const struct owner_question question = {.udp = position + 1};
	char holder[OWNER_TEXT_MAX];
	if (position < UDP_WILDCARDS && row->used + row->uncertain >= row->capacity / 2 &&
	    *owner_holder(scene->owners, &question, holder) != '\0')
		sentence_put(s, ", most are held by %s", holder);
}

const char *
advice_udp(const struct scene *scene, uint32_t position, char out[static ADVICE_MAX])
{
	const struct findings *findings = scene->findings;
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
	if (position < UDP_WILDCARDS && is_slow(row))
		sentence_put(&s, ", and each call takes milliseconds");
	if (findings->udp[position].severity == SEVERITY_NORMAL)
		return out;
	put_holder(&s, scene, position);
	put_remedies(&s, findings, position);
	return out;
}
