// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket: one line in, some lines out, the last of them "ok" or
 * "error: ...". One command per connection.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "vu.h"

#define U(v) ((unsigned long long)(v))

static const char *cmd_stats(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)argc;
	(void)argv;
	fprintf(out, "connected %d\nconnections %llu\nresets %llu\nstatus %u\nfeatures %#llx\n",
		dev->conn.fd >= 0, U(dev->n.connections), U(dev->n.resets), dev->status,
		U(dev->features));
	fprintf(out, "config-reads %llu\nconfig-writes %llu\nconfig-changes %llu\n",
		U(dev->n.config_reads), U(dev->n.config_writes), U(dev->n.config_changes));
	for (unsigned int i = 0; i < dev->nr_queues; i++) {
		const struct vu_queue *q = &dev->queues[i];

		fprintf(out, "queue %u running %d num %u kicks %llu interrupts %llu dropped %llu ",
			i, q->ring.running && q->enabled, q->ring.num, U(q->n.kicks), U(q->n.irqs),
			U(q->n.irqs_dropped));
		fprintf(out, "requests %llu used-writes %llu runs %llu starts %llu\n",
			U(q->n.requests), U(q->ring.used_writes), U(q->n.runs), U(q->n.starts));
		if (q->ring.error)
			fprintf(out, "queue-error %u %s\n", i, q->ring.error);
	}
	vu_fault_stats(dev, out);
	if (dev->ops->stats)
		dev->ops->stats(dev, out);
	return NULL;
}

static const char *cmd_config_change(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)argc;
	(void)argv;
	(void)out;
	vu_config_changed(dev);
	return NULL;
}

static const char *cmd_quit(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	(void)argc;
	(void)argv;
	(void)out;
	dev->quit = true;
	return NULL;
}

static const char *cmd_help(struct vu_dev *dev, int argc, char **argv, FILE *out);

static const struct vu_command base_commands[] = {
	{ "stats", "", "counters, one \"name value\" per line", cmd_stats },
	{ "config-change", "", "tell the driver that the configuration changed",
	  cmd_config_change },
	{ "quit", "", "end", cmd_quit },
	{ "help", "", "this", cmd_help },
	{ 0 }
};

static const char *cmd_help(struct vu_dev *dev, int argc, char **argv, FILE *out)
{
	const struct vu_command *lists[] = { base_commands, vu_fault_commands, dev->ops->commands,
					     vu_transport_commands };

	(void)argc;
	(void)argv;
	for (int l = 0; l < 4; l++)
		for (const struct vu_command *c = lists[l]; c && c->name; c++)
			fprintf(out, "%s %s: %s\n", c->name, c->args, c->help);
	return NULL;
}

const char *vu_command_run(struct vu_dev *dev, char *line, FILE *out)
{
	const struct vu_command *lists[] = { base_commands, vu_fault_commands, dev->ops->commands,
					     vu_transport_commands };
	char *argv[VU_MAX_ARGS], *save = NULL;
	int argc = 0;

	for (char *w = strtok_r(line, " \t\r\n", &save); w && argc < VU_MAX_ARGS;
	     w = strtok_r(NULL, " \t\r\n", &save))
		argv[argc++] = w;
	if (!argc)
		return "empty command; help lists them";
	for (int l = 0; l < 4; l++)
		for (const struct vu_command *c = lists[l]; c && c->name; c++)
			if (!strcmp(c->name, argv[0]))
				return c->run(dev, argc, argv, out);
	return "no such command; help lists them";
}

/* A client that sends no full line in time is left. */
static size_t read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1) {
		ssize_t n = read(fd, line + len, size - 1 - len);

		if (n <= 0)
			break;
		len += n;
		if (memchr(line, '\n', len))
			break;
	}
	line[len] = 0;
	return len;
}

void vu_control_accept(struct vu_source *s)
{
	struct timeval patience = { .tv_sec = 1 };
	struct vu_dev *dev = s->ctx;
	char line[512];
	const char *wrong;
	FILE *out;
	int fd;

	fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	out = fdopen(fd, "r+");
	if (!out) {
		close(fd);
		return;
	}
	if (read_line(fd, line, sizeof(line))) {
		wrong = vu_command_run(dev, line, out);
		if (wrong)
			fprintf(out, "error: %s\n", wrong);
		else
			fprintf(out, "ok\n");
	}
	fclose(out);
}
