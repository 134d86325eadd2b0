libcoldseal_a_SOURCES += \
	lib/pipeline/decrypt.c \
	lib/pipeline/describe.c lib/pipeline/describe.h \
	lib/pipeline/encrypt.c \
	lib/pipeline/inspect.c \
	lib/pipeline/prepare.c \
	lib/pipeline/prepared.c lib/pipeline/prepared.h \
	lib/pipeline/seal.c \
	lib/pipeline/sealing.c lib/pipeline/sealing.h \
	lib/pipeline/source.c lib/pipeline/source.h \
	lib/pipeline/target_read.c \
	lib/pipeline/unseal.c \
	lib/pipeline/workspace.c lib/pipeline/workspace.h \
	lib/pipeline/write_image.c lib/pipeline/write_image.h
