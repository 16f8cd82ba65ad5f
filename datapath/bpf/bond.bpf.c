// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bond.bpf.c - the packet path of one bond: what is sent on it leaves by a port, what comes in on a
 * port enters it.
 *
 * Which port is decided by core/select.h from the published table; here are the frame's bytes, the
 * counters and the verdict. Nothing here keeps state but counters and the account of balance-tlb,
 * and nothing writes a table.
 *
 * bond_tx  egress of the bond's device; and ingress of its hidden peer, for what went through the
 *          veth (BOND_TABLE_F_VIA_PEER, or a sender that bypasses the egress hook)
 * bond_rx  ingress of each port
 * bond_inside  ingress of both devices in the hidden namespace (datapath/hidden.h), if there is one:
 *          what comes in on one goes on behind the other, as if the bond's device and its peer were
 *          one pair
 *
 * Compiled three times: plainly; with BOND_WITHOUT_TYPES for kernels without BTF (core/frame.h);
 * and with BOND_SEES_CARRIER (carrier.h): then a frame never waits for bondd to notice that its
 * port has no carrier: another one stands in for it (core/standin.h).
 */
#include <stdint.h>

#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "datapath/bpf/source.h"

#include "core/standin.h"
#include "datapath/bpf/shared.h"
#ifdef BOND_SEES_CARRIER
#include "datapath/bpf/carrier.h"
#endif

/* A second look, where the first was overtaken or bytes had to be brought into reach. Not a third:
 * to be overtaken is to meet three publications in some 50 ns. (And no loop: kernel 6.1 refuses one
 * that is entered by falling into it, which is what clang 14 makes of this.) */
#define LOOK_TWICE(look) ((void) ((look) && (look)))

/* "Not for us": the next filter, or the stack. */
#define PASS TC_ACT_UNSPEC

/* The second look at the head must come after the reads of the table (shared.h). */
#ifdef BOND_LOADS_IN_ORDER
#define LOADS_BEFORE() __asm__ volatile("" ::: "memory")
#else
static uint64_t fence_word;
#define LOADS_BEFORE() ((void) __sync_fetch_and_add(&fence_word, 0))
#endif

struct dp_shared shared SEC(".data.shared") = {.version = BOND_TABLE_VERSION};

/* By slot; BOND_MAX_PORTS is the bond itself: frames that no port could carry. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, BOND_MAX_PORTS + 1);
    __type(key, uint32_t);
    __type(value, struct bond_counters);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint32_t);
} rr_counter SEC(".maps");

/* balance-tlb, -alb: which port a flow has, and what went by it. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, struct bond_tlb);
} tlb SEC(".maps");

/* hash=resilient: what went by each bucket. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, struct bond_bucket_load);
} load SEC(".maps");

/* rr_order=arrival: when each port will have sent what it was given. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, struct bond_arrivals);
} arrivals SEC(".maps");

static BOND_INLINE uint32_t
head(void)
{
    return *(volatile uint32_t *) &shared.head;
}

static BOND_INLINE const struct bond_table *
table_of(uint32_t gen)
{
    gen &= BOND_TABLE_RING - 1;
    BOND_OPAQUE(gen);
    gen &= BOND_TABLE_RING - 1;
    return &shared.ring[gen];
}

/* All that was read of table_of(gen) before is one table, whole. */
static BOND_INLINE bool
still_whole(uint32_t gen)
{
    LOADS_BEFORE();
    return head() - gen <= BOND_TABLE_RING - 2;
}

static BOND_INLINE struct bond_counters *
counters_of(uint32_t slot)
{
    return bpf_map_lookup_elem(&counters, &slot);
}

static BOND_INLINE void
count_tx(uint32_t slot, uint32_t len)
{
    struct bond_counters *c = counters_of(slot);

    if (c) {
        c->tx_packets++;
        c->tx_bytes += len;
    }
}

static BOND_INLINE void
count_rx(uint32_t slot, uint32_t len)
{
    struct bond_counters *c = counters_of(slot);

    if (c) {
        c->rx_packets++;
        c->rx_bytes += len;
    }
}

static BOND_INLINE int
drop_tx(uint32_t slot)
{
    struct bond_counters *c = counters_of(slot);

    if (c)
        c->tx_dropped++;
    return TC_ACT_SHOT;
}

/* A copy by every port of tx[], the frame itself by the last. Each entry is checked to be of the
 * table that the frame began with; one that was overtaken on its way goes no further. */
static BOND_INLINE int
send_all(struct __sk_buff *skb, uint32_t gen)
{
    const struct bond_table *t = table_of(gen);

    for (uint32_t i = 0; i < BOND_MAX_PORTS; i++) {
        uint32_t n = t->n_tx;
        struct bond_choice c = bond_choice_nth(t, i);

        if (!still_whole(gen) || i >= n || c.send == BOND_SEND_NONE)
            break;
        if (i + 1 == n) {
            count_tx(c.slot, skb->len);
            return bpf_redirect(c.ifindex, 0);
        }
        if (bpf_clone_redirect(skb, c.ifindex, 0) == 0)
            count_tx(c.slot, skb->len);
        else
            drop_tx(c.slot);
    }
    return drop_tx(BOND_MAX_PORTS);
}

/* wire_len: with the headers that each segment will have. */
static BOND_INLINE struct bond_departure
departure_of(struct __sk_buff *skb)
{
    uint32_t segments = skb->gso_segs ? skb->gso_segs : 1;

    return (struct bond_departure){
        .now_ns = bpf_ktime_get_ns(),
        .wire_len = skb->wire_len + segments * BOND_WIRE_OVERHEAD,
        .flow = bpf_get_hash_recalc(skb),
    };
}

#ifdef BOND_SEES_CARRIER
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
} wake SEC(".maps");

static uint32_t told_gen[BOND_MAX_PORTS];

/* Once for a port and table: bondd looks at all ports then. Two CPUs may tell it both. */
static BOND_INLINE void
tell(uint32_t slot, uint32_t ifindex, uint32_t gen)
{
    struct dp_wake_record r = {bpf_ktime_get_ns(), ifindex, gen};

    slot &= BOND_MAX_PORTS - 1;
    BOND_OPAQUE(slot);
    slot &= BOND_MAX_PORTS - 1;
    if (told_gen[slot] == gen)
        return;
    told_gen[slot] = gen;
    bpf_ringbuf_output(&wake, &r, sizeof(r), 0);
}

static BOND_INLINE uint32_t
alive_ports(struct __sk_buff *skb, const struct bond_table *t)
{
    uint32_t alive = 0;

    for (uint32_t i = 0; i < BOND_MAX_PORTS && i < t->n_ports; i++)
        alive |= ((uint32_t) can_send(skb, t->port[i].ifindex) & 1) << i;
    return alive;
}

/* The slot that stands in for a port that cannot send. A (global) function by itself, so that the
 * verifier follows it once. */
__attribute__((noinline)) int
stand_in(struct __sk_buff *skb, uint32_t gen)
{
    const struct bond_table *t = table_of(gen);
    struct bond_frame f = bond_source_frame(skb);
    uint32_t zero = 0;
    struct bond_rr rr = {.counter = bpf_map_lookup_elem(&rr_counter, &zero)};
    struct bond_choice c;

    if (t->flags & BOND_TABLE_F_ARRIVAL)
        rr.arrivals = bpf_map_lookup_elem(&arrivals, &zero);
    c = bond_stand_in(t, &f, &rr, alive_ports(skb, t));
    return c.send == BOND_SEND_PORT ? (int) c.slot : (int) BOND_MAX_PORTS;
}

/* The choice stays as it is unless its port cannot send. */
static BOND_INLINE void
lead_past(struct __sk_buff *skb, uint32_t gen, struct bond_choice *c)
{
    struct bond_choice other;
    uint32_t slot;

    if (c->send != BOND_SEND_PORT || can_send(skb, c->ifindex))
        return;
    tell(c->slot, c->ifindex, gen);
    slot = (uint32_t) stand_in(skb, gen);
    c->send = BOND_SEND_NONE;
    if (slot >= BOND_MAX_PORTS)
        return;
    other = bond_choice_slot(table_of(gen), slot);
    c->send = other.send;
    c->slot = other.slot;
    c->ifindex = other.ifindex;
    c->mac = table_of(gen)->port[slot & (BOND_MAX_PORTS - 1)].mac; /* where c->edit wants one */
}

/* What comes in on the port that stands in for an active one enters: answers come back to where we
 * send from. */
static BOND_INLINE bool
stands_in(struct __sk_buff *skb, uint32_t gen, uint32_t slot)
{
    const struct bond_table *t = table_of(gen);
    struct bond_choice c = bond_choice_nth(t, 0);

    return t->mode == BOND_MODE_ACTIVE_BACKUP && t->n_tx > 0 && c.send == BOND_SEND_PORT &&
           !can_send(skb, c.ifindex) && (uint32_t) stand_in(skb, gen) == slot;
}
#else
#define can_send_for_sure(ifindex) true
#define lead_past(skb, gen, c) ((void) 0)
#define stands_in(skb, gen, slot) false
#endif

/* Beside BOND_SEND_*: */
#define SEND_VIA_PEER 10u /* let it through the veth: the choice is made at its peer */
#define SEND_LATER 11u    /* overtaken: look again */
#define SEND_PULL 12u     /* bring bytes into reach and look again */

/* One look at one table; returns c->send. (If it returned nothing, the verifier would look at what
 * happens to be in the register, and a pointer to the stack it does not take.) */
BOND_WITH_FRAME int
choose(struct __sk_buff *skb, uint32_t gen, struct bond_choice *c)
{
    const struct bond_table *t = table_of(gen);
    struct bond_frame f = bond_source_frame(skb);
    struct bond_rr rr = {0};
    uint32_t zero = 0;

    if (!c)
        return SEND_LATER;
    if (t->mode == BOND_MODE_BALANCE_RR) {
        rr.counter = bpf_map_lookup_elem(&rr_counter, &zero);
        if (t->packets_per_slave == 0)
            rr.random = bpf_get_prandom_u32();
    }
    if (t->flags & BOND_TABLE_F_ARRIVAL) {
        rr.arrivals = bpf_map_lookup_elem(&arrivals, &zero);
        rr.departure = departure_of(skb);
    }
    if (t->tlb_epoch != 0)
        rr.tlb = bpf_map_lookup_elem(&tlb, &zero);
    if (t->resilient)
        rr.load = bpf_map_lookup_elem(&load, &zero);
    if (skb->ifindex == t->bond_ifindex && bond_goes_via_peer(t, &f))
        c->send = SEND_VIA_PEER;
    else
        *c = bond_choose_port(t, &f, &rr);
    if (!f.missing)
        lead_past(skb, gen, c);
    if (!still_whole(gen))
        c->send = SEND_LATER;
    else if (f.missing)
        c->send = SEND_PULL;
    return (int) c->send;
}

static BOND_INLINE bool
choose_again(struct __sk_buff *skb, uint32_t *gen, struct bond_choice *c)
{
    *gen = head();
    switch (choose(skb, *gen, c)) {
    case SEND_PULL:
        return bpf_skb_pull_data(skb, skb->len < BOND_REACH ? skb->len : BOND_REACH) == 0;
    case SEND_LATER:
        return true;
    default:
        return false;
    }
}

static BOND_INLINE void
put_mac(struct __sk_buff *skb, uint32_t offset, uint64_t mac)
{
    uint8_t bytes[BOND_MAC_LEN];

    bond_mac_bytes(mac, bytes);
    bpf_skb_store_bytes(skb, offset, bytes, sizeof(bytes), 0);
}

static BOND_INLINE int
send_by(struct __sk_buff *skb, const struct bond_choice *c)
{
    if (c->edit & BOND_EDIT_SOURCE)
        put_mac(skb, BOND_MAC_LEN, c->mac);
    if (c->edit & BOND_EDIT_ARP)
        put_mac(skb, BOND_ARP_SENDER_MAC, c->mac);
    count_tx(c->slot, skb->len);
    return bpf_redirect(c->ifindex, 0);
}

/* For whatever frame, by whatever table. */
static BOND_INLINE int
send_by_choice(struct __sk_buff *skb)
{
    struct bond_choice c = {BOND_SEND_NONE, 0, 0, 0, 0};
    uint32_t gen = 0;

    LOOK_TWICE(choose_again(skb, &gen, &c));
    switch (c.send) {
    case SEND_VIA_PEER:
        return PASS;
    case BOND_SEND_PORT:
        if (!bond_goes_by_all(table_of(gen), skb))
            return send_by(skb, &c);
        break;
    case BOND_SEND_ALL:
        break;
    default:
        return drop_tx(BOND_MAX_PORTS);
    }
    return send_all(skb, gen);
}

/* Short ways (bond_tx_way()). Whatever does not leave here goes on as if it had not been here. */

/* By this port, as dp_shared has it, if it can send; 0: by none. */
static BOND_INLINE bool
leaves_by(struct __sk_buff *skb, uint64_t port, int *verdict)
{
    uint32_t ifindex = (uint32_t) port;

    if (!ifindex || !can_send_for_sure(ifindex))
        return false;
    count_tx(port >> 32, skb->len);
    *verdict = bpf_redirect(ifindex, 0);
    return true;
}

/* `id` is what chooses; `gen` the generation of t. */
static BOND_INLINE uint64_t
port_by_id(const struct bond_table *t, uint32_t gen, uint32_t id)
{
    uint64_t port = t->tx_port[bond_modulo(id, t->n_tx, t->tx_part)];

    return still_whole(gen) ? port : 0;
}

static BOND_INLINE uint64_t
port_by_hash(struct __sk_buff *skb, const struct bond_table *t, uint32_t gen)
{
    struct bond_frame f = bond_source_frame(skb);
    uint32_t hash = bond_hash_near(t->xmit_policy, &f);

    return f.missing ? 0 : port_by_id(t, gen, hash);
}

static BOND_INLINE uint64_t
port_by_turn(struct __sk_buff *skb, const struct bond_table *t, uint32_t gen, uint32_t turn)
{
    struct bond_frame f = bond_source_frame(skb);

    if (bond_frame_is_igmp(&f) || f.missing)
        return 0;
    return port_by_id(t, gen, bond_rr_id(t->packets_per_slave, turn));
}

/* Counted when it has left: else the long way does that. */
static BOND_INLINE bool
leaves_in_turn(struct __sk_buff *skb, const struct bond_table *t, uint32_t gen, int *verdict)
{
    uint32_t zero = 0, *counter = bpf_map_lookup_elem(&rr_counter, &zero);

    if (!counter || !leaves_by(skb, port_by_turn(skb, t, gen, *counter + 1), verdict))
        return false;
    ++*counter;
    return true;
}

static BOND_INLINE bool
leaves_by_short_way(struct __sk_buff *skb, int *verdict)
{
    uint64_t only = *(volatile uint64_t *) &shared.only;
    const struct bond_table *t;
    uint32_t gen;

    if (only)
        return leaves_by(skb, only, verdict);
    gen = head();
    t = table_of(gen);
    BOND_OPAQUE(t);
    switch (t->tx_way) {
    case BOND_WAY_HASH:
        return leaves_by(skb, port_by_hash(skb, t, gen), verdict);
    case BOND_WAY_TURN:
        return leaves_in_turn(skb, t, gen, verdict);
    default:
        return false;
    }
}

SEC("tc")
int
bond_tx(struct __sk_buff *skb)
{
    int verdict;

    return leaves_by_short_way(skb, &verdict) ? verdict : send_by_choice(skb);
}

/* One look; returns whether the table was whole. If not, the frame is taken for no port's. */
static BOND_INLINE bool
admit(struct __sk_buff *skb, uint32_t gen, struct bond_admission *a)
{
    const struct bond_table *t = table_of(gen);
    struct bond_frame f = bond_source_frame(skb);

    *a = bond_admit(t, &f, bond_slot_of(t, skb->ifindex));
    if (a->admit == BOND_ADMIT_DROP && stands_in(skb, gen, a->slot))
        a->admit = BOND_ADMIT_ENTER;
    if (t->flags & BOND_TABLE_F_RX_VIA_PEER)
        a->bond_ifindex = 0; /* see enter() */
    if (still_whole(gen))
        return true;
    a->slot = BOND_MAX_PORTS;
    return false;
}

/* Onto the bond's ingress; or out of its hidden peer, and so through the veth. */
static BOND_INLINE int
enter(const struct bond_admission *a)
{
    return a->bond_ifindex ? bpf_redirect(a->bond_ifindex, BPF_F_INGRESS)
                           : bpf_redirect(shared.peer_ifindex, 0);
}

static BOND_INLINE void
enter_too(struct __sk_buff *skb, const struct bond_admission *a)
{
    if (a->bond_ifindex)
        bpf_clone_redirect(skb, a->bond_ifindex, BPF_F_INGRESS);
    else
        bpf_clone_redirect(skb, shared.peer_ifindex, 0);
}

static BOND_INLINE int
enter_if_admitted(struct __sk_buff *skb)
{
    struct bond_admission a = {BOND_ADMIT_PASS, BOND_MAX_PORTS, 0, 0, 0};
    struct bond_counters *c;

    LOOK_TWICE(!admit(skb, head(), &a));
    if (a.slot >= BOND_MAX_PORTS)
        return PASS;
    c = counters_of(a.slot);
    if (c && a.stamp)
        c->last_rx_ns = bpf_ktime_get_ns();
    if (c && a.admit == BOND_ADMIT_DROP)
        c->rx_dropped++;
    if (!c || a.admit == BOND_ADMIT_DROP)
        return TC_ACT_SHOT;
    if (a.admit == BOND_ADMIT_PASS)
        return PASS;
    c->rx_packets++;
    c->rx_bytes += skb->len;
    if (a.mac)
        put_mac(skb, 0, a.mac);
    if (a.admit == BOND_ADMIT_BOTH) {
        enter_too(skb, &a);
        return PASS;
    }
    return enter(&a);
}

static BOND_INLINE bool
is_to_one(const struct __sk_buff *skb)
{
    const uint8_t *d = (const uint8_t *) (long) skb->data;

    return d + BOND_ETH_HLEN <= (const uint8_t *) (long) skb->data_end && !(d[0] & 1);
}

/* By two peers a frame goes on in place, by bpf_redirect() through a queue. But recent kernels then
 * take it for sent to this host whatever it was (skb_scrub_packet()), and older ones for what the
 * port took it for. So only what the port takes for sent to itself goes that way; all else gets its
 * type anew, by bpf_redirect(). */
SEC("tc")
int
bond_rx(struct __sk_buff *skb)
{
    uint32_t ifindex = skb->ifindex;
    uint64_t port = *(volatile uint64_t *) &shared.enters[dp_enters_at(ifindex)];

    if ((uint32_t) port != ifindex)
        return enter_if_admitted(skb);
    if ((port & DP_BY_PEERS) && skb->pkt_type == PACKET_HOST) {
        count_rx(DP_PORT_SLOT(port), skb->len);
        return bpf_redirect_peer(shared.peer_ifindex, 0);
    }
    if ((port & DP_BY_PEERS_ONLY) || !is_to_one(skb))
        return enter_if_admitted(skb);
    count_rx(DP_PORT_SLOT(port), skb->len);
    return bpf_redirect(shared.bond_ifindex, BPF_F_INGRESS);
}

SEC("tc")
int
bond_inside(struct __sk_buff *skb)
{
    return bpf_redirect_peer(shared.inside[skb->ifindex == shared.inside[0]], 0);
}

char _license[] SEC("license") = "GPL";
