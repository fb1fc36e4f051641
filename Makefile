# SPDX-License-Identifier: ISC
#
# make                 build/srcportd and build/SRCPORT-MIB.txt
# make demo            a private snmpd and real connections, shown with snmpwalk and snmptable
# make demo-nat        the same of a router whose outside ports run out
# make check           every test; the last line says how many passed
# make install         into $(DESTDIR)$(prefix)
# make dist            the source of a release; make deb, make rpm: its packages
# make conf            conf/ again, what of it follows from the MIB
# make deps            install what is missing (as root), or print the command
#
# A line a file; V=1 shows whole commands.
#
# Packagers: CC, CPPFLAGS, CFLAGS, LDFLAGS, DESTDIR and the directories below are yours.
# HARDENING= leaves hardening to your flags, DEPS=no builds without looking for packages. Warnings end
# the build in a checkout only, never that of a release: WERROR=-Werror and WERROR= say it otherwise.

# The one place that says it is the first line of NEWS.
VERSION  := $(shell sed -n '1s/^srcportd \([0-9.]*\).*/\1/p' NEWS)
# Where SRCPORT-MIB hangs. Put your own enterprise number here: make OID_ROOT=1.3.6.1.4.1.N.M
OID_ROOT ?= 1.3.6.1.4.1.8072.9999.9999.7777

prefix     ?= /usr/local
sbindir    ?= $(prefix)/sbin
datadir    ?= $(prefix)/share
mandir     ?= $(datadir)/man
sysconfdir ?= /etc
localstatedir ?= /var
mibdir     ?= $(datadir)/snmp/mibs
unitdir    ?= $(prefix)/lib/systemd/system
INSTALL    ?= install

CFLAGS    ?= -O2 -g
WERROR    ?= $(if $(wildcard .git),-Werror)
WARNINGS   = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 $(WERROR)
# Values: a list for -fsanitize=; used by the build/asan variant.
SANITIZE  ?=

# _FORTIFY_SOURCE needs an optimising build, and must not be defined a second time.
ifeq ($(SANITIZE),)
HARDENING ?= -fstack-protector-strong -fPIE $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) \
	$(CFLAGS)),,$(if $(filter -O1 -O2 -O3 -Os -Og,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDENING_LD ?= -pie -Wl,-z,relro,-z,now
else
HARDENING    := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
HARDENING_LD := $(HARDENING)
endif

O ?= build

# $(call run,CC,FILE)COMMAND shows "CC FILE", with V=1 the command, and with make -s nothing.
ifeq ($(V),1)
run :=
else ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
run := @
else
run  = @printf '%-3s %s\n' '$(1)' '$(2)';
endif

comma := ,
ifeq ($(filter 1.3.6.1.4.1.%,$(OID_ROOT)),)
$(error OID_ROOT must lie under enterprises, 1.3.6.1.4.1: $(OID_ROOT))
endif
oid_commas := $(subst .,$(comma),$(OID_ROOT))

cppflags = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -iquote include -DSRCPORTD_VERSION='"$(VERSION)"' \
	-DSRCPORT_OID_ROOT=$(oid_commas) -DSRCPORTD_CONFDIR='"$(sysconfdir)/snmp"' \
	-DSRCPORTD_STATEDIR='"$(localstatedir)/lib/srcportd"'
compile  = $(CC) -std=gnu11 $(WARNINGS) $(cppflags) $(HARDENING) $(CPPFLAGS) $(CFLAGS) \
	-pthread -MMD -MP
link     = $(CC) $(HARDENING_LD) $(CFLAGS) $(LDFLAGS) -pthread
libs     = -lnetsnmpagent -lnetsnmp -lmnl -lpthread $(LIBS)

# src/ and tests/unit/ have the same folders: the rooms.
objects      := $(patsubst src/%.c,$(O)/%.o,$(sort $(wildcard src/*/*.c)))
unit_tests   := $(patsubst tests/unit/%.c,$(O)/unit/%,$(sort $(wildcard tests/unit/*/test_*.c)))
unit_helpers := $(patsubst tests/unit/%.c,$(O)/unit/%.o,\
	$(filter-out tests/unit/test_% tests/unit/mock_%,$(sort $(wildcard tests/unit/*.c))))
man_pages    := $(sort $(wildcard src/*/*.[578]))

.DEFAULT_GOAL := all
.PHONY: all demo demo-nat check check-unit check-asan check-tsan check-integration check-mib check-clang \
	check-install check-without-tracefs check-kernels check-engines check-fuzz check-clients bench soak \
	fuzz clean deps deps-build deps-check deps-clients deps-kernels deps-engines deps-packages lint format \
	compile-only unit-tests fuzzers conf FORCE
.DELETE_ON_ERROR:

all: $(O)/srcportd $(O)/SRCPORT-MIB.txt

$(O)/srcportd: $(O)/daemon/main.o $(O)/srcportd.a
	$(call run,LD,$@)$(link) -o $@ $^ $(libs)

# Everything but main(), for the program and for the unit tests.
$(O)/srcportd.a: $(filter-out $(O)/daemon/main.o,$(objects))
	$(call run,AR,$@)rm -f $@ && $(AR) rcs $@ $^

# What a second compiler has to say, without linking.
compile-only: $(objects) $(unit_tests:=.o) $(unit_helpers) $(O)/unit/mock_kernel.o

$(O)/%.o: src/%.c $(O)/flags | deps-build
	@mkdir -p $(@D)
	$(call run,CC,$<)$(compile) -c -o $@ $<

$(O)/unit/%.o: tests/unit/%.c $(O)/flags | deps-check
	@mkdir -p $(@D)
	$(call run,CC,$<)$(compile) -iquote tests/unit -c -o $@ $<

unit-tests: $(unit_tests) $(if $(SANITIZE),,$(O)/faults.so)

# Makes the program's calls fail; see there.
$(O)/faults.so: tests/faults/shim.c | $(O)
	$(call run,LD,$@)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Wno-pedantic -O1 -fPIC -shared -o $@ $< -lmnl -ldl

# The allocator is wrapped, so that a test can make any allocation fail (tests/unit/support.h).
wrap := -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
$(unit_tests): $(O)/unit/%: $(O)/unit/%.o $(unit_helpers) $(O)/srcportd.a
	$(call run,LD,$@)$(link) $(wrap) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(libs)
# What takes a library's place, only where it is wanted.
$(filter $(O)/unit/kernel/test_poller% $(O)/unit/daemon/test_poll,$(unit_tests)): $(O)/unit/mock_kernel.o

.SECONDARY: $(unit_tests:=.o)

# What the benchmark measures with, and against.
bench_tools := $(patsubst tests/bench/%.c,$(O)/bench/%,$(sort $(wildcard tests/bench/*.c)))
$(bench_tools): $(O)/bench/%: tests/bench/%.c $(O)/srcportd.a | deps-check
	@mkdir -p $(@D)
	$(call run,LD,$@)$(compile) -o $@ $^ $(HARDENING_LD) $(LDFLAGS) $(libs)

# Fuzzers; tests/fuzz/run builds them in a build of their own, with the sanitizers they need.
fuzzers := $(patsubst tests/fuzz/%.c,$(O)/run/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
fuzzers: $(fuzzers)
$(fuzzers): $(O)/run/%: tests/fuzz/%.c tests/fuzz/fuzz.c tests/fuzz/fuzz.h $(O)/srcportd.a
	@mkdir -p $(@D)
	$(call run,LD,$@)$(compile) -iquote tests/fuzz -o $@ $(filter %.c %.a,$^) -fsanitize=fuzzer $(libs)

# The lines of the MIB that say where it hangs.
$(O)/SRCPORT-MIB.txt: mibs/SRCPORT-MIB.txt mibs/root.awk $(O)/flags
ifeq ($(OID_ROOT),1.3.6.1.4.1.8072.9999.9999.7777)
	$(call run,MIB,$@)cp $< $@
else
	$(call run,MIB,$@)awk -v root=$(OID_ROOT) -f mibs/root.awk $< > $@ || \
		{ echo "$<: no lines to put OID_ROOT into" >&2; exit 1; }
endif

# Changed flags rebuild everything that was built with the old ones.
flags_now = $(compile) | $(link) | $(libs) | $(OID_ROOT)
$(O)/flags: FORCE | $(O)
	@printf '%s\n' '$(subst ','\'',$(flags_now))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(flags_now))' > $@

$(O):
	@mkdir -p $@

-include $(wildcard $(O)/*/*.d $(O)/unit/*/*.d)

# Packages. Looking costs a few milliseconds when nothing is missing.
deps:
	@CC='$(CC)' tests/deps build check
	@tests/deps -o clients
deps-build:
ifneq ($(DEPS),no)
	@CC='$(CC)' tests/deps build
endif
deps-check:
ifneq ($(DEPS),no)
	@CC='$(CC)' tests/deps build check
endif
deps-packages:
ifneq ($(DEPS),no)
	@CC='$(CC)' tests/deps build check packages
endif
# What some tests use, and skip without.
deps-clients:
ifneq ($(DEPS),no)
	@tests/deps -o clients
endif

deps-kernels:
ifneq ($(DEPS),no)
	@tests/deps -o kernels
endif

# Typed only: engines change the machine that they are installed on.
deps-engines:
	@tests/deps engines

# As many compilers as there are processors, unless make was told a number.
build = $(MAKE) --no-print-directory -s $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# Tests. Each check-* target is a part of check, but check-tsan, which is slow,
# check-without-tracefs, which is for machines that have it mounted, check-engines, which starts Docker
# and Podman, and check-kernels, which boots other kernels:
# make check-kernels KERNELS='5.10 newest' SUITES='test_exact test_probe'
# gcc's flow warnings misfire in instrumented code; the other builds are the ones that judge.
asan = $(build) O=build/asan SANITIZE=address,undefined $(instrumented)
tsan = $(build) O=build/tsan SANITIZE=thread $(instrumented)
instrumented = CFLAGS='-O1 -g' WERROR=-w all unit-tests

check: deps-check deps-clients
	+@$(build) all unit-tests
	+@$(asan)
	@tests/run-tests static unit asan fuzz integration
check-unit: deps-check
	+@$(build) unit-tests
	@tests/run-tests unit
check-asan: deps-check
	+@$(asan)
	@tests/run-tests asan
check-tsan: deps-check
	+@$(tsan)
	@tests/run-tests tsan
check-integration: deps-check deps-clients all
	@tests/run-tests integration
check-without-tracefs: deps-check deps-clients all
	@tests/run-tests without-tracefs
check-kernels: deps-check deps-kernels all
	@tests/kernels/run
check-engines: deps-check all
	@tests/engines/run
check-install: deps-check
	@tests/run-tests install
check-rooms:
	@tests/run-tests rooms
check-mib: deps-check deps-clients $(O)/SRCPORT-MIB.txt
	@tests/run-tests mib doctors
check-clang: deps-check
	@tests/run-tests clang

# What is built for it is not what is to be seen.
demo: deps-check
	+@$(build) all
	@tests/demo
demo-nat: deps-check
	+@$(build) all
	@tests/demo nat
bench: deps-check all $(bench_tools)
	@tests/bench/run $(BENCH)
soak: deps-check all
	@tests/soak/run
check-fuzz: deps-check
	@tests/run-tests fuzz
# The programs of network management systems that are here, with the files for them.
check-clients: deps-check deps-clients all
	@TEST_ONLY=test_nms tests/run-tests integration
fuzz:
	@FUZZ_CORPUS=build/fuzz/corpus tests/fuzz/run

# The files for network management systems that follow from the MIB. With your own OID_ROOT too.
conf: deps-check $(O)/SRCPORT-MIB.txt
	@tests/nms/generate

lint: deps-check $(O)/SRCPORT-MIB.txt
	@tests/lint
format:
	clang-format -i $(sort $(wildcard src/*/*.[ch] include/*/*.h tests/unit/*.[ch] \
		tests/unit/*/*.[ch] tests/fuzz/*.[ch]))

include conf/install.mk

clean:
	rm -rf build
