libcoldseal_a_SOURCES += \
	lib/image/clone.c lib/image/clone.h \
	lib/image/disk.c lib/image/disk.h \
	lib/image/file_io.c lib/image/file_io.h \
	lib/image/inflate.c lib/image/inflate.h \
	lib/image/lock.c lib/image/lock.h \
	lib/image/memory.c \
	lib/image/nbd.h lib/image/nbd_uri.c \
	lib/image/open.c lib/image/open.h \
	lib/image/output.c lib/image/output.h \
	lib/image/overlay.c lib/image/overlay.h \
	lib/image/patched.c lib/image/patched.h \
	lib/image/qcow2.c lib/image/qcow2.h \
	lib/image/qcow2_backing.c lib/image/qcow2_backing.h \
	lib/image/qcow2_cache.c lib/image/qcow2_cache.h \
	lib/image/qcow2_entry.c lib/image/qcow2_entry.h \
	lib/image/qcow2_header.c lib/image/qcow2_header.h \
	lib/image/qcow2_inplace.c \
	lib/image/qcow2_layout.c lib/image/qcow2_layout.h \
	lib/image/qcow2_map.c lib/image/qcow2_map.h \
	lib/image/qcow2_planned.c lib/image/qcow2_planned.h \
	lib/image/qcow2_read.c \
	lib/image/qcow2_refcount.c lib/image/qcow2_refcount.h \
	lib/image/qcow2_walk.c \
	lib/image/qcow2_write.c lib/image/qcow2_write.h \
	lib/image/ranges.c lib/image/ranges.h \
	lib/image/raw.c \
	lib/image/sink.c lib/image/sink.h \
	lib/image/zeros.c lib/image/zeros.h
if HAVE_NBD
libcoldseal_a_SOURCES += lib/image/nbd.c
else
libcoldseal_a_SOURCES += lib/image/nbd_absent.c
endif

check_PROGRAMS += tests/tools/disk_cat

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_ranges tests/unit/test_disk tests/unit/test_qcow2 \
	tests/unit/test_image_output tests/unit/test_sink
endif
check_PROGRAMS += tests/fuzz/fuzz_qcow2
tests_fuzz_fuzz_qcow2_LDADD = $(fuzz_libs)
EXTRA_DIST += tests/bench
