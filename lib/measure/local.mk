libcoldseal_a_SOURCES += \
	lib/measure/digestlog.c \
	lib/measure/digestlog_decode.c \
	lib/measure/eventlog.c lib/measure/eventlog.h \
	lib/measure/eventlog_replay.c \
	lib/measure/pcr.c lib/measure/pcr.h \
	lib/measure/pcr_file.c

check_PROGRAMS += tests/fuzz/fuzz_eventlog
tests_fuzz_fuzz_eventlog_SOURCES = tests/fuzz/fuzz_eventlog.c $(fuzz_main)
tests_fuzz_fuzz_eventlog_LDADD = $(unit_libs)
tests_fuzz_fuzz_eventlog_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/fuzz_digestlog
tests_fuzz_fuzz_digestlog_SOURCES = tests/fuzz/fuzz_digestlog.c $(fuzz_main)
tests_fuzz_fuzz_digestlog_LDADD = $(unit_libs)
tests_fuzz_fuzz_digestlog_LDFLAGS = $(fuzz_ldflags)
