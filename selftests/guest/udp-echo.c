// SPDX-License-Identifier: GPL-2.0-only
/*
 * udp-echo ADDRESS COUNT SIZE [SEGMENT]: sends COUNT messages of SIZE bytes to the echo
 * port, each as one datagram or, by UDP_SEGMENT, as datagrams of SEGMENT bytes, and
 * looks at every byte that comes back. Prints "datagrams N" of those that came; the
 * status says whether all came as they were sent, each once and in order.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define MOST 65507

static uint8_t out[MOST], in[MOST];

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static uint8_t byte(unsigned int message, unsigned int at)
{
	return (message * 2654435761u + at * 40503u) >> 8;
}

static int dial(const char *address, int segment)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(7) };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (segment && setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment)))
		return -1;
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

static int exchange(int fd, unsigned int message, unsigned int size, unsigned int segment,
		    unsigned int *datagrams)
{
	unsigned int want, at = 0;
	ssize_t got;

	for (unsigned int i = 0; i < size; i++)
		out[i] = byte(message, i);
	if (send(fd, out, size, 0) != (ssize_t)size)
		return fail("send");
	while (at < size) {
		want = segment && size - at > segment ? segment : size - at;
		got = recv(fd, in, sizeof(in), 0);
		if (got < 0)
			return fail("recv");
		if (got != want || memcmp(in, out + at, want)) {
			printf("message %u: %zd bytes at %u are not the %u that were sent\n",
			       message, got, at, want);
			return 1;
		}
		at += want;
		++*datagrams;
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int count = argc > 3 ? atoi(argv[2]) : 0, size = argc > 3 ? atoi(argv[3]) : 0;
	unsigned int segment = argc > 4 ? atoi(argv[4]) : 0, datagrams = 0;
	int fd, ret = 0;

	if (!count || !size || size > MOST) {
		fprintf(stderr, "usage: udp-echo ADDRESS COUNT SIZE [SEGMENT]\n");
		return 2;
	}
	fd = dial(argv[1], segment);
	if (fd < 0)
		return fail(argv[1]);
	for (unsigned int i = 0; i < count && !ret; i++)
		ret = exchange(fd, i, size, segment, &datagrams);
	printf("datagrams %u\n", datagrams);
	return ret;
}
