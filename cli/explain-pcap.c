/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-pcap.c - the frames of a capture, for `explain --spread`. Reads what libpcap reads: pcap
 * and pcapng files of Ethernet. Knows nothing of what becomes of a frame.
 */
#include "explain.h"

#include <pcap/pcap.h>
#include <string.h>

#include "core/select.h"
#include "profile.h"

/* The kernel keeps the outer VLAN tag beside the frame when it is handed to the bond; libpcap has
 * put it into the frame. */
static gsize
take_tag_out(struct bond_frame *frame, guint8 *copy)
{
    gsize length = (gsize) (frame->end - frame->data);

    memcpy(copy, frame->data, 12);
    memcpy(copy + 12, frame->data + 16, length - 16);
    frame->tagged = true;
    frame->vlan_tci = (guint16) (frame->data[14] << 8 | frame->data[15]);
    return length - 4;
}

static void
add_frame(struct spread *spread, const struct pcap_pkthdr *header, const guint8 *data)
{
    struct bond_frame frame = {.data = data, .end = data + header->caplen, .len = header->len};
    g_autofree guint8 *copy = g_malloc(header->caplen);

    if (header->caplen >= BOND_ETH_HLEN + 4 && data[12] == 0x81 && data[13] == 0x00) {
        gsize length = take_tag_out(&frame, copy);

        frame.data = copy;
        frame.end = copy + length;
        frame.len -= 4;
    }
    memcpy(&frame.proto_be, frame.data + 12, sizeof(frame.proto_be));
    spread_add(spread, &frame);
}

static bool
read_frames(pcap_t *pcap, struct spread *spread, const char *path, GError **error)
{
    struct pcap_pkthdr *header;
    const guint8 *data;
    guint64 n = 0;
    int r;

    while ((r = pcap_next_ex(pcap, &header, &data)) == 1) {
        if (header->caplen < BOND_ETH_HLEN)
            continue;
        add_frame(spread, header, data);
        n++;
    }
    if (r == PCAP_ERROR)
        return profile_error(error, _("%s: %s"), path, pcap_geterr(pcap));
    if (n == 0)
        return profile_error(error, _("%s: there is no frame in it"), path);
    return true;
}

bool
spread_read_capture(struct spread *spread, const char *path, GError **error)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_open_offline(path, text);
    bool ok;

    if (pcap == NULL)
        return profile_error(error, _("%s: this is no capture (%s)"), path, text);
    if (pcap_datalink(pcap) != DLT_EN10MB)
        ok = profile_error(error,
                           _("%s: the frames are of type %s, but only Ethernet can be spread"),
                           path, pcap_datalink_val_to_name(pcap_datalink(pcap)));
    else
        ok = read_frames(pcap, spread, path, error);
    pcap_close(pcap);
    return ok;
}
