libcoldseal_a_SOURCES += \
	lib/include/coldseal.h \
	lib/core/arena.c lib/core/arena.h \
	lib/core/base64.c lib/core/base64.h \
	lib/core/bytes.c lib/core/bytes.h \
	lib/core/checked.h \
	lib/core/digest.c lib/core/digest.h \
	lib/core/digest_set.c lib/core/digest_set.h \
	lib/core/error.c lib/core/error.h \
	lib/core/guid.c lib/core/guid.h \
	lib/core/hex.c lib/core/hex.h \
	lib/core/json.c lib/core/json.h \
	lib/core/json_duplicates.c lib/core/json_duplicates.h \
	lib/core/names.c lib/core/names.h \
	lib/core/outfile.c lib/core/outfile.h \
	lib/core/own.h \
	lib/core/reader.c lib/core/reader.h \
	lib/core/secret.c lib/core/secret.h \
	lib/core/temporary.c lib/core/temporary.h \
	lib/core/threads.c lib/core/threads.h \
	lib/core/writer.c lib/core/writer.h

if HAVE_CMOCKA
core_tests = tests/unit/test_core_bytes tests/unit/test_core_cursor tests/unit/test_core_digest \
	tests/unit/test_core_encoding tests/unit/test_core_error tests/unit/test_core_json \
	tests/unit/test_core_outfile tests/unit/test_core_secret
check_PROGRAMS += $(core_tests)
tests_unit_test_core_secret_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=munmap
endif

check_PROGRAMS += tests/fuzz/fuzz_json
tests_fuzz_fuzz_json_LDADD = $(fuzz_libs)
