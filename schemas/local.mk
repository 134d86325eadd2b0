# JSON Schemas of what coldseal prints and reads
schemasdir = $(pkgdatadir)/schemas
dist_schemas_DATA = \
	schemas/delta.json \
	schemas/firmware.json \
	schemas/pcr-values.json \
	schemas/report.json \
	schemas/statement.json \
	schemas/target.json
