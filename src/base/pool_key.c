/* SPDX-License-Identifier: ISC */
#include "base/pool_key.h"

int
pool_key_compare(struct pool_key a, struct pool_key b)
{
	int order = addr_compare(a.peer, b.peer);
	if (order == 0)
		order = (int)a.port - (int)b.port;
	return order != 0 ? order : addr_compare(a.local, b.local);
}
