/* SPDX-License-Identifier: Apache-2.0 */
#include "../../cmd/unlock/cmdline.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmdline cmdline;
    struct error err = {0};

    cmdline_parse((const char *)data, size, &cmdline, &err);
    return 0;
}
