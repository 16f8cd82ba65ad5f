/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * factory.c - which links and profiles become bonds of ours.
 *
 * NetworkManager asks the first factory that matches a profile, and its own for bonds comes first
 * and matches all: it is given a match_connection() that declines what is ours. For links the last
 * factory that names a type gets all of them; a bond of ours is a veth, so the other veths are
 * passed on to an instance of NetworkManager's own veth factory.
 */
#include "factory.h"

#include "device.h"
#include "profile.h"

#define NMB_PEER_PREFIX "nmbp"

typedef struct {
    NMDeviceFactory parent;
    NMDeviceFactory *veth;
} NmbPluginFactory;

typedef struct {
    NMDeviceFactoryClass parent;
} NmbPluginFactoryClass;

static GType nmb_plugin_factory_get_type(void);
G_DEFINE_TYPE(NmbPluginFactory, nmb_plugin_factory, NM_TYPE_DEVICE_FACTORY)

NM_DEVICE_FACTORY_DECLARE_TYPES(NM_DEVICE_FACTORY_DECLARE_LINK_TYPES(
    NM_LINK_TYPE_VETH) NM_DEVICE_FACTORY_DECLARE_SETTING_TYPES(NM_SETTING_BOND_SETTING_NAME))

static gboolean
match_ours(NMDeviceFactory *factory, NMConnection *connection)
{
    return nmb_profile_is_ours(connection);
}

static gboolean
match_not_ours(NMDeviceFactory *factory, NMConnection *connection)
{
    return !nmb_profile_is_ours(connection);
}

static gboolean
is_peer_name(const char *name)
{
    return name && g_str_has_prefix(name, NMB_PEER_PREFIX);
}

/* The end of a bond's pair is its peer; or it is in another namespace, and the peer is the device
 * that has the bond's number in its name (bondd(8), bondd-hidden.socket). */
static gboolean
is_bond(const NMPlatformLink *link)
{
    char side[32];

    if (link->parent > 0)
        return is_peer_name(nm_platform_link_get_name(NM_PLATFORM_GET, link->parent));
    g_snprintf(side, sizeof(side), NMB_PEER_PREFIX "-%d", link->ifindex);
    return link->parent < 0 && nm_platform_if_nametoindex(NM_PLATFORM_GET, side) > 0;
}

static NMDevice *
create_device(NMDeviceFactory *factory, const char *iface, const NMPlatformLink *plink,
              NMConnection *connection, gboolean *out_ignore)
{
    NMDeviceFactory *veth = ((NmbPluginFactory *) factory)->veth;

    if (!plink || is_bond(plink))
        return nmb_plugin_device_new(iface);
    if (is_peer_name(plink->name)) {
        *out_ignore = TRUE;
        return NULL;
    }
    return NM_DEVICE_FACTORY_GET_CLASS(veth)->create_device(veth, iface, plink, connection,
                                                            out_ignore);
}

static void
nmb_plugin_factory_init(NmbPluginFactory *self)
{
    self->veth = g_object_new(g_type_from_name("NMVethDeviceFactory"), NULL);
}

static void
nmb_plugin_factory_class_init(NmbPluginFactoryClass *klass)
{
    NMDeviceFactoryClass *factory_class = NM_DEVICE_FACTORY_CLASS(klass);

    factory_class->get_supported_types = get_supported_types;
    factory_class->match_connection = match_ours;
    factory_class->create_device = create_device;
}

NMDeviceFactory *
nmb_factory_new(GError **error)
{
    GType bond = g_type_from_name("NMBondDeviceFactory");
    GType veth = g_type_from_name("NMVethDeviceFactory");
    NMDeviceFactoryClass *bond_class = bond ? g_type_class_peek(bond) : NULL;

    if (!bond_class || !veth || bond_class->match_connection) {
        g_set_error_literal(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_FAILED,
                            "its own factories for bond and veth are not as expected");
        return NULL;
    }
    bond_class->match_connection = match_not_ours;
    return g_object_new(nmb_plugin_factory_get_type(), NULL);
}
