libcoldseal_a_SOURCES += \
	lib/boot/cpio.c \
	lib/boot/cpio.h \
	lib/boot/boot_files.c \
	lib/boot/boot_files.h \
	lib/boot/boot_files_disk.c \
	lib/boot/boot_files_folder.c \
	lib/boot/boot_kernels.c lib/boot/boot_kernels.h \
	lib/boot/esp.c \
	lib/boot/ext4.c \
	lib/boot/ext4.h \
	lib/boot/ext4_edit.c lib/boot/ext4_edit.h \
	lib/boot/ext4_file.c \
	lib/boot/ext4_inodes.c \
	lib/boot/ext4_inodes.h \
	lib/boot/ext4_io.c \
	lib/boot/ext4_io.h \
	lib/boot/ext4_metadata.c \
	lib/boot/ext4_metadata.h \
	lib/boot/ext4_path.c \
	lib/boot/ext4_remove.c lib/boot/ext4_remove.h \
	lib/boot/ext4_used.c \
	lib/boot/ext4_volume.h \
	lib/boot/fat.c \
	lib/boot/fat.h \
	lib/boot/fat_chain.c \
	lib/boot/fat_dir.c \
	lib/boot/fat_dir.h \
	lib/boot/fat_edit.c lib/boot/fat_edit.h \
	lib/boot/fat_name.c \
	lib/boot/fat_name.h \
	lib/boot/fat_table.c lib/boot/fat_table.h \
	lib/boot/fat_volume.c \
	lib/boot/fat_volume.h \
	lib/boot/grub.h \
	lib/boot/grub_build.c lib/boot/grub_build.h \
	lib/boot/grub_commands.c lib/boot/grub_commands.h \
	lib/boot/grub_control.c \
	lib/boot/grub_env.c \
	lib/boot/grub_execute.c \
	lib/boot/grub_expand.c \
	lib/boot/grub_field.c \
	lib/boot/grub_form.c lib/boot/grub_form.h \
	lib/boot/grub_glob.c \
	lib/boot/grub_hardware.c \
	lib/boot/grub_image.c lib/boot/grub_image.h \
	lib/boot/grub_lexer.c lib/boot/grub_lexer.h \
	lib/boot/grub_loadenv.c \
	lib/boot/grub_loader.c \
	lib/boot/grub_menu.c \
	lib/boot/grub_menuentry.c \
	lib/boot/grub_modules.c \
	lib/boot/grub_normal.c \
	lib/boot/grub_number.c \
	lib/boot/grub_open.c \
	lib/boot/grub_options.c lib/boot/grub_options.h \
	lib/boot/grub_parser.c \
	lib/boot/grub_rescue.c \
	lib/boot/grub_run.h \
	lib/boot/grub_script.h \
	lib/boot/grub_search.c \
	lib/boot/grub_source.c lib/boot/grub_syntax.h \
	lib/boot/grub_test.c \
	lib/boot/grub_trace.c \
	lib/boot/grub_word.c \
	lib/boot/initrd.c lib/boot/initrd.h \
	lib/boot/initrd_pack.c lib/boot/initrd_pack.h \
	lib/boot/initrd_write.c \
	lib/boot/kernel.c \
	lib/boot/kernel.h \
	lib/boot/pe.c \
	lib/boot/pe.h \
	lib/boot/sbat.c \
	lib/boot/sbat.h \
	lib/boot/sbat_level.c \
	lib/boot/shim.c \
	lib/boot/shim.h \
	lib/boot/shim_mok.c \
	lib/boot/shim_mok.h \
	lib/boot/uki.c \
	lib/boot/uki.h

check_PROGRAMS += tests/tools/layout_show

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_boot_files
tests_unit_test_boot_files_SOURCES = tests/unit/test_boot_files.c tests/unit/shell.c tests/unit/shell.h

check_PROGRAMS += tests/unit/test_fat_edit
tests_unit_test_fat_edit_SOURCES = tests/unit/test_fat_edit.c tests/unit/fat_file.c tests/unit/fat_file.h \
	tests/unit/shell.c tests/unit/shell.h
check_PROGRAMS += tests/unit/test_fat
tests_unit_test_fat_SOURCES = tests/unit/test_fat.c tests/unit/fat_file.c tests/unit/fat_file.h \
	tests/unit/shell.c tests/unit/shell.h
check_PROGRAMS += tests/unit/test_ext4_edit
tests_unit_test_ext4_edit_SOURCES = tests/unit/test_ext4_edit.c tests/unit/shell.c tests/unit/shell.h

check_PROGRAMS += tests/unit/test_grub_form
check_PROGRAMS += tests/unit/test_grub
tests_unit_test_grub_SOURCES = tests/unit/test_grub.c tests/unit/shell.c tests/unit/shell.h \
	tests/unit/made_pe.c tests/unit/made_pe.h

check_PROGRAMS += tests/unit/test_grub_script
tests_unit_test_grub_script_SOURCES = tests/unit/test_grub_script.c tests/unit/memory_files.c tests/unit/memory_files.h

check_PROGRAMS += tests/unit/test_shim_mok
tests_unit_test_shim_mok_SOURCES = tests/unit/test_shim_mok.c tests/unit/made_pe.c tests/unit/made_pe.h

check_PROGRAMS += tests/unit/test_pe
tests_unit_test_pe_SOURCES = tests/unit/test_pe.c tests/unit/made_pe.c tests/unit/made_pe.h

check_PROGRAMS += tests/unit/test_sbat

check_PROGRAMS += tests/unit/test_shim
tests_unit_test_shim_SOURCES = tests/unit/test_shim.c tests/unit/made_pe.c tests/unit/made_pe.h

check_PROGRAMS += tests/unit/test_uki
tests_unit_test_uki_SOURCES = tests/unit/test_uki.c tests/unit/made_pe.c tests/unit/made_pe.h
endif

check_PROGRAMS += tests/fuzz/fuzz_fat
tests_fuzz_fuzz_fat_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_ext4
tests_fuzz_fuzz_ext4_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_grub
tests_fuzz_fuzz_grub_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_pe
tests_fuzz_fuzz_pe_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_grub_script
tests_fuzz_fuzz_grub_script_SOURCES = tests/fuzz/fuzz_grub_script.c tests/unit/memory_files.c tests/unit/memory_files.h
tests_fuzz_fuzz_grub_script_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
tests_fuzz_fuzz_grub_script_LDADD = $(fuzz_libs)
check_PROGRAMS += tests/fuzz/fuzz_sbat
tests_fuzz_fuzz_sbat_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_shim
tests_fuzz_fuzz_shim_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_uki
tests_fuzz_fuzz_uki_LDADD = $(fuzz_libs)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_initrd
tests_unit_test_initrd_SOURCES = tests/unit/test_initrd.c tests/unit/shell.c tests/unit/shell.h
endif

check_PROGRAMS += tests/fuzz/fuzz_initrd
tests_fuzz_fuzz_initrd_LDADD = $(fuzz_libs)
