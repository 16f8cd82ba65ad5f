/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second file that NetworkManager's private headers expect: directories. */
#define NMRUNDIR "/run/NetworkManager"
#define RUNSTATEDIR "/run"
