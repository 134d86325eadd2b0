bin_PROGRAMS += coldseal
coldseal_SOURCES = \
	cmd/coldseal/command.h \
	cmd/coldseal/decrypt.c \
	cmd/coldseal/encrypt.c \
	cmd/coldseal/explain.c \
	cmd/coldseal/firmware_import.c \
	cmd/coldseal/inspect.c \
	cmd/coldseal/main.c \
	cmd/coldseal/options.c \
	cmd/coldseal/output.c \
	cmd/coldseal/predict.c \
	cmd/coldseal/prepare.c \
	cmd/coldseal/recovery.c \
	cmd/coldseal/rekey.c \
	cmd/coldseal/reseal.c \
	cmd/coldseal/seal.c \
	cmd/coldseal/seal_many.c \
	cmd/coldseal/seal_many.h \
	cmd/coldseal/shared_options.c \
	cmd/coldseal/shared_options.h \
	cmd/coldseal/target_read.c \
	cmd/coldseal/unseal.c \
	cmd/coldseal/verify.c
coldseal_LDADD = libcoldseal.a $(host_libs)
