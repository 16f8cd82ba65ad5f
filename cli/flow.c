/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow.c - a flow as a person writes it, and as a frame.
 *
 * Decides what the text means. Which port it takes is core's selection.
 */
#include "explain.h"

#include <arpa/inet.h>
#include <string.h>

#include "profile.h"

static const struct {
    const char *name;
    unsigned proto4, proto6;
    bool has_ports;
} protocols[] = {
    {"tcp", IPPROTO_TCP, IPPROTO_TCP, true},
    {"udp", IPPROTO_UDP, IPPROTO_UDP, true},
    {"sctp", IPPROTO_SCTP, IPPROTO_SCTP, true},
    {"icmp", IPPROTO_ICMP, IPPROTO_ICMPV6, false},
    {"ip", 253, 253, false}, /* RFC 3692: for experiments, so nothing is known of it */
};

/* "10.0.0.1:443", "[fd00::1]:443", without a port if there is none */
static bool
parse_end(const char *text, bool has_port, int *family, guint8 address[16], guint16 *port)
{
    const char *colon = strrchr(text, ':');
    bool in_brackets = text[0] == '[';
    const char *end = in_brackets ? strchr(text, ']') : has_port ? colon : text + strlen(text);
    g_autofree char *host = NULL;
    guint64 number = 0;

    if (end == NULL)
        return false;
    host = g_strndup(text + in_brackets, (gsize) (end - text - in_brackets));
    if (in_brackets)
        end++;
    if (has_port &&
        (*end != ':' || !g_ascii_string_to_unsigned(end + 1, 10, 1, 65535, &number, NULL)))
        return false;
    if (!has_port && *end != '\0')
        return false;
    *port = (guint16) number;
    *family = inet_pton(AF_INET, host, address) == 1    ? AF_INET
              : inet_pton(AF_INET6, host, address) == 1 ? AF_INET6
                                                        : AF_UNSPEC;
    return *family != AF_UNSPEC;
}

bool
flow_parse(const char *text, struct flow *flow, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t>", -1);
    const char *parts[4] = {NULL};
    gsize n = 0, known;
    int other;

    *flow = (struct flow){0};
    for (gsize i = 0; words[i] != NULL; i++) {
        if (words[i][0] != '\0' && n < G_N_ELEMENTS(parts))
            parts[n++] = words[i];
    }
    for (known = 0; n == 3 && known < G_N_ELEMENTS(protocols); known++) {
        if (g_ascii_strcasecmp(parts[0], protocols[known].name) == 0)
            break;
    }
    if (n == 3 && known == G_N_ELEMENTS(protocols))
        return profile_error(error,
                             _("'%s' is no protocol of a flow; there are: tcp, udp, sctp, "
                               "icmp, ip."),
                             parts[0]);
    if (n != 3 ||
        !parse_end(parts[1], protocols[known].has_ports, &flow->family, flow->source,
                   &flow->source_port) ||
        !parse_end(parts[2], protocols[known].has_ports, &other, flow->destination,
                   &flow->destination_port) ||
        other != flow->family)
        return profile_error(error,
                             _("'%s' is no flow, such as 'tcp 10.0.1.243:443 > "
                               "10.0.9.7:51000' or 'icmp 10.0.1.243 > 10.0.9.7'."),
                             text);
    flow->proto = flow->family == AF_INET ? protocols[known].proto4 : protocols[known].proto6;
    return true;
}

static gsize
put_ip(const struct flow *flow, guint8 *p, guint16 payload)
{
    if (flow->family == AF_INET) {
        p[0] = 0x45;
        p[3] = (guint8) (20 + payload);
        p[8] = 64;
        p[9] = (guint8) flow->proto;
        memcpy(p + 12, flow->source, 4);
        memcpy(p + 16, flow->destination, 4);
        return 20;
    }
    p[0] = 0x60;
    p[5] = (guint8) payload;
    p[6] = (guint8) flow->proto;
    p[7] = 64;
    memcpy(p + 8, flow->source, 16);
    memcpy(p + 24, flow->destination, 16);
    return 40;
}

gsize
flow_frame(const struct flow *flow, guint8 frame[FLOW_FRAME_SIZE])
{
    guint8 *p;

    memset(frame, 0, FLOW_FRAME_SIZE);
    memcpy(frame, flow->destination_mac, 6);
    memcpy(frame + 6, flow->source_mac, 6);
    frame[12] = flow->family == AF_INET ? 0x08 : 0x86;
    frame[13] = flow->family == AF_INET ? 0x00 : 0xdd;
    p = frame + 14;
    p += put_ip(flow, p, 20);
    p[0] = (guint8) (flow->source_port >> 8);
    p[1] = (guint8) flow->source_port;
    p[2] = (guint8) (flow->destination_port >> 8);
    p[3] = (guint8) flow->destination_port;
    /* an echo request, whose identifier is not known, is taken as 1 (as no identifier is) */
    if (flow->proto == IPPROTO_ICMP || flow->proto == IPPROTO_ICMPV6)
        p[0] = flow->proto == IPPROTO_ICMP ? 8 : 128;
    return (gsize) (p + 20 - frame);
}

const char *
flow_address(const struct flow *flow, const guint8 *address)
{
    static char text[INET6_ADDRSTRLEN];

    return inet_ntop(flow->family, address, text, sizeof(text));
}
