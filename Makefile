# maskmill: `make` builds build/maskmill, `make demo` shows masks, `make test` runs every test.
# `make help` lists all targets.

BUILD ?= build
CC ?= gcc
OBJCOPY ?= objcopy
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
VERSION := $(shell cat VERSION)
TARGET := $(shell $(CC) -dumpmachine 2>/dev/null)

# ---- libraries: three that are needed, and where they are installed libarchive (tar files), the headers of OpenBLAS,
# which is opened at run time and not linked (model/kernels/matmul_openblas.h), and, for the program alone, libmicrohttpd
# (review)
PACKAGES = vips jansson libseccomp
PROGRAM_PACKAGES =
HAVE =
ifneq ($(shell pkg-config --exists libarchive 2>/dev/null && echo yes),)
PACKAGES += libarchive
HAVE += -DHAVE_LIBARCHIVE
endif
ifneq ($(shell pkg-config --exists 'libmicrohttpd >= 0.9.71' 2>/dev/null && echo yes),)
PROGRAM_PACKAGES += libmicrohttpd
HAVE += -DHAVE_LIBMICROHTTPD
endif
HEADER_PACKAGES =
ifneq ($(shell pkg-config --exists openblas 2>/dev/null && echo yes),)
HEADER_PACKAGES += openblas
HAVE += -DHAVE_OPENBLAS
endif
FOREIGN_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES) $(PROGRAM_PACKAGES) $(HEADER_PACKAGES) 2>/dev/null))
FOREIGN_LIBS := $(shell pkg-config --libs $(PACKAGES) $(PROGRAM_PACKAGES) 2>/dev/null)
CHECK_CFLAGS := $(shell pkg-config --cflags check 2>/dev/null)
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null)

# ---- half-precision products, where the compiler knows them (GCC 12, Clang 14)
ifneq ($(and $(filter x86_64-%,$(TARGET)),$(shell $(CC) -mavx512fp16 -E -x c /dev/null >/dev/null 2>&1 && echo yes)),)
HAVE += -DHAVE_AVX512FP16
FP16 = -mavx512fp16
endif
ifneq ($(and $(filter x86_64-%,$(TARGET)),$(shell $(CC) -mamx-tile -mamx-bf16 -E -x c /dev/null >/dev/null 2>&1 && echo yes)),)
HAVE += -DHAVE_AMX
AMX = -mamx-tile -mamx-bf16
endif

# ---- flags; WERROR=-Werror turns warnings into errors without compiling again what is up to date
OPTIMISE ?= -O3 -g
# Texts that are too long are cut on purpose, hence no -Wformat-truncation.
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
           -Wno-format-truncation
CFLAGS = -std=c11 -D_GNU_SOURCE -DMASKMILL_VERSION='"$(VERSION)"' $(HAVE) $(OPTIMISE) $(WARNINGS) -fopenmp \
         -ffp-contract=off -fno-math-errno -fPIC -fvisibility=hidden -I. $(FOREIGN_CFLAGS) $(EXTRA_CFLAGS)
LDLIBS = -Wl,--as-needed -fopenmp $(FOREIGN_LIBS) -lm -ldl $(EXTRA_LDLIBS)

# ---- sources: folders, from what knows nothing to what knows all
LIBRARY_ROOMS = base text rle filters filters/scan filters/edges model/kernels model/checkpoint model/decoder model/encoders \
                model/folded model/clip model images search records pipeline library
PROGRAM_ROOMS = jobs pictures program program/run program/eval program/tars program/spool program/report program/review \
                program/filter program/pipe program/prompts program/edges program/predict program/similar program/label
SOURCES := $(filter-out program/main.c,$(wildcard $(LIBRARY_ROOMS:%=%/*.c) $(PROGRAM_ROOMS:%=%/*.c)))
# Vector kernels: the same source once for each instruction set, chosen at run time (base/isa.h).
SIMD := $(filter %_simd.c,$(SOURCES))
ISAS := generic $(if $(filter x86_64-%,$(TARGET)),avx2 avx512) $(if $(filter aarch64-%,$(TARGET)),neon)
ISA_generic = -DISA=generic
ISA_avx2 = -DISA=avx2 -mavx2 -mfma -mf16c $(CONTRACT)
ISA_avx512 = -DISA=avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c -mprefer-vector-width=512 $(CONTRACT)
# Some tunings of gcc leave a multiply and its add apart in blocks of one sum, and the bits of a result would depend on
# the block that it fell in.
ALL_FMA := $(shell $(CC) -Werror --param=avoid-fma-max-bits=0 -E -x c /dev/null >/dev/null 2>&1 && \
             echo --param=avoid-fma-max-bits=0)
CONTRACT = -ffp-contract=fast $(ALL_FMA)
# gcc's order of instructions before it assigns registers would cost the blocks of products spills.
KEEP_ORDER := $(if $(filter aarch64-%,$(TARGET)),$(shell $(CC) -fno-schedule-insns -fira-region=all -E -x c /dev/null \
              >/dev/null 2>&1 && echo -fno-schedule-insns -fira-region=all))
ISA_neon = -DISA=neon -DNEON $(CONTRACT) $(KEEP_ORDER)
OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(SIMD),$(SOURCES))) \
           $(foreach isa,$(ISAS),$(patsubst %.c,$(BUILD)/%.$(isa).o,$(SIMD))) $(BUILD)/model/builtin.o \
           $(BUILD)/program/report/report_parts.o
LIBRARY_OBJECTS := $(filter-out $(BUILD)/jobs/% $(BUILD)/pictures/% $(BUILD)/program/%,$(OBJECTS))
UNIT_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
PARITY_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/parity/test_*.c))
FUZZ_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
# ThreadSanitizer knows pthreads but not OpenMP, so it watches the tests of jobs/ alone.
JOBS_TESTS := $(patsubst %.c,$(BUILD)/%,$(shell grep -l '"jobs/' tests/unit/test_*.c 2>/dev/null))

.PHONY: all tests unit unit-programs jobs-tests fuzz-programs fuzz parity-tests compile-flags test test-arm64 lint format demo parity consumers contrib-check tar-kills review-kills spool-test bench train-smoke pipe-load engines install dist deb package-test clean help FORCE
all: $(BUILD)/maskmill $(BUILD)/libmaskmill.a $(BUILD)/libmaskmill.so.0

help:
	@sed -n 's/^#: //p' Makefile

# ---- the program
$(BUILD)/maskmill: $(BUILD)/program/main.o $(BUILD)/objects.a
	$(CC) -o $@ $^ $(LDLIBS)

# ---- the manual page and completions of shells, which the program prints from its tables
PAGES = $(BUILD)/maskmill.1 $(BUILD)/maskmill.bash $(BUILD)/_maskmill $(BUILD)/maskmill.fish
$(BUILD)/maskmill.1: PRINT = --man
$(BUILD)/maskmill.bash: PRINT = --completion bash
$(BUILD)/_maskmill: PRINT = --completion zsh
$(BUILD)/maskmill.fish: PRINT = --completion fish
$(PAGES): $(BUILD)/maskmill
	$(BUILD)/maskmill help $(PRINT) >$@.new && mv $@.new $@

# Everything but main, with all its names: for the program and the tests.
$(BUILD)/objects.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

# ---- the library: only the names of include/maskmill.h can be seen from outside
SONAME = libmaskmill.so.0
$(BUILD)/libmaskmill.a: $(LIBRARY_OBJECTS)
	$(CC) -r -nostdlib -o $(BUILD)/libmaskmill.o $^
	$(OBJCOPY) --localize-hidden $(BUILD)/libmaskmill.o
	rm -f $@ && ar rcs $@ $(BUILD)/libmaskmill.o && rm $(BUILD)/libmaskmill.o

$(BUILD)/$(SONAME): $(LIBRARY_OBJECTS)
	$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--no-undefined -o $@ $^ $(LDLIBS)

# Made anew each time: PREFIX and LIBDIR may differ.
$(BUILD)/maskmill.pc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR:$(PREFIX)/%=$${prefix}/%)' 'includedir=$${prefix}/include' '' \
	    'Name: maskmill' 'Description: masks of images with Segment Anything models, on the CPU' \
	    'Version: $(VERSION)' 'Requires.private: $(PACKAGES)' 'Cflags: -I$${includedir}' \
	    'Libs: -L$${libdir} -lmaskmill' 'Libs.private: -fopenmp -lm -ldl' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WERROR) -MMD -MP -c -o $@ $<

define simd_rule
$(BUILD)/%_simd.$(1).o: %_simd.c $(BUILD)/flags
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(WERROR) $$(ISA_$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach isa,$(ISAS),$(eval $(call simd_rule,$(isa))))
$(BUILD)/model/kernels/half16_halves_simd.avx512.o: ISA_avx512 += -mavx512bf16 $(FP16)
$(BUILD)/model/kernels/half16_tiles_simd.avx512.o: ISA_avx512 += -mavx512bf16 $(AMX)
$(filter %_bf16_simd.avx512.o,$(OBJECTS)): ISA_avx512 += -mavx512bf16
$(BUILD)/model/kernels/half16_bf16_simd.neon.o: ISA_neon += -march=armv8.2-a+bf16

$(BUILD)/model/builtin.o: model/builtin.S model/builtin.safetensors
	@mkdir -p $(@D)
	$(CC) -c -o $@ $<

# The page of a report: the files that report/files names, joined by kind. That of a review has those of
# report/review/files, too, before start.js.
PAGE := $(addprefix report/,$(shell cat report/files))
REVIEW := $(filter-out report/code/start.js,$(PAGE)) $(addprefix report/,$(shell cat report/review/files)) report/code/start.js
PAGE_LISTS = report/files report/review/files
$(BUILD)/report/style.css: $(filter report/style/%,$(PAGE))
$(BUILD)/report/worker.js: $(filter report/worker/%,$(PAGE))
$(BUILD)/report/code.js: $(filter report/code/%,$(PAGE))
$(BUILD)/report/review/style.css: $(filter report/style/%,$(REVIEW))
$(BUILD)/report/review/worker.js: $(filter report/worker/%,$(REVIEW))
$(BUILD)/report/review/code.js: $(filter report/code/% report/review/%,$(REVIEW))
JOINED = $(foreach part,style.css worker.js code.js,$(BUILD)/report/$(part) $(BUILD)/report/review/$(part))
$(JOINED): $(PAGE_LISTS)
	@mkdir -p $(@D)
	cat $(filter-out $(PAGE_LISTS),$^) >$@.new && mv $@.new $@
$(BUILD)/program/report/report_parts.o: program/report/report_parts.S report/index.html $(JOINED)
	@mkdir -p $(@D)
	$(CC) -c -Wa,-I$(BUILD)/report -o $@ $<

# Holds the compiler's command line, so that everything is compiled again when it changes; and says so
# in one line when packages are missing.
$(BUILD)/flags: FORCE
	@tools/setup --check build
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(CFLAGS))' | cmp -s - $@ || \
	 printf '%s\n' '$(subst ','\'',$(CC) $(CFLAGS))' >$@

# ---- tests: each file is a program of its own, which may use the references of the fast paths
REFERENCES := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/reference/*.c))
$(BUILD)/tests/references.a: $(REFERENCES)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/tests/%: tests/%.c $(BUILD)/tests/references.a $(BUILD)/objects.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WERROR) $(CHECK_CFLAGS) -MMD -MP -o $@ $< $(BUILD)/tests/references.a $(BUILD)/objects.a $(CHECK_LIBS) $(LDLIBS)

# This one lets allocations of the library fail (tests/unit/allocation.h).
WRAPPED = malloc calloc realloc aligned_alloc free strdup strndup asprintf
$(BUILD)/tests/unit/test_no_memory: LDLIBS += $(WRAPPED:%=-Wl,--wrap=%)
# This one emulates AMX where it is missing.
$(BUILD)/tests/unit/test_encoder: LDLIBS += -Wl,--wrap=amx_bf16_allowed
# This one plays file systems that lack calls.
$(BUILD)/tests/unit/test_primitives: LDLIBS += -Wl,--wrap=linkat -Wl,--wrap=renameat2 -Wl,--wrap=fcntl

tests: all $(UNIT_TESTS) $(PARITY_TESTS)

unit-programs: $(UNIT_TESTS)

jobs-tests: $(JOBS_TESTS)

fuzz-programs: $(FUZZ_TESTS)

#: make fuzz      fuzz every reader of untrusted files with clang's libFuzzer (FUZZ_SECONDS=60 each)
fuzz:
	@tests/fuzz/long $(or $(FUZZ_SECONDS),60)

parity-tests: $(PARITY_TESTS)
	@tests/each $(PARITY_TESTS)

#: make           build build/maskmill
#: make demo      segment the photographs in examples/ (installs missing Debian packages)
demo:
	@tools/setup build
	@$(MAKE) --no-print-directory -s -j$$(nproc) all
	@tools/demo

#: make test      run every test (installs missing Debian packages)
test:
	@tools/setup test
	@tests/run

#: make unit      run the unit tests only
unit: $(UNIT_TESTS)
	@tests/each $(UNIT_TESTS)

#: make test-arm64  build for 64-bit ARM and run the tests by qemu (needs a Debian mirror, root once; slow)
test-arm64:
	@tools/setup arm64
	@tests/arm64/live

#: make lint      clang-tidy, cppcheck, clang-format, layers
lint:
	@tools/lint

# For tools that read the sources as the compiler does.
compile-flags:
	@echo '$(subst ','\'',$(CFLAGS))'

#: make format    bring all sources into the house's form
format:
	@tools/source-files | grep -z '\.[ch]$$' | xargs -0 clang-format -i

#: make parity    compare with the official Python code (installs it under build/reference, some GB)
parity: all
	@tests/parity/live

#: make consumers let pycocotools, webdataset, supervision, datumaro, DuckDB and pyarrow read every output format
consumers: all
	@tests/consumers/live

#: make contrib-check  check contrib/ with the schemas of Kubernetes, AWS and Google, and in a Grid Engine
contrib-check: all
	@tests/contrib/live

#: make pipe-load send 100,000 requests, sound and hostile, to one maskmill pipe (takes minutes)
pipe-load: all
	@python3 tests/faults/pipe_load.py

#: make engines   run the examples for Ray and Spark, and kill parts of them (installs 1.5 GB)
engines: all
	@tests/engines/live

#: make review-kills  kill the server of a review 100 times while it saves (some minutes)
review-kills: all
	@python3 tests/faults/review_log.py 100

#: make tar-kills kill a run from 100 tars to tars 30 times; its files, memory and speed (some ten minutes)
tar-kills: all
	@tests/faults/tars_long.py

#: make spool-test  work on moto's S3 server with --spool, with failing copies and kills (some minutes)
spool-test: all
	@tests/spool/live

#: make bench     time against the official code, ONNX Runtime and OpenVINO; writes bench/RESULTS.md
bench: all
	@bench/run

#: make train-smoke  train a tiny model for some minutes (installs PyTorch under build/train, some GB)
train-smoke: all
	@train/smoke

#: make install   to PREFIX (/usr/local), below DESTDIR
SHARE = $(DESTDIR)$(PREFIX)/share
# All documents in their folders, so that the links between them lead somewhere.
DOCUMENTS = LICENSE $(filter-out build% out/%,$(wildcard *.md */*.md */*/*.md)) \
            $(wildcard docs/*.svg docs/*.jpg docs/*.webp docs/report/* examples/*.c examples/*.jpg contrib/*/*)
install: all $(PAGES) $(BUILD)/maskmill.pc
	install -D -m 755 $(BUILD)/maskmill $(DESTDIR)$(PREFIX)/bin/maskmill
	install -d $(SHARE)/doc/maskmill
	cp --parents $(sort $(DOCUMENTS)) $(SHARE)/doc/maskmill
	chmod -R u=rwX,go=rX $(SHARE)/doc/maskmill
	install -D -m 644 $(BUILD)/maskmill.1 $(SHARE)/man/man1/maskmill.1
	install -D -m 644 $(BUILD)/maskmill.bash $(SHARE)/bash-completion/completions/maskmill
	install -D -m 644 $(BUILD)/_maskmill $(DESTDIR)$(ZSHDIR)/_maskmill
	install -D -m 644 $(BUILD)/maskmill.fish $(SHARE)/fish/vendor_completions.d/maskmill.fish
	install -D -m 644 include/maskmill.h $(DESTDIR)$(PREFIX)/include/maskmill.h
	install -D -m 644 $(BUILD)/libmaskmill.a $(DESTDIR)$(LIBDIR)/libmaskmill.a
	install -m 755 $(BUILD)/$(SONAME) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libmaskmill.so
	install -D -m 644 $(BUILD)/maskmill.pc $(DESTDIR)$(LIBDIR)/pkgconfig/maskmill.pc

#: make dist      write the source archive build/maskmill-VERSION.tar.gz
dist:
	@tools/dist

#: make deb       Debian packages in build/deb (installs missing Debian packages)
deb:
	@tools/setup package
	@tools/deb

#: make package-test  the archive, the packages and the Containerfile in bare Debian roots (needs root and a mirror)
package-test: all
	@tests/packages/live

#: make clean     remove what was built
clean:
	rm -rf $(BUILD) build-*

-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o -type f -name '*.d' -print 2>/dev/null)
