libcoldseal_a_SOURCES += \
	lib/crypt/copy.h \
	lib/crypt/luks2.h \
	lib/crypt/sector_cipher.h
