// SPDX-License-Identifier: GPL-2.0-only
/*
 * unicasts INTERFACE COUNT: has the interface take COUNT more unicast addresses, prints
 * "ready", and holds them until its input ends.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct packet_mreq req = { .mr_type = PACKET_MR_UNICAST, .mr_alen = 6 };
	unsigned int count = argc == 3 ? atoi(argv[2]) : 0;
	char end;
	int fd;

	req.mr_ifindex = argc == 3 ? if_nametoindex(argv[1]) : 0;
	if (!req.mr_ifindex || !count || count > 65535) {
		fprintf(stderr, "usage: unicasts INTERFACE COUNT\n");
		return 2;
	}
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0) {
		perror("socket");
		return 1;
	}
	for (unsigned int i = 0; i < count; i++) {
		unsigned char address[6] = { 0x02, 0x11, 0x22, 0x33, i >> 8, i };

		memcpy(req.mr_address, address, 6);
		if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &req, sizeof(req))) {
			perror("PACKET_ADD_MEMBERSHIP");
			return 1;
		}
	}
	printf("ready\n");
	fflush(stdout);
	while (read(0, &end, 1) > 0)
		;
	return 0;
}
