// SPDX-License-Identifier: GPL-2.0-only
/* What a network device can say that is not true. */
#include "net.h"
#include "vu_lie.h"

#define LIE(_name, _help) { .name = (_name), .how = VU_LIE_SET, .help = (_help) }

static struct vu_lie lies[NET_NR_LIES] = {
	[NET_LIE_FLAGS] = LIE("flags", "headers with flags N"),
	[NET_LIE_GSO_TYPE] = LIE("gso-type", "headers of GSO type N"),
	[NET_LIE_HDR_LEN] = LIE("hdr-len", "headers of N bytes"),
	[NET_LIE_GSO_SIZE] = LIE("gso-size", "segments of N bytes"),
	[NET_LIE_CSUM_START] = LIE("csum-start", "checksums from N on"),
	[NET_LIE_CSUM_OFFSET] = LIE("csum-offset", "checksums N bytes behind their start"),
	[NET_LIE_NUM_BUFFERS] = LIE("num-buffers", "frames in N buffers"),
	[NET_LIE_HASH] = LIE("hash", "each hash is N"),
	[NET_LIE_REPORT] = LIE("report", "hashes of type N"),
	[NET_LIE_STAT_TYPES] = LIE("stat-types", "statistics of the types N"),
	[NET_LIE_STAT_TYPE] = LIE("stat-type", "each statistic is of type N"),
	[NET_LIE_STAT_QUEUE] = LIE("stat-queue", "each statistic is of queue N"),
	[NET_LIE_STAT_SIZE] = LIE("stat-size", "each statistic has N bytes"),
	[NET_LIE_STAT_BYTES] = LIE("stat-bytes", "N bytes of statistics were written"),
};

uint64_t net_lie(enum net_lie lie, uint64_t truth)
{
	vu_lie(&lies[lie], &truth);
	return truth;
}

static const char *cmd_lie(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)dev;
	return vu_lie_command(lies, NET_NR_LIES, argc, argv, out);
}

const struct vu_command net_lie_command = {
	"lie", "[NAME N [n=TIMES]]", "say what is not true; lie none: the truth again", cmd_lie
};

void net_lie_stats(FILE *out)
{
	vu_lie_stats(lies, NET_NR_LIES, out);
}
