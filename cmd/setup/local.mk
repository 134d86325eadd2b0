# cmd/setup
sbin_PROGRAMS += coldseal-setup
coldseal_setup_SOURCES = \
	cmd/setup/main.c \
	cmd/setup/mounts.c cmd/setup/mounts.h \
	cmd/setup/options.c cmd/setup/options.h \
	cmd/setup/own_root.c cmd/setup/own_root.h
coldseal_setup_LDADD = libcoldseal.a $(CRYPTO_LIBS) $(JSONC_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_setup_mounts
tests_unit_test_setup_mounts_SOURCES = tests/unit/test_setup_mounts.c cmd/setup/mounts.c
tests_unit_test_setup_mounts_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cmd/setup
endif
