#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# full
# limit: 2400
# fault/rekey-in-place at every change, and with 200 power cuts.
EVERY=1 CUTS=200 exec "$SRC/tests/fault/rekey-in-place.sh"
