libcoldseal_a_SOURCES += \
	lib/pipeline/boot_states.c \
	lib/pipeline/boot_states.h \
	lib/pipeline/decrypt.c \
	lib/pipeline/describe.c lib/pipeline/describe.h \
	lib/pipeline/describe_firmware.c lib/pipeline/describe_firmware.h \
	lib/pipeline/encrypt.c \
	lib/pipeline/explain.c \
	lib/pipeline/explain_log.c lib/pipeline/explain_log.h \
	lib/pipeline/explain_report.c lib/pipeline/explain_report.h \
	lib/pipeline/firmware.c \
	lib/pipeline/guest_stamp.c lib/pipeline/guest_stamp.h \
	lib/pipeline/identity.c lib/pipeline/identity.h \
	lib/pipeline/input.c lib/pipeline/input.h \
	lib/pipeline/inspect.c \
	lib/pipeline/key_files.c lib/pipeline/key_files.h \
	lib/pipeline/new_keyslots.c lib/pipeline/new_keyslots.h \
	lib/pipeline/new_provenance.c lib/pipeline/new_provenance.h \
	lib/pipeline/predict.c \
	lib/pipeline/predict_text.c \
	lib/pipeline/predict_text.h \
	lib/pipeline/open_by_tpm.c lib/pipeline/open_by_tpm.h \
	lib/pipeline/prepare.c \
	lib/pipeline/prepared.c lib/pipeline/prepared.h \
	lib/pipeline/recovery_test.c lib/pipeline/recovery_test.h \
	lib/pipeline/recrypt.c lib/pipeline/recrypt.h \
	lib/pipeline/rekey.c lib/pipeline/rekey_in_place.c lib/pipeline/rekey_in_place.h \
	lib/pipeline/rekeying.c lib/pipeline/rekeying.h \
	lib/pipeline/seal.c \
	lib/pipeline/seal_existing.c lib/pipeline/seal_existing.h \
	lib/pipeline/seal_line.c lib/pipeline/seal_line.h \
	lib/pipeline/seal_many.c \
	lib/pipeline/seal_policy.c lib/pipeline/seal_policy.h \
	lib/pipeline/sealed_states.c lib/pipeline/sealed_states.h \
	lib/pipeline/seal_states.c lib/pipeline/seal_states.h \
	lib/pipeline/sealing.c lib/pipeline/sealing.h \
	lib/pipeline/sealing_delta.c lib/pipeline/sealing_delta.h \
	lib/pipeline/sealing_thin.c lib/pipeline/sealing_thin.h \
	lib/pipeline/sealing_write.c \
	lib/pipeline/source.c lib/pipeline/source.h \
	lib/pipeline/target_read.c \
	lib/pipeline/targets.c lib/pipeline/targets.h \
	lib/pipeline/targets_outputs.c \
	lib/pipeline/unseal.c \
	lib/pipeline/verify.c lib/pipeline/verify.h \
	lib/pipeline/verify_boot.c \
	lib/pipeline/verify_channels.c \
	lib/pipeline/verify_data.c \
	lib/pipeline/verify_esp.c lib/pipeline/verify_esp.h \
	lib/pipeline/verify_header.c \
	lib/pipeline/verify_layout.c \
	lib/pipeline/verify_prediction.c \
	lib/pipeline/verify_tokens.c \
	lib/pipeline/workspace.c lib/pipeline/workspace.h \
	lib/pipeline/write_image.c lib/pipeline/write_image.h

check_PROGRAMS += tests/fuzz/fuzz_targets
tests_fuzz_fuzz_targets_LDADD = $(fuzz_libs)
