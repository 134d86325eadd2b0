libcoldseal_a_SOURCES += \
	lib/token/luks2_binary.c lib/token/luks2_binary.h \
	lib/token/luks2_canonical.c lib/token/luks2_compare.c \
	lib/token/luks2_copies.c lib/token/luks2_copies.h \
	lib/token/luks2_header.c lib/token/luks2_header.h \
	lib/token/luks2_rekey.c lib/token/luks2_rekey.h \
	lib/token/luks2_rules.c lib/token/luks2_rules.h \
	lib/token/luks2_slots.c \
	lib/token/luks2_validate.c \
	lib/token/luks2_validate_digests.c \
	lib/token/luks2_validate_keyslots.c \
	lib/token/luks2_validate_tokens.c \
	lib/token/provenance.c lib/token/provenance.h \
	lib/token/recovery.c lib/token/recovery.h \
	lib/token/systemd_tpm2.h \
	lib/token/systemd_tpm2_format.h \
	lib/token/systemd_tpm2_read.c \
	lib/token/systemd_tpm2_write.c

# A good header and ways to spoil it, for unit tests.
luks2_test_sources = tests/unit/luks2_patch.c tests/unit/luks2_patch.h \
	tests/unit/luks2_sample.c tests/unit/luks2_sample.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_luks2_validate tests/unit/test_token
tests_unit_test_luks2_validate_SOURCES = tests/unit/test_luks2_validate.c \
	tests/unit/luks2_defects.h $(luks2_test_sources)
tests_unit_test_token_SOURCES = tests/unit/test_token.c $(luks2_test_sources)
endif

check_PROGRAMS += tests/fuzz/fuzz_luks2 tests/fuzz/fuzz_token
tests_fuzz_fuzz_luks2_LDADD = $(fuzz_libs)
tests_fuzz_fuzz_token_LDADD = $(fuzz_libs)
