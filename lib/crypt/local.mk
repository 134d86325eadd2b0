libcoldseal_a_SOURCES += \
	lib/crypt/cipher_look.c lib/crypt/cipher_look.h \
	lib/crypt/copy.c lib/crypt/copy.h \
	lib/crypt/copy_runs.c lib/crypt/copy_runs.h \
	lib/crypt/copy_worker.c lib/crypt/copy_worker.h \
	lib/crypt/decrypted_disk.c lib/crypt/decrypted_disk.h \
	lib/crypt/luks2.h \
	lib/crypt/luks2_build.c \
	lib/crypt/luks2_device.c lib/crypt/luks2_device.h \
	lib/crypt/luks2_keep.c lib/crypt/luks2_keep.h \
	lib/crypt/luks2_open.c \
	lib/crypt/luks2_pin.c \
	lib/crypt/luks2_store.c \
	lib/crypt/recipients.c lib/crypt/recipients.h \
	lib/crypt/rekey_data.c lib/crypt/rekey_data.h \
	lib/crypt/rekey_journal.c lib/crypt/rekey_journal.h \
	lib/crypt/sector_cipher.c lib/crypt/sector_cipher.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_cipher_look
check_PROGRAMS += tests/unit/test_copy tests/unit/test_luks2_build tests/unit/test_luks2_replace \
	tests/unit/test_sector_cipher
tests_unit_test_copy_SOURCES = tests/unit/test_copy.c \
	tests/unit/sketch_disk.c tests/unit/sketch_disk.h
tests_unit_test_luks2_build_SOURCES = tests/unit/test_luks2_build.c $(luks2_test_sources)
tests_unit_test_luks2_replace_SOURCES = tests/unit/test_luks2_replace.c $(luks2_test_sources)
endif

# For scripts that hold this folder against cryptsetup.
check_PROGRAMS += tests/tools/crypt_tool
tests_tools_crypt_tool_LDADD = libcoldseal.a $(host_libs)
