/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor-system.c - what `doctor` finds out about the machine: the kernel's features, leftovers of
 * bonds that are gone, network cards that tell of a cut cable late.
 *
 * Looks only. The one thing that it tries, a filter hook, it tries in a network of its own.
 */
#include "doctor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define BPF_FS_MAGIC_NUMBER 0xcafe4a11
#define BPF_FS "/sys/fs/bpf"
#define PIN_DIR "/sys/fs/bpf/bondd"
#define BTF_FILE "/sys/kernel/btf/vmlinux"

static const char *
error_text(int error)
{
    return g_strerror(error);
}

/* In the child: 0, or an errno. */
static int
add_clsact(void)
{
    struct mnl_socket *socket;
    char buffer[512] = {0};
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct tcmsg *qdisc;
    ssize_t n;

    if (unshare(CLONE_NEWNET) != 0)
        return errno;
    socket = mnl_socket_open(NETLINK_ROUTE);
    if (socket == NULL || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0)
        return errno;
    message->nlmsg_type = RTM_NEWQDISC;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    message->nlmsg_seq = 1;
    qdisc = mnl_nlmsg_put_extra_header(message, sizeof(*qdisc));
    qdisc->tcm_family = AF_UNSPEC;
    qdisc->tcm_ifindex = 1; /* lo */
    qdisc->tcm_parent = TC_H_CLSACT;
    qdisc->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    mnl_attr_put_strz(message, TCA_KIND, "clsact");
    if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
        return errno;
    n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
    if (n <= 0)
        return errno;
    return mnl_cb_run(buffer, (size_t) n, 1, mnl_socket_get_portid(socket), NULL, NULL) < 0 ? errno
                                                                                            : 0;
}

static int
try_clsact(void)
{
    pid_t child = fork();
    int status = 0;

    if (child < 0)
        return errno;
    if (child == 0)
        _exit(add_clsact());
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

void
doctor_check_kernel(struct doctor *doctor)
{
    struct statfs fs;
    int error;

    if (statfs(BPF_FS, &fs) == 0 && (unsigned) fs.f_type == BPF_FS_MAGIC_NUMBER)
        doctor_add(doctor, "bpffs", DOCTOR_OK, g_strdup_printf(_("%s is mounted"), BPF_FS), "");
    else
        doctor_add(doctor, "bpffs", DOCTOR_PROBLEM,
                   g_strdup_printf(_("%s is not mounted: no bond can be made"), BPF_FS),
                   _("mount -t bpf bpf /sys/fs/bpf; systemd does it at boot"));
    if (access(BTF_FILE, R_OK) == 0)
        doctor_add(doctor, "btf", DOCTOR_OK, g_strdup(_("the kernel describes its types")), "");
    else
        doctor_add(doctor, "btf", DOCTOR_HINT,
                   g_strdup(_("the kernel does not describe its types (BTF): a cut cable is "
                              "noticed by event, not in the packet path")),
                   _("a kernel with CONFIG_DEBUG_INFO_BTF"));
    if (geteuid() != 0) {
        doctor_add(doctor, "clsact", DOCTOR_HINT,
                   g_strdup(_("not tried: only root can add a filter hook")),
                   _("run 'bondcli doctor' as root"));
        return;
    }
    error = try_clsact();
    if (error == 0)
        doctor_add(doctor, "clsact", DOCTOR_OK, g_strdup(_("filters can be attached")), "");
    else
        doctor_add(doctor, "clsact", DOCTOR_PROBLEM,
                   g_strdup_printf(_("no filter can be attached: %s"), error_text(error)),
                   _("a kernel with CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF"));
}

/* ---- leftovers ---- */

static bool
has_bond(struct doctor *doctor, const char *name)
{
    g_autoptr(NmbondBond) bond = nmbond_client_get_bond(doctor->cli->client, name);

    return bond != NULL;
}

static guint
check_pins(struct doctor *doctor)
{
    GDir *dir = g_dir_open(PIN_DIR, 0, NULL);
    const char *name;
    guint n = 0;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(PIN_DIR, name, NULL);
        g_autofree char *advice = NULL;

        if (name[0] == '.' || !g_file_test(path, G_FILE_TEST_IS_DIR) || has_bond(doctor, name))
            continue;
        advice = g_strdup_printf(_("rm -r %s, if no bond %s is wanted"), path, name);
        doctor_add(doctor, "leftovers", DOCTOR_PROBLEM,
                   g_strdup_printf(_("%s is there, but bondd has no bond %s"), path, name), advice);
        n++;
    }
    if (dir != NULL)
        g_dir_close(dir);
    return n;
}

static char *
read_alias(const char *ifname)
{
    g_autofree char *path = g_build_filename("/sys/class/net", ifname, "ifalias", NULL);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_strdup("");
    return g_strstrip(text);
}

static guint
check_link(struct doctor *doctor, const char *ifname)
{
    static const char prefix[] = "port of bond ";
    g_autofree char *alias = read_alias(ifname);
    g_autofree char *advice = NULL;
    g_autoptr(GPtrArray) bonds = NULL;

    if (g_str_has_prefix(alias, prefix) && !has_bond(doctor, alias + strlen(prefix))) {
        advice = g_strdup_printf("ip link set dev %s alias ''; tc qdisc del dev %s clsact", ifname,
                                 ifname);
        doctor_add(doctor, "leftovers", DOCTOR_PROBLEM,
                   g_strdup_printf(_("%s says that it is a port of bond %s, which is not there"),
                                   ifname, alias + strlen(prefix)),
                   advice);
        return 1;
    }
    bonds = nmbond_client_get_bonds(doctor->cli->client);
    if (g_str_has_prefix(ifname, "nmbp") && bonds->len == 0) {
        advice = g_strdup_printf("ip link del %s", ifname);
        doctor_add(
            doctor, "leftovers", DOCTOR_PROBLEM,
            g_strdup_printf(_("%s is the hidden half of a bond, but bondd has none"), ifname),
            advice);
        return 1;
    }
    return 0;
}

void
doctor_check_leftovers(struct doctor *doctor)
{
    struct if_nameindex *links = if_nameindex();
    guint n = check_pins(doctor);

    for (struct if_nameindex *link = links; link != NULL && link->if_index != 0; link++)
        n += check_link(doctor, link->if_name);
    if (links != NULL)
        if_freenameindex(links);
    if (n == 0)
        doctor_add(doctor, "leftovers", DOCTOR_OK, g_strdup(_("nothing is left of bonds gone")),
                   "");
}

/* ---- network cards ---- */

/* Does the PHY know fast link down, and is it off? */
static bool
tells_late(const char *ifname)
{
    struct {
        struct ethtool_tunable head;
        guint8 value;
    } tunable = {{.cmd = ETHTOOL_PHY_GTUNABLE,
                  .id = ETHTOOL_PHY_FAST_LINK_DOWN,
                  .type_id = ETHTOOL_TUNABLE_U8,
                  .len = 1},
                 0};
    struct ifreq request = {.ifr_data = (char *) &tunable};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool late;

    g_strlcpy(request.ifr_name, ifname, sizeof(request.ifr_name));
    late = fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0 &&
           tunable.value == ETHTOOL_PHY_FAST_LINK_DOWN_OFF;
    if (fd >= 0)
        close(fd);
    return late;
}

void
doctor_check_cards(struct doctor *doctor)
{
    g_autoptr(GPtrArray) bonds = nmbond_client_get_bonds(doctor->cli->client);

    for (guint i = 0; i < bonds->len; i++) {
        g_autoptr(GPtrArray) ports = nmbond_client_get_ports(doctor->cli->client, bonds->pdata[i]);
        const char *const *warnings = nmbond_bond_get_warnings(bonds->pdata[i]);

        for (guint j = 0; j < ports->len; j++) {
            const char *ifname = nmbond_port_get_name(ports->pdata[j]);
            g_autofree char *advice =
                g_strdup_printf("ethtool --set-phy-tunable %s fast-link-down on", ifname);

            if (tells_late(ifname))
                doctor_add(doctor, "cards", DOCTOR_HINT,
                           g_strdup_printf(_("the PHY of %s waits up to 750 ms before it tells of "
                                             "a cut cable"),
                                           ifname),
                           advice);
        }
        for (; warnings != NULL && *warnings != NULL; warnings++)
            doctor_add(doctor, "bonds", DOCTOR_HINT,
                       g_strdup_printf("%s: %s", nmbond_bond_get_name(bonds->pdata[i]), *warnings),
                       "");
    }
}
