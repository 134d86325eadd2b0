libcoldseal_a_SOURCES += \
	lib/layout/gpt.h \
	lib/layout/plan.h \
	lib/layout/probe.h
