libcoldseal_a_SOURCES += \
	lib/seal/duplicate.c lib/seal/duplicate.h \
	lib/seal/duplicate_ecc.c \
	lib/seal/duplicate_rsa.c \
	lib/seal/duplicate_seed.h \
	lib/seal/kdf.c lib/seal/kdf.h \
	lib/seal/policy.c lib/seal/policy.h \
	lib/seal/public.c lib/seal/public.h \
	lib/seal/public_spki.c \
	lib/seal/target.c lib/seal/target.h \
	lib/seal/target_json.c \
	lib/seal/target_new.h \
	lib/seal/sealed_token.c lib/seal/sealed_token.h \
	lib/seal/swtpm_state.c \
	lib/seal/tpm.c lib/seal/tpm.h \
	lib/seal/tpm_esys.h \
	lib/seal/tpm_key.c \
	lib/seal/tpm_pcr.c \
	lib/seal/tpm_session.c \
	lib/seal/tpm_target.c \
	lib/seal/tpm_unseal.c \
	lib/seal/tss_quiet.c lib/seal/tss_quiet.h
check_PROGRAMS += tests/tools/seal_tool

check_PROGRAMS += tests/fuzz/fuzz_public
tests_fuzz_fuzz_public_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_target
tests_fuzz_fuzz_target_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/tools/seal_zeros
