libcoldseal_a_SOURCES += \
	lib/guest/guest.h
