# man, completions
dist_man_MANS += \
	man/coldseal.1 \
	man/coldseal-decrypt.1 \
	man/coldseal-encrypt.1 \
	man/coldseal-explain.1 \
	man/coldseal-firmware.1 \
	man/coldseal-inspect.1 \
	man/coldseal-predict.1 \
	man/coldseal-prepare.1 \
	man/coldseal-recovery.1 \
	man/coldseal-rekey.1 \
	man/coldseal-reseal.1 \
	man/coldseal-seal.1 \
	man/coldseal-target.1 \
	man/coldseal-unseal.1 \
	man/coldseal-verify.1 \
	man/coldseal-firmware.5 \
	man/coldseal-pcr-values.5 \
	man/coldseal-target.5 \
	man/coldseal-setup.8 \
	man/coldseal-unlock.8
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = completions/coldseal
EXTRA_DIST += HACKING.md SECURITY.md
