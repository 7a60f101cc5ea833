# Makefile - the whole build, in one file, for GNU make. It works bare: where
# config.mk is missing it runs autoconf and ./configure, after "make deps" if
# they lack something. "make help" lists what it can do.

# --- what somebody may want to say on the command line ----------------------
B ?= build
# Only the unit tests, scripts, fuzzers whose names hold T: make check T=tar
T ?=
# How long each fuzzer runs.
SECONDS ?= 60
# 1: show commands whole.
V ?=
# 1: -Werror. DEV=1 (./configure --enable-dev): also ASan and UBSan.
WERROR ?=
# Compile with -fsanitize=$(SAN).
SAN ?=
# Rooms of lib/ to build, and files to leave out, while somebody else is at
# work on them: make ROOMS="base io" WITHOUT=lib/io/pki.c
ROOMS ?= base io data http api
WITHOUT ?=

# --- packages (Debian) -------------------------------------------------------
BUILD_DEPS = make gcc libc6-dev autoconf pkg-config libevent-dev libssl-dev \
	node-llhttp libjson-c-dev libarchive-dev zlib1g-dev libzstd-dev \
	libdeflate-dev libxxhash-dev libsqlite3-dev libconfuse-dev
CHECK_DEPS = $(BUILD_DEPS) check mandoc shellcheck clang libclang-rt-14-dev \
	g++ git curl golang-go golang-github-hashicorp-yamux-dev iproute2 jq \
	nftables openssl openssh-client openssh-server procps tmux wrk zstd
DEMO_DEPS = $(BUILD_DEPS) git curl check
BENCH_DEPS = $(BUILD_DEPS) git curl openssh-client openssh-server wrk rsync \
	golang-go golang-github-hashicorp-yamux-dev hyperfine

# Installs those of $(1) that are not there; without a network if none is.
# Where it cannot (not Debian, not root, no sudo) it says the one command and
# fails; the callers that can go on without them put "|| true" behind it.
define need
	command -v dpkg-query >/dev/null || { \
	    echo "this needs, by their Debian names:" $(1); exit 1; }; \
	have=" $$(dpkg-query -W -f='$${Package}=$${db:Status-Status} ' $(1) 2>/dev/null)"; \
	missing=; for p in $(1); do \
	    case "$$have" in *" $$p=installed "*) ;; *) missing="$$missing $$p";; esac; \
	done; \
	test -z "$$missing" && exit 0; \
	install="env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"; \
	if [ "$$(id -u)" = 0 ]; then sudo=; \
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true; } 2>/dev/null; then sudo=sudo; \
	else echo "to install what is missing: apt-get install$$missing" >&2; exit 1; fi; \
	echo "installing:$$missing"; \
	$$sudo apt-get update -qq </dev/null && $$sudo $$install -qq $$missing </dev/null >/dev/null
endef

# --- configuration ------------------------------------------------------------
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += -r --no-print-directory
NPROC := $(shell nproc 2>/dev/null || echo 2)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(NPROC)
endif

all:

NO_CONFIG = help deps clean distclean format
ifneq ($(if $(MAKECMDGOALS),$(filter-out $(NO_CONFIG),$(MAKECMDGOALS)),all),)
include config.mk
endif

# Again with the options of the last time, if there was one.
RECONFIGURE = if [ -f config.status ] && ./config.status --recheck; \
	then ./config.status; else ./configure; fi

configure: configure.ac
	@command -v autoconf >/dev/null || { $(call need,$(BUILD_DEPS)); } || true
	autoconf
	@touch $@

config.mk: configure config.mk.in revdial/revdial.pc.in
	@{ $(call need,$(BUILD_DEPS)); } || true
	@$(RECONFIGURE)
	@touch $@

# --- flags ---------------------------------------------------------------------
WARN = -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla
ifneq ($(filter 1 yes,$(DEV)),)
WERROR = 1
SAN := $(if $(SAN),$(SAN),address,undefined)
endif
ifneq ($(filter 1 yes,$(WERROR)),)
WARN += -Werror
endif

comma = ,
ifneq ($(SAN),)
HARDEN = -fsanitize=$(SAN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDEN_LD = -fsanitize=$(subst fuzzer-no-link$(comma),,$(SAN))
SANITIZED = 1
else
HARDEN = -fstack-protector-strong $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
# No -z now: symbols are bound when first used, since gomote is started often
# and lives for milliseconds.
HARDEN_LD = -Wl,-z,relro
endif

LIB_CFLAGS = $(EVENT_CFLAGS) $(SSL_CFLAGS) $(JSON_CFLAGS) $(ARCHIVE_CFLAGS) \
	$(ZLIB_CFLAGS) $(ZSTD_CFLAGS) $(DEFLATE_CFLAGS) $(XXHASH_CFLAGS) $(SQLITE_CFLAGS) \
	$(CONFUSE_CFLAGS) $(DNS_CFLAGS) $(LLHTTP_CFLAGS)
# Libraries that are loaded when they are needed, as -DZLIB_SONAME="libz.so.1".
SONAMES = $(foreach l,ARCHIVE CRYPTO DEFLATE DNS JSON SSL ZLIB ZSTD,-D$(l)_SONAME='"$($(l)_SONAME)"')
ALL_CPPFLAGS = -std=c11 -D_GNU_SOURCE -DGOMOTE_VERSION='"$(VERSION)"' \
	$(SONAMES) -Ilib -I. $(LIB_CFLAGS) $(CPPFLAGS)
ALL_CFLAGS = $(WARN) -fPIE -ffunction-sections -fdata-sections $(HARDEN) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,--gc-sections -Wl,--as-needed -Wl,-O1 \
	-Wl,--hash-style=gnu $(HARDEN_LD) $(LDFLAGS)

# Libraries by program: who has nothing to do with a database links none. What
# only some commands and helpers need is loaded there (lib/base/dynlib.h).
COMMON_LIBS = $(LLHTTP_LIBS) $(EVENT_LIBS) $(LIBS)
LIBS_gomote = $(COMMON_LIBS)
LIBS_buildlet = $(COMMON_LIBS)
LIBS_coordinator = $(COMMON_LIBS) $(SSL_LIBS) $(SQLITE_LIBS) $(CONFUSE_LIBS)
LIBS_test = $(LIBS_coordinator) $(ZLIB_LIBS)

# --- sources -------------------------------------------------------------------
objects = $(patsubst %.c,$(B)/%.o,$(filter-out $(WITHOUT),$(wildcard $(1))))

LIB_OBJ := $(call objects,$(ROOMS:%=lib/%/*.c))
REVDIAL_OBJ := $(call objects,revdial/*.c)
# librevdial, the library for others: the mux and what it needs, no lib/io.
PUBLIC_OBJ := $(patsubst $(B)/%,$(B)/pic/%,$(call objects,revdial/pub*.c revdial/mux*.c \
	revdial/frame.c revdial/budget.c $(addprefix lib/base/,err.c log.c clock.c str.c strcode.c xmalloc.c)))
PUBLIC_SO := librevdial.so.$(VERSION)
PUBLIC_SONAME := librevdial.so.$(firstword $(subst ., ,$(VERSION)))
PUBLIC := $(addprefix $(B)/librevdial/,librevdial.a $(PUBLIC_SO) $(PUBLIC_SONAME) librevdial.so)
COORDINATOR_OBJ := $(call objects,coordinator/*.c)
BUILDLET_OBJ := $(call objects,buildlet/*.c)
CLIENT_OBJ := $(call objects,client/*.c)

# A program is built as soon as the file that holds its main() is there.
COORDINATOR_MAIN := $(filter %/main.o,$(COORDINATOR_OBJ))
BUILDLET_MAIN := $(filter %/main.o,$(BUILDLET_OBJ))
CLIENT_MAIN := $(filter %/gomote.o,$(CLIENT_OBJ))
PROGRAMS := $(COORDINATOR_MAIN:%/coordinator/main.o=%/bin/coordinator) \
	$(BUILDLET_MAIN:%/buildlet/main.o=%/bin/buildlet) \
	$(CLIENT_MAIN:%/client/gomote.o=%/bin/gomote)

names = $(patsubst $(1)/%.c,%,$(filter-out $(1)/main.c $(1)/lib_% $(WITHOUT),$(wildcard $(1)/*.c)))
UNIT := $(call names,test/unit)
FUZZERS := $(call names,test/fuzz)
TEST_BIN := $(call names,test/lib)
BENCH_BIN := $(call names,test/bench)
UNIT_LIB := $(call objects,test/unit/main.c test/unit/lib_*.c)
BENCH_LIB := $(call objects,test/bench/lib_*.c)
LINK_LIB := $(call objects,test/lib/lib_link.c)
UNIT_PROGRAMS := $(UNIT:%=$(B)/test/unit/%)
FUZZ_PROGRAMS := $(FUZZERS:%=$(B)/test/fuzz/%)
TEST_PROGRAMS := $(TEST_BIN:%=$(B)/test/bin/%)
BENCH_PROGRAMS := $(BENCH_BIN:%=$(B)/test/bench/%)
LINTS := $(wildcard test/lint/*.sh)
REGRESS := $(wildcard test/regress/*.sh)
BIG := $(wildcard test/regress/big/*.sh)
BENCHES := $(sort $(patsubst test/bench/%.sh,%,$(wildcard test/bench/*.sh)) \
	$(filter-out peer_%,$(BENCH_BIN)))
MAN := $(wildcard man/*.[1-8])
# Where shells look for completions; SHELL:FILE.
COMPLETIONS = bash:bash-completion/completions/gomote \
	zsh:zsh/site-functions/_gomote fish:fish/vendor_completions.d/gomote.fish

# --- building --------------------------------------------------------------------
.PHONY: all programs libraries tests install install-strip uninstall deps deps-check \
	deps-demo deps-bench demo check check-run check-asan check-big fuzz \
	fuzz-programs bench lint format clean distclean help FORCE
all: programs libraries $(B)/libgomote.a $(B)/libcarriers.a
programs: $(PROGRAMS)
libraries: $(PUBLIC)
# Everything that the tests run.
tests: all $(UNIT_PROGRAMS) $(TEST_PROGRAMS) $(B)/test/bench/machines
fuzz-programs: $(FUZZ_PROGRAMS)
ifneq ($(filter 1 yes,$(FUZZ)),)
all: build-fuzz
endif

say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

# Rewritten only when it changes: other flags rebuild everything, a file that
# came or went rebuilds the archives.
FLAGS = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS_test)
SOURCES = $(sort $(LIB_OBJ) $(REVDIAL_OBJ) $(COORDINATOR_OBJ) $(BUILDLET_OBJ) $(CLIENT_OBJ))
stamp = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(B)/.flags: FORCE
	$(call stamp,$(FLAGS))
$(B)/.sources: FORCE
	$(call stamp,$(SOURCES))
FORCE:

$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(CHECK_CFLAGS) -MMD -MP -c -o $@ $<

# llhttp where only its source is packaged; not our code, so no warnings.
LLHTTP_OBJ := $(if $(LLHTTP_SRC),$(patsubst $(LLHTTP_SRC)/%.c,$(B)/llhttp/%.o,$(wildcard $(LLHTTP_SRC)/*.c)))
LLHTTP_A := $(if $(LLHTTP_SRC),$(B)/libllhttp.a)
$(LLHTTP_OBJ): $(B)/llhttp/%.o: $(LLHTTP_SRC)/%.c $(B)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(LLHTTP_CFLAGS) $(CPPFLAGS) -fPIE -ffunction-sections $(HARDEN) $(CFLAGS) -w -c -o $@ $<

archive = $(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
$(B)/libllhttp.a: $(LLHTTP_OBJ)
	$(archive)
$(B)/libgomote.a: $(LIB_OBJ) $(B)/.sources
	$(archive)
$(B)/libcarriers.a: $(REVDIAL_OBJ) $(B)/.sources
	$(archive)

# --- librevdial -------------------------------------------------------------------
# Only what revdial.h declares can be seen from outside: the rest is hidden, and
# in the static library local, so that it meets no name of the user's.
$(PUBLIC_OBJ): $(B)/pic/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(WARN) -fPIC -fvisibility=hidden -ffunction-sections \
	    -fdata-sections $(HARDEN) $(CFLAGS) -MMD -MP -c -o $@ $<
$(B)/librevdial/librevdial.a: $(PUBLIC_OBJ) $(B)/.sources
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(CC) -r -nostdlib -o $(@D)/librevdial.o $(filter %.o,$^) && \
	    $(OBJCOPY) --localize-hidden $(@D)/librevdial.o && \
	    $(AR) rcs $@ $(@D)/librevdial.o && rm $(@D)/librevdial.o
$(B)/librevdial/$(PUBLIC_SO): $(PUBLIC_OBJ) $(B)/.sources
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -shared -Wl,-soname,$(PUBLIC_SONAME) -Wl,--gc-sections \
	    -Wl,--as-needed $(if $(SAN),,-Wl,-z,defs) $(HARDEN_LD) $(LDFLAGS) -o $@ \
	    $(filter %.o,$^) $(EVENT_LIBS) $(LIBS)
ifdef VERSION	# of config.mk, which "make help" does without
$(B)/librevdial/$(PUBLIC_SONAME) $(B)/librevdial/librevdial.so: $(B)/librevdial/$(PUBLIC_SO)
	$(call say,LN,$@)ln -sf $(<F) $@
endif

# The programs without their main(), for unit tests of their parts.
$(B)/libcoordinator.a: $(filter-out $(COORDINATOR_MAIN),$(COORDINATOR_OBJ)) $(B)/.sources
	$(archive)
$(B)/libbuildlet.a: $(filter-out $(BUILDLET_MAIN),$(BUILDLET_OBJ)) $(B)/.sources
	$(archive)
$(B)/libclient.a: $(filter-out $(CLIENT_MAIN),$(CLIENT_OBJ)) $(B)/.sources
	$(archive)

OURS = $(B)/libcarriers.a $(B)/libgomote.a $(LLHTTP_A)
$(B)/bin/coordinator: $(COORDINATOR_OBJ) $(OURS)
$(B)/bin/buildlet: $(BUILDLET_OBJ) $(OURS)
$(B)/bin/gomote: $(CLIENT_OBJ) $(OURS)
$(B)/bin/%:
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_$*)

# What a test program links: the parts of each program of which it includes a
# header, then ours, then the libraries.
PARTS := $(foreach p,coordinator buildlet client,$(addprefix $(p):,\
	$(shell grep -ls '^#include "$(p)/' test/unit/*.c test/fuzz/*.c test/lib/*.c test/bench/*.c)))
parts = $(patsubst %:$(1).c,$(B)/lib%.a,$(filter %:$(1).c,$(PARTS)))
define test_program
$(1): $(2:%=$(B)/%.o) $(call parts,$(2))
$(1): link = $(call say,LD,$(1))mkdir -p $(dir $(1)) && $(CC) $(ALL_LDFLAGS) -o $(1) \
	$$(filter %.o,$$^) $(call parts,$(2)) $(OURS) $(LIBS_test)
endef
$(foreach n,$(UNIT),$(eval $(call test_program,$(B)/test/unit/$(n),test/unit/$(n))))
$(foreach n,$(TEST_BIN),$(eval $(call test_program,$(B)/test/bin/$(n),test/lib/$(n))))
$(foreach n,$(BENCH_BIN),$(eval $(call test_program,$(B)/test/bench/$(n),test/bench/$(n))))
$(foreach n,$(FUZZERS),$(eval $(call test_program,$(B)/test/fuzz/$(n),test/fuzz/$(n))))
$(UNIT_PROGRAMS): $(UNIT_LIB) $(OURS)
	$(link) $(CHECK_LIBS)
$(B)/test/bin/rdpeer $(B)/test/bench/revdial: $(LINK_LIB)
$(TEST_PROGRAMS): $(OURS)
	$(link)
$(BENCH_PROGRAMS): $(BENCH_LIB) $(OURS)
	$(link)
$(FUZZ_PROGRAMS): $(OURS)
	$(link) -fsanitize=fuzzer

-include $(patsubst %.o,%.d,$(SOURCES) $(PUBLIC_OBJ) $(UNIT_LIB) $(BENCH_LIB) $(LINK_LIB) \
	$(UNIT_PROGRAMS:=.o) $(FUZZ_PROGRAMS:=.o) $(BENCH_PROGRAMS:=.o) \
	$(TEST_BIN:%=$(B)/test/lib/%.o))

# --- installing --------------------------------------------------------------------
install: programs libraries
	install -d $(addprefix $(DESTDIR),$(bindir) $(libdir)/pkgconfig $(includedir))
	install -m 755 $(PROGRAMS) $(DESTDIR)$(bindir)
	install -m 644 $(B)/librevdial/librevdial.a $(B)/librevdial/$(PUBLIC_SO) $(DESTDIR)$(libdir)
	ln -sf $(PUBLIC_SO) $(DESTDIR)$(libdir)/$(PUBLIC_SONAME)
	ln -sf $(PUBLIC_SO) $(DESTDIR)$(libdir)/librevdial.so
	install -m 644 revdial/revdial.h $(DESTDIR)$(includedir)
	install -m 644 revdial/revdial.pc $(DESTDIR)$(libdir)/pkgconfig
	@for m in $(MAN); do \
	    d=$(DESTDIR)$(mandir)/man$${m##*.}; \
	    echo "install -m 644 $$m $$d"; \
	    install -d "$$d" && install -m 644 "$$m" "$$d" || exit 1; \
	done
	@for c in $(COMPLETIONS); do \
	    f=$(DESTDIR)$(datadir)/$${c#*:}; \
	    echo "$(B)/bin/gomote completion $${c%%:*} >$$f"; \
	    install -d "$${f%/*}" && $(B)/bin/gomote completion $${c%%:*} >"$$f" && \
	    chmod 644 "$$f" || exit 1; \
	done
install-strip: install
	$(STRIP) $(PROGRAMS:$(B)/bin/%=$(DESTDIR)$(bindir)/%)
uninstall:
	rm -f $(PROGRAMS:$(B)/bin/%=$(DESTDIR)$(bindir)/%) \
	    $(PUBLIC:$(B)/librevdial/%=$(DESTDIR)$(libdir)/%) \
	    $(DESTDIR)$(includedir)/revdial.h $(DESTDIR)$(libdir)/pkgconfig/revdial.pc
	@for m in $(MAN); do \
	    rm -f "$(DESTDIR)$(mandir)/man$${m##*.}/$${m##*/}" || exit 1; done
	@for c in $(COMPLETIONS); do rm -f "$(DESTDIR)$(datadir)/$${c#*:}" || exit 1; done

# --- setting up --------------------------------------------------------------------
deps:
	@$(call need,$(BUILD_DEPS))
deps-check:
	@{ $(call need,$(CHECK_DEPS)); } || true
	@grep -q '^CHECK_LIBS = .' config.mk || { $(RECONFIGURE); }
deps-demo:
	@{ $(call need,$(DEMO_DEPS)); } || true
deps-bench:
	@{ $(call need,$(BENCH_DEPS)); } || true

# --- running -----------------------------------------------------------------------
RUN = GOMOTE_SANITIZED=$(SANITIZED) test/run -b $(B) $(if $(T),-m '$(T)')

demo: deps-demo
	@$(MAKE) programs
	@sh test/lib/demo.sh $(B)
check: deps-check
	@$(MAKE) tests
	@$(RUN) $(LINTS) $(UNIT_PROGRAMS) $(REGRESS)
# The same without the lints, under ASan and UBSan.
check-asan: deps-check
	@$(MAKE) B=$(B)/asan DEV= SAN=address,undefined CFLAGS='-O1 -g' check-run
check-run: tests
	@$(RUN) $(UNIT_PROGRAMS) $(REGRESS)
check-big: deps-check
	@$(MAKE) tests
	@$(RUN) -t 1800 -j 1 $(BIG)
FUZZ_BUILD = $(MAKE) B=$(B)/fuzz CC='$(CLANG)' DEV= CFLAGS='-O1 -g' \
	SAN=fuzzer-no-link,address,undefined
.PHONY: build-fuzz
build-fuzz:
	+@$(FUZZ_BUILD) FUZZ= fuzz-programs
fuzz: deps-check
	+@$(FUZZ_BUILD) FUZZ= fuzz-programs
	@$(RUN) -f $(SECONDS) $(FUZZERS:%=$(B)/fuzz/test/fuzz/%)
lint: deps-check
	@$(MAKE) tests
	@$(RUN) $(LINTS)

# A bench is test/bench/NAME.sh, or else the program of test/bench/NAME.c. Several
# run one after another, whatever -j says: they would measure one another.
ifneq ($(filter bench-%,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
bench: deps-bench
	@$(MAKE) all $(TEST_PROGRAMS) $(BENCH_PROGRAMS)
	@for n in $(BENCHES); do $(MAKE) run-bench-$$n || exit 1; done
bench-%: deps-bench
	@$(MAKE) all $(TEST_PROGRAMS) $(BENCH_PROGRAMS)
	@$(MAKE) run-bench-$*
run-bench-%:
	@GOMOTE_SRC=$(CURDIR) GOMOTE_BUILD=$(abspath $(B)); \
	GOMOTE_BIN=$$GOMOTE_BUILD/bin GOMOTE_TEST_BIN=$$GOMOTE_BUILD/test/bin; \
	export GOMOTE_SRC GOMOTE_BUILD GOMOTE_BIN GOMOTE_TEST_BIN; \
	if [ -f test/bench/$*.sh ]; then test/bench/$*.sh; else $(B)/test/bench/$*; fi

# --- the rest ----------------------------------------------------------------------
# What differs from the last commit; F=FILES: those files whole. It knows no
# columns as KNF has them, so look at what it did.
F ?=
format:
	@$(call need,clang-format git)
	$(if $(F),clang-format -i $(F),git clang-format --force)
clean:
	rm -rf $(B)
distclean: clean
	rm -rf autom4te.cache config.mk config.log config.status configure configure~ \
	    revdial/revdial.pc
help:
	@echo 'make                 build the programs in $(B)/bin'
	@echo 'make check           lints, unit tests, regress tests (T=word: only those)'
	@echo 'make check-asan      unit and regress tests under ASan and UBSan'
	@echo 'make check-big       tests with very large trees'
	@echo 'make fuzz SECONDS=n  every fuzzer, n seconds each (T=word: only those)'
	@echo 'make bench           all benches; make bench-NAME: one'
	@echo 'make demo            a whole session, from nothing'
	@echo 'make lint, format    the lints alone; clang-format on what was changed (F=FILES)'
	@echo 'make install         DESTDIR= and ./configure --prefix=; also install-strip, uninstall'
	@echo 'make deps            install what a build needs (Debian)'
	@echo 'make clean, distclean'
	@echo 'B=DIR: build there. V=1: whole commands. WERROR=1, DEV=1 (and sanitizers).'
