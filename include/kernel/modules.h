/* SPDX-License-Identifier: ISC */
/*
 * modules: which parts of the kernel are loaded. A question to one that is a module makes the
 * kernel load it (nfnetlink_rcv_msg(), xt_request_find_table_lock()): it is not asked then.
 */
#ifndef SRCPORTD_MODULES_H
#define SRCPORTD_MODULES_H

#include "kernel/procfile.h"

/* `there` is a module that is loaded, `missing`, which belongs with it, is not: a question would
 * load it, if there is one. False where the kernel has both built in, or shows no modules. */
bool modules_lack(const struct procfile_source *proc, const char *there, const char *missing);

#endif
