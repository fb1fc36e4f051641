/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "kernel/natenv.h"
#include "kernel/recording.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BIT(bit) (UINT32_C(1) << (bit))

/* A fake /proc and /sys of one machine. */
struct machine {
	struct directory dir;
	char proc_root[80], sys_root[80];
	struct procfile_source proc, sys;
};

static int
set_up(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));
	assert_non_null(m);
	directory_make(&m->dir);
	snprintf(m->proc_root, sizeof(m->proc_root), "%s/proc", m->dir.path);
	snprintf(m->sys_root, sizeof(m->sys_root), "%s/sys", m->dir.path);
	m->proc.root = m->proc_root;
	m->sys.root = m->sys_root;
	/* No NAT table, an ordinary interface, a machine of nobody's. */
	directory_text(&m->dir, "proc/net/ip_tables_names", "");
	directory_text(&m->dir, "sys/class/net/eth0/ifindex", "2\n");
	directory_text(&m->dir, "sys/class/dmi/id/sys_vendor", "Dell Inc.\n");
	directory_text(&m->dir, "sys/class/dmi/id/product_name", "PowerEdge R650\n");
	*state = m;
	return 0;
}

static int
tear_down(void **state)
{
	struct machine *m = *state;
	directory_remove(&m->dir);
	free(m);
	return 0;
}

static uint32_t
look(const struct machine *m)
{
	return natenv_read(&m->proc, &m->sys);
}

static void
add_bridge(struct machine *m, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "sys/class/net/%s/bridge/bridge_id", name);
	directory_text(&m->dir, path, "8000.024200000001\n");
}

static void
an_ordinary_machine_has_no_nat(void **state)
{
	char text[NATENV_TEXT_MAX];
	assert_int_equal(look(*state), 0);
	assert_string_equal(natenv_text(0, text), "none found");
	assert_int_equal(natenv_platform(0), NAT_BITS);
}

static void
bridges_are_known_by_their_names(void **state)
{
	/* Each adds to those before it. */
	static const struct {
		const char *name;
		uint32_t mask;
	} row[] = {
	    {"br0", 0},
	    {"br-lan", 0},
	    {"br-0123456789ag", 0},
	    {"br-0123456789ab", BIT(NAT_DOCKER)},
	    {"cni-podman0", BIT(NAT_DOCKER) | BIT(NAT_CNI)},
	    {"virbr0", BIT(NAT_DOCKER) | BIT(NAT_CNI) | BIT(NAT_LIBVIRT)},
	    {"lxdbr0", BIT(NAT_DOCKER) | BIT(NAT_CNI) | BIT(NAT_LIBVIRT) | BIT(NAT_LXC)},
	};

	for (size_t i = 0; i < COUNT_OF(row); i++) {
		add_bridge(*state, row[i].name);
		assert_int_equal(look(*state), row[i].mask);
	}
}

static void
docker0_is_dockers_and_cni0_is_cnis(void **state)
{
	add_bridge(*state, "docker0");
	assert_int_equal(look(*state), BIT(NAT_DOCKER));
	add_bridge(*state, "cni0");
	assert_int_equal(look(*state), BIT(NAT_DOCKER) | BIT(NAT_CNI));
}

static void
a_name_alone_is_no_bridge(void **state)
{
	struct machine *m = *state;
	directory_text(&m->dir, "sys/class/net/docker0/ifindex", "3\n");
	assert_int_equal(look(m), 0);
}

static void
the_nat_table_of_iptables_is_seen(void **state)
{
	struct machine *m = *state;
	directory_text(&m->dir, "proc/net/ip_tables_names", "filter\nnat6\n");
	assert_int_equal(look(m), 0);
	directory_text(&m->dir, "proc/net/ip_tables_names", "filter\nnat\n");
	assert_int_equal(look(m), BIT(NAT_TABLE));
	directory_text(&m->dir, "proc/net/ip_tables_names", "");
	directory_text(&m->dir, "proc/net/ip6_tables_names", "nat\n");
	assert_int_equal(look(m), BIT(NAT_TABLE));
}

static void
rules_that_cannot_be_read_are_named(void **state)
{
	struct machine *m = *state;
	char path[128];
	directory_text(&m->dir, "sys/module/nf_tables/refcnt", "0\n");
	assert_int_equal(look(m), 0);
	directory_text(&m->dir, "sys/module/nf_tables/refcnt", "12\n");
	assert_int_equal(look(m), BIT(NAT_RULES_HIDDEN));
	directory_text(&m->dir, "sys/module/nft_masq/refcnt", "1\n");
	assert_int_equal(look(m), BIT(NAT_RULES_HIDDEN) | BIT(NAT_MASQUERADE));
	directory_text(&m->dir, "sys/module/nf_tables/refcnt", "0\n");
	directory_text(&m->dir, "sys/module/nft_masq/refcnt", "0\n");
	assert_int_equal(look(m), 0);

	snprintf(path, sizeof(path), "%s/net/ip_tables_names", m->proc_root);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(look(m), BIT(NAT_RULES_HIDDEN));
}

static void
platforms_are_known_by_their_dmi_strings(void **state)
{
	static const struct {
		const char *file, *text;
		enum nat_bit bit;
	} row[] = {
	    {"product_name", "Google Compute Engine", NAT_GCP},
	    {"sys_vendor", "Amazon EC2", NAT_AWS},
	    {"bios_version", "4.11.amazon", NAT_AWS},
	    {"chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", NAT_AZURE},
	    {"chassis_asset_tag", "OracleCloud.com", NAT_ORACLE},
	    {"product_name", "Alibaba Cloud ECS", NAT_ALIBABA},
	    {"product_name", "OpenStack Nova", NAT_OPENSTACK},
	    {"chassis_asset_tag", "OpenTelekomCloud", NAT_OPENSTACK},
	    {"sys_vendor", "DigitalOcean", NAT_DIGITALOCEAN},
	    {"sys_vendor", "Hetzner", NAT_HETZNER},
	    {"chassis_asset_tag", "HUAWEICLOUD", NAT_HUAWEI},
	    {"sys_vendor", "Tencent Cloud", NAT_TENCENT},
	    {"sys_vendor", "Linode", NAT_LINODE},
	    {"sys_vendor", "Vultr", NAT_VULTR},
	    {"sys_vendor", "Scaleway", NAT_SCALEWAY},
	    {"sys_vendor", "UpCloud", NAT_UPCLOUD},
	    {"product_name", "Exoscale Compute Platform", NAT_EXOSCALE},
	    /* Hyper-V in one's own house, a Chromebook, a plain KVM. */
	    {"sys_vendor", "Microsoft Corporation", NAT_BITS},
	    {"sys_vendor", "Google", NAT_BITS},
	    {"sys_vendor", "QEMU", NAT_BITS},
	};
	struct machine *m = *state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		char path[96], text[128];
		snprintf(path, sizeof(path), "sys/class/dmi/id/%s", row[i].file);
		snprintf(text, sizeof(text), "%s\n", row[i].text);
		directory_text(&m->dir, path, text);
		uint32_t mask = look(m);
		if (mask != (row[i].bit == NAT_BITS ? 0 : BIT(row[i].bit)))
			fail_msg("%s \"%s\" gave %#x", row[i].file, row[i].text, mask);
		assert_int_equal(natenv_platform(mask), row[i].bit);
		directory_text(&m->dir, path, "\n");
	}
}

static void
a_platform_on_openstack_is_itself(void **state)
{
	struct machine *m = *state;
	directory_text(&m->dir, "sys/class/dmi/id/product_name", "OpenStack Nova\n");
	directory_text(&m->dir, "sys/class/dmi/id/chassis_asset_tag", "HUAWEICLOUD\n");
	assert_int_equal(look(m), BIT(NAT_HUAWEI));
}

static void
without_files_it_says_what_it_does_not_know(void **state)
{
	static const struct procfile_source nothing = {.root = "/nonexistent"};
	(void)state;
	assert_int_equal(natenv_read(&nothing, &nothing),
			 BIT(NAT_RULES_HIDDEN) | BIT(NAT_PLATFORM_HIDDEN));
}

static void
a_recording_gives_the_same_answer(void **state)
{
	struct machine *m = *state;
	struct procfile_source replay = {.replay = true};
	struct record record = {0};
	FILE *file = tmpfile();
	assert_non_null(file);
	add_bridge(m, "docker0");
	directory_text(&m->dir, "proc/net/ip_tables_names", "nat\n");
	directory_text(&m->dir, "sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	assert_true(recording_begin(file));
	m->proc.record = m->sys.record = file;
	assert_int_equal(look(m), BIT(NAT_DOCKER) | BIT(NAT_TABLE) | BIT(NAT_AWS));
	assert_true(recording_end(file));

	rewind(file);
	assert_true(recording_open(file));
	while (recording_next(file, &record) == RECORD_FILE || record.kind == RECORD_ABSENT)
		assert_true(procfile_add_copy(&replay, record.name,
					      record.kind == RECORD_FILE ? record.data : NULL,
					      record.length));
	assert_int_equal(record.kind, RECORD_END);
	assert_int_equal(natenv_read(&replay, &replay),
			 BIT(NAT_DOCKER) | BIT(NAT_TABLE) | BIT(NAT_AWS));
	recording_free(&record);
	procfile_free_copies(&replay);
	fclose(file);
}

static void
the_text_names_what_it_means(void **state)
{
	char text[NATENV_TEXT_MAX];
	(void)state;
	assert_string_equal(natenv_text(BIT(NAT_DOCKER) | BIT(NAT_TABLE), text),
			    "Docker bridge, iptables NAT table");
	assert_string_equal(
	    natenv_text(BIT(NAT_GCP), text),
	    "Google Cloud: Cloud NAT gives a VM 64 ports by default: see its metric "
	    "nat/dropped_sent_packets_count, OUT_OF_RESOURCES");
	assert_string_equal(
	    natenv_text(BIT(NAT_CNI) | BIT(NAT_AWS), text),
	    "CNI or Podman bridge; AWS: a NAT gateway carries 55,000 connections a destination: "
	    "see ErrorPortAllocation in CloudWatch");
	assert_string_equal(
	    natenv_text(BIT(NAT_AZURE), text),
	    "Azure: a load balancer's SNAT gives a VM 1,024 ports or fewer by default: see its "
	    "metric SNAT Connection Count, Failed");
}

static void
every_text_fits_and_every_bit_has_words(void **state)
{
	char text[NATENV_TEXT_MAX];
	(void)state;
	for (enum nat_bit bit = 0; bit < NAT_BITS; bit++) {
		assert_non_null(natenv_words(bit)->name);
		assert_non_null(natenv_words(bit)->words);
		assert_non_null(natenv_words(bit)->meaning);
		/* With everything that can stand before it: never cut short. */
		uint32_t all = bit < NAT_GCP ? 0xff : 0x7f | BIT(bit);
		assert_true(strlen(natenv_text(all, text)) < NATENV_TEXT_MAX - 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_ordinary_machine_has_no_nat),
	    TEST(bridges_are_known_by_their_names),
	    TEST(docker0_is_dockers_and_cni0_is_cnis),
	    TEST(a_name_alone_is_no_bridge),
	    TEST(the_nat_table_of_iptables_is_seen),
	    TEST(rules_that_cannot_be_read_are_named),
	    TEST(platforms_are_known_by_their_dmi_strings),
	    TEST(a_platform_on_openstack_is_itself),
	    TEST(without_files_it_says_what_it_does_not_know),
	    TEST(a_recording_gives_the_same_answer),
	    TEST(the_text_names_what_it_means),
	    TEST(every_text_fits_and_every_bit_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
