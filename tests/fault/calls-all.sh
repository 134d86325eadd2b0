#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# full
# limit: 14400
# fault/calls at every call of the program, and at a thousand of each other kind.
POINTS=1000 exec "$SRC/tests/fault/calls.sh"
