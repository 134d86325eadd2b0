# cmd/unlock
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_unlock_cmdline tests/unit/test_unlock_device \
	tests/unit/test_unlock_dmtable
tests_unit_test_unlock_cmdline_SOURCES = tests/unit/test_unlock_cmdline.c cmd/unlock/cmdline.c
tests_unit_test_unlock_cmdline_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cmd/unlock
tests_unit_test_unlock_cmdline_LDADD = $(unit_libs)
tests_unit_test_unlock_device_SOURCES = tests/unit/test_unlock_device.c cmd/unlock/device.c \
	cmd/unlock/clock.c
tests_unit_test_unlock_device_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cmd/unlock
tests_unit_test_unlock_device_LDADD = $(unit_libs)
tests_unit_test_unlock_dmtable_SOURCES = tests/unit/test_unlock_dmtable.c cmd/unlock/dmtable.c
tests_unit_test_unlock_dmtable_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/cmd/unlock
tests_unit_test_unlock_dmtable_LDADD = $(unit_libs) $(DEVMAPPER_LIBS)
endif

check_PROGRAMS += tests/fuzz/fuzz_cmdline
tests_fuzz_fuzz_cmdline_SOURCES = tests/fuzz/fuzz_cmdline.c cmd/unlock/cmdline.c $(fuzz_main)
tests_fuzz_fuzz_cmdline_LDADD = $(unit_libs)
tests_fuzz_fuzz_cmdline_LDFLAGS = $(fuzz_ldflags)
