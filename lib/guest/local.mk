libcoldseal_a_SOURCES += \
	lib/guest/appliance.c lib/guest/appliance.h \
	lib/guest/appliance_files.c \
	lib/guest/boot_files.c lib/guest/boot_files.h \
	lib/guest/boot_partition.c lib/guest/boot_partition.h \
	lib/guest/cloud_init.c lib/guest/cloud_init.h \
	lib/guest/elf.c lib/guest/elf.h \
	lib/guest/fstab.c lib/guest/fstab.h \
	lib/guest/guest.c lib/guest/guest.h \
	lib/guest/guest_disk.c lib/guest/guest_disk.h \
	lib/guest/guest_root.c lib/guest/guest_root.h \
	lib/guest/harden.c lib/guest/harden.h \
	lib/guest/initramfs.c lib/guest/initramfs.h \
	lib/guest/inspect.c lib/guest/inspect.h \
	lib/guest/libraries.c lib/guest/libraries.h \
	lib/guest/lines.c lib/guest/lines.h \
	lib/guest/os_release.c \
	lib/guest/packages.c lib/guest/packages.h \
	lib/guest/set_up.c lib/guest/set_up.h \
	lib/guest/stamp.c lib/guest/stamp.h \
	lib/guest/template.c lib/guest/template.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_guest_tables tests/unit/test_guest_elf
endif

check_PROGRAMS += tests/fuzz/fuzz_elf
tests_fuzz_fuzz_elf_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/tools/prepare_guest
