libcoldseal_a_SOURCES += \
	lib/token/luks2_header.h \
	lib/token/provenance.h \
	lib/token/recovery.h \
	lib/token/systemd_tpm2.h
