/* SPDX-License-Identifier: ISC */
/*
 * background: a process that detaches itself, and a parent that stays until it knows how that went.
 */
#ifndef SRCPORTD_BACKGROUND_H
#define SRCPORTD_BACKGROUND_H

/* Opens /dev/null in the place of standard input, output and error where the caller was started
 * without one, so that nothing else ever gets that number and is written to by mistake. */
void background_fill_standard(void);

/* Forks. Returns in the child only, in a session of its own: a descriptor for background_ready(),
 * or -1 with errno if there was no fork. The parent waits and exits: with 0 as soon as the child is
 * ready, with the child's exit status if it ends before that. The child's standard error stays
 * where it was until then. Call before any thread is started. */
int background_fork(void);

/* Tells the parent to leave, and lets go of the terminal and of the directory: standard input,
 * output and error become /dev/null, the working directory /. Does nothing if ready_fd is negative.
 */
void background_ready(int ready_fd);

#endif
