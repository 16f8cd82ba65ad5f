# SPDX-License-Identifier: GPL-2.0-or-later
"""What runs on host a (D-Bus, bondd, NetworkManager) and on host b (DHCP, router advertisements).

NetworkManager gets the capabilities that its systemd unit leaves it, and no more. bondd is started
by D-Bus activation, as on an installed system; its output is in bondd.log.
"""
import glob
import os
import shlex
import shutil
import signal

from .namespace import LabError, wait_for

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BONDD = "org.freedesktop.NetworkManager.bond"
BONDD_PATH = "/org/freedesktop/NetworkManager/bond"
# In a guest without a JIT and without types, loading the programs alone may take that long.
CALL_SECONDS = float(os.environ.get("NMB_CALL_SECONDS", "10"))
NM = "org.freedesktop.NetworkManager"
NM_PATH = "/org/freedesktop/NetworkManager"

BUS_CONFIG = """<busconfig>
  <type>system</type>
  <listen>unix:path={work}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{work}/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
  <limit name="max_match_rules_per_connection">100000</limit>
  <limit name="max_replies_per_connection">100000</limit>
</busconfig>
"""

# Whatever a lab is for can be tried with bonds that receive by way of a hidden namespace.
HIDDEN = os.environ.get("NMB_HIDDEN") == "1"

# What systemd does on an installed system (data/bondd.service.in): started when D-Bus asks, again
# 100 ms after its death, unless it says 3: nothing to do. A second start waits for the first's
# name: dbus-daemon takes the end with status 0 as "gone to the background".
BONDD_RUN = """#!/bin/sh
exec >>{work}/bondd.log 2>&1 9>{work}/bondd.lock
flock -n 9 || exit 0
while :; do
    {bondd} "$@" 9>&-
    [ $? != 3 ] || exit 3
    sleep 0.1
done
"""

NM_CONFIG = """[main]
plugins=keyfile
auth-polkit=false
dhcp=internal
dns=none
rc-manager=unmanaged
no-auto-default=*
hostname-mode=none
[logging]
level={level}
"""

# CapabilityBoundingSet of NetworkManager.service in Debian 12
NM_CAPABILITIES = ("net_admin", "dac_override", "net_raw", "net_bind_service", "setgid", "setuid",
                   "sys_module", "audit_write", "kill", "sys_chroot")


class Services:
    """Mixed into Lab."""

    def path(self, name):
        return os.path.join(self.work, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    # ---- start

    def start_services(self):
        self._private_directories()
        if self.with_bus:
            self._start_bus()
        if self.with_nm:
            self._nm_directories()
            self.start_nm()

    def _private_directories(self):
        self.a.env["PATH"] = ":".join([os.path.join(self.build, "cli"),
                                       os.path.join(self.build, "daemon"), self.a.env["PATH"]])
        self.a.env["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={self.work}/bus"
        self.a.shell(f"mount -t bpf bpf /sys/fs/bpf; mount -o remount,ro,bind /sys; "
                     f"mount -t tmpfs -o mode=755 tmpfs /run; "
                     f"mkdir -p /run/bonding /run/bondd /run/dbus /run/NetworkManager /run/lock; "
                     f"ln -s {self.work}/bus /run/dbus/system_bus_socket")

    def bondd_ends(self, *args, wrapper=(), hidden=HIDDEN):
        """How D-Bus starts bondd: without the loop that starts it again when it ends. hidden: as with
        bondd-hidden.socket."""
        *lender, bondd = self.bondd_command(hidden)
        argv = [*lender, *wrapper, bondd, *args]
        self.write("bondd-run", f"#!/bin/sh\nexec >>{self.work}/bondd.log 2>&1\n"
                   f"exec {shlex.join(argv)}\n", 0o755)

    def bondd_command(self, hidden=HIDDEN):
        bondd = os.path.join(self.build, "daemon", "bondd")
        if not hidden:
            return [bondd]
        self.a.shell("mkdir -p /run/netns; [ -e /run/netns/hidden ] || ip netns add hidden")
        return [os.path.join(os.path.dirname(os.path.abspath(__file__)), "lend"), "hidden", bondd]

    def _start_bus(self):
        os.makedirs(self.path("services"), exist_ok=True)
        bondd = shlex.join(self.bondd_command())
        run = self.write("bondd-run", BONDD_RUN.format(work=self.work, bondd=bondd), 0o755)
        self.write(f"services/{BONDD}.service",
                   f"[D-BUS Service]\nName={BONDD}\nExec={run}\nUser=root\n")
        config = self.write("bus.conf", BUS_CONFIG.format(work=self.work))
        self.dbus = self.a.start("dbus-daemon", "--nofork", "--nopidfile",
                                 f"--config-file={config}", log=self.path("dbus.log"))
        # the socket is there a moment before anybody listens on it
        wait_for(self._bus_answers, 10, lambda: "D-Bus to answer\n" + self.tail("dbus.log"))

    def _bus_answers(self):
        from gi.repository import GLib
        try:
            return bool(self.bus())
        except GLib.Error:
            return False

    def _nm_directories(self):
        """Private directories; NetworkManager's plugin directory with our plugins added."""
        stock = (glob.glob("/usr/lib/*/NetworkManager/[0-9]*/") or [None])[0]
        if stock is None:
            raise LabError("NetworkManager is not installed (scripts/install-deps)")
        ours = glob.glob(os.path.join(self.build, "plugin", "libnm-*-plugin-*.so"))
        plugins = self.path("plugins")
        os.makedirs(plugins)
        self.a.shell(
            f"cp {stock}*.so {' '.join(map(shlex.quote, ours))} {plugins}; "
            f"chmod 644 {plugins}/*; mount --bind {plugins} {stock}; "
            "for d in /etc/NetworkManager /var/lib/NetworkManager; do "
            "mkdir -p $d; mount -t tmpfs -o mode=755 tmpfs $d; done; "
            "mkdir -p -m 700 /etc/NetworkManager/system-connections /etc/NetworkManager/conf.d")
        level = os.environ.get("NMB_NM_LOG", "INFO")
        self.a.run("tee", "/etc/NetworkManager/NetworkManager.conf",
                   input=NM_CONFIG.format(level=level))
        plugin = shlex.quote(os.path.join(SOURCE, 'plugin'))
        self.a.shell(f"cp {plugin}/*.conf /etc/NetworkManager/conf.d")

    def private_etc(self):
        """Host a gets an /etc that a test may write to."""
        self.a.shell("mkdir /run/etc; cp -a /etc/. /run/etc; mount --bind /run/etc /etc")

    def start_nm(self, wait=True):
        bounds = ",".join(["-all"] + ["+" + c for c in NM_CAPABILITIES])
        env = {"G_DEBUG": "fatal-criticals"}  # a wrong call from the plugin is found at once
        if self.physical:
            env["LD_PRELOAD"] = self.path("libphysical.so")  # a path without spaces
            shutil.copy(self.tool("libphysical.so"), env["LD_PRELOAD"])
        self.nm = self.a.start("setpriv", "--bounding-set", bounds, "NetworkManager", "--debug",
                               log=self.path("nm.log"), env=env)
        if wait:
            self.wait_nm()

    def wait_nm(self, timeout=15):
        """Until NetworkManager answers and says that its start-up is complete."""
        def ready():
            if not self.nm.alive:
                raise LabError("NetworkManager has ended\n" + self.diagnosis())
            startup = self.get_property(NM, NM_PATH, NM, "Startup")
            return startup is False
        wait_for(ready, timeout, lambda: "NetworkManager to be up\n" + self.diagnosis())

    def stop_nm(self, signo=signal.SIGTERM):
        self.nm.stop(signo, timeout=20)

    def restart_nm(self, signo=signal.SIGTERM, wait=True):
        self.stop_nm(signo)
        self.start_nm(wait)

    # ---- D-Bus from the test

    def bus(self):
        """Our own connection to the lab's bus. (NetworkManager lets only processes inside the host
        change things: use nmcli.)"""
        import gi
        gi.require_version("Gio", "2.0")
        from gi.repository import Gio
        if getattr(self, "_bus", None) is None or self._bus.is_closed():
            flags = Gio.DBusConnectionFlags
            self._bus = Gio.DBusConnection.new_for_address_sync(
                f"unix:path={self.work}/bus",
                flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)
        return self._bus

    def call(self, name, path, interface, method, signature="()", *args, timeout=CALL_SECONDS, start=True):
        """Raises GLib.Error as D-Bus gave it."""
        from gi.repository import Gio, GLib
        bus = self.bus()
        flags = Gio.DBusCallFlags.NONE if start else Gio.DBusCallFlags.NO_AUTO_START
        reply = bus.call_sync(name, path, interface, method, GLib.Variant(signature, args), None,
                              flags, int(timeout * 1000), None)
        return reply.unpack()

    def get_property(self, name, path, interface, prop):
        """The value, or None where nobody has it. Starts nothing."""
        from gi.repository import GLib
        try:
            return self.call(name, path, "org.freedesktop.DBus.Properties", "Get", "(ss)",
                             interface, prop, start=False)[0]
        except GLib.Error:
            return None

    def get_all(self, name, path, interface):
        return self.call(name, path, "org.freedesktop.DBus.Properties", "GetAll", "(s)",
                         interface)[0]

    def owner_pid(self, name):
        """The PID, as host a sees it, of who owns a bus name; None: nobody."""
        from gi.repository import GLib
        try:
            # asked from inside: outside PIDs and inside PIDs differ
            text = self.a.run("dbus-send", "--system", "--print-reply",
                              "--dest=org.freedesktop.DBus", "/",
                              "org.freedesktop.DBus.GetConnectionUnixProcessID",
                              f"string:{name}", timeout=5)
        except (LabError, GLib.Error):
            return None
        return int(text.split()[-1])

    # ---- bondd

    def bondd_call(self, method, signature="()", *args, **kw):
        return self.call(BONDD, BONDD_PATH, BONDD + ".Manager", method, signature, *args, **kw)

    def bond_path(self, name):
        return self.bondd_call("GetBond", "(s)", name)[0]

    def bond_call(self, name, method, signature="()", *args, **kw):
        return self.call(BONDD, self.bond_path(name), BONDD + ".Bond", method, signature, *args,
                         **kw)

    def bond(self, name):
        """All properties of a bond, and under "ports" those of its ports by name."""
        bond = self.get_all(BONDD, self.bond_path(name), BONDD + ".Bond")
        ports = [self.get_all(BONDD, path, BONDD + ".Port") for path in bond["Ports"]]
        return dict(bond, ports={port["Name"]: port for port in ports})

    def start_bondd(self):
        """By activation; returns its PID inside host a."""
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                  "StartServiceByName", "(su)", BONDD, 0)
        return self.owner_pid(BONDD)

    def kill_bondd(self, signo=signal.SIGKILL):
        pid = self.owner_pid(BONDD)
        if pid is None:
            raise LabError("bondd does not run\n" + self.diagnosis())
        self.a.run("kill", f"-{int(signo)}", str(pid))
        return pid

    # ---- commands of users

    def nmcli(self, *argv, timeout=30, check=True):
        """nmcli's standard output; raises with its output and the logs."""
        result = self.a.result("nmcli", *argv, timeout=timeout)
        if check and result.returncode:
            raise LabError(self.a.failure(("nmcli", *argv), result) + "\n" + self.diagnosis())
        return result.stdout

    def nmcli_error(self, *argv, timeout=30):
        """What nmcli says when it refuses; raises where it does not."""
        result = self.a.result("nmcli", *argv, timeout=timeout)
        if result.returncode == 0:
            raise LabError(f"nmcli {shlex.join(map(str, argv))} was not refused: {result.stdout}")
        return result.stderr.strip() or result.stdout.strip()

    def bondcli(self, *argv, timeout=10, check=True):
        result = self.a.result("bondcli", *argv, timeout=timeout)
        if check and result.returncode:
            raise LabError(self.a.failure(("bondcli", *argv), result) + "\n" + self.diagnosis())
        return result.stdout

    def device(self, ifname):
        """(type, state, connection) as `nmcli device` shows it, or None."""
        for line in self.nmcli("-t", "-f", "DEVICE,TYPE,STATE,CONNECTION", "device").splitlines():
            words = line.split(":")
            if words[0] == ifname:
                return tuple(words[1:4])
        return None

    def nmcli_get(self, field, *argv):
        return self.nmcli("-g", field, *argv).strip()

    def proc_text(self, bond):
        """/run/bonding/BOND."""
        return self.a.run("cat", f"/run/bonding/{bond}")

    # ---- host b

    def start_dhcp(self, first="10.0.1.100", last="10.0.1.200", lease="2m", host=None):
        host = host or self.b
        return host.start("dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--port=0",
                          "--interface=eth0", "--bind-interfaces", "--no-ping",
                          f"--dhcp-range={first},{last},{lease}", "--log-dhcp",
                          f"--dhcp-leasefile={self.path('leases')}", "--pid-file=",
                          "--user=root", log=self.path("dnsmasq.log"))

    def start_radvd(self, prefix="fd00:1::/64", host=None):
        host = host or self.b
        config = self.write("radvd.conf", f"""interface eth0 {{
  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4;
  prefix {prefix} {{ AdvOnLink on; AdvAutonomous on; }};
}};
""")
        host.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
        return host.start("radvd", "-n", "-m", "stderr", "-C", config, "-p", self.path("radvd.pid"),
                          log=self.path("radvd.log"))

    # ---- when something fails

    def tail(self, name, lines=60):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                text = file.readlines()[-lines:]
        except FileNotFoundError:
            return f"---- {name}: not there\n"
        return f"---- {name}, log tail:\n" + "".join(text)

    def diagnosis(self):
        """What a person needs to see: links, addresses, status texts, logs."""
        out = ["---- host a:\n" + self.a.result("ip", "-br", "link").stdout
               + self.a.result("ip", "-br", "address").stdout]
        out.append(self.a.result("sh", "-c", "tail -n +1 /run/bonding/* 2>/dev/null").stdout)
        if self.with_nm:
            out.append(self.a.result("nmcli", "device", timeout=5).stdout)
            out.append(self.tail("nm.log"))
        out.append(self.tail("bondd.log", 40))
        return "\n".join(out)
