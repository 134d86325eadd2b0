libcoldseal_a_SOURCES += \
	lib/report/report.h
