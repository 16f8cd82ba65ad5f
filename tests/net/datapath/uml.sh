#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs tests in User-Mode Linux, a kernel that has VLANs where the running one may not, and a card
# that is stubborn.
# Usage: uml.sh TEST...   Passes when each of them does, with nothing left out; 77 where there is no
# such kernel.
set -u
if [ -z "${PARITY_GUEST-}" ]; then
    [ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
    exec "$(dirname "$0")/../../guest/run" --timeout 150 --card --modules "macvlan tun" "$0" "$@"
fi
export NMB_STUBBORN_CARD=eth0
for test in "$@"; do
    "$test" >/run/out/log 2>&1
    status=$?
    cat /run/out/log
    [ "$status" = 0 ] || { echo "did not pass in UML: $test"; exit 1; }
    ! grep -q SKIPPED /run/out/log || { echo "something was left out in UML, too"; exit 1; }
done
