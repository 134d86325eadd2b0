libcoldseal_a_SOURCES += \
	lib/report/checks.c lib/report/checks.h \
	lib/report/report.c lib/report/report.h \
	lib/report/statement.c \
	lib/report/text.c lib/report/text.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_report
endif
