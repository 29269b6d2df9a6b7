# maskmill: see README.md. `make` builds build/maskmill, `make test` runs every test.
BUILD ?= build
CC ?= gcc
PACKAGES = openblas vips jansson
OPTIMISE ?= -O3 -g
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS = -std=c11 -D_GNU_SOURCE $(OPTIMISE) $(WARNINGS) -fopenmp -ffp-contract=off -fno-math-errno -I. \
         $(shell pkg-config --cflags $(PACKAGES)) $(EXTRA_CFLAGS)
LDLIBS = -fopenmp $(shell pkg-config --libs $(PACKAGES)) -lm $(EXTRA_LDLIBS)

# Folders, from what knows nothing to what knows all.
LAYERS = base rle filters model jobs pipeline
SOURCES = $(filter-out pipeline/main.c,$(wildcard $(LAYERS:%=%/*.c)))
# Vector kernels: the same source once for each instruction set, chosen at run time (model/isa.h).
SIMD = $(filter %_simd.c,$(SOURCES))
ifneq ($(filter x86_64,$(shell uname -m)),)
ISAS = generic avx2 avx512
else
ISAS = generic
endif
ISA_generic = -DISA=generic
ISA_avx2 = -DISA=avx2 -mavx2 -mfma -mf16c -ffp-contract=fast
ISA_avx512 = -DISA=avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c -mprefer-vector-width=512 -ffp-contract=fast
OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(SIMD),$(SOURCES))) \
          $(foreach isa,$(ISAS),$(patsubst %.c,$(BUILD)/%.$(isa).o,$(SIMD)))
UNIT_TESTS = $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

.PHONY: all unit clean
all: $(BUILD)/libmaskmill.a $(patsubst pipeline/main.c,$(BUILD)/maskmill,$(wildcard pipeline/main.c))

$(BUILD)/maskmill: $(BUILD)/pipeline/main.o $(BUILD)/libmaskmill.a
	$(CC) -o $@ $^ $(LDLIBS)

$(BUILD)/libmaskmill.a: $(OBJECTS)
	rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

define simd_rule
$(BUILD)/%_simd.$(1).o: %_simd.c
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(ISA_$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach isa,$(ISAS),$(eval $(call simd_rule,$(isa))))

# One program a test file, each with its own main.
$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libmaskmill.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(shell pkg-config --cflags check) -MMD -MP -o $@ $< $(BUILD)/libmaskmill.a \
	      $(shell pkg-config --libs check) $(LDLIBS)

unit: $(UNIT_TESTS)
	@for t in $(UNIT_TESTS); do $$t || exit 1; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
