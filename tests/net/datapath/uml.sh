#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs tests in User-Mode Linux, a kernel that has VLANs where the running one may not.
# Usage: uml.sh TEST...   Passes when each of them does, with nothing left out; 77 where there is no
# such kernel.
set -u
if [ -n "${NMB_IN_UML-}" ]; then
    # Process 1 of the guest. The host's files are its root, read-only.
    PATH=/usr/sbin:/usr/bin:/sbin:/bin
    mount -t proc proc /proc
    mount -t sysfs sys /sys
    mount -t tmpfs run /run
    mkdir -p /run/kernel/lib
    ln -s /usr/lib/uml/modules /run/kernel/lib/modules
    for module in ipv6 veth bridge 8021q macvlan tun; do
        modprobe -d /run/kernel "$module" || echo "no module $module"
    done
    for test in $(echo "$NMB_IN_UML" | tr : ' '); do
        "$test" && echo "uml-passed $test"
    done
    poweroff -f
fi
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
command -v linux.uml >/dev/null || { echo "skipped: no linux.uml (package user-mode-linux)"; exit 77; }
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
log=$work/log
# A kernel's command line knows no spaces: everything goes by links in a directory without any.
ln -s "$(readlink -f "$0")" "$work/init"
tests=
for test in "$@"; do
    link=$work/$(basename "$test")
    ln -s "$(readlink -f "$test")" "$link"
    tests=$tests$link:
done
# Its network card talks to a namespace that nobody else is in.
lo_up='ip link set lo up multicast on && ip route add 239.0.0.0/8 dev lo && exec "$@"'
timeout -k 5 150 unshare -n sh -c "$lo_up" sh \
    linux.uml mem=256M root=/dev/root rootfstype=hostfs rootflags=/ ro init="$work/init" \
    con=null con0=fd:0,fd:1 quiet eth0=mcast NMB_STUBBORN_CARD=eth0 "NMB_IN_UML=$tests" \
    </dev/null >"$log" 2>&1
cat "$log"
! grep -q SKIPPED "$log" || { echo "something was left out in UML, too"; exit 1; }
for test in "$@"; do
    grep -q "^uml-passed $work/$(basename "$test")" "$log" || { echo "did not pass in UML: $test"; exit 1; }
done
