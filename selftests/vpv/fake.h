/* SPDX-License-Identifier: GPL-2.0-only */
/* A system in a folder, with a kernel that binds drivers when told to. */
#ifndef FAKE_H
#define FAKE_H

#include "ktap.h"
#include "vpv.h"

/* What goes wrong; all clear after fake_start() */
struct fake_faults {
	const char *refuses;	/* a PCI driver whose probe fails */
	const char *write;	/* writes to paths that have this in them fail */
	bool other_size;	/* our disk is smaller than theirs */
	bool no_node;		/* our driver binds, but makes no disk */
	const char *modprobe;	/* what modprobe says; it fails then */
};

extern struct fake_faults faults;
/* Lines of what was written, "PATH TEXT\n", paths without the root */
extern char fake_log[16384];
/* What hooks.addresses answers */
extern const char *fake_address;

#define DISK "0000:00:04.0"
#define NET "0000:00:05.0"
#define RNG "0000:00:06.0"

/* An empty root, with a disk vda, an interface eth0 and an entropy device, in-tree */
void fake_start(void);
void fake_file(const char *path, const char *text);
void fake_link(const char *path, const char *target);
void fake_remove(const char *path);
char *fake_read(const char *path);

/* A verb and its words, up to NULL; its standard output in fake_said */
enum status fake_verb(enum status (*verb)(int, char **), const char *name, ...);
extern char fake_said[65536];

#define CHECK_STR(a, b)							\
	do {								\
		const char *str_a = (a), *str_b = (b);			\
		if (!str_a || strcmp(str_a, str_b))			\
			ktap_fail(__FILE__, __LINE__, "%s is '%s', not '%s'", #a,	\
				  str_a ? str_a : "(null)", str_b);	\
	} while (0)
#define CHECK_HAS(a, part)						\
	do {								\
		const char *str_a = (a);				\
		if (!str_a || !strstr(str_a, part))			\
			ktap_fail(__FILE__, __LINE__, "no '%s' in '%s'", part,	\
				  str_a ? str_a : "(null)");		\
	} while (0)

#endif
