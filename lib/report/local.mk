libcoldseal_a_SOURCES += \
	lib/report/report.c lib/report/report.h \
	lib/report/text.c lib/report/text.h
