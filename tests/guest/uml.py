# SPDX-License-Identifier: GPL-2.0-or-later
"""User-Mode Linux, 6.1: boots in three seconds; one CPU, BPF without JIT and without BTF."""
import os
import shutil
import signal
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = "linux.uml"
MODULES = "/usr/lib/uml/modules"
# what process 1 of the guest mounts, before and after /run
BEFORE = ""
OUT = "mount -t hostfs hostfs /run/out -o {out}"
END = "poweroff -f"
# CPUs with them: registers.c says why.
MORE_REGISTERS = {"amx_tile", "apx"}


def missing(_kernel):
    """Why there can be no guest, or None."""
    if not shutil.which(KERNEL):
        return f"{KERNEL} is not there (package user-mode-linux); scripts/install-deps installs it"
    if not os.path.isdir(MODULES) or not os.listdir(MODULES):
        return (f"the guest's modules are not there ({MODULES}, package user-mode-linux); "
                "scripts/install-deps installs it")
    return None


def modules(_kernel):
    return MODULES


def urgent():
    """Where times matter: before whatever else runs on this machine, if that is allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass


def has_more_registers():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        return any(line.startswith("flags") and MORE_REGISTERS & set(line.split())
                   for line in file)


def environment(scratch):
    made = dict(os.environ, HOME=scratch, TMPDIR=scratch)
    if has_more_registers():
        made["LD_PRELOAD"] = os.path.join(scratch, "registers.so")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", made["LD_PRELOAD"],
                        os.path.join(HERE, "registers.c")], check=True)
    return made


# The guest's card sends to a multicast group of a namespace that nobody else is in.
CARD_IN = ["unshare", "--net", "sh", "-c", "ip link set lo up multicast on && "
           "ip route add 239.0.0.0/8 dev lo && exec \"$@\"", "sh"]


def boot(args, init, _out, scratch):
    """(whether it came to its end by itself, what its console said)"""
    kernel = subprocess.Popen(
        [*(CARD_IN if args.card else []), KERNEL, *(["eth0=mcast"] if args.card else []),
         f"mem={args.memory}M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
         f"init={init}", f"uml_dir={scratch}/", "umid=guest", "con=null", "con0=null,fd:1",
         "quiet"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=environment(scratch), start_new_session=True,
        preexec_fn=urgent if args.urgent else None)
    try:
        said, _ = kernel.communicate(timeout=args.timeout)
        in_time = True
    except subprocess.TimeoutExpired:
        os.killpg(kernel.pid, signal.SIGKILL)
        said, _ = kernel.communicate()
        in_time = False
    return in_time, said.decode("utf-8", "replace")
