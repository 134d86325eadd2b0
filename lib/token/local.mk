libcoldseal_a_SOURCES += \
	lib/token/luks2_binary.c lib/token/luks2_binary.h \
	lib/token/luks2_canonical.c \
	lib/token/luks2_header.c lib/token/luks2_header.h \
	lib/token/luks2_rules.c lib/token/luks2_rules.h \
	lib/token/luks2_slots.c \
	lib/token/luks2_validate.c \
	lib/token/luks2_validate_digests.c \
	lib/token/luks2_validate_keyslots.c \
	lib/token/luks2_validate_tokens.c \
	lib/token/provenance.c lib/token/provenance.h \
	lib/token/recovery.c lib/token/recovery.h \
	lib/token/systemd_tpm2.h \
	lib/token/systemd_tpm2_format.h \
	lib/token/systemd_tpm2_read.c \
	lib/token/systemd_tpm2_write.c
