/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "snmp/mib_columns.h"

struct oid {
	uint32_t sub[MIBTREE_OID_MAX];
	size_t length;
};

/* The reference: every instance in a list, made without the search, and looked through from one
 * end. */
struct reference {
	struct oid *list;
	size_t count;
};

static struct reference
list_instances(const struct mibtree *tree, const struct mib_view *view)
{
	struct reference ref = {calloc(20000, sizeof(struct oid)), 0};
	assert_non_null(ref.list);
	for (size_t t = 0; t < tree->table_count; t++) {
		const struct mib_table *table = &tree->tables[t];
		struct mib_rows rows = table->rows(view->snapshot);

		for (size_t c = 0; c < table->column_count; c++)
			for (uint32_t r = 0; r < rows.count; r++) {
				const void *row = (const char *)rows.first + r * rows.stride;
				struct row_index scalar = {(const uint32_t[]){0}, 1}, index;
				struct oid *o = &ref.list[ref.count];
				struct mib_value value = {.number = 0};

				index = table->scalars ? scalar : *(const struct row_index *)row;
				if (table->columns[c].where != NULL &&
				    !table->columns[c].where(view->snapshot))
					continue;
				if (table->columns[c].get != NULL &&
				    !table->columns[c].get(view, row, &value))
					continue;
				o->sub[o->length++] = table->arc;
				if (!table->scalars)
					o->sub[o->length++] = 1;
				o->sub[o->length++] = table->columns[c].number;
				for (uint32_t i = 0; i < index.length; i++)
					o->sub[o->length++] = index.sub[i];
				assert_true(++ref.count < 20000);
			}
	}
	return ref;
}

/* Written apart from mibtree_compare() on purpose. */
static int
order(const struct oid *a, const struct oid *b)
{
	size_t i = 0;
	while (i < a->length && i < b->length && a->sub[i] == b->sub[i])
		i++;
	if (i == a->length || i == b->length)
		return (a->length > i) - (b->length > i);
	return a->sub[i] > b->sub[i] ? 1 : -1;
}

static uint32_t
random_sub(unsigned *seed, uint32_t near)
{
	switch (rand_r(seed) % 6) {
	case 0: return near - 1;
	case 1: return near + 1;
	case 2: return 0;
	case 3: return UINT32_MAX;
	case 4: return (uint32_t)rand_r(seed) % 16;
	default: return (uint32_t)rand_r(seed) * 3u;
	}
}

/* An instance as it is, cut short, made longer, or with one number changed; or anything at all. */
static struct oid
random_oid(unsigned *seed, const struct reference *ref)
{
	struct oid o = ref->list[(size_t)rand_r(seed) % ref->count];
	size_t at = (size_t)rand_r(seed) % o.length;
	switch (rand_r(seed) % 5) {
	case 0: o.length = at; break;
	case 1:
		while (o.length < MIBTREE_OID_MAX && rand_r(seed) % 8 != 0)
			o.sub[o.length++] = random_sub(seed, 0);
		break;
	case 2: o.sub[at] = random_sub(seed, o.sub[at]); break;
	case 3:
		o.sub[at] = random_sub(seed, o.sub[at]);
		o.length = at + 1;
		break;
	default: break;
	}
	return o;
}

static void
compare_with_reference(const struct mibtree *tree, const struct mib_view *view,
		       const struct reference *ref, const struct oid *asked, bool inclusive)
{
	struct oid found = {.length = 0};
	struct mib_value value;
	size_t i = 0;
	bool exact = false;
	/* Of exactly its size, so that a sanitizer sees a look past its end. */
	uint32_t *sub = malloc(asked->length * sizeof(*sub) + 1);

	assert_non_null(sub);
	for (size_t n = 0; n < asked->length; n++)
		sub[n] = asked->sub[n];

	while (i < ref->count && order(&ref->list[i], asked) < (inclusive ? 0 : 1)) {
		exact |= order(&ref->list[i], asked) == 0;
		i++;
	}
	exact |= i < ref->count && order(&ref->list[i], asked) == 0;

	enum mib_result next = mibtree_next(tree, view, sub, asked->length, inclusive, found.sub,
					    &found.length, &value);

	assert_int_equal(next, i < ref->count ? MIB_FOUND : MIB_END);
	if (next == MIB_FOUND)
		assert_int_equal(order(&found, &ref->list[i]), 0);
	assert_int_equal(mibtree_get(tree, view, sub, asked->length, &value) == MIB_FOUND, exact);
	free(sub);
}

static void
compare_many(const struct mibtree *tree, const struct mib_view *view, int rounds)
{
	struct reference ref = list_instances(tree, view);
	unsigned seed = 20261122;
	uint32_t hint;
	struct mib_view hinted = *view;
	hinted.hint = &hint;
	for (size_t i = 1; i < ref.count; i++)
		assert_true(order(&ref.list[i - 1], &ref.list[i]) < 0);
	for (int i = 0; i < rounds; i++) {
		struct oid asked = random_oid(&seed, &ref);

		compare_with_reference(tree, view, &ref, &asked, false);
		compare_with_reference(tree, view, &ref, &asked, true);
		/* Whatever the hint is, and then where that search left it. */
		hint = (uint32_t)(rand_r(&seed) % 200);
		compare_with_reference(tree, &hinted, &ref, &asked, false);
		compare_with_reference(tree, &hinted, &ref, &asked, true);
	}
	free(ref.list);
}

static struct addr
random_address(unsigned *seed, uint8_t last)
{
	uint8_t octets[16] = {0};
	struct addr a;
	for (int i = 0; i < 16; i++)
		octets[i] = (uint8_t)(rand_r(seed) % 3 ? rand_r(seed) % 2 * 255 : rand_r(seed));
	octets[3] = octets[15] = last;
	a = rand_r(seed) % 2 ? addr_from_v4(octets) : addr_from_v6(octets);
	a.zone = rand_r(seed) % 4 ? 0 : (uint32_t)rand_r(seed);
	return a;
}

static int
compare_pools(const void *left, const void *right)
{
	const struct pool_tally *a = left, *b = right;
	int by_peer = addr_compare(&a->peer, &b->peer);
	if (by_peer != 0)
		return by_peer;
	return a->port != b->port ? a->port - b->port : addr_compare(&a->local, &b->local);
}

static void
search_agrees_with_reference(void **state)
{
	enum { POOLS = 150 };
	static struct pool_tally pools[POOLS];
	static struct peer_tally peers[POOLS];
	struct tally tally = {.pools = pools, .peers = peers, .peer_count = POOLS};
	struct poll_stats poll = {.made_ms = 1};
	struct row_limits limits = {1000, 1000, 1000, 100, 100};
	unsigned seed = 1;
	(void)state;
	for (int i = 0; i < POOLS; i++) {
		peers[i].peer = random_address(&seed, (uint8_t)i);
		pools[i].peer = peers[rand_r(&seed) % (i + 1)].peer;
		pools[i].port =
		    (uint16_t)(rand_r(&seed) % 3 ? rand_r(&seed) % 4 : 65535 - rand_r(&seed) % 3);
		pools[i].local = random_address(&seed, 1);
	}
	/* No two of the same key. */
	qsort(pools, POOLS, sizeof(pools[0]), compare_pools);
	for (int i = 0; i < POOLS; i++)
		if (i == 0 || compare_pools(&pools[i], &pools[tally.pool_count - 1]) != 0)
			pools[tally.pool_count++] = pools[i];

	const struct alarm_list none = {.alarms = NULL};
	struct findings *findings = findings_of(&tally);
	/* The reference knows of no number that is absent. */
	findings->host.limits = (struct limits){.value = {0}};
	const struct scene scene = {.findings = findings};
	struct snapshot *s = snapshot_build(&scene, &none, &poll, &limits, NULL);
	findings_free(findings);
	struct mib_view view = {.snapshot = s, .now_ms = 2};

	assert_non_null(s);
	compare_many(&mib_columns_tree, &view, 4000);
	snapshot_release(s);
}

/* A small tree with what the module does not have: rows without an instance, an empty table, the
 * largest numbers there are. */

struct sparse_row {
	struct row_index index;
	uint8_t narrow;
	uint64_t wide;
};

static const uint32_t sparse_index[] = {0, 0, 0, 1, 5, 5, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX};
static const struct sparse_row sparse_rows[] = {
    {{sparse_index, 1}, 1, 1},     {{sparse_index, 2}, 2, 2},     {{sparse_index + 2, 2}, 3, 3},
    {{sparse_index + 4, 1}, 4, 4}, {{sparse_index + 4, 3}, 5, 5}, {{sparse_index + 7, 3}, 255, 6},
};

static struct mib_rows
sparse(const struct snapshot *s)
{
	(void)s;
	return (struct mib_rows){sparse_rows, 6, sizeof(sparse_rows[0])};
}

static struct mib_rows
empty(const struct snapshot *s)
{
	(void)s;
	return (struct mib_rows){0};
}

static bool
get_even(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	out->number = ((const struct sparse_row *)row)->narrow;
	return out->number % 2 == 0;
}

static bool
get_never(const struct mib_view *view, const void *row, struct mib_value *out)
{
	(void)view;
	(void)row;
	(void)out;
	return false;
}

static bool
nowhere(const struct snapshot *s)
{
	(void)s;
	return false;
}

static bool
everywhere(const struct snapshot *s)
{
	return s != NULL;
}

static const struct mib_column sparse_columns[] = {
    MIB_COMPUTED(0, MIB_GAUGE, get_even),
    MIB_COLUMN(1, MIB_GAUGE, struct sparse_row, narrow),
    MIB_COLUMN_WHERE(2, MIB_GAUGE, struct sparse_row, narrow, nowhere),
    MIB_COMPUTED_WHERE(3, MIB_GAUGE, NULL, nowhere),
    MIB_COLUMN_WHERE(4, MIB_GAUGE, struct sparse_row, narrow, everywhere),
    MIB_COMPUTED(7, MIB_GAUGE, get_never),
    MIB_COLUMN(UINT32_MAX, MIB_COUNTER, struct sparse_row, wide),
};

static const struct mib_table sparse_tables[] = {
    {0, false, sparse, sparse_columns, 7},
    {3, false, empty, sparse_columns, 7},
    {UINT32_MAX, false, sparse, sparse_columns, 7},
};

static void
search_skips_what_is_missing(void **state)
{
	static const struct mibtree tree = {sparse_tables, 3};
	struct snapshot s = {.pool_count = 0};
	struct mib_view view = {.snapshot = &s};
	(void)state;
	compare_many(&tree, &view, 20000);
}

/* The search relies on it. */
static void
the_module_is_in_order(void **state)
{
	const struct mibtree *tree = &mib_columns_tree;
	(void)state;
	for (size_t t = 0; t < tree->table_count; t++) {
		const struct mib_table *table = &tree->tables[t];

		assert_true(t == 0 || table[-1].arc < table->arc);
		for (size_t c = 1; c < table->column_count; c++)
			assert_true(table->columns[c - 1].number < table->columns[c].number);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(search_agrees_with_reference),
	    cmocka_unit_test(search_skips_what_is_missing),
	    cmocka_unit_test(the_module_is_in_order),
	};
	return cmocka_run_group_tests_name("mibtree", tests, NULL, NULL);
}
