/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.c - what a connection profile asks for, in bondd's terms.
 *
 * Reads the bond setting as NetworkManager itself reads it (its own policies included: miimon wins
 * over arp_interval, active_slave is another name of primary), and our extensions from the
 * user setting: nm-bond.OPTION for what NetworkManager's bond setting cannot hold. Never judges a
 * value: that is bondd's work, and its sentence is what the user gets to read.
 */
#include "profile.h"

#include <net/ethernet.h>
#include <sys/stat.h>

#include "core/options.h"

#define NMB_USER_PREFIX "nm-bond."
#define NMB_CONFIG_FILE "/etc/bondd.conf"

/* Keys of ours in user.data that are no bonding options. */
#define NMB_KEY_DATAPATH "datapath"
#define NMB_KEY_DRAIN_MS "drain-ms"

static const char *const not_options[] = {NMB_KEY_DATAPATH, NMB_KEY_DRAIN_MS, NULL};

/* ---- settings as hash tables ---- */

static GHashTable *
setting_hash(NMSetting *setting, const char *property)
{
    GHashTable *hash = NULL;

    if (setting)
        g_object_get(setting, property, &hash, NULL);
    return hash ? hash : g_hash_table_new(g_str_hash, g_str_equal);
}

static GHashTable *
user_data(NMConnection *connection)
{
    return setting_hash(nm_connection_get_setting_by_name(connection, NM_SETTING_USER_SETTING_NAME),
                        NM_SETTING_USER_DATA);
}

static char *
user_value(NMConnection *connection, const char *key)
{
    g_autoptr(GHashTable) data = user_data(connection);
    g_autofree char *full = g_strconcat(NMB_USER_PREFIX, key, NULL);

    return g_strdup(g_hash_table_lookup(data, full));
}

/* ---- which datapath ---- */

static gboolean
datapath_from_text(const char *text, NmbDatapath *out)
{
    static const char *const names[] = {
        [NMB_DATAPATH_AUTO] = "auto", [NMB_DATAPATH_BPF] = "bpf", [NMB_DATAPATH_KERNEL] = "kernel"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_strcmp0(text, names[i]) == 0) {
            *out = i;
            return TRUE;
        }
    return FALSE;
}

/* Read again only when the file has changed: NetworkManager asks often. */
static NmbDatapath
configured_datapath(void)
{
    static struct timespec read_at = {-1, 0};
    static NmbDatapath datapath = NMB_DATAPATH_AUTO;
    g_autoptr(GKeyFile) file = NULL;
    g_autofree char *text = NULL;
    struct stat st;

    if (stat(NMB_CONFIG_FILE, &st) != 0) {
        read_at.tv_sec = -1;
        return NMB_DATAPATH_AUTO;
    }
    if (st.st_mtim.tv_sec == read_at.tv_sec && st.st_mtim.tv_nsec == read_at.tv_nsec)
        return datapath;
    read_at = st.st_mtim;
    datapath = NMB_DATAPATH_AUTO;
    file = g_key_file_new();
    if (g_key_file_load_from_file(file, NMB_CONFIG_FILE, G_KEY_FILE_NONE, NULL))
        text = g_key_file_get_string(file, "main", "datapath", NULL);
    if (text && !datapath_from_text(g_strstrip(text), &datapath))
        nmb_warn(NULL, "%s: datapath '%s' is not one of auto, bpf, kernel; using auto",
                 NMB_CONFIG_FILE, text);
    return datapath;
}

NmbDatapath
nmb_profile_datapath(NMConnection *connection)
{
    g_autofree char *text = user_value(connection, NMB_KEY_DATAPATH);
    NmbDatapath datapath;

    if (!text)
        return configured_datapath();
    if (!datapath_from_text(text, &datapath)) {
        datapath = configured_datapath();
        nmb_warn(nm_connection_get_id(connection),
                 "user.data " NMB_USER_PREFIX NMB_KEY_DATAPATH
                 " '%s' is not one of auto, bpf, kernel; the key is ignored",
                 text);
    }
    return datapath;
}

static gboolean
is_kernel_bond(NMConnection *connection)
{
    NMSettingConnection *s_con = nm_connection_get_setting_connection(connection);
    g_autofree char *iface = NULL;
    const NMPlatformLink *link;
    int ifindex;

    g_object_get(s_con, NM_SETTING_CONNECTION_INTERFACE_NAME, &iface, NULL);
    if (!iface)
        return FALSE;
    ifindex = nm_platform_link_get_ifindex(NM_PLATFORM_GET, iface);
    link = ifindex > 0 ? nm_platform_link_get(NM_PLATFORM_GET, ifindex) : NULL;
    return link && link->type == NM_LINK_TYPE_BOND;
}

gboolean
nmb_profile_is_ours(NMConnection *connection)
{
    switch (nmb_profile_datapath(connection)) {
    case NMB_DATAPATH_BPF:
        return TRUE;
    case NMB_DATAPATH_KERNEL:
        return FALSE;
    case NMB_DATAPATH_AUTO:
        break;
    }
    return !is_kernel_bond(connection);
}

/* ---- options ---- */

static gboolean
is_nonzero(const char *number)
{
    return number && g_ascii_strtoll(number, NULL, 10) != 0;
}

/* NetworkManager's policies (nm-setting-bond.c, _bond_get_option_normalized). */
static void
apply_policies(GHashTable *options)
{
    const char *value;

    if (is_nonzero(g_hash_table_lookup(options, "miimon"))) {
        g_hash_table_remove(options, "arp_interval");
        g_hash_table_remove(options, "arp_ip_target");
        g_hash_table_remove(options, "ns_ip6_target");
    }
    value = g_hash_table_lookup(options, "active_slave");
    if (value && !g_hash_table_contains(options, "primary"))
        g_hash_table_insert(options, g_strdup("primary"), g_strdup(value));
    g_hash_table_remove(options, "active_slave");
    if (g_hash_table_contains(options, "num_grat_arp"))
        g_hash_table_remove(options, "num_unsol_na"); /* one value with two names */
    if (is_nonzero(g_hash_table_lookup(options, "balance-slb")))
        g_hash_table_insert(options, g_strdup("xmit_hash_policy"), g_strdup("vlan+srcmac"));
    else
        g_hash_table_remove(options, "balance-slb");
}

/* nm-bond.lacp-active and nm-bond.lacp_active both name lacp_active. */
static void
add_extensions(GHashTable *options, GHashTable *data)
{
    GHashTableIter iter;
    const char *key, *value;

    g_hash_table_iter_init(&iter, data);
    while (g_hash_table_iter_next(&iter, (gpointer *) &key, (gpointer *) &value)) {
        g_autofree char *name = NULL;

        if (!g_str_has_prefix(key, NMB_USER_PREFIX))
            continue;
        key += strlen(NMB_USER_PREFIX);
        if (g_strv_contains(not_options, key))
            continue;
        name = g_strdelimit(g_strdup(key), "-", '_');
        if (!g_hash_table_contains(options, name))
            g_hash_table_insert(options, g_steal_pointer(&name), g_strdup(value));
    }
}

GVariant *
nmb_settings_options(NMSetting *s_bond, NMSetting *s_user)
{
    g_autoptr(GHashTable) given = setting_hash(s_bond, NM_SETTING_BOND_OPTIONS);
    g_autoptr(GHashTable) data = setting_hash(s_user, NM_SETTING_USER_DATA);
    g_autoptr(GHashTable) options = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));
    GHashTableIter iter;
    const char *key, *value;

    g_hash_table_iter_init(&iter, given);
    while (g_hash_table_iter_next(&iter, (gpointer *) &key, (gpointer *) &value))
        g_hash_table_insert(options, g_strdup(key), g_strdup(value));
    add_extensions(options, data);
    apply_policies(options);

    g_hash_table_iter_init(&iter, options);
    while (g_hash_table_iter_next(&iter, (gpointer *) &key, (gpointer *) &value))
        g_variant_builder_add(&builder, "{ss}", key, value);
    return g_variant_builder_end(&builder);
}

GVariant *
nmb_profile_options(NMConnection *connection)
{
    return nmb_settings_options(
        nm_connection_get_setting_by_name(connection, NM_SETTING_BOND_SETTING_NAME),
        nm_connection_get_setting_by_name(connection, NM_SETTING_USER_SETTING_NAME));
}

/* ---- comparing ---- */

gboolean
nmb_settings_same(NMSetting *a, NMSetting *b, const char *setting_name)
{
    const char *property = g_str_equal(setting_name, NM_SETTING_BOND_SETTING_NAME)
                               ? NM_SETTING_BOND_OPTIONS
                               : NM_SETTING_USER_DATA;
    g_autoptr(GHashTable) hash_a = setting_hash(a, property);
    g_autoptr(GHashTable) hash_b = setting_hash(b, property);
    GHashTableIter iter;
    const char *key, *value;

    if (g_hash_table_size(hash_a) != g_hash_table_size(hash_b))
        return FALSE;
    g_hash_table_iter_init(&iter, hash_a);
    while (g_hash_table_iter_next(&iter, (gpointer *) &key, (gpointer *) &value))
        if (g_strcmp0(g_hash_table_lookup(hash_b, key), value) != 0)
            return FALSE;
    return TRUE;
}

/* Empty strings, lists and tables are what settings have for "not set". */
static gboolean
is_unset(NMSetting *setting, GParamSpec *pspec)
{
    g_auto(GValue) value = G_VALUE_INIT;

    g_value_init(&value, pspec->value_type);
    g_object_get_property(G_OBJECT(setting), pspec->name, &value);
    if (g_param_value_defaults(pspec, &value))
        return TRUE;
    if (G_VALUE_HOLDS(&value, G_TYPE_STRV)) {
        char **list = g_value_get_boxed(&value);

        return !list || !list[0];
    }
    if (G_VALUE_HOLDS(&value, G_TYPE_HASH_TABLE)) {
        GHashTable *table = g_value_get_boxed(&value);

        return !table || g_hash_table_size(table) == 0;
    }
    return FALSE;
}

GHashTable *
nmb_real_differences(NMSetting *s_old, NMSetting *s_new, GHashTable *diffs)
{
    NMSetting *only = !s_old ? s_new : !s_new ? s_old : NULL;
    GHashTable *real = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer key, value;

    if (diffs)
        g_hash_table_iter_init(&iter, diffs);
    while (diffs && g_hash_table_iter_next(&iter, &key, &value)) {
        GParamSpec *pspec =
            only ? g_object_class_find_property(G_OBJECT_GET_CLASS(only), key) : NULL;

        if (!pspec || !is_unset(only, pspec))
            g_hash_table_insert(real, key, value);
    }
    return real;
}

/* ---- settings that are no options ---- */

static char *
cloned_mac(NMConnection *connection)
{
    NMSetting *s_wired =
        nm_connection_get_setting_by_name(connection, NM_SETTING_WIRED_SETTING_NAME);
    char *mac = NULL;

    if (s_wired)
        g_object_get(s_wired, NM_SETTING_WIRED_CLONED_MAC_ADDRESS, &mac, NULL);
    return mac;
}

/* user.data nm-bond.KEY as a setting of bondd's. */
static void
add_number(GVariantBuilder *builder, NMConnection *connection, const char *key, const char *setting,
           gboolean is_signed)
{
    g_autofree char *text = user_value(connection, key);
    g_autoptr(GError) error = NULL;
    gint64 number;

    if (!text)
        return;
    if (!g_ascii_string_to_signed(text, 10, is_signed ? G_MININT32 : 0, G_MAXINT32, &number,
                                  &error)) {
        nmb_warn(nm_connection_get_id(connection), "user.data " NMB_USER_PREFIX "%s: %s", key,
                 error->message);
        return;
    }
    g_variant_builder_add(builder, "{sv}", setting,
                          is_signed ? g_variant_new_int32(number) : g_variant_new_uint32(number));
}

static gboolean
insists_on_ours(NMConnection *connection)
{
    g_autofree char *text = user_value(connection, NMB_KEY_DATAPATH);

    return g_strcmp0(text, "bpf") == 0;
}

GVariant *
nmb_profile_bond_settings(NMConnection *connection)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));
    g_autofree char *mac = cloned_mac(connection);

    /* "stable", "random" and the like become an address in act_stage1_prepare(). */
    if (mac && nm_utils_hwaddr_valid(mac, ETH_ALEN))
        g_variant_builder_add(&builder, "{sv}", "mac", g_variant_new_string(mac));
    add_number(&builder, connection, NMB_KEY_DRAIN_MS, NMB_KEY_DRAIN_MS, FALSE);
    if (insists_on_ours(connection)) /* bondd's own configuration may say otherwise */
        g_variant_builder_add(&builder, "{sv}", NMB_KEY_DATAPATH, g_variant_new_string("bpf"));
    return g_variant_builder_end(&builder);
}

GVariant *
nmb_profile_port_settings(NMConnection *connection)
{
    GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));
    NMSetting *s_port;
    guint queue_id = 0;

    if (connection) {
        s_port = nm_connection_get_setting_by_name(connection, NM_SETTING_BOND_PORT_SETTING_NAME);
        if (s_port)
            g_object_get(s_port, NM_SETTING_BOND_PORT_QUEUE_ID, &queue_id, NULL);
        g_variant_builder_add(&builder, "{sv}", "queue-id", g_variant_new_uint32(queue_id));
        add_number(&builder, connection, "prio", "prio", TRUE);
        add_number(&builder, connection, "actor_port_prio", "actor-port-prio", FALSE);
        add_number(&builder, connection, "rr_delay", "rr-delay", FALSE);
    }
    return g_variant_builder_end(&builder);
}

/* ---- a profile for what exists ---- */

/* NetworkManager 1.42 would refuse these in a bond setting. */
static gboolean
fits_bond_setting(const struct bond_opt_desc *desc)
{
    static const guint16 too_new[] = {
        BOND_OPT_NS_IP6_TARGET, BOND_OPT_ARP_MISSED_MAX,  BOND_OPT_LACP_ACTIVE,
        BOND_OPT_LACP_STRICT,   BOND_OPT_COUPLED_CONTROL, BOND_OPT_BROADCAST_NEIGHBOR,
        BOND_OPT_ACTIVE_SLAVE,
    };

    for (guint i = 0; i < G_N_ELEMENTS(too_new); i++)
        if (desc->id == too_new[i])
            return FALSE;
    return TRUE;
}

static gboolean
is_default(const struct bond_opt_desc *desc, const char *value)
{
    gint64 number;

    if (desc->type == BOND_OPT_T_MAC)
        return g_str_equal(value, "00:00:00:00:00:00");
    if (desc->type != BOND_OPT_T_ENUM && desc->type != BOND_OPT_T_INT)
        return FALSE; /* names and addresses: none is the default */
    if (g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &number, NULL))
        return number == desc->def;
    return g_strcmp0(bond_opt_value_name(desc->id, desc->def), value) == 0;
}

void
nmb_profile_fill(NMConnection *connection, GVariant *options)
{
    NMSetting *s_bond = nm_connection_get_setting_by_name(connection, NM_SETTING_BOND_SETTING_NAME);
    g_autoptr(GHashTable) hash = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *mode_text = NULL, *name, *value;
    int mode = BOND_MODE_BALANCE_RR;
    GVariantIter iter;

    g_variant_lookup(options, "mode", "&s", &mode_text);
    for (int i = 0; i < BOND_N_MODES; i++)
        if (g_strcmp0(mode_text, bond_mode_name(i)) == 0)
            mode = i;
    g_hash_table_insert(hash, g_strdup("mode"), g_strdup(bond_mode_name(mode)));

    g_variant_iter_init(&iter, options);
    while (g_variant_iter_loop(&iter, "{&s&s}", &name, &value)) {
        const struct bond_opt_desc *desc = bond_opt_by_name(name);

        if (!desc || desc->id == BOND_OPT_MODE || !fits_bond_setting(desc))
            continue;
        if (!(desc->modes & (1u << mode)) || !value[0] || is_default(desc, value))
            continue;
        g_hash_table_insert(hash, g_strdup(desc->name), g_strdup(value));
    }
    g_object_set(s_bond, NM_SETTING_BOND_OPTIONS, hash, NULL);
}
