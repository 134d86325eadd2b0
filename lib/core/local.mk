libcoldseal_a_SOURCES += \
	lib/include/coldseal.h \
	lib/core/base64.c lib/core/base64.h \
	lib/core/bytes.c lib/core/bytes.h \
	lib/core/checked.h \
	lib/core/digest.c lib/core/digest.h \
	lib/core/error.c lib/core/error.h \
	lib/core/guid.c lib/core/guid.h \
	lib/core/hex.c lib/core/hex.h \
	lib/core/json.c lib/core/json.h \
	lib/core/json_duplicates.c lib/core/json_duplicates.h \
	lib/core/outfile.c lib/core/outfile.h \
	lib/core/own.h \
	lib/core/reader.c lib/core/reader.h \
	lib/core/secret.c lib/core/secret.h \
	lib/core/writer.c lib/core/writer.h
