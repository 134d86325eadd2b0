libcoldseal_a_SOURCES += \
	lib/seal/duplicate.h \
	lib/seal/policy.h \
	lib/seal/sealed_token.c lib/seal/sealed_token.h \
	lib/seal/target.h \
	lib/seal/tpm.h
