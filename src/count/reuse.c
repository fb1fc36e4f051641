/* SPDX-License-Identifier: ISC */
#include "count/reuse.h"

/* TCP_TIMEWAIT_LEN: how long a TIME_WAIT lives; idiag_expires counts down from it. */
#define TIME_WAIT_MS 60000

/* An age that the whole second rule is always content with. */
#define WHOLE_SECOND_MS 1000

/* The longest tick that a kernel is built with (HZ=100): ages, and the second that it compares, are
 * as old as the last one. */
#define TICK_MS 10

#define LOOPBACK_INTERFACE 1

/* As tcp_twsk_unique() has it. */
static bool
is_loopback(const struct diag_socket *s)
{
	return addr_is_loopback(&s->local) || addr_is_loopback(&s->peer) ||
	       s->interface == LOOPBACK_INTERFACE;
}

/* Whether any may be taken over between these addresses. */
static enum reuse
allowance(const struct settings *settings, const struct diag_socket *s)
{
	if (!s->mini || settings->timestamps == 0)
		return REUSE_NO;
	if (settings->tw_reuse == SETTING_UNKNOWN)
		return REUSE_MAYBE;
	if (settings->tw_reuse != 1 && !(settings->tw_reuse == 2 && is_loopback(s)))
		return REUSE_NO;
	return settings->timestamps == SETTING_UNKNOWN ? REUSE_MAYBE : REUSE_YES;
}

bool
reuse_needs_peer(const struct diag_socket *s)
{
	return !is_loopback(s) && !addr_equal(&s->local, &s->peer);
}

/* Whole seconds, rounded down, of a moment that may lie before the clock's beginning. */
static int64_t
second_of(int64_t ms)
{
	return ms >= 0 ? ms / 1000 : -((999 - ms) / 1000);
}

static enum reuse
by_whole_second(const struct diag_socket *s, uint32_t age_ms)
{
	int64_t from = (int64_t)s->from_ms, to = (int64_t)s->to_ms, age = (int64_t)age_ms;
	if (age > WHOLE_SECOND_MS)
		return REUSE_YES;
	if (s->to_ms == 0)
		return REUSE_MAYBE;
	if (second_of(from - TICK_MS) > second_of(to - age + TICK_MS))
		return REUSE_YES;
	return second_of(to) > second_of(from - age - 2 * TICK_MS) ? REUSE_MAYBE : REUSE_NO;
}

static enum reuse
by_age(const struct settings *settings, const struct diag_socket *s)
{
	uint32_t age_ms = s->expires < TIME_WAIT_MS ? TIME_WAIT_MS - s->expires : 0;
	if (settings->tw_reuse_delay_ms == SETTING_ABSENT)
		return by_whole_second(s, age_ms);
	if (settings->tw_reuse_delay_ms == SETTING_UNKNOWN)
		return REUSE_MAYBE;
	return age_ms > (uint32_t)settings->tw_reuse_delay_ms ? REUSE_YES : REUSE_NO;
}

enum reuse
reuse_of(const struct settings *settings, const struct diag_socket *s)
{
	enum reuse allowed = allowance(settings, s), aged = REUSE_NO;
	if (s->state == STATE_TIME_WAIT)
		aged = by_age(settings, s);
	else if (s->state == STATE_FIN_WAIT2 && settings->tw_reuse_delay_ms == SETTING_ABSENT &&
		 !settings->fin_wait2_kept)
		aged = REUSE_MAYBE;
	return allowed < aged ? allowed : aged;
}
