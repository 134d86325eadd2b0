libcoldseal_a_SOURCES += \
	lib/crypt/copy.c lib/crypt/copy.h \
	lib/crypt/copy_runs.c lib/crypt/copy_runs.h \
	lib/crypt/copy_worker.c lib/crypt/copy_worker.h \
	lib/crypt/luks2.h \
	lib/crypt/luks2_build.c \
	lib/crypt/luks2_device.c lib/crypt/luks2_device.h \
	lib/crypt/luks2_open.c \
	lib/crypt/luks2_pin.c \
	lib/crypt/luks2_store.c \
	lib/crypt/sector_cipher.c lib/crypt/sector_cipher.h
