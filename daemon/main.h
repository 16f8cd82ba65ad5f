/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BONDD_MAIN_H
#define BONDD_MAIN_H

/* How bondd ends. The systemd unit does not start it again after IDLE; D-Bus does when needed. */
#define BONDD_EXIT_IDLE 3

int bondd_main(int argc, char **argv);

#endif
