libcoldseal_a_SOURCES += \
	lib/guest/appliance.c lib/guest/appliance.h \
	lib/guest/appliance_files.c \
	lib/guest/boot_files.c lib/guest/boot_files.h \
	lib/guest/boot_partition.c lib/guest/boot_partition.h \
	lib/guest/cloud_init.c lib/guest/cloud_init.h \
	lib/guest/elf.c lib/guest/elf.h \
	lib/guest/fetch.c lib/guest/fetch.h \
	lib/guest/fstab.c lib/guest/fstab.h \
	lib/guest/guest.c lib/guest/guest.h \
	lib/guest/guest_disk.c lib/guest/guest_disk.h \
	lib/guest/guest_native.c \
	lib/guest/guest_root.c lib/guest/guest_root.h \
	lib/guest/harden.c lib/guest/harden.h \
	lib/guest/holds.c lib/guest/holds.h \
	lib/guest/identity.c lib/guest/identity.h \
	lib/guest/initramfs_add.c lib/guest/initramfs_add.h \
	lib/guest/initramfs_fresh.c lib/guest/initramfs_fresh.h \
	lib/guest/initramfs_native.c lib/guest/initramfs_native.h \
	lib/guest/initramfs_order.c lib/guest/initramfs_order.h \
	lib/guest/initramfs_settings.c lib/guest/initramfs_settings.h \
	lib/guest/initramfs.c lib/guest/initramfs.h \
	lib/guest/inspect.c lib/guest/inspect.h \
	lib/guest/libraries.c lib/guest/libraries.h \
	lib/guest/lines.c lib/guest/lines.h \
	lib/guest/kernel_modules.c lib/guest/kernel_modules.h \
	lib/guest/module_index.c lib/guest/module_index.h \
	lib/guest/module_words.c lib/guest/module_words.h \
	lib/guest/mount_units.c lib/guest/mount_units.h \
	lib/guest/native_root.c lib/guest/native_root.h \
	lib/guest/os_release.c \
	lib/guest/packages.c lib/guest/packages.h \
	lib/guest/set_up.c lib/guest/set_up.h \
	lib/guest/stamp.c lib/guest/stamp.h \
	lib/guest/template.c lib/guest/template.h \
	lib/guest/units.c lib/guest/units.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_guest_tables tests/unit/test_guest_elf
endif

check_PROGRAMS += tests/fuzz/fuzz_elf
tests_fuzz_fuzz_elf_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/tools/prepare_guest

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_guest_close tests/unit/test_kernel_modules
tests_unit_test_guest_close_SOURCES = tests/unit/test_guest_close.c tests/unit/shell.c tests/unit/shell.h \
	tests/unit/folder_root.c tests/unit/folder_root.h
tests_unit_test_kernel_modules_SOURCES = tests/unit/test_kernel_modules.c tests/unit/shell.c \
	tests/unit/shell.h tests/unit/folder_root.c tests/unit/folder_root.h
endif
