/* SPDX-License-Identifier: ISC */
/*
 * survey: the pools of which it is worth knowing who holds them, those of UDP too, and the server
 * port of which it is worth knowing who does not close its connections. Pure.
 */
#ifndef SRCPORTD_SURVEY_H
#define SRCPORTD_SURVEY_H

#include "owners/owners.h"
#include "verdict/findings.h"

/* Chooses pools in warning or worse by what this poll measured or by their verdict (their own, or
 * that of their peer or of a target): the worst first, by severity, then those with the most
 * connections, with no more sockets in all than can be told apart. asked: the pools of targets too,
 * however well they are, and before all others; none without memory for it. The server port is the
 * one with most connections that are over, while these are in warning; UDP sockets are chosen while
 * a pool of those without an address is. */
void survey_choose(const struct findings *findings, bool asked, struct owner_subjects *out);

#endif
