libcoldseal_a_SOURCES += \
	lib/layout/gpt.c \
	lib/layout/gpt.h \
	lib/layout/gpt_format.h \
	lib/layout/gpt_grow.c \
	lib/layout/gpt_read.c \
	lib/layout/gpt_write.c \
	lib/layout/plan.c \
	lib/layout/plan.h \
	lib/layout/plan_check.c \
	lib/layout/plan_check.h \
	lib/layout/probe.c \
	lib/layout/probe.h \
	lib/layout/probe_beyond.c \
	lib/layout/probe_beyond.h \
	lib/layout/roles.c \
	lib/layout/roles.h \
	lib/layout/table.c

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_gpt
tests_unit_test_gpt_SOURCES = tests/unit/test_gpt.c tests/unit/shell.c tests/unit/shell.h

check_PROGRAMS += tests/unit/test_plan
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c tests/unit/shell.c tests/unit/shell.h
endif

check_PROGRAMS += tests/fuzz/fuzz_gpt tests/fuzz/fuzz_volume
tests_fuzz_fuzz_gpt_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_volume_LDADD = $(fuzz_libs)
