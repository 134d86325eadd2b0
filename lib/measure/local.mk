libcoldseal_a_SOURCES += \
	lib/measure/authenticode.c lib/measure/authenticode.h \
	lib/measure/authenticode_edk2.c \
	lib/measure/authenticode_lists.c lib/measure/authenticode_lists.h \
	lib/measure/authenticode_ranges.c lib/measure/authenticode_ranges.h \
	lib/measure/authenticode_shim.c \
	lib/measure/authenticode_signature.c lib/measure/authenticode_signature.h \
	lib/measure/authenticode_table.c \
	lib/measure/boot_chain.c \
	lib/measure/boot_program.c lib/measure/boot_program.h \
	lib/measure/coverage.c lib/measure/coverage.h \
	lib/measure/digestlog.c \
	lib/measure/digestlog_decode.c \
	lib/measure/efi_events.c lib/measure/efi_events.h \
	lib/measure/efi_variables.c lib/measure/efi_variables.h \
	lib/measure/efi_variables_folder.c \
	lib/measure/efi_variables_json.c \
	lib/measure/event_types.c lib/measure/event_types.h \
	lib/measure/event_subject.c lib/measure/event_subject.h \
	lib/measure/eventlog.c lib/measure/eventlog.h \
	lib/measure/eventlog_replay.c \
	lib/measure/eventlog_write.c \
	lib/measure/explain.c lib/measure/explain.h \
	lib/measure/explain_clue.h \
	lib/measure/explain_reasons.c lib/measure/explain_reasons.h \
	lib/measure/explain_reasons_uki.c \
	lib/measure/firmware.c lib/measure/firmware.h \
	lib/measure/firmware_find.c \
	lib/measure/firmware_import.h \
	lib/measure/firmware_json.c \
	lib/measure/firmware_log.c \
	lib/measure/firmware_recorded.c \
	lib/measure/firmware_stand_in.c lib/measure/firmware_stand_in.h \
	lib/measure/firmware_store.c \
	lib/measure/kernel_events.c lib/measure/kernel_events.h \
	lib/measure/pcr.c lib/measure/pcr.h \
	lib/measure/pcr_file.c \
	lib/measure/predict.c lib/measure/predict.h \
	lib/measure/predict_firmware.c lib/measure/predict_firmware.h \
	lib/measure/predict_grub.c lib/measure/predict_grub.h \
	lib/measure/predict_shim.c lib/measure/predict_shim.h \
	lib/measure/predict_uki.c lib/measure/predict_uki.h \
	lib/measure/prediction.c lib/measure/prediction.h \
	lib/measure/prediction_json.c \
	lib/measure/shim_variables.c lib/measure/shim_variables.h \
	lib/measure/signature_list.c lib/measure/signature_list.h \
	lib/measure/uki_credentials.c lib/measure/uki_credentials.h \
	lib/measure/uki_facts.c lib/measure/uki_facts.h \
	lib/measure/variable_store.c

check_PROGRAMS += tests/tools/efi_tool

check_PROGRAMS += tests/tools/predict_tool
tests_tools_predict_tool_SOURCES = tests/tools/predict_tool.c \
	tests/tools/grub_case.c tests/tools/grub_case.h \
	tests/tools/recorded_program.c tests/tools/recorded_program.h \
	tests/tools/recorded_uki.c tests/tools/recorded_uki.h

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_uki_credentials
tests_unit_test_uki_credentials_SOURCES = tests/unit/test_uki_credentials.c \
	tests/unit/shell.c tests/unit/shell.h
check_PROGRAMS += tests/unit/test_authenticode_digest
tests_unit_test_authenticode_digest_SOURCES = tests/unit/test_authenticode_digest.c \
	tests/unit/made_pe.c tests/unit/made_pe.h
check_PROGRAMS += tests/unit/test_eventlog
check_PROGRAMS += tests/unit/test_explain
check_PROGRAMS += tests/unit/test_prediction
tests_unit_test_prediction_SOURCES = tests/unit/test_prediction.c tests/unit/shell.c tests/unit/shell.h
check_PROGRAMS += tests/unit/test_coverage
check_PROGRAMS += tests/unit/test_pcr
check_PROGRAMS += tests/unit/test_signature_list
check_PROGRAMS += tests/unit/test_firmware
check_PROGRAMS += tests/unit/test_firmware_import
check_PROGRAMS += tests/unit/test_variable_store
endif

check_PROGRAMS += tests/fuzz/fuzz_eventlog
tests_fuzz_fuzz_eventlog_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_digestlog
tests_fuzz_fuzz_digestlog_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_signature_list
tests_fuzz_fuzz_signature_list_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_firmware
tests_fuzz_fuzz_firmware_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_authenticode
tests_fuzz_fuzz_authenticode_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_variable_store
tests_fuzz_fuzz_variable_store_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_virt_firmware
tests_fuzz_fuzz_virt_firmware_LDADD = $(fuzz_libs)

check_PROGRAMS += tests/fuzz/fuzz_firmware_log
tests_fuzz_fuzz_firmware_log_LDADD = $(fuzz_libs)
check_PROGRAMS += tests/tools/grub_tool
tests_tools_grub_tool_SOURCES = tests/tools/grub_tool.c tests/tools/grub_case.c tests/tools/grub_case.h \
	tests/unit/memory_files.c tests/unit/memory_files.h
tests_tools_grub_tool_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/unit
