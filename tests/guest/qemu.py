# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU with Debian's cloud kernel, 6.1 or 6.12: a stock kernel with BPF JIT and BTF, on any machine.

    machine's /  --virtiofsd (read-only)-->  /lower \
                                              tmpfs  > overlay: the guest's /, all of it writable,
                                                     / nothing of it kept
    DIR          --virtiofsd-------------->  /run/out

No KVM: with --count one instruction of the guest is one nanosecond of its time, and time in which it
has nothing to do is left out, so that what it measures does not depend on the machine.
"""
import gzip
import lzma
import os
import shutil
import socket
import subprocess
import time

QEMU = "qemu-system-x86_64"
VIRTIOFSD = ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")
GUEST_KERNEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts",
                            "guest-kernel")
SBIN = ":/usr/sbin:/sbin"
BEFORE = "mount -t devtmpfs dev /dev\nmkdir -p /dev/shm /dev/pts\nmount -t devpts devpts /dev/pts"
OUT = "mount -t virtiofs out /run/out"
END = "echo o >/proc/sysrq-trigger; sleep 60"
NEEDED_TO_BOOT = ("virtio_pci", "virtiofs", "overlay")

INITRAMFS_INIT = """#!/bin/busybox sh
b=/bin/busybox
for module in {modules}; do $b insmod /modules/$module; done
$b mount -t virtiofs -o ro root /lower
$b mount -t tmpfs tmpfs /upper
$b mkdir /upper/files /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root
exec $b switch_root /root /bin/sh {init}
"""


def virtiofsd():
    return next((path for path in VIRTIOFSD if os.path.exists(path)), None)


def missing(kernel):
    """Why there can be no guest, or None."""
    for there, what, package in ((shutil.which(QEMU), QEMU, "qemu-system-x86"),
                                 (virtiofsd(), "virtiofsd", "qemu-system-common"),
                                 (shutil.which("busybox"), "busybox", "busybox-static")):
        if not there:
            return f"{what} is not there (package {package}); scripts/install-deps installs it"
    if os.geteuid() != 0:
        return "needs root"
    done = subprocess.run([GUEST_KERNEL, kernel], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    return done.stderr.strip() if done.returncode else None


def fetched(kernel):
    return subprocess.run([GUEST_KERNEL, kernel], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


def modules(kernel):
    return os.path.join(fetched(kernel), "lib", "modules")


def cpio(entries):
    """A "newc" archive of {path: (mode, contents)}."""
    parts = []
    for inode, (path, (mode, data)) in enumerate([*entries.items(), ("TRAILER!!!", (0, b""))], 1):
        name = path.encode() + b"\0"
        fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        for part in (b"070701" + b"".join(b"%08X" % field for field in fields) + name, data):
            parts.append(part + b"\0" * (-len(part) % 4))
    return b"".join(parts)


def initramfs(kernel, init, path):
    directory = fetched(kernel)
    version, = os.listdir(os.path.join(directory, "lib", "modules"))
    entries = {name: (0o40755, b"") for name in
               ("bin", "dev", "proc", "root", "lower", "upper", "modules")}
    with open(shutil.which("busybox"), "rb") as file:
        entries["bin/busybox"] = (0o100755, file.read())
    names = []
    for wanted in NEEDED_TO_BOOT:
        said = subprocess.run(["modprobe", "-d", directory, "-S", version, "--show-depends", wanted],
                              stdout=subprocess.PIPE, text=True, check=True,
                              env=dict(os.environ, PATH=os.environ["PATH"] + SBIN)).stdout
        for file in [line.split()[1] for line in said.splitlines() if line.startswith("insmod")]:
            name = os.path.basename(file).removesuffix(".xz")
            if name not in names:
                names.append(name)
                with (lzma.open if file.endswith(".xz") else open)(file, "rb") as module:
                    entries["modules/" + name] = (0o100644, module.read())
    text = INITRAMFS_INIT.format(modules=" ".join(names), init=init)
    entries["init"] = (0o100755, text.encode())
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(cpio(entries))


def share(directory, path, writable):
    """A virtiofsd that waits at the socket `path`. In a mount namespace of its own, in which this
    machine's root is read-only unless it is to be written."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        return subprocess.Popen(
            ["unshare", "-m", "sh", "-c",
             "mount --make-rprivate / && " +
             ("" if writable else "mount -o remount,bind,ro / && ") + 'exec "$@"', "sh",
             virtiofsd(), f"--fd={listener.fileno()}", "-o", f"source={directory}", "-o",
             "sandbox=chroot", "-o", "cache=" + ("none" if writable else "always"), "-o",
             "log_level=err"],
            pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)


def boot(args, init, out, scratch):
    """(whether it came to its end by itself, what its console said)"""
    initrd = os.path.join(scratch, "initramfs")
    initramfs(args.kernel, init, initrd)
    command = [QEMU, "-accel", "tcg,thread=single", "-cpu", "max,erms=off,fsrm=off", "-nodefaults",
               "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot", "-m",
               str(args.memory), "-object",
               f"memory-backend-memfd,id=memory,size={args.memory}M,share=on", "-numa",
               "node,memdev=memory", "-kernel", os.path.join(fetched(args.kernel), "vmlinuz"),
               "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1"]
    if args.count:
        command += ["-icount", "shift=0,align=off,sleep=off"]
    if args.plugin:
        command += ["-plugin", args.plugin]
    servers = []
    try:
        for tag, directory, writable in (("root", "/", False), ("out", out, True)):
            path = os.path.join(scratch, tag + ".socket")
            servers.append(share(directory, path, writable))
            command += ["-chardev", f"socket,id={tag},path={path}", "-device",
                        f"vhost-user-fs-pci,chardev={tag},tag={tag}"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as kernel:
            try:
                said, _ = kernel.communicate(timeout=args.timeout)
                return True, said.decode("utf-8", "replace")
            except subprocess.TimeoutExpired:
                kernel.kill()
                said, _ = kernel.communicate()
                return False, said.decode("utf-8", "replace")
    finally:
        deadline = time.monotonic() + 5  # it ends when its guest has gone
        for server in servers:
            try:
                server.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
