# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The JSON Schemas, by an independent validator; source it after common.sh.

# schema_check NAME FILE…: each file is a document that schemas/NAME.json allows, and none any more once
# it has one more member anywhere, or a value of another kind.
schema_check()
{
    python3 -W ignore - "$SRC/schemas" "$@" <<'END' || fail "schema $1"
import glob, json, sys
import jsonschema

folder, name, files = sys.argv[1], sys.argv[2], sys.argv[3:]
store = {}
for path in glob.glob(folder + "/*.json"):
    store["file://" + path] = json.load(open(path))
    jsonschema.Draft202012Validator.check_schema(store["file://" + path])
base = "file://%s/%s.json" % (folder, name)

def validator_of(schema):
    resolver = jsonschema.RefResolver(base, store[base], store=store)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)

# The changes at each object and value; of a long list the first items tell as much as all.
def changes(holder, key):
    value = holder[key]
    if isinstance(value, dict):
        yield dict(value, **{"no such member": []}), "one more member"
        yield ["no such value"], "a list"
    else:
        yield {"no such member": 1}, "an object"

def holders(value):
    keys = value if isinstance(value, dict) else range(min(len(value), 2)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from holders(value[key])

bad = 0
for file in files:
    document = json.load(open(file))
    validator = validator_of(store[base])
    for error in validator.iter_errors(document):
        bad += 1
        inner = sorted(error.context, key=lambda e: len(e.absolute_path), reverse=True)[:3]
        for e in inner or [error]:
            print("%s: %s: %s" % (file, list(e.absolute_path), e.message[:300]), file=sys.stderr)
    if bad or name == "pcr-values":  # which is also a part of larger documents, on purpose
        continue
    forms = [form for form in map(validator_of, store[base].get("oneOf", ())) if form.is_valid(document)]
    root = {"document": document}
    for holder, key in list(holders(root)):
        old = holder[key]
        for changed, what in changes(holder, key):
            holder[key] = changed
            if any(form.is_valid(root["document"]) for form in forms or [validator]):
                bad += 1
                print("%s: %s in the place of %s is allowed" % (file, what, key), file=sys.stderr)
        holder[key] = old
sys.exit(bad != 0)
END
}
