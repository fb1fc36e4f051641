# SPDX-License-Identifier: ISC
#
# What `make install` puts in place and `make uninstall` removes, one list for both; and packages.

sysusersdir ?= $(prefix)/lib/sysusers.d
docdir      ?= $(datadir)/doc/srcportd
bashdir     ?= $(datadir)/bash-completion/completions
zshdir      ?= $(datadir)/zsh/site-functions
conffile     = $(sysconfdir)/snmp/srcportd.conf

# Everything else below conf/ is for an operator to copy from, but for pictures of the README.
conf_examples := $(sort $(filter-out %/pool-fills.svg %/pool-fills.png conf/install.mk conf/srcportd.conf conf/packaging/% \
	conf/completion/% conf/systemd/srcportd.service conf/sysusers.d/%,\
	$(shell find conf -type f ! -name '.*')))

# Paths and the OID as configured, in the text of what is installed.
adapt = sed -e 's|/usr/sbin/srcportd|$(sbindir)/srcportd|g' \
	-e 's|1\.3\.6\.1\.4\.1\.8072\.9999\.9999\.7777|$(OID_ROOT)|g'
# Two makes may install at once: whole from the start, and replaced only by something else, as
# install(1) does not put up with that while it copies.
adapted := conf/systemd/srcportd.service $(conf_examples) $(man_pages)
adapted: $(addprefix $(O)/adapted/,$(adapted))
$(addprefix $(O)/adapted/,$(adapted)): $(O)/adapted/%: % FORCE
	@mkdir -p $(@D)
	@new=$@.$$$$; $(adapt) $< > $$new && \
		if ln $$new $@ 2>/dev/null || cmp -s $$new $@; then rm $$new; else mv $$new $@; fi

# MODE:FILE:WHERE
installed = \
	755:$(O)/srcportd:$(sbindir)/srcportd \
	644:$(O)/SRCPORT-MIB.txt:$(mibdir)/SRCPORT-MIB.txt \
	644:$(O)/adapted/conf/systemd/srcportd.service:$(unitdir)/srcportd.service \
	644:conf/sysusers.d/srcportd.conf:$(sysusersdir)/srcportd.conf \
	644:conf/completion/srcportd.bash:$(bashdir)/srcportd \
	644:conf/completion/srcportd.zsh:$(zshdir)/_srcportd \
	644:README.md:$(docdir)/README.md \
	$(foreach page,$(man_pages),\
	644:$(O)/adapted/$(page):$(mandir)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach file,$(conf_examples),\
	644:$(O)/adapted/$(file):$(docdir)/examples/$(file:conf/%=%))

.PHONY: adapted install uninstall

install: all adapted
	@for file in $(installed); do \
		mode=$${file%%:*}; file=$${file#*:}; \
		$(INSTALL) -D -m $$mode "$${file%%:*}" "$(DESTDIR)$${file#*:}" || exit 1; \
	done
	@[ -e "$(DESTDIR)$(conffile)" ] || \
		$(INSTALL) -D -m 644 conf/srcportd.conf "$(DESTDIR)$(conffile)"

# A configuration that somebody changed stays.
uninstall:
	@for file in $(installed); do rm -f "$(DESTDIR)$${file##*:}"; done
	@! cmp -s conf/srcportd.conf "$(DESTDIR)$(conffile)" || rm -f "$(DESTDIR)$(conffile)"
	@[ ! -d "$(DESTDIR)$(docdir)" ] || find "$(DESTDIR)$(docdir)" -depth -type d -empty -delete

# The source of a release, build/packages/srcportd-VERSION.tar.gz: what is committed, or without git what
# was unpacked. The same source gives the same octets. What NEWS and these two say is put into the
# packaging; whoever publishes says who they are, and where.
MAINTAINER ?= srcportd maintainers <maintainers@srcportd.example>
HOMEPAGE   ?= https://srcportd.example

packages = $(CURDIR)/build/packages
release  = srcportd-$(VERSION)
source   = $(if $(wildcard .git),git archive HEAD,tar -c --exclude=./build --exclude=./debian .)
source_time = $(if $(wildcard .git),$(shell git log -1 --format=%ct),$(shell stat -c %Y NEWS))

.PHONY: dist dsc deb rpm check-packages check-distros check-nms check-fleet

dist:
	@case '$(MAINTAINER)' in ?*' <'?*@?*'>') ;; *) \
		echo "MAINTAINER is '$(MAINTAINER)': 'Name <address>' is expected" >&2; exit 1 ;; esac
	@rm -rf $(packages)/$@ && mkdir -p $(packages)/$@/$(release)
	@$(source) | tar -x -C $(packages)/$@/$(release)
	@cd $(packages)/$@/$(release)/conf/packaging && \
		sed -i 's|HOMEPAGE|$(HOMEPAGE)|; s|MAINTAINER|$(MAINTAINER)|' debian/control debian/watch \
			debian/copyright rpm/srcportd.spec && \
		sed -i 's/^\(Version: *\).*/\1$(VERSION)/; /^%changelog/q' rpm/srcportd.spec && \
		./changelog rpm '$(VERSION)' '$(MAINTAINER)' < ../../NEWS >> rpm/srcportd.spec && \
		./changelog debian '$(VERSION)' '$(MAINTAINER)' < ../../NEWS > debian/changelog
	@tar -c --sort=name --mtime=@$(source_time) --owner=0 --group=0 --numeric-owner --format=ustar \
		--mode=u+rwX,go+rX,go-w -C $(packages)/$@ $(release) | gzip -9n > $(packages)/$(release).tar.gz
	@rm -rf $(packages)/$@
	@[ -n '$(MAKECMDGOALS:dist=)' ] || ls $(packages)/$(release).tar.gz

deb: dist deps-packages
	@rm -rf $(packages)/$@ && mkdir $(packages)/$@ && \
		tar -xz -C $(packages)/$@ < $(packages)/$(release).tar.gz
	@cd $(packages)/$@/$(release) && mv conf/packaging/debian . && \
		dpkg-buildpackage -us -uc -b > ../log 2>&1 || { cat ../log >&2; exit 1; }
	@mv $(packages)/$@/*.deb $(packages)/$@/*.changes $(packages)/$@/*.buildinfo $(packages)
	@rm -rf $(packages)/$@
	@ls $(packages)/*_$(VERSION)-1_*.deb

# The source package, for dpkg-buildpackage and whoever uploads it: the tarball is the upstream's.
dsc: dist deps-packages
	@rm -rf $(packages)/$@ && mkdir $(packages)/$@ && \
		tar -xz -C $(packages)/$@ < $(packages)/$(release).tar.gz && \
		cp $(packages)/$(release).tar.gz $(packages)/$@/srcportd_$(VERSION).orig.tar.gz
	@cd $(packages)/$@/$(release) && cp -r conf/packaging/debian . && \
		dpkg-buildpackage -us -uc -S -d > ../log 2>&1 || { cat ../log >&2; exit 1; }
	@mv $(packages)/$@/srcportd_* $(packages)
	@rm -rf $(packages)/$@
	@ls $(packages)/srcportd_$(VERSION)-1.dsc

# Where the build's own packages are not rpm's, rpm cannot know that they are there.
rpm: dist deps-packages
	@rm -rf $(packages)/$@ && mkdir $(packages)/$@
	@rpmbuild -tb $(if $(wildcard /etc/debian_version),--nodeps) $(RPMFLAGS) \
		--define '_topdir $(packages)/$@' $(packages)/$(release).tar.gz \
		> $(packages)/$@/log 2>&1 || { cat $(packages)/$@/log >&2; exit 1; }
	@mv $(packages)/$@/RPMS/*/*.rpm $(packages)
	@rm -rf $(packages)/$@
	@ls $(packages)/*-$(VERSION)-*.rpm

# Slow and with needs of its own, so no part of check. The older package is this one with another
# number; what the first release left on a machine is in tests/packages/.
check-packages: deps-check deps-packages all
	@rm -rf $(packages)
	@$(MAKE) -s dist dsc deb rpm
	@DEB_BUILD_OPTIONS=nocheck $(MAKE) -s deb rpm VERSION=0.1.0 RPMFLAGS=--nocheck
	@tests/run-tests packages

# Slower, as root, with debootstrap: other releases of Debian, other processors, another C library.
# make check-distros DISTROS='sid musl'
check-distros:
	@tests/distros/run

# The same for newer programs of network management systems: those of Debian 13 and sid.
check-nms:
	@STEPS='deps check-clients' tests/distros/run $(or $(DISTROS),trixie sid)

# A thousand hosts, simulated, in ten minutes: the figures of conf/FLEET.md.
check-fleet: deps-check deps-clients all
	@tests/fleet scrape 1000
	@tests/fleet storm 1000 1000
	@tests/fleet storm 1000 1000 4194304
