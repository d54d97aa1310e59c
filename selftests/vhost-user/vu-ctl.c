// SPDX-License-Identifier: GPL-2.0-only
/*
 * Send a command to a device's control socket: vu-ctl SOCKET COMMAND...
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	char line[512];
	int good = 0;
	FILE *f;
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: vu-ctl SOCKET COMMAND...; the command help lists them\n");
		return 2;
	}
	fd = dial(argv[1]);
	f = fd < 0 ? NULL : fdopen(fd, "r+");
	if (!f) {
		fprintf(stderr, "vu-ctl: %s: %s; is the device running?\n", argv[1],
			strerror(errno));
		return 2;
	}
	for (int i = 2; i < argc; i++)
		fprintf(f, "%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
	fflush(f);
	while (fgets(line, sizeof(line), f)) {
		good = !strcmp(line, "ok\n");
		if (!good)
			fputs(line, stdout);
	}
	fclose(f);
	return good ? 0 : 1;
}
