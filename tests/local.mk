# The scripts; the programs are listed with the sources that they test.
EXTRA_DIST += bootstrap .ci .clang-format test-images tests/run tests/demo tests/lib tests/style tests/integration tests/replay \
	tests/boot tests/evil tests/fault tests/bench \
	tests/fuzz/corpus tests/fuzz/fuzz.h tests/fuzz/run tests/grub-script

.PHONY: check-programs
check-programs: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS)

# What needs no image and no virtual machine; tests/run does the rest.
check-local:
	BUILD=$(abs_builddir) $(abs_srcdir)/tests/run unit fuzz
