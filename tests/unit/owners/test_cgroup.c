/* SPDX-License-Identifier: ISC */
#include "support.h"

#include "owners/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_words(void **state)
{
	static const struct {
		const char *path, *words;
	} cases[] = {
	    {"/", ""},
	    {"", ""},
	    {"/system.slice/payments.service", "payments.service"},
	    {"/system.slice/payments.service/", "payments.service"},
	    {"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"},
	    {"/system.slice/payments.service/worker", "payments.service"},
	    {"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
	    {"/user.slice/user-1000.slice/user@1000.service/app.slice/app-web.scope",
	     "app-web.scope"},
	    {"/system.slice/docker-" ID ".scope", "container 0123456789ab (docker)"},
	    {"/docker/" ID, "container 0123456789ab (docker)"},
	    {"/docker/" ID "/init", "container 0123456789ab (docker)"},
	    {"/machine.slice/libpod-" ID ".scope/container", "container 0123456789ab (podman)"},
	    {"/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope",
	     "container 0123456789ab (containerd)"},
	    {"/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope",
	     "container 0123456789ab (CRI-O)"},
	    {"/kubepods/burstable/pod8f1c/" ID, "container 0123456789ab"},
	    {"/kubepods/" ID, "container 0123456789ab (kubernetes)"},
	    {"/lxc.payload.web1/system.slice", "LXC container web1"},
	    {"/lxc.payload.web1/system.slice/nginx.service", "nginx.service"},
	    {"/machine.slice/systemd-nspawn@box.service", "systemd-nspawn@box.service"},
	    {"/batch/jobs", "jobs"},
	    {"/.service", ".service"},
	    {"/a" ID "b", "a" ID "b"}, /* 66 digits are no container's number */
	    {"/bad\nname\x1b.service", "bad?name?.service"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char words[CGROUP_WORDS_MAX];
		cgroup_words(cases[i].path, words);
		assert_string_equal(words, cases[i].words);
	}
}

static void
test_words_are_bounded(void **state)
{
	char path[2000], words[CGROUP_WORDS_MAX];
	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	cgroup_words(path, words);
	assert_int_equal(strlen(words), CGROUP_WORDS_MAX - 1);
	memcpy(path + sizeof(path) - 9, ".service", 9);
	cgroup_words(path, words);
	assert_int_equal(strlen(words), CGROUP_WORDS_MAX - 1);
}

static uint64_t
inode_of(const struct directory *d, const char *name)
{
	char path[1024];
	struct stat status;
	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

/* The path that the walk gives for a number; NULL if none. */
static const char *
path_of(const struct directory *d, uint64_t wanted, char *out)
{
	struct cgroup_walk *walk = cgroup_walk_open(d->path);
	uint64_t id;
	const char *path;
	bool found = false;
	assert_non_null(walk);
	while (!found && cgroup_walk_next(walk, &id, &path)) {
		found = id == wanted;
		strcpy(out, path);
	}
	cgroup_walk_close(walk);
	return found ? out : NULL;
}

static void
test_walk(void **state)
{
	struct directory d;
	char path[CGROUP_PATH_MAX];
	(void)state;
	directory_make(&d);
	directory_text(&d, "cgroup.controllers", "");
	directory_text(&d, "system.slice/cgroup.procs", "");
	directory_text(&d, "system.slice/payments.service/worker/cgroup.procs", "");
	directory_text(&d, "user.slice/cgroup.procs", "");
	assert_string_equal(path_of(&d, inode_of(&d, "."), path), "/");
	assert_string_equal(path_of(&d, inode_of(&d, "user.slice"), path), "/user.slice");
	assert_string_equal(path_of(&d, inode_of(&d, "system.slice/payments.service/worker"), path),
			    "/system.slice/payments.service/worker");
	assert_null(path_of(&d, inode_of(&d, "user.slice/cgroup.procs"), path));
	assert_true(cgroup_id(d.path, "/user.slice") == inode_of(&d, "user.slice"));
	assert_int_equal(cgroup_id(d.path, "/gone"), 0);

	struct cgroup_walk *walk = cgroup_walk_open(d.path);
	uint64_t id;
	const char *at;
	unsigned cgroups = 0;
	while (cgroup_walk_next(walk, &id, &at))
		cgroups++;
	assert_int_equal(cgroups, 5);
	assert_false(cgroup_walk_next(walk, &id, &at));
	cgroup_walk_close(walk);
	directory_remove(&d);
	errno = 0;
	assert_null(cgroup_walk_open(d.path));
	assert_int_equal(errno, ENOENT);
	cgroup_walk_close(NULL);
}

/* Deeper than the walk goes, and a path longer than it keeps: both are passed over. */
static void
test_walk_is_bounded(void **state)
{
	struct directory d;
	char name[1024], path[CGROUP_PATH_MAX];
	(void)state;
	directory_make(&d);
	strcpy(name, "");
	for (unsigned i = 0; i < 40; i++)
		strcat(name, "d/");
	strcat(name, "file");
	directory_text(&d, name, "");
	strcpy(name, "");
	for (unsigned i = 0; i < 3; i++) {
		memset(name + strlen(name), 'n', 100);
		name[i * 101 + 100] = '\0';
		strcat(name, "/");
	}
	strcat(name, "file");
	directory_text(&d, name, "");
	directory_text(&d, "last/file", "");
	assert_string_equal(path_of(&d, inode_of(&d, "last"), path), "/last");
	directory_remove(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_words_are_bounded),
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_walk_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
