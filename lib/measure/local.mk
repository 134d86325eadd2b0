libcoldseal_a_SOURCES += \
	lib/measure/digestlog.c \
	lib/measure/digestlog_decode.c \
	lib/measure/eventlog.c lib/measure/eventlog.h \
	lib/measure/eventlog_replay.c \
	lib/measure/pcr.c lib/measure/pcr.h \
	lib/measure/pcr_file.c
