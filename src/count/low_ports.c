/* SPDX-License-Identifier: ISC */
#include "count/low_ports.h"

#include "base/portset.h"

static void
set(struct low_set *set, uint16_t port)
{
	unsigned bit = (unsigned)port - LOW_FIRST;
	set->word[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Ports that neither holds. */
static unsigned
left(const struct low_set *a, const struct low_set *b)
{
	unsigned held = 0;
	for (unsigned i = 0; i < LOW_WORDS; i++)
		held += portset_ones(a->word[i] | b->word[i]);
	return LOW_CAPACITY - held;
}

/* The ports held at an address, or NULL if there is no room for it. Most sockets have the address
 * of the one before. */
static struct low_set *
held_at(struct low_ports *low, const struct addr *local)
{
	struct addr address = *local;
	address.zone = 0;
	if (low->count > 0 && addr_equal(&low->of[low->last].address, &address))
		return &low->of[low->last].held;
	for (low->last = 0; low->last < low->count; low->last++)
		if (addr_equal(&low->of[low->last].address, &address))
			return &low->of[low->last].held;
	if (low->count == LOW_ADDRESSES_MAX) {
		set(&low->omitted, (uint16_t)(LOW_FIRST + addr_hash(&address) % LOW_CAPACITY));
		low->last = 0;
		return NULL;
	}
	low->of[low->count++].address = address;
	return &low->of[low->last].held;
}

static void
add_wildcard(struct low_ports *low, const struct diag_socket *s)
{
	bool v4 = addr_is_v4(&s->local);
	if (v4 || !diag_v6only(s)) {
		set(&low->wild4, s->local_port);
		set(&low->any4, s->local_port);
	}
	if (!v4)
		set(&low->wild6, s->local_port);
}

void
low_ports_add(struct low_ports *low, const struct diag_socket *s)
{
	if (s->local_port < LOW_FIRST || s->local_port > LOW_LAST || s->request)
		return;
	if (s->state == STATE_LISTEN)
		set(&low->listening, s->local_port);
	if (addr_is_any(&s->local)) {
		add_wildcard(low, s);
		return;
	}
	if (addr_is_v4(&s->local))
		set(&low->any4, s->local_port);
	struct low_set *held = held_at(low, &s->local);
	if (held != NULL)
		set(held, s->local_port);
}

static void
add(struct low_set *to, const struct low_set *set)
{
	for (unsigned i = 0; i < LOW_WORDS; i++)
		to->word[i] |= set->word[i];
}

void
low_ports_merge(struct low_ports *low, const struct low_ports *other)
{
	add(&low->any4, &other->any4);
	add(&low->wild4, &other->wild4);
	add(&low->wild6, &other->wild6);
	add(&low->listening, &other->listening);
	add(&low->omitted, &other->omitted);
	for (unsigned i = 0; i < other->count; i++) {
		struct low_set *held = held_at(low, &other->of[i].address);
		if (held != NULL)
			add(held, &other->of[i].held);
	}
}

unsigned
low_ports_omitted(const struct low_ports *low)
{
	return LOW_CAPACITY - left(&low->omitted, &low->omitted);
}

enum severity
low_ports_severity(unsigned left, uint32_t warning_level)
{
	return left < warning_level ? SEVERITY_WARNING : SEVERITY_NORMAL;
}

unsigned
low_ports_left(const struct low_ports *low, unsigned i)
{
	return left(&low->of[i].held, addr_is_v4(&low->of[i].address) ? &low->wild4 : &low->wild6);
}

unsigned
low_ports_left_any(const struct low_ports *low)
{
	return left(&low->any4, &low->wild4);
}

bool
low_ports_used(const struct low_ports *low)
{
	for (unsigned i = 0; i < low->count; i++)
		if (left(&low->of[i].held, &low->listening) <
		    left(&low->listening, &low->listening))
			return true;
	return low_ports_omitted(low) > 0;
}
