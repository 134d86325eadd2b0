libcoldseal_a_SOURCES += \
	lib/measure/eventlog.h \
	lib/measure/pcr.h
