// SPDX-License-Identifier: GPL-2.0-only
/* The dead man's hand, with real processes and time. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"

static bool in_tree(void)
{
	autodevice dev = { 0 };

	return device_read(DISK, &dev) && dev.driver && !strcmp(dev.driver, IN_TREE);
}

static long hand(void)
{
	autofree char *token = sys_read(STATE_DIR "/revert-" DISK);

	return token ? strtol(token, NULL, 10) : 0;
}

/* The hand is our child. Generous: the machine may be busy. */
static bool hand_ends(void)
{
	int i;

	for (i = 0; i < 600; i++) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			return true;
		usleep(100000);
	}
	return false;
}

TEST(a_device_goes_back_by_itself)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", "--revert-after", "1", DISK, NULL), ST_OK);
	CHECK_HAS(fake_said, "goes back in 1 s, unless: vpv keep");
	CHECK(hand_ends());
	CHECK(in_tree());
	CHECK_EQ(hand(), 0);
}

TEST(a_device_that_is_kept_stays)
{
	fake_start();
	CHECK_EQ(fake_verb(verb_take, "take", "--revert-after", "60m", DISK, NULL), ST_OK);
	CHECK(hand() > 1);
	CHECK(revert_left(DISK) > 3000);
	CHECK_EQ(fake_verb(verb_keep, "keep", DISK, NULL), ST_OK);
	CHECK_EQ(fake_verb(verb_keep, "keep", DISK, NULL), ST_FAILED);
	CHECK(hand_ends());
	CHECK(!in_tree());
}

TEST(a_failed_take_leaves_no_hand)
{
	fake_start();
	faults.refuses = "virtio_pv_blk";
	CHECK_EQ(fake_verb(verb_take, "take", "--wait", "1", "--revert-after", "60m", DISK, NULL), ST_FAILED);
	CHECK_EQ(hand(), 0);
	CHECK(hand_ends());
}
