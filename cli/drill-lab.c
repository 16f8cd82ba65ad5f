/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drill-lab.c - the hosts of the lab, and what runs on them.
 *
 *   host a: NetworkManager, bondd, D-Bus      switch                  host b: the responder
 *     bond0 10.0.1.243 = eth0 ───────────────── sw0 ┐
 *                        eth1 ───────────────── sw1 ┴ br0 ─ swb ───── eth0 10.0.1.1
 *
 * br0 is a learning bridge without a group, as in the how-to; for 802.3ad the switch has a bondd of
 * its own that groups sw0 and sw1 (drill-lab-bond.c). All are namespaces below one PID namespace
 * whose first process dies with the drill: nothing outside is touched, nothing is left behind.
 */
#include "drill-lab.h"
#include "drill-fault.h"

#include "config-cli.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB_DIR "/run/lab"
#define BUILD_DIR "NM_BOND_BUILDDIR" /* in the environment: of a copy that is not installed */
#define WAIT_MS 10000
#define RESTART_MS 100 /* as bondd.service */

/* Run in host a, with SWITCH and B as process numbers. */
static const char wiring[] =
    "on_switch=\"nsenter -t $SWITCH -n --\"; on_b=\"nsenter -t $B -n --\"\n"
    "ip link set lo up\n"
    "$on_switch sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1\n"
    "$on_switch ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n"
    "$on_switch ip link set br0 up\n"
    "for n in 0 1; do\n"
    "    ip link add eth$n type veth peer name sw$n netns $SWITCH\n"
    "    ip link set eth$n up\n"
    "    $on_switch ip link set sw$n master br0 up\n"
    "done\n"
    "$on_b ip link add eth0 type veth peer name swb netns $SWITCH\n"
    "$on_switch ip link set swb master br0 up\n"
    "$on_b ip link set lo up\n"
    "$on_b ip link set eth0 up\n"
    "$on_b ip addr add " LAB_TARGET "/24 dev eth0\n";

static const char bus_config[] =
    "<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>"
    "<policy context='default'><allow user='*'/><allow own='*'/>"
    "<allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/></policy>"
    "</busconfig>\n";

static const char nm_config[] =
    "[main]\nplugins=keyfile\nauth-polkit=false\ndhcp=internal\ndns=none\n"
    "rc-manager=unmanaged\nno-auto-default=*\nhostname-mode=none\n";

struct service {
    const char *name; /* of its log */
    char **argv;
    pid_t pid;
};

static GArray *services; /* of the first process */
static volatile sig_atomic_t worker;

static G_NORETURN void
give_up(const char *what)
{
    cli_error(_("The lab could not be made: %s: %s"), what, g_strerror(errno));
    _exit(CLI_EXIT_FAILED);
}

/* ---- directories of its own ---- */

static void
mount_or_give_up(const char *type, const char *where, unsigned long flags, const char *data)
{
    if (mount(type, where, type, flags, data) != 0)
        give_up(where);
}

static void
write_file(const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, text, -1, &error)) {
        cli_error(_("The lab could not be made: %s: %s"), path, error->message);
        _exit(CLI_EXIT_FAILED);
    }
}

static void
private_bpf(void)
{
    mount_or_give_up("sysfs", "/sys", 0, NULL);
    mount_or_give_up("bpf", "/sys/fs/bpf", 0, NULL);
    /* read-only: NetworkManager then does not wait for udev */
    if (mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0)
        give_up("/sys");
}

static void
private_directories(void)
{
    static const char *const made[] = {
        LAB_DIR,
        "/run/bondd",
        "/run/bonding",
        "/run/dbus",
        "/run/lock",
        "/run/NetworkManager",
        "/etc/NetworkManager/conf.d",
        "/etc/NetworkManager/system-connections",
    };

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        give_up("/");
    mount_or_give_up("proc", "/proc", 0, NULL);
    private_bpf();
    mount_or_give_up("tmpfs", "/run", 0, "mode=755");
    mount_or_give_up("tmpfs", "/etc/NetworkManager", 0, "mode=755");
    mount_or_give_up("tmpfs", "/var/lib/NetworkManager", 0, "mode=755");
    for (gsize i = 0; i < G_N_ELEMENTS(made); i++) {
        if (g_mkdir_with_parents(made[i], i + 1 < G_N_ELEMENTS(made) ? 0755 : 0700) != 0)
            give_up(made[i]);
    }
    write_file("/etc/NetworkManager/NetworkManager.conf", nm_config);
}

/* For a copy that is not installed: our plugins beside NetworkManager's own. */
static void
add_plugins(const char *build)
{
    static const char script[] =
        "d=$(echo /usr/lib/*/NetworkManager/[0-9]*); mkdir " LAB_DIR "/plugins\n"
        "cp $d/*.so \"$BUILD\"/plugin/libnm-*-plugin-*.so " LAB_DIR "/plugins\n"
        "chmod 644 " LAB_DIR "/plugins/*; mount --bind " LAB_DIR "/plugins $d\n";
    const char *const argv[] = {"sh", "-ec", script, NULL};
    g_autoptr(GError) error = NULL;

    g_setenv("BUILD", build, TRUE);
    if (!command_run(argv, NULL, &error)) {
        cli_error("%s", error->message);
        _exit(CLI_EXIT_FAILED);
    }
}

/* ---- hosts ---- */

/* A process that does nothing but have namespaces. */
static pid_t
make_host(int namespaces)
{
    int ready[2];
    pid_t pid;
    char c;

    if (pipe2(ready, O_CLOEXEC) != 0)
        give_up("pipe");
    pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        setsid();
        if (unshare(namespaces) != 0)
            give_up("unshare");
        if (namespaces & CLONE_NEWNS) {
            private_bpf();
            mount_or_give_up("tmpfs", "/run/bondd", 0, "mode=755");
            mount_or_give_up("tmpfs", "/run/bonding", 0, "mode=755");
        }
        if (write(ready[1], "", 1) != 1)
            give_up("pipe");
        for (;;)
            pause();
    }
    close(ready[1]);
    if (read(ready[0], &c, 1) != 1)
        _exit(CLI_EXIT_FAILED); /* it has said why */
    close(ready[0]);
    return pid;
}

static void
wire(pid_t the_switch, pid_t b)
{
    const char *const argv[] = {"sh", "-ec", wiring, NULL};
    g_autofree char *switch_text = g_strdup_printf("%i", (int) the_switch);
    g_autofree char *b_text = g_strdup_printf("%i", (int) b);
    g_autoptr(GError) error = NULL;

    g_setenv("SWITCH", switch_text, TRUE);
    g_setenv("B", b_text, TRUE);
    if (!command_run(argv, NULL, &error)) {
        cli_error("%s", error->message);
        _exit(CLI_EXIT_FAILED);
    }
}

/* ---- services ---- */

static void
start_service(struct service *service)
{
    g_autofree char *log = g_strdup_printf(LAB_DIR "/%s.log", service->name);

    service->pid = fork();
    if (service->pid < 0)
        give_up("fork");
    if (service->pid == 0) {
        int fd = open(log, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0644);
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        setsid();
        dup2(null, STDIN_FILENO);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        execvp(service->argv[0], service->argv);
        perror(service->argv[0]);
        _exit(127);
    }
}

/* host: 0 for host a, else a process of it */
static void
add_service(const char *name, pid_t host, const char *const *argv)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    struct service service = {.name = name};

    if (host != 0) {
        g_ptr_array_add(all, g_strdup("nsenter"));
        g_ptr_array_add(all, g_strdup("-t"));
        g_ptr_array_add(all, g_strdup_printf("%i", (int) host));
        g_ptr_array_add(all, g_strdup("-n"));
        g_ptr_array_add(all, g_strdup("-m"));
        g_ptr_array_add(all, g_strdup("--"));
    }
    for (gsize i = 0; argv[i] != NULL; i++)
        g_ptr_array_add(all, g_strdup(argv[i]));
    g_ptr_array_add(all, NULL);
    service.argv = (char **) g_ptr_array_free(g_steal_pointer(&all), FALSE);
    start_service(&service);
    g_array_append_val(services, service);
}

/* The last line that a service has said explains more than any error of ours. */
static G_NORETURN void
give_up_on(const char *name)
{
    g_autofree char *path = g_strdup_printf(LAB_DIR "/%s.log", name);
    g_autofree char *log = NULL;
    const char *line;

    if (g_file_get_contents(path, &log, NULL, NULL))
        g_strchomp(log);
    line = log != NULL ? strrchr(log, '\n') : NULL;
    cli_error(_("The lab could not be made: %s: %s"), name, line != NULL ? line + 1 : log);
    _exit(CLI_EXIT_FAILED);
}

static void
add_bus(const char *name, pid_t host)
{
    g_autofree char *socket = g_strdup_printf(LAB_DIR "/%s", name);
    g_autofree char *config = g_strdup_printf("%s.conf", socket);
    g_autofree char *text = g_strdup_printf(bus_config, socket);
    g_autofree char *argument = g_strdup_printf("--config-file=%s", config);
    const char *const argv[] = {"dbus-daemon", "--nofork", "--nopidfile", argument, NULL};

    write_file(config, text);
    add_service(name, host, argv);
    for (int waited_ms = 0; !g_file_test(socket, G_FILE_TEST_EXISTS); waited_ms += 10) {
        if (waited_ms > WAIT_MS)
            give_up_on(name);
        g_usleep(10000);
    }
}

static void
add_services(const char *self, const char *build, pid_t the_switch, pid_t b)
{
    g_autofree char *bondd =
        build != NULL ? g_strdup_printf("%s/daemon/bondd", build) : g_strdup(NMB_BONDD);
    const char *const bondd_argv[] = {bondd, "--idle-exit=0", NULL};
    const char *const partner_argv[] = {"env",
                                        "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" LAB_DIR "/switch-bus",
                                        bondd, "--idle-exit=0", NULL};
    const char *const nm_argv[] = {"NetworkManager", "--debug", NULL};
    const char *const respond_argv[] = {self, "drill", "--respond", NULL};

    add_bus("bus", 0);
    add_bus("switch-bus", the_switch);
    add_service("bondd", 0, bondd_argv);
    add_service("switch-bondd", the_switch, partner_argv);
    add_service("NetworkManager", 0, nm_argv);
    add_service("responder", b, respond_argv);
}

/* As systemd does: whoever ends is started again. Returns the worker's exit code. */
static int
supervise(void)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);

        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return CLI_EXIT_FAILED;
        if (pid == worker)
            return WIFEXITED(status) ? WEXITSTATUS(status) : CLI_EXIT_SIGNAL + WTERMSIG(status);
        for (guint i = 0; i < services->len; i++) {
            struct service *service = &g_array_index(services, struct service, i);

            if (service->pid == pid) {
                g_usleep(RESTART_MS * 1000);
                start_service(service);
            }
        }
    }
}

static void
pass_on(int signo)
{
    if (worker > 0)
        kill((pid_t) worker, signo);
}

/* The first process of the lab: host a. */
static int
lab_main(int (*work)(struct lab *lab, gpointer data), gpointer data)
{
    const char *build = g_getenv(BUILD_DIR);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    struct lab lab = {0};
    pid_t b;

    services = g_array_new(FALSE, FALSE, sizeof(struct service));
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) != 0)
        give_up("unshare");
    private_directories();
    if (build != NULL)
        add_plugins(build);
    lab.switch_pid = make_host(CLONE_NEWNET | CLONE_NEWNS);
    b = make_host(CLONE_NEWNET);
    wire(lab.switch_pid, b);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=" LAB_DIR "/bus", TRUE);
    add_services(self, build, lab.switch_pid, b);
    fflush(NULL);
    worker = fork();
    if (worker < 0)
        give_up("fork");
    if (worker == 0) {
        int rc = work(&lab, data);

        fflush(NULL);
        _exit(rc);
    }
    signal(SIGINT, pass_on);
    signal(SIGTERM, pass_on);
    signal(SIGHUP, pass_on);
    return supervise();
}

/* What is not there is said before anything is made. */
static bool
has_all(void)
{
    static const char *const programs[] = {
        "NetworkManager", "nmcli", "nm-online", "dbus-daemon", "ip", "tc", "nsenter", "sysctl"};

    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *found = g_find_program_in_path(programs[i]);

        if (found == NULL) {
            cli_error(_("'--lab' needs %s, which is not installed."), programs[i]);
            return false;
        }
    }
    if (g_getenv(BUILD_DIR) != NULL || g_file_test(NMB_BONDD, G_FILE_TEST_IS_EXECUTABLE))
        return true;
    cli_error(_("'--lab' needs %s, which is not installed."), NMB_BONDD);
    return false;
}

static volatile sig_atomic_t first_process;

static void
pass_to_lab(int signo)
{
    if (first_process > 0)
        kill((pid_t) first_process, signo);
}

int
lab_run(int (*work)(struct lab *lab, gpointer data), gpointer data)
{
    int status = 0;

    if (geteuid() != 0) {
        cli_error(_("'--lab' needs root: it makes network namespaces."));
        return CLI_EXIT_FAILED;
    }
    if (!has_all())
        return CLI_EXIT_FAILED;
    if (unshare(CLONE_NEWPID) != 0)
        give_up("unshare");
    fflush(NULL);
    first_process = fork();
    if (first_process < 0)
        give_up("fork");
    if (first_process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(lab_main(work, data));
    }
    signal(SIGINT, pass_to_lab); /* from a terminal the worker has it already: it is the same */
    signal(SIGTERM, pass_to_lab);
    signal(SIGHUP, pass_to_lab);
    while (waitpid((pid_t) first_process, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : CLI_EXIT_SIGNAL + WTERMSIG(status);
}
