/* SPDX-License-Identifier: Apache-2.0 */
/* A unified kernel image of a recorded boot: digests of what is measured of it. */
#ifndef TESTS_TOOLS_RECORDED_UKI_H
#define TESTS_TOOLS_RECORDED_UKI_H

#include "core/json.h"
#include "measure/uki_facts.h"

json_object *recorded_uki_to_json(const struct uki_facts *facts, struct error *err);
struct uki_facts *recorded_uki_read(json_object *json, struct error *err);

#endif
