libcoldseal_a_SOURCES += \
	lib/image/disk.h \
	lib/image/open.h \
	lib/image/output.h \
	lib/image/ranges.h
