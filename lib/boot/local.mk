libcoldseal_a_SOURCES += \
	lib/boot/esp.c \
	lib/boot/ext4.c \
	lib/boot/ext4.h \
	lib/boot/ext4_io.c \
	lib/boot/ext4_io.h \
	lib/boot/ext4_metadata.c \
	lib/boot/ext4_metadata.h \
	lib/boot/ext4_used.c \
	lib/boot/ext4_volume.h \
	lib/boot/fat.c \
	lib/boot/fat.h \
	lib/boot/fat_chain.c \
	lib/boot/fat_dir.c \
	lib/boot/fat_dir.h \
	lib/boot/fat_name.c \
	lib/boot/fat_name.h \
	lib/boot/fat_volume.c \
	lib/boot/fat_volume.h \
	lib/boot/grub.h \
	lib/boot/grub_field.c \
	lib/boot/grub_image.c

check_PROGRAMS += tests/unit/layout_show
tests_unit_layout_show_SOURCES = tests/unit/layout_show.c
tests_unit_layout_show_LDADD = $(unit_libs)
