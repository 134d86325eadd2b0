libcoldseal_a_SOURCES += \
	lib/boot/ext4.h \
	lib/boot/fat.h \
	lib/boot/grub.h
