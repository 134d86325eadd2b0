# cmd/unlock
unlock_sources = \
	cmd/unlock/activate.c cmd/unlock/activate.h \
	cmd/unlock/bootlog.c cmd/unlock/bootlog.h \
	cmd/unlock/clock.c cmd/unlock/clock.h \
	cmd/unlock/cmdline.c cmd/unlock/cmdline.h \
	cmd/unlock/console.c cmd/unlock/console.h cmd/unlock/console_ask.c \
	cmd/unlock/device.c cmd/unlock/device.h \
	cmd/unlock/dmtable.c cmd/unlock/dmtable.h \
	cmd/unlock/extend.c cmd/unlock/extend.h \
	cmd/unlock/grow.c cmd/unlock/grow.h \
	cmd/unlock/options.c cmd/unlock/options.h \
	cmd/unlock/poweroff.c cmd/unlock/poweroff.h \
	cmd/unlock/recovery.c cmd/unlock/recovery.h \
	cmd/unlock/run.c cmd/unlock/run.h \
	cmd/unlock/unlock.c cmd/unlock/unlock.h
pkglibexec_PROGRAMS += coldseal-unlock
coldseal_unlock_SOURCES = cmd/unlock/main.c $(unlock_sources)
coldseal_unlock_LDADD = libcoldseal.a $(guest_libs)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_unlock_cmdline tests/unit/test_unlock_device \
	tests/unit/test_unlock_dmtable
tests_unit_test_unlock_cmdline_SOURCES = tests/unit/test_unlock_cmdline.c cmd/unlock/cmdline.c
tests_unit_test_unlock_cmdline_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cmd/unlock
tests_unit_test_unlock_device_SOURCES = tests/unit/test_unlock_device.c cmd/unlock/device.c \
	cmd/unlock/clock.c
tests_unit_test_unlock_device_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cmd/unlock
tests_unit_test_unlock_dmtable_SOURCES = tests/unit/test_unlock_dmtable.c cmd/unlock/dmtable.c
tests_unit_test_unlock_dmtable_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cmd/unlock
tests_unit_test_unlock_dmtable_LDADD = $(LDADD) $(DEVMAPPER_LIBS)
endif

check_PROGRAMS += tests/fuzz/fuzz_cmdline
tests_fuzz_fuzz_cmdline_SOURCES = tests/fuzz/fuzz_cmdline.c cmd/unlock/cmdline.c
tests_fuzz_fuzz_cmdline_LDADD = $(fuzz_libs)

EXTRA_DIST += tests/evil
check_PROGRAMS += tests/tools/make_sealed
